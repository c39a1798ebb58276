"""Short facts one after another, `a · b · c`: a line is broken between two of them, or where one is longer than a line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text as Styled

from k8squiz.terminal.width import width_of, wrap


class Pieces:
    """`pieces` in as many lines as they need, further ones indented; the first `strong` stands out. Where their order says
    nothing, `packed` puts each into the first line that has the room."""

    def __init__(
        self, pieces: Sequence[str], strong: str = "", between: str = " · ", indent: int = 2, packed: bool = False
    ) -> None:
        self._pieces, self._strong, self._between, self._indent = pieces, strong, between, indent
        self._packed = packed

    def lines(self, width: int) -> list[str]:
        lines: list[str] = []
        for piece in self._pieces:
            tried = range(0 if self._packed else max(len(lines) - 1, 0), len(lines))
            room = next((at for at in tried if width_of(lines[at] + self._between + piece) <= width), None)
            if room is not None:
                lines[room] += self._between + piece
                continue
            for line in wrap(piece, max(width - self._indent, 10)):
                lines.append(" " * (self._indent if lines else 0) + line)
        return lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        text = Styled("\n".join(self.lines(options.max_width)), overflow="fold")
        if self._strong and (at := text.plain.find(self._strong)) >= 0:
            text.stylize("strong", at, at + len(self._strong))
        yield text

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widest = width_of(self._between.join(self._pieces))
        return Measurement(min(20, options.max_width), min(widest, options.max_width))
