"""Backslash escapes and formats as printf(1), bash's echo -e and $'...' have them. Source: POSIX.1-2017, XBD 5; bash(1), QUOTING."""

from __future__ import annotations

import re

SPEC = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>[0-9]{0,4})(?:\.(?P<precision>[0-9]{0,4}))?(?P<kind>[sdiouxXcbeEfgG%])"
)
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


def formatted(shape: str, left: list[str]) -> tuple[str, list[str]]:
    """A printf format gone through once, which takes its words from the front of `left`; those that are no numbers where one is
    wanted."""
    out, wrong, at = "", list[str](), 0
    for found in SPEC.finditer(shape):
        out += escaped(shape[at : found.start()])
        at = found.end()
        if found["kind"] == "%":
            out += "%"
            continue
        word = left.pop(0) if left else ""
        text, valid = _converted(found, word)
        out += text
        wrong += [] if valid else [word]
    return out + escaped(shape[at:]), wrong


def _converted(found: re.Match[str], word: str) -> tuple[str, bool]:
    kind = found["kind"]
    options = found["flags"] + found["width"] + ("" if found["precision"] is None else f".{found['precision'] or 0}")
    if kind in "sbc":
        value = escaped(word) if kind == "b" else word[:1] if kind == "c" else word
        return f"%{options.replace('0', '', 1) if found['flags'].startswith('0') else options}s" % value, True
    valid = True
    try:
        number = float(word or 0) if kind in "eEfgG" else int(word or "0", 0)
    except (ValueError, OverflowError):
        # What stands before is taken (strtoimax).
        begun, valid = re.match(r"\s*[-+]?[0-9]{1,18}", word), False
        number = int(begun[0]) if begun else 0
    return f"%{options}{'d' if kind in 'iu' else kind}" % number, valid
