"""Manifests and question files are other people's text: what a terminal would obey becomes visible instead.

Escape sequences (C0, C1, DEL: ECMA-48), and what reorders or hides text (Unicode's bidirectional controls,
zero-width and line-separator characters: UAX #9, UTS #39) are written as `\\x1b`, `\\u202e`, ...
"""

from __future__ import annotations

import re

from engine.values import pattern

# Variation selectors and ordinary combining marks stay: names in many scripts need them.
_WITH_BLANKS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
_OBEYED = pattern(_WITH_BLANKS)
_OBEYED_IN_LINE = pattern(_WITH_BLANKS.replace("[\x00-\x08\x0b-", "[\x00-", 1))


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """`text` with every character a terminal would obey spelled out; newlines and tabs stay."""
    # None of those characters is printable to Python: most texts need no more of a look.
    return text if text.replace("\n", "").isprintable() else _OBEYED.sub(_escape, text)


def one_line(text: str) -> str:
    """`text` as one line of plain characters: newlines and tabs are spelled out too."""
    return text if text.isprintable() else _OBEYED_IN_LINE.sub(_escape, text)


def json_text(text: str) -> str:
    """JSON text (already encoded) with the same characters as JSON escapes: they occur inside strings alone."""
    return _OBEYED.sub(_json_escape, text)


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
