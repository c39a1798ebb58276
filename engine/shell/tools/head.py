"""head(1) and tail(1): the first or the last lines. Source: POSIX.1-2017."""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import text_of


def run(call: Call) -> Result:
    """`head|tail [-n N | -N] [FILE...]`; `tail -n +N` begins at line N."""
    name = call.argv[0].rpartition("/")[2]
    words, count = list(call.args), "10"
    files = []
    while words:
        word = words.pop(0)
        if word in ("-n", "--lines") and words:
            count = words.pop(0)
        elif re.fullmatch(r"-n?[+-]?[0-9]+", word):
            count = word.lstrip("-n") if not word.startswith("-n") else word[2:]
        elif word == "-f":
            return failed(f"{name}: following a file is not available here")
        else:
            files.append(word)
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", count):
        return failed(f"{name}: invalid number of lines: '{count}'")
    text, err = text_of(call, files)
    lines = text.splitlines(keepends=True)
    number = int(count.lstrip("+-"))
    if name == "head":
        shown = lines[:-number] if count.startswith("-") and number else lines[:number]
    else:
        shown = lines[number - 1 :] if count.startswith("+") else lines[-number:] if number else []
    return Result("".join(shown), err, int(bool(err)))


TOOL = Tool(("head", "tail"), run, ANYWHERE, at_administrator=True)
