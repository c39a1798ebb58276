"""Pieces of SVG. Every foreign text passes through `plain`: no tag, no attribute, nothing XML forbids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.terminal.sanitize import one_line

# Not characters of XML 1.0 (2.2), whatever encoding they come in.
_FORBIDDEN = re.compile("[\ufffe\uffff]")
_TAGS: dict[Lang, str] = {"en": "en", "zh": "zh-CN"}


def plain(text: str) -> str:
    """Foreign text as the text of an element or an attribute."""
    return escape(_FORBIDDEN.sub("\ufffd", one_line(text)), quote=True)


def number(value: float) -> str:
    """A coordinate."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def text_at(x: float, y: float, text: str, classes: str = "", anchor: str = "start") -> str:
    """A line of text that reads the same in every language; `y` is its baseline."""
    named = f' class="{classes}"' if classes else ""
    where = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{number(x)}" y="{number(y)}"{named}{where}>{plain(text)}</text>'


def both_at(x: float, y: float, text: Text, langs: Sequence[Lang], classes: str = "", anchor: str = "start") -> str:
    """A line of text in each of `langs`, one over the other: a page shows one of them."""
    return "".join(
        text_at(x, y, pick(text, lang), classes, anchor).replace("<text", f'<text lang="{_TAGS[lang]}"', 1)
        for lang in langs
    )


def box(x: float, y: float, width: float, height: float, classes: str = "", radius: float = 5) -> str:
    named = f' class="{classes}"' if classes else ""
    return f'<rect x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}" rx="{number(radius)}"{named}/>'


def path(points: str, classes: str) -> str:
    return f'<path d="{points}" class="{classes}"/>'
