"""What is longer than the screen, a screenful at a time."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.segment import Segment

# The prompt, and the line above it.
_BELOW = 2
_LEAST = 5


class Pages:
    """`parts` laid out for the console as it is; `show` prints the next screenful, less `above` lines that stand there
    already and `below` that come under it."""

    def __init__(self, console: Console, parts: Sequence[RenderableType], above: int = 0, below: int = _BELOW) -> None:
        self._console, self._below, self._above = console, below, above
        self._lines = [line for part in parts for line in console.render_lines(part, pad=False)]

    @property
    def left(self) -> int:
        """How many lines are still to come."""
        return len(self._lines)

    def show(self) -> None:
        room = max(self._console.height - self._below - self._above, _LEAST)
        self._above = 0
        shown, self._lines = self._lines[:room], self._lines[room:]
        for line in shown:
            self._console.print(_LaidOut(line), end="")


class _LaidOut:
    """Segments that need no laying out any more."""

    def __init__(self, segments: list[Segment]) -> None:
        self._segments = segments

    def __rich_console__(self, console: Console, options: object) -> list[Segment]:
        return [*self._segments, Segment.line()]
