"""A walk beside a walk: what they have in common folded, the first difference marked, after it only what differs."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Sequence

from engine.trace import Direction
from engine.values import dataclass
from k8squiz.story.picture.layout import WalkLayout, WalkStep


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step and the host that it is on."""

    host: str
    step: WalkStep


@dataclass(frozen=True, slots=True)
class AlikeRow:
    """Steps that both walks take. `carried` are the header's fields that an earlier difference left unlike, as
    (field, left, right) after the last of the steps."""

    steps: tuple[PlacedStep, ...]
    carried: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class DifferentRow:
    """Steps of either walk that the other does not take so; one side may have none. `first`: the first of all."""

    left: tuple[PlacedStep, ...]
    right: tuple[PlacedStep, ...]
    first: bool


@dataclass(frozen=True, slots=True)
class WalksBeside:
    """Two walks, row by row, by direction. `same` where nothing differs, endings included."""

    left: WalkLayout
    right: WalkLayout
    rows: tuple[tuple[Direction, AlikeRow | DifferentRow], ...]

    @property
    def same(self) -> bool:
        return not any(isinstance(row, DifferentRow) for _, row in self.rows) and _end(self.left) == _end(self.right)


def beside(left: WalkLayout, right: WalkLayout) -> WalksBeside:
    """Hold two walks against each other. Steps are alike where the same host does the same by the same rule; that the
    packet's addresses are not the same any more is no difference of its own."""
    rows: list[tuple[Direction, AlikeRow | DifferentRow]] = []
    first = True
    for direction in (Direction.REQUEST, Direction.REPLY):
        here, there = _steps(left, direction), _steps(right, direction)
        # autojunk would take frequent steps for noise.
        matcher = difflib.SequenceMatcher(None, [_key(s) for s in here], [_key(s) for s in there], autojunk=False)
        for tag, from_left, to_left, from_right, to_right in matcher.get_opcodes():
            ours, theirs = here[from_left:to_left], there[from_right:to_right]
            if tag == "equal":
                rows.append((direction, AlikeRow(tuple(ours), tuple(_carried(ours[-1].step, theirs[-1].step)))))
                continue
            rows.append((direction, DifferentRow(tuple(ours), tuple(theirs), first)))
            first = False
    return WalksBeside(left, right, tuple(rows))


def short_rows(pair: WalksBeside) -> Iterator[tuple[Direction, AlikeRow | DifferentRow]]:
    """The rows that tell most: all up to the first difference, after it those where either walk rewrites something."""
    differs = False
    for direction, row in pair.rows:
        if not differs or isinstance(row, DifferentRow) and any(p.step.rewrites for p in (*row.left, *row.right)):
            yield direction, row
        differs = differs or isinstance(row, DifferentRow)


def runs(steps: Sequence[PlacedStep], first: bool) -> Iterator[tuple[PlacedStep, ...]]:
    """The steps one by one where they rewrite something, those between in runs that a line can tell. `first`: the first
    step stands for itself, whatever it does."""
    alone = steps[:1] if first else ()
    yield from ((each,) for each in alone)
    for rewrites, run in itertools.groupby(steps[len(alone) :], key=lambda placed: bool(placed.step.rewrites)):
        if rewrites:
            yield from ((each,) for each in run)
        else:
            yield tuple(run)


def _steps(layout: WalkLayout, direction: Direction) -> Sequence[PlacedStep]:
    return [PlacedStep(layout.lanes[visit.lane].host, step) for visit in layout.of(direction) for step in visit.steps]


def _key(placed: PlacedStep) -> tuple[object, ...]:
    step = placed.step
    return (
        placed.host, step.device, step.stage, step.hook, step.table, step.chain, step.rule,
        step.rewrites,
        step.note.en if step.stage.value == "routing" and not step.rule else "",
    )  # fmt: skip


def _carried(left: WalkStep, right: WalkStep) -> Iterator[tuple[str, str, str]]:
    for field, ours, theirs in (("src", left.src, right.src), ("dst", left.dst, right.dst)):
        if ours != theirs:
            yield field, ours, theirs
    if left.mark != right.mark:
        yield "mark", f"{left.mark:#x}", f"{right.mark:#x}"


def _end(layout: WalkLayout) -> tuple[object, ...]:
    return layout.verdict, layout.destination, layout.source_seen, layout.died, layout.stalls
