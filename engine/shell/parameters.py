"""What `${NAME...}` makes of a variable's value: a word in its place, its length, a part of it.

Source: POSIX.1-2017, XCU 2.6.2 (parameter expansion); bash(1) for `/` and `//`.
"""

from __future__ import annotations

import fnmatch
import re

# Characters of a value that a pattern is held against, and of the pattern.
_LONGEST, _LONGEST_PATTERN = 10_000, 200


class UnsetParameter(Exception):
    """What a shell says of `${NAME:?WORD}` where there is no value."""


def stands_in(operator: str, value: str | None) -> bool:
    """Whether the word stands in the place of the value, by an operator that is about having one."""
    lacks = value is None or (operator.startswith(":") and value == "")
    return lacks is not operator.endswith("+")


def part_of(operator: str, value: str, word: str) -> str:
    """The value without what matches at its start (`#`, `##`) or end (`%`, `%%`), with what matches replaced (`/GLOB/TEXT`, `//`),
    or its length ("size")."""
    if operator == "size":
        return str(len(value))
    if len(value) > _LONGEST or len(word) > _LONGEST_PATTERN:
        return value
    if operator[0] == "/":
        glob, _, text = word.partition("/")
        return _replaced(value, glob, text, len(operator) == 2) if glob else value
    matcher = re.compile(fnmatch.translate(word))
    ends = range(len(value) + 1)
    if operator[0] == "#":
        sizes = ends if operator == "#" else reversed(ends)
        return next((value[size:] for size in sizes if matcher.match(value[:size])), value)
    starts = reversed(ends) if operator == "%" else ends
    return next((value[:start] for start in starts if matcher.match(value[start:])), value)


def _replaced(value: str, glob: str, text: str, every: bool) -> str:
    """The longest match from the left, or each."""
    matcher = re.compile(fnmatch.translate(glob))
    out, at = "", 0
    while at < len(value):
        end = next((end for end in range(len(value), at, -1) if matcher.match(value[at:end])), None)
        if end is None:
            out, at = out + value[at], at + 1
        elif every:
            out, at = out + text, end
        else:
            return out + text + value[end:]
    return out
