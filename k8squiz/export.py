"""What a recorded console becomes in a file: SVG and HTML that load nothing from anywhere."""

from __future__ import annotations

import io
import re

from k8squiz.console import SafeConsole

_FONT_FACE = re.compile(r"@font-face\s*\{[^}]*\}\s*")
_GENERATOR = re.compile(r"<!--.*?-->\s*", re.DOTALL)


def recorder(width: int) -> SafeConsole:
    """A console that writes nowhere and remembers all, in full colour, `width` columns wide."""
    return SafeConsole(
        record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor",
        markup=False, emoji=False, highlight=False,
    )  # fmt: skip


def to_svg(console: SafeConsole, title: str) -> str:
    """What was printed as SVG, in whatever monospace font the reader has."""
    return _GENERATOR.sub("", _FONT_FACE.sub("", console.export_svg(title=title)))


def to_html(console: SafeConsole) -> str:
    """What was printed as one HTML page with its styles inside."""
    return console.export_html(inline_styles=True)
