"""ps(1), pgrep(1), pidof(8): a host's processes. What a process uses is nothing that the model knows: ps prints zeros.

Source: procps-ng 4.0.2; sysvinit-utils 3.06 (pidof).
"""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed, printed
from engine.shell.processes import Process, processes
from engine.shell.tools.lines import Unusable, pattern


def run(call: Call) -> Result:
    """`ps [aux|-ef|-e]`, `pgrep [-a] [-f] [-x] PATTERN`, `pidof NAME...`."""
    name = call.argv[0].rpartition("/")[2]
    found = processes(call.live, call.host)
    if name == "ps":
        return _ps(call, found)
    if name == "pidof":
        pids = [
            str(one.pid) for word in call.args for one in reversed(found) if one.name == word.rpartition("/")[2][:15]
        ]
        return Result(f"{' '.join(pids)}\n" if pids else "", status=int(not pids))
    return _pgrep(call, found)


def _ps(call: Call, found: tuple[Process, ...]) -> Result:
    letters = set("".join(call.args)) - set("-")
    if call.args and (letters - set("auxefwAl") or any("=" in word for word in call.args)):
        return failed(f"ps: {' '.join(call.args)[:50]} is not simulated here; there are ps aux and ps -ef")
    if not letters & set("aeAx"):
        return printed("    PID TTY          TIME CMD\n   2741 pts/0    00:00:00 bash\n   2790 pts/0    00:00:00 ps")
    if "u" in letters or "x" in letters or letters == {"a"}:
        head = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND"
        rows = [
            f"root     {one.pid:>7}  0.0  0.0      0     0 ?        Ss   Mar02   0:00 {one.command}" for one in found
        ]
    elif "f" in letters:
        head = "UID          PID    PPID  C STIME TTY          TIME CMD"
        rows = [f"root     {one.pid:>7} {one.parent:>7}  0 Mar02 ?        00:00:00 {one.command}" for one in found]
    else:
        head = "    PID TTY          TIME CMD"
        rows = [f"{one.pid:>7} ?        00:00:00 {one.name}" for one in found]
    return printed("\n".join((head, *rows)))


def _pgrep(call: Call, found: tuple[Process, ...]) -> Result:
    letters = "".join(word[1:] for word in call.args if re.fullmatch("-[aflxon]+", word))
    words = [word for word in call.args if not word.startswith("-")]
    if len(words) != 1 or any(word.startswith("-") and not re.fullmatch("-[aflxon]+", word) for word in call.args):
        return failed("pgrep: here it takes -a, -f, -l, -x and one pattern", 2)
    try:
        wanted = pattern(words[0], extended=True)
    except Unusable as error:
        return failed(f"pgrep: {error}", 2)
    match = wanted.fullmatch if "x" in letters else wanted.search
    matched = [one for one in found if match(one.command if "f" in letters else one.name)]
    matched = matched[:1] if "o" in letters else matched[-1:] if "n" in letters else matched
    shown = (
        f"{one.pid}{' ' + (one.command if 'a' in letters else one.name) if set('al') & set(letters) else ''}\n"
        for one in matched
    )
    return Result("".join(shown), status=int(not matched))


TOOL = Tool(("ps", "pgrep", "pidof"), run, ANYWHERE)
