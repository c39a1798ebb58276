"""Backslash escapes as printf(1), bash's echo -e and $'...' have them. Source: POSIX.1-2017, XBD 5; bash(1), QUOTING."""

from __future__ import annotations

import re

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
    "e": "\033",
}
_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|0?[0-7]{1,3}|.)", re.DOTALL)


def escaped(text: str) -> str:
    """`text` with what its escapes stand for; one that stands for nothing stays."""

    def char(found: re.Match[str]) -> str:
        code = found[1]
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        return chr(int(code, 8) % 256) if code[0] in "01234567" else _ESCAPES.get(code, found[0])

    return _ESCAPE.sub(char, text)
