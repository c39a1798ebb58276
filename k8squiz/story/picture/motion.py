"""The packet that walks over a drawing: keyframes of CSS, no script. It starts again when it has arrived."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from engine.values import dataclass
from k8squiz.story.picture.geometry import PILL, PlacedArrow, PlacedStage, PlacedWalk
from k8squiz.story.picture.svg import box, number

_STAY, _READ, _TRAVEL, _PAUSE = 0.55, 1.2, 0.9, 2.5  # seconds


@dataclass(frozen=True, slots=True)
class Station:
    """Where the packet is from `start` to `end` (seconds), and whether it is inside another one."""

    x: float
    y: float
    start: float
    end: float
    tunnel: bool


def stations(placed: PlacedWalk) -> tuple[list[Station], list[tuple[PlacedStage, float, float]]]:
    """The packet's places in order, and when each stage is passed."""
    found: list[Station] = []
    passed: list[tuple[PlacedStage, float, float]] = []
    now = 0.0
    arrows = iter(placed.arrows)
    for stage, after in itertools.pairwise((*placed.stages, None)):
        if stage is None:
            continue
        stay = _READ if any(step.rewrites for step in stage.steps) else _STAY
        inside = stage.steps[-1].outer is not None
        found.append(Station(stage.x - PILL / 2, stage.y + 14, now, now + stay, inside))
        passed.append((stage, now, now + stay))
        now += stay + 0.15
        if _leaves(stage, after):
            arrow = next(arrows, None)
            if arrow is not None:
                found += _on_the_way(arrow, now)
                now += _TRAVEL + 0.15
    return found, passed


def _leaves(stage: PlacedStage, after: PlacedStage | None) -> bool:
    """Whether an arrow follows: the next stage is on another host of the same way, or there is none."""
    if after is None:
        return True
    return after.lane != stage.lane and after.steps[0].direction is stage.steps[0].direction


def _on_the_way(arrow: PlacedArrow, now: float) -> Iterator[Station]:
    bend = arrow.to_y - 12
    yield Station(arrow.x, bend, now, now, arrow.tunnel)
    yield Station(arrow.to_x, bend, now + _TRAVEL, now + _TRAVEL, arrow.tunnel)


def motion(placed: PlacedWalk, name: str) -> Iterator[str]:
    """The packet, the light on each stage as it passes, and their keyframes; `name` keeps those of one walk apart."""
    found, passed = stations(placed)
    if not found:
        return
    whole = found[-1].end + _PAUSE
    yield f"<style>{_keyframes(found, passed, whole, name)}</style>"
    for index, (stage, _, _) in enumerate(passed):
        yield f'<g class="{name}-l{index} lit">{box(stage.x - PILL / 2 - 3, stage.y, PILL + 6, 28, "", 8)}</g>'
    yield f'<g class="walker {name}-p"><circle r="12" class="tube-ring {name}-t"/><circle r="7.5" class="dot"/></g>'


def _keyframes(found: list[Station], passed: list[tuple[PlacedStage, float, float]], whole: float, name: str) -> str:
    def at(seconds: float) -> str:
        return f"{seconds / whole * 100:.2f}%"

    moves = [f"{at(s.start)},{at(s.end)}{{transform:translate({number(s.x)}px,{number(s.y)}px)}}" for s in found]
    moves.append(f"100%{{transform:translate({number(found[-1].x)}px,{number(found[-1].y)}px)}}")
    rings = [f"{at(s.start)},{at(s.end)}{{opacity:{int(s.tunnel)}}}" for s in found]
    lines = [
        f".{name}-p{{animation:{name}-m {whole:.2f}s linear infinite}}",
        f".{name}-t{{animation:{name}-r {whole:.2f}s step-end infinite}}",
        f"@keyframes {name}-m{{{''.join(moves)}}}",
        f"@keyframes {name}-r{{{''.join(rings)}100%{{opacity:0}}}}",
    ]
    for index, (_, start, end) in enumerate(passed):
        light = f"0%,{at(max(0.0, start - 0.01))}{{opacity:0}}{at(start)},{at(end)}{{opacity:1}}{at(end + 0.2)},100%{{opacity:0}}"
        lines.append(
            f"@keyframes {name}-k{index}{{{light}}}.{name}-l{index}{{animation:{name}-k{index} {whole:.2f}s linear infinite}}"
        )
    return "".join(lines)
