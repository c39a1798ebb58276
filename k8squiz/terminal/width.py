"""Columns of a terminal: how many a text takes, how many there are, and where a line may be broken."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable


def width_of(text: str) -> int:
    """Columns of `text` on a terminal (UAX #11: wide and full-width characters take two)."""
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def screen_width() -> int:
    """Columns to fill: COLUMNS, else the terminal's, 80 where there is none; at most 120, which still reads well."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isascii() and columns.isdigit():
        return min(120, max(40, int(columns[:9])))
    try:
        return min(120, max(40, os.get_terminal_size(1).columns))
    except OSError:
        return 80


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns: between words, and anywhere between Chinese characters."""
    lines, line = [], ""
    for token in _tokens(text):
        if line and width_of(line + token.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        line += token.lstrip() if not line else token
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


_NOT_AT_LINE_START = "，。；：、！？）”》]"
_NOT_AT_LINE_END = "（“《["


def _tokens(text: str) -> Iterable[str]:
    token = ""
    for char in text:
        wide = unicodedata.east_asian_width(char) in "WF"
        if char in _NOT_AT_LINE_START or token and token[-1] in _NOT_AT_LINE_END:
            token += char
        elif wide:
            if token:
                yield token
            token = char
        elif token and (token[-1] == " " and char != " " or width_of(token[-1]) == 2):
            yield token
            token = char
        else:
            token += char
    if token:
        yield token
