"""head(1) and tail(1): the first or the last lines. Source: POSIX.1-2017."""

from __future__ import annotations

import re

from engine.shell.interface import ANYWHERE, Call, Result, Tool, failed
from engine.shell.tools.lines import text_of

_MOST_BYTES = 1_000_000


def run(call: Call) -> Result:
    """`head|tail [-n N | -N | -c BYTES] [FILE...]`; `tail -n +N` begins at line N. Of /dev/zero `head -c` has at most a
    million bytes."""
    name = call.argv[0].rpartition("/")[2]
    words, count = list(call.args), "10"
    files: list[str] = []
    size: str | None = None
    while words:
        word = words.pop(0)
        if word in ("-n", "--lines") and words:
            count = words.pop(0)
        elif word in ("-c", "--bytes") and words:
            size = words.pop(0)
        elif re.fullmatch(r"-c[0-9]+", word):
            size = word[2:]
        elif re.fullmatch(r"-n?[+-]?[0-9]+", word):
            count = word.lstrip("-n") if not word.startswith("-n") else word[2:]
        elif word == "-f":
            return failed(f"{name}: -f is not simulated here: no file grows by itself")
        elif word not in ("-q", "-v"):
            files.append(word)
    if size is not None:
        return _bytes(call, name, size, files)
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", count):
        return failed(f"{name}: invalid number of lines: '{count}'")
    out, err = "", ""
    for file in files or ["-"]:
        text, problem = text_of(call, (file,))
        if len(files) > 1 and not problem:
            out += ("\n" if out else "") + f"==> {file} <==\n"
        out, err = out + _part(name, text.splitlines(keepends=True), count), err + problem
    return Result(out, err, int(bool(err)))


def _part(name: str, lines: list[str], count: str) -> str:
    """The first or the last of the lines."""
    number = int(count.lstrip("+-"))
    if name == "head":
        return "".join(lines[:-number] if count.startswith("-") and number else lines[:number])
    return "".join(lines[max(0, number - 1) :] if count.startswith("+") else lines[-number:] if number else [])


def _bytes(call: Call, name: str, size: str, files: list[str]) -> Result:
    """That many bytes; K and M after a number as head(1) has them."""
    found = re.fullmatch(r"([0-9]{1,7})([kKM]?)", size)
    if found is None:
        return failed(f"{name}: invalid number of bytes: '{size}'")
    number = min(int(found[1]) * {"": 1, "M": 1 << 20}.get(found[2], 1 << 10), _MOST_BYTES)
    text, err = ("\0" * number, "") if files == ["/dev/zero"] else text_of(call, files)
    whole = text.encode()
    cut = whole[:number] if name == "head" else whole[max(0, len(whole) - number) :]
    return Result(cut.decode(errors="replace"), err, int(bool(err)))


TOOL = Tool(("head", "tail"), run, ANYWHERE, at_administrator=True)
