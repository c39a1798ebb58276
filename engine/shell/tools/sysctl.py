"""sysctl(8): a kernel's settings, shown and written. Source: procps-ng, src/sysctl.c."""

from __future__ import annotations

from engine.network.host import HostKind
from engine.shell import sysctls
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, pattern


def run(call: Call) -> Result:
    """`sysctl [-n] [-a] [-r PATTERN] [-w] NAME[=VALUE]...`."""
    words = list(call.args)
    if "-p" in words or "--system" in words:
        return failed("sysctl: reading files of settings is not available here; write each with -w")
    try:
        names = _names(call, words)
    except Unusable as error:
        return failed(f"sysctl: {error}")
    if not names:
        return failed("Usage:\n sysctl [options] [variable[=value] ...]")
    out, err, live = "", "", call.live
    for word in names:
        name, equals, value = word.partition("=")
        name = name.strip()
        # The name may be written with slashes, as its file is.
        if "/" in name and "." not in name:
            name = name.replace("/", ".")
        try:
            if equals and call.here.kind is HostKind.POD:
                err += f'sysctl: setting key "{name}": Read-only file system\n'
                continue
            live = sysctls.write(live, call.host, name, value) if equals else live
            shown = sysctls.read(live, call.host, name)
            out += f"{shown}\n" if "-n" in words else f"{name} = {shown}\n"
        except sysctls.NoSuchSysctl:
            err += f"sysctl: cannot stat {sysctls.path_of(name)}: No such file or directory\n"
        except sysctls.BadValue:
            err += f'sysctl: setting key "{name}": Invalid argument\n'
    return Result(out, err, int(bool(err)), live)


def _names(call: Call, words: list[str]) -> list[str]:
    """What is asked for: names, or all of those that fit a pattern. Raises Unusable."""
    option = next((word for word in words if word in ("-r", "--pattern")), None)
    if option is None and not any(word in ("-a", "-A", "--all") for word in words):
        return [word for word in words if not word.startswith("-")]
    wanted = None
    if option is not None:
        at = words.index(option)
        if at + 1 >= len(words):
            raise Unusable("option requires an argument -- 'r'")
        wanted = pattern(words[at + 1], extended=True)
    return [name for name in sysctls.names_on(call.live, call.host) if wanted is None or wanted.search(name)]


TOOL = Tool(("sysctl",), run, ANYWHERE)
