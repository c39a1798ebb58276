"""The lanes of a picture in a terminal: where each stands, its heading, and one line's lines and arrows.

Columns are terminal columns. Without colour the signs alone say it: ● where a packet starts or comes in, ┃ while it stays,
━► over a wire, ═► inside a tunnel's packet, ■ where it is received, ╳ where it dies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.values import dataclass
from k8squiz.story.picture.layout import Lane, WireArrow
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of

DEAD = "╳"  # ✗ says that an answer is wrong
_CLOSE = 4  # columns from lane to lane where their names stand one below the other
_ROOM = 58  # columns the text beside the lanes must have where the names stand in one line
_WIDE = 100  # columns from which on they may


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
        """The names of the hosts over their lanes, and their addresses: in one line where they fit, else in two."""
        if self.spread:
            yield self._centred([one_line(lane.host) for lane in self.lanes], "strong")
            addresses = [one_line(lane.address) for lane in self.lanes]
            for row in _staggered(addresses, self.columns):
                yield self._centred(row, "quiet")
            return
        for index, lane in enumerate(self.lanes):
            before = "".join(f"{'│':<{self.columns[1]}}" for _ in range(index))
            name = Span(one_line(lane.host), "strong")
            yield (Span(before, "quiet"), name, Span(f"  {one_line(lane.address)}".rstrip(), "quiet"))

    def _centred(self, texts: Sequence[str], style: str) -> tuple[Span, ...]:
        line = ""
        for column, text in zip(self.columns, texts, strict=True):
            if text:
                line += " " * (column - width_of(text) // 2 - width_of(line)) + text
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


def _staggered(texts: list[str], columns: Sequence[int]) -> Iterator[list[str]]:
    """The texts in one line, or every other one in a line of its own where neighbours would touch."""
    starts = [column - width_of(text) // 2 for column, text in zip(columns, texts, strict=True)]
    ends = [start + width_of(text) for start, text in zip(starts, texts, strict=True)]
    if all(end < start for end, start in zip(ends, starts[1:], strict=False)):
        yield texts
        return
    for turn in (0, 1):
        yield [text if index % 2 == turn else "" for index, text in enumerate(texts)]


def make_rail(lanes: tuple[Lane, ...], width: int) -> Rail:
    """Lanes for `width` columns: names in one line where that leaves the text enough room, else one below the other."""
    names, addresses = (
        [width_of(one_line(text)) for text in texts]
        for texts in ([lane.host for lane in lanes], [lane.address for lane in lanes])
    )
    # In two lines only the addresses of every other lane are neighbours.
    for gap in (1, 2):
        pitch = max([10, *_halves(names, 1, 2), *_halves(addresses, gap, 2 * gap)])
        left = max(names[0], addresses[0], max(addresses[1:2], default=0) - 2 * pitch)
        whole = (left + 1) // 2 + pitch * (len(lanes) - 1) + (max(names[-1], addresses[-1]) + 1) // 2 + 1
        if width - whole >= _ROOM and width >= _WIDE:
            return Rail(lanes, tuple((left + 1) // 2 + pitch * index for index in range(len(lanes))), whole, True)
    close = _CLOSE if len(lanes) * _CLOSE <= width // 2 else 2
    return Rail(lanes, tuple(close * index for index in range(len(lanes))), close * (len(lanes) - 1) + 1, False)


def _halves(widths: Sequence[int], gap: int, share: int) -> Iterator[int]:
    """How far apart lanes must be for centred texts of every `gap`th of them not to touch."""
    return (-(-(a + b) // share) + 2 for a, b in zip(widths, widths[gap:], strict=False))
