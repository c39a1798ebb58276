"""uniq(1): lines that follow each other and are the same, once. Source: POSIX.1-2017; GNU's width of -c."""

from __future__ import annotations

import itertools

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, split_options, text_of


def run(call: Call) -> Result:
    """`uniq [-cdu] [FILE]`."""
    try:
        options, files = split_options(call.args)
    except Unusable as error:
        return failed(f"uniq: {error}")
    text, err = text_of(call, files[:1])
    out = ""
    for line, same in itertools.groupby(text.splitlines()):
        count = len(list(same))
        if ("d" in options and count == 1) or ("u" in options and count > 1):
            continue
        out += f"{count:7} {line}\n" if "c" in options else f"{line}\n"
    return Result(out, err, int(bool(err)))


TOOL = Tool(("uniq",), run, ANYWHERE, at_administrator=True)
