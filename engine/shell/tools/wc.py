"""wc(1): lines, words and bytes. Source: POSIX.1-2017; GNU's widths."""

from __future__ import annotations

from engine.shell.files import FileRefused, read_file
from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, split_options


def run(call: Call) -> Result:
    """`wc [-lwc] [FILE...]`."""
    try:
        options, files = split_options(call.args)
    except Unusable as error:
        return failed(f"wc: {error}")
    asked = [letter for letter in "lwc" if letter in options] or list("lwc")
    out, err = "", ""
    for file in files or ["-"]:
        try:
            text = (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        except FileRefused as refused:
            err += f"wc: {refused}\n"
            continue
        counts = {"l": text.count("\n"), "w": len(text.split()), "c": len(text.encode())}
        # One count of a pipe has no width of its own; several have at least seven columns each.
        width = 1 if len(asked) == 1 else 7 if file == "-" else len(str(counts["c"]))
        out += " ".join(str(counts[letter]).rjust(width) for letter in asked) + (f" {file}\n" if file != "-" else "\n")
    return Result(out, err, int(bool(err)))


TOOL = Tool(("wc",), run, ANYWHERE, at_administrator=True)
