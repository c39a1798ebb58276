"""What a recorded console becomes in a file: SVG that loads nothing from anywhere."""

from __future__ import annotations

import html
import io
import re

from rich.cells import cell_len

from k8squiz.terminal.console import SafeConsole
from k8squiz.terminal.theme import theme

_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_TEXT = re.compile(r'(?P<before><text [^>]*?)textLength="(?P<width>[\d.]+)"(?P<after>[^>]*>)(?P<content>[^<]+)</text>')
_GENERATOR = re.compile(r"<!--.*?-->\s*", re.DOTALL)


def recorder(width: int) -> SafeConsole:
    """A console that writes nowhere and remembers all, in full colour, `width` columns wide."""
    return SafeConsole(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor",
        markup=False, emoji=False, highlight=False, theme=theme("dark"),
    )  # fmt: skip


def to_svg(console: SafeConsole, title: str) -> str:
    """What was printed as SVG, in whatever monospace font the reader has."""
    return _TEXT.sub(_as_wide_as_its_cells, _GENERATOR.sub("", _FONT_FACE.sub("", console.export_svg(title=title))))


def _as_wide_as_its_cells(text: re.Match[str]) -> str:
    """Rich gives each character one cell, and a browser squeezes Chinese text into that: two cells a character."""
    content = html.unescape(text["content"])
    cell = float(text["width"]) / len(content)
    return f'{text["before"]}textLength="{cell * cell_len(content):g}"{text["after"]}{text["content"]}</text>'
