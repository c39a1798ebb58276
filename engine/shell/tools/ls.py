"""ls(1) of the files that are there. Source: POSIX.1-2017, ls."""

from __future__ import annotations

from engine.shell.files import FileRefused, absolute, paths, read_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool


def run(call: Call) -> Result:
    """`ls [FOLDER|FILE...]`: a name a line."""
    out, err = "", ""
    there = paths(call.live, call.host)
    asked = [word for word in call.args if not word.startswith("-")] or ["."]
    for word in asked:
        at = absolute(call.live, call.host, word)
        if at in there:
            out += f"{word}\n"
            continue
        inside = {
            path[len(at.rstrip("/")) + 1 :].partition("/")[0] for path in there if path.startswith(at.rstrip("/") + "/")
        }
        if not inside and at not in ("/root", "/tmp", "/proc/net/xt_recent"):  # noqa: S108
            try:
                read_file(call.live, call.host, word)
            except FileRefused as error:
                err += f"ls: cannot access '{word}': {error.why}\n"
            continue
        out += (f"{word}:\n" if len(asked) > 1 else "") + "".join(f"{name}\n" for name in sorted(inside))
    return Result(out, err, 2 if err else 0)


TOOL = Tool(("ls",), run, ANYWHERE, at_administrator=True)
