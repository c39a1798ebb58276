"""The lanes of a picture in a terminal: where each stands, its heading, and one line's lines and arrows.

Columns are terminal columns. Without colour the signs alone say it: ● where a packet starts or comes in, ┃ while it stays,
━► over a wire, ═► inside a tunnel's packet, ■ where it is received, ╳ where it dies.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.values import dataclass
from k8squiz.story.picture.layout import Lane, WireArrow
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of

DEAD = "╳"  # ✗ says that an answer is wrong
_CLOSE = 4  # columns from lane to lane where their names stand one below the other
_ROOM = 46  # columns the text beside the lanes must have where the names stand in one line


@dataclass(frozen=True, slots=True)
class Span:
    """Text of one look; `style` names a meaning of k8squiz.terminal.theme ("" is plain)."""

    text: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Rail:
    """Where lanes stand: `columns` is each lane's, `width` all that they take; `spread` where names stand in one line."""

    lanes: tuple[Lane, ...]
    columns: tuple[int, ...]
    width: int
    spread: bool

    def heading(self) -> Iterator[tuple[Span, ...]]:
        """The names of the hosts over their lanes."""
        if self.spread:
            yield self._centred([one_line(lane.host) for lane in self.lanes], "strong")
            yield self._centred([one_line(lane.address) for lane in self.lanes], "quiet")
            return
        for index, lane in enumerate(self.lanes):
            before = "".join(f"{'│':<{_CLOSE}}" for _ in range(index))
            yield (
                Span(before, "quiet"),
                Span(one_line(lane.host), "strong"),
                Span(f"  {one_line(lane.address)}".rstrip(), "quiet"),
            )

    def _centred(self, texts: list[str], style: str) -> tuple[Span, ...]:
        line = ""
        for column, text in zip(self.columns, texts, strict=True):
            start = max(column - width_of(text) // 2, width_of(line) + (1 if line else 0))
            line += " " * (start - width_of(line)) + text
        return (Span(line, style),)

    def line(self, lane: int | None = None, sign: str = "│", arrow: WireArrow | None = None) -> tuple[Span, ...]:
        """The lanes of one line of text, with `sign` in `lane` and an arrow from there."""
        cells = [" "] * self.width
        styles = ["quiet"] * self.width
        for column in self.columns:
            cells[column] = "│"
        if lane is not None:
            here = self.columns[lane]
            cells[here], styles[here] = sign, "stopped" if sign == DEAD else "strong"
            if arrow is not None and arrow.to != lane:
                self._draw(cells, styles, here, self.columns[arrow.to], tunnel=arrow.outer is not None)
        return tuple(_spans(cells, styles))

    def _draw(self, cells: list[str], styles: list[str], start: int, end: int, tunnel: bool) -> None:
        step = 1 if end > start else -1
        for column in range(start + step, end, step):
            crossed = column in self.columns
            cells[column] = ("╪" if crossed else "═") if tunnel else ("┿" if crossed else "━")
            styles[column] = "tunnel" if tunnel else "strong"
        cells[end - step] = "►" if step == 1 else "◄"


def _spans(cells: list[str], styles: list[str]) -> Iterator[Span]:
    start = 0
    for column in range(1, len(cells) + 1):
        if column == len(cells) or styles[column] != styles[start]:
            yield Span("".join(cells[start:column]), styles[start])
            start = column


def make_rail(lanes: tuple[Lane, ...], width: int) -> Rail:
    """Lanes for `width` columns: names in one line where that leaves the text enough room, else one below the other."""
    names = [max(width_of(one_line(lane.host)), width_of(one_line(lane.address))) for lane in lanes]
    pitch = max(10, *((a + b + 1) // 2 + 2 for a, b in zip(names, names[1:] or names, strict=False)))
    left = max(1, names[0] // 2)
    whole = left + pitch * (len(lanes) - 1) + (names[-1] + 1) // 2 + 1
    if width - whole >= _ROOM and width >= 100:
        return Rail(lanes, tuple(left + pitch * index for index in range(len(lanes))), whole, True)
    close = _CLOSE if len(lanes) * _CLOSE <= width // 2 else 2
    return Rail(lanes, tuple(close * index for index in range(len(lanes))), close * (len(lanes) - 1) + 1, False)
