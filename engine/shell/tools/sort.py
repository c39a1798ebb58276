"""sort(1): lines in order, in the C locale. Source: POSIX.1-2017, sort."""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import Unusable, split_options, text_of

_NUMBER = re.compile(r"\s*-?[0-9]{1,30}(?:\.[0-9]{1,30})?")


def run(call: Call) -> Result:
    """`sort [-nru] [-k N] [-t SEPARATOR] [FILE...]`."""
    try:
        options, files = split_options(call.args, "kt")
    except Unusable as error:
        return failed(f"sort: {error}", 2)
    field = re.match(r"[0-9]{1,4}", options.get("k", "1"))
    if field is None or int(field[0]) < 1:
        return failed(f"sort: invalid field number: '{options.get('k', '')}'", 2)
    numeric = "n" in options or "n" in options.get("k", "")

    def key(line: str) -> tuple[float, str, str]:
        text = line
        if "k" in options:
            parts = line.split(options["t"]) if options.get("t") else line.split()
            text = " ".join(parts[int(field[0]) - 1 :])
        number = _NUMBER.match(text)
        # Of equal keys the whole lines decide.
        return (float(number[0]) if number else 0.0, "", line) if numeric else (0.0, text, line)

    text, err = text_of(call, files)
    lines = sorted(text.splitlines(), key=key, reverse="r" in options)
    if "u" in options:
        lines = list(dict.fromkeys(lines))
    return Result("".join(f"{line}\n" for line in lines), err, 2 if err else 0)


TOOL = Tool(("sort",), run, ANYWHERE, at_administrator=True)
