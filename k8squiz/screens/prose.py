"""Prose that wraps as its language does: between words, and anywhere between Chinese characters but before a stop."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text as Styled

from k8squiz.terminal.width import width_of, wrap


class Prose:
    """A paragraph (newlines stay). rich's own wrapping breaks at spaces alone, which Chinese hardly has."""

    def __init__(self, text: str, style: str = "") -> None:
        self.text = text
        self.style = style

    def lines(self, width: int) -> Iterator[str]:
        for paragraph in self.text.split("\n"):
            yield from wrap(paragraph, max(width, 10)) or [""]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = list(self.lines(options.max_width))
        yield Styled("\n".join(lines), style=self.style, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = max(map(width_of, self.text.split("\n")), default=0)
        return Measurement(min(20, widest, options.max_width), min(widest, options.max_width))
