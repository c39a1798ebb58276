"""cat(1): files one after the other; without one, what the pipe gives. less(1) and more(1) show the same at once."""

from __future__ import annotations

import shlex

from engine.shell.files import FileRefused, read_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool


def run(call: Call) -> Result:
    """`cat [FILE...]`; `-` is what the pipe gives."""
    files = [word for word in call.args if word == "-" or not word.startswith("-")] or ["-"]
    out, err = "", ""
    for file in files:
        try:
            out += (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        except FileRefused as error:
            err += f"{call.argv[0]}: {_shown(file, error)}\n"
    return Result(out, err, int(bool(err)))


def _shown(file: str, error: FileRefused) -> str:
    """The complaint with the name as coreutils' quotef() has it: in quotes where a shell would need them."""
    quoted = shlex.quote(file)
    return f"{quoted}: {error.why}" if quoted != file and file.isprintable() and len(file) < 200 else str(error)


TOOL = Tool(("cat", "less", "more"), run, ANYWHERE, at_administrator=True)
