"""Where everything of a drawing stands, in pixels: lanes, stages, arrows, the text beside them. No SVG here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from engine.fabric.chains import short
from engine.trace import Direction
from engine.values import dataclass
from k8squiz.story.picture.layout import (
    HostVisit,
    WalkLayout,
    WalkStep,
    WireArrow,
    outer_facts,
    outer_text,
    packet_text,
)
from k8squiz.story.picture.words import place_of, rewrite_text
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of, wrap

MARGIN = 24
PILL = 112  # the width of a stage
ROW = 30  # the height of a stage with a line of text beside it
LINE = 19  # each further line of text
HEADER = 58  # the height of a host's card
CELL = 6.7  # the width of a terminal column's worth of text, 11 px monospace
_ARROW, _GAP, _HEADING = 40, 10, 34
_PITCH, _WIDEST_CARD = 172, 24
_RULE = 64  # columns of a rule's line


@dataclass(frozen=True, slots=True)
class SideText:
    """A line beside a stage: a rewrite (`label` is its badge), or chains (no label)."""

    label: str
    text: str
    field: str = ""

    @property
    def width(self) -> float:
        return (width_of(self.label) + 2.5 if self.label else 0) * CELL + width_of(self.text) * CELL


@dataclass(frozen=True, slots=True)
class PlacedStage:
    """A run of steps of one stage and device, drawn as one. `x`, `y` are its centre and the top of its row; `left`
    where its text stands on the left."""

    steps: tuple[WalkStep, ...]
    lane: int
    device: str
    x: float
    y: float
    height: float
    side: tuple[SideText, ...]
    left: bool


@dataclass(frozen=True, slots=True)
class PlacedVisit:
    """The ground behind a visit's stages."""

    lane: int
    direction: Direction
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class PlacedArrow:
    """From the stage above at (x, y) across to lane `to` at (to_x, to_y). `lines` are the packet, then its outer header;
    they stand right of where it leaves, or left."""

    direction: Direction
    to: int
    x: float
    y: float
    to_x: float
    to_y: float
    lines: tuple[str, ...]
    tunnel: bool
    left: bool


@dataclass(frozen=True, slots=True)
class PlacedDeath:
    """Where the walk ends badly: a cross, the place in words, and the rule in lines."""

    x: float
    y: float
    text: str
    rule: tuple[str, ...]
    left: bool


@dataclass(frozen=True, slots=True)
class PlacedWalk:
    """A whole walk in place."""

    layout: WalkLayout
    width: float
    bottom: float
    lanes: tuple[float, ...]
    card: float
    headings: tuple[tuple[Direction, float], ...]
    visits: tuple[PlacedVisit, ...]
    stages: tuple[PlacedStage, ...]
    arrows: tuple[PlacedArrow, ...]
    death: PlacedDeath | None


def place(layout: WalkLayout, top: float = 0) -> PlacedWalk:
    """All positions of a walk whose cards begin at `top`."""
    names = [
        min(_WIDEST_CARD, max(width_of(one_line(lane.host)) * 1.15, width_of(lane.address))) for lane in layout.lanes
    ]
    card = max(124.0, max(names) * 7.2 + 24)
    pitch = max(_PITCH, card + 16)
    devices = max((width_of(step.device) for v in layout.visits if v.lane == 0 for step in v.steps), default=0)
    left = MARGIN + max(card / 2, PILL / 2 + 12 + devices * CELL)
    lanes = tuple(left + pitch * index for index in range(len(layout.lanes)))
    return _Placing(layout, lanes, card, top).placed()


class _Placing:
    """Downwards, one thing after another."""

    def __init__(self, layout: WalkLayout, lanes: tuple[float, ...], card: float, top: float) -> None:
        self._layout, self._lanes, self._card = layout, lanes, card
        self._y = top + HEADER + 6
        self._right = lanes[-1] + card / 2
        self._headings: list[tuple[Direction, float]] = []
        self._visits: list[PlacedVisit] = []
        self._stages: list[PlacedStage] = []
        self._arrows: list[PlacedArrow] = []
        self._death: PlacedDeath | None = None

    def placed(self) -> PlacedWalk:
        for direction in (Direction.REQUEST, Direction.REPLY):
            visits = self._layout.of(direction)
            if not visits:
                continue
            self._headings.append((direction, self._y + _HEADING / 2))
            self._y += _HEADING
            for visit in visits:
                self._visit(visit)
                if visit.leaves is not None:
                    self._arrow(visit, visit.leaves)
            self._die(direction, visits)
            self._y += _GAP
        return PlacedWalk(
            self._layout, self._right + MARGIN, self._y, self._lanes, self._card, tuple(self._headings),
            tuple(self._visits), tuple(self._stages), tuple(self._arrows), self._death,
        )  # fmt: skip

    def _visit(self, visit: HostVisit) -> None:
        start, x = self._y, self._lanes[visit.lane]
        self._y += 5
        device = ""
        for steps in stage_runs(visit):
            side = tuple(side_texts(steps))
            height = max(ROW, 11 + LINE * len(side))
            left = bool(side) and self._leans_left(x, max(each.width for each in side))
            shown = one_line(steps[-1].device) if steps[-1].device != device else ""
            self._stages.append(PlacedStage(steps, visit.lane, shown, x, self._y, height, side, left))
            device = steps[-1].device
            self._y += height
            if left:
                self._right = max(self._right, x + PILL / 2 + 12 + width_of(shown) * CELL)
        self._y += 5
        self._visits.append(PlacedVisit(visit.lane, visit.direction, x, start, self._y - start))

    def _leans_left(self, x: float, width: float) -> bool:
        """Whether text of that width is better left of a stage at `x`; makes room on the right where it is not."""
        edge = x + PILL / 2 + 14 + width
        if edge > self._right and x - PILL / 2 - 14 - width > MARGIN:
            return True
        self._right = max(self._right, edge)
        return False

    def _arrow(self, visit: HostVisit, arrow: WireArrow) -> None:
        x, to_x = self._lanes[visit.lane], self._lanes[arrow.to]
        lines = [one_line(packet_text(arrow.src, arrow.dst))]
        if arrow.outer is not None:
            lines.append(one_line(f"{outer_text(arrow.outer)} ({outer_facts(arrow.outer)})"))
        start = self._y
        longest = max(map(width_of, lines)) * CELL
        back = to_x < x and x - 10 - longest > 0
        if not back:
            self._right = max(self._right, x + 10 + longest)
        self._y += _ARROW + (LINE - 4) * (len(lines) - 1)
        self._arrows.append(
            PlacedArrow(
                visit.direction, arrow.to, x, start, to_x, self._y - 6, tuple(lines), arrow.outer is not None, back
            )
        )

    def _die(self, direction: Direction, visits: Sequence[HostVisit]) -> None:
        died = self._layout.died
        if died is None or died.direction is not direction:
            return
        leaves = visits[-1].leaves
        x = self._lanes[visits[-1].lane if leaves is None else leaves.to]
        text = f"{self._layout.verdict.value} {one_line(place_of(died))}"
        rule = tuple(wrap(one_line(died.rule), _RULE)) if died.rule else ()
        longest = max(width_of(text) + 2, *map(width_of, rule), 0) * CELL
        self._death = PlacedDeath(x, self._y + 16, text, rule, self._leans_left(x, longest))
        self._y += 40 + (LINE - 3) * len(rule)


def stage_runs(visit: HostVisit) -> Iterator[tuple[WalkStep, ...]]:
    """A visit's steps in runs that are drawn as one: of one stage, one hook and one device."""
    for _, steps in itertools.groupby(visit.steps, key=lambda step: (step.stage, step.hook, step.device)):
        yield tuple(steps)


def side_texts(steps: Sequence[WalkStep]) -> Iterator[SideText]:
    """What is written beside a run of steps: its chains, a line of them, then each rewrite."""
    chains = [short(step.chain) for step in steps if step.chain]
    chains = [chain for index, chain in enumerate(chains) if not index or chains[index - 1] != chain]
    for start in range(0, len(chains), 3):
        more = " ›" if start + 3 < len(chains) else ""
        yield SideText("", one_line(" › ".join(chains[start : start + 3])) + more)
    for step in steps:
        for rewrite in step.rewrites:
            yield SideText(step.label, one_line(rewrite_text(rewrite)), rewrite.field)
