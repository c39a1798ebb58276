"""A walk as an SVG drawing: it stands still; k8squiz.story.picture.motion has a packet walk over it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.trace import Direction, Stage, Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.drawing_style import MOTION, STYLE
from k8squiz.story.picture.geometry import (
    CELL,
    HEADER,
    LINE,
    MARGIN,
    PILL,
    PlacedArrow,
    PlacedDeath,
    PlacedStage,
    PlacedWalk,
    place,
)
from k8squiz.story.picture.layout import Lane, WalkLayout
from k8squiz.story.picture.motion import motion
from k8squiz.story.picture.svg import both_at, box, number, path, plain, text_at
from k8squiz.story.picture.words import KINDS, ending_lines, verdict_line, word
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of, wrap

_CLASSES = {
    Stage.DNAT: "nat", Stage.SNAT: "nat", Stage.IPVS: "nat", Stage.ROUTING: "route", Stage.ENCAPSULATE: "tunnel",
    Stage.DECAPSULATE: "tunnel", Stage.POLICY: "guard", Stage.SOCKET: "end", Stage.CONNECT: "end",
    Stage.PREROUTING: "rule", Stage.INPUT: "rule", Stage.FORWARD: "rule", Stage.OUTPUT: "rule", Stage.POSTROUTING: "rule",
}  # fmt: skip
_TITLE = 34
_NONE: Text = Text("", "")


def svg_drawing(layouts: Sequence[tuple[Text, WalkLayout]], langs: Sequence[Lang], moving: bool = True) -> str:
    """A file of its own: each walk under its caption, one below the other. With `moving` a packet walks, by CSS alone."""
    parts, width, y = [], 480.0, 0.0
    for index, (caption, layout) in enumerate(layouts):
        placed, drawn, y = walk_drawing(layout, langs, caption, y)
        width = max(width, placed.width, _title_width(caption, langs))
        parts += drawn
        if moving:
            parts += motion(placed, f"w{index}")
        y += MARGIN
    title = plain(pick(layouts[0][0], langs[0])) if layouts else ""
    size = f'viewBox="0 0 {number(width)} {number(y)}" width="{number(width)}" height="{number(y)}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="wd" {size} role="img"><title>{title}</title>'
    style = f"<style>{STYLE}{MOTION if moving else ''}</style>"
    return "\n".join((head, style, '<rect width="100%" height="100%" fill="var(--paper)"/>', *parts, "</svg>\n"))


def inline_drawing(layout: WalkLayout, langs: Sequence[Lang], caption: Text = _NONE) -> str:
    """The same for a page, which has the style already (STYLE); it shrinks with its column and never grows."""
    placed, parts, height = walk_drawing(layout, langs, caption, 0)
    width = max(placed.width, _title_width(caption, langs))
    size = f'viewBox="0 0 {number(width)} {number(height)}" style="max-width:{number(width)}px"'
    return "\n".join((f'<svg class="wd" {size} role="img">', *parts, "</svg>"))


def _title_width(caption: Text, langs: Sequence[Lang]) -> float:
    return 2 * MARGIN + max(width_of(one_line(pick(caption, lang))) for lang in langs) * 8.6


def walk_drawing(
    layout: WalkLayout, langs: Sequence[Lang], caption: Text, top: float
) -> tuple[PlacedWalk, list[str], float]:
    """One walk from `top` on: where it stands, its elements, and where it ends."""
    placed = place(layout, top + (_TITLE if caption.en else 10))
    parts: list[str] = []
    if caption.en:
        parts.append(both_at(MARGIN, top + 25, caption, langs, "title"))
    cards = top + (_TITLE if caption.en else 10)
    parts += [_lane(x, cards + HEADER, placed.bottom) for x in placed.lanes]
    parts += [_way(placed, direction, y, langs) for direction, y in placed.headings]
    for lane, x in zip(layout.lanes, placed.lanes, strict=True):
        parts += _card(lane, x, cards, placed.card, langs)
    parts += [box(v.x - PILL / 2 - 8, v.y, PILL + 16, v.height, "visit", 9) for v in placed.visits]
    for arrow in placed.arrows:
        parts += _arrow(arrow)
    for stage in placed.stages:
        parts += _stage(stage)
    if placed.death is not None:
        parts += _death(placed.death)
    verdict, end = _verdict(placed, langs)
    return placed, [*parts, *verdict], end


def _lane(x: float, top: float, bottom: float) -> str:
    return f'<line x1="{number(x)}" y1="{number(top)}" x2="{number(x)}" y2="{number(bottom)}" class="lane"/>'


def _way(placed: PlacedWalk, direction: Direction, y: float, langs: Sequence[Lang]) -> str:
    line = f'<line x1="{MARGIN}" y1="{number(y + 7)}" x2="{number(placed.width - MARGIN)}" y2="{number(y + 7)}" class="sep"/>'
    return line + both_at(MARGIN, y, word(direction.value), langs, "way over")


def _card(lane: Lane, x: float, y: float, width: float, langs: Sequence[Lang]) -> Iterator[str]:
    name = one_line(lane.host)
    most = int((width - 30) / 7.2)
    shown = name if width_of(name) <= most else name[: most - 1] + "…"
    yield f'<g data-host="{plain(lane.host)}"><title>{plain(lane.host)} {plain(lane.address)}</title>'
    yield box(x - width / 2, y, width, HEADER - 8, "card", 8)
    yield _icon(lane.kind, x - width / 2 + 16, y + 17)
    yield text_at(x + 6, y + (21 if lane.address or lane.kind != lane.host else 30), shown, "name", "middle")
    if lane.address:
        yield text_at(x, y + 40, lane.address, "mono dim", "middle")
    elif lane.kind != lane.host:
        yield both_at(x, y + 40, KINDS.get(lane.kind, _NONE), langs, "dim", "middle")
    yield "</g>"


def _icon(kind: str, x: float, y: float) -> str:
    """What sort of host it is: a server, a pod's hexagon, a router, a screen outside."""
    drawn = {
        "node": f"M{number(x - 6)} {number(y - 6)}h12v5h-12zM{number(x - 6)} {number(y + 1)}h12v5h-12zM{number(x - 3)} {number(y - 3.5)}h.1M{number(x - 3)} {number(y + 3.5)}h.1",
        "pod": f"M{number(x)} {number(y - 7)}l6 3.5v7l-6 3.5l-6 -3.5v-7z",
        "router": f"M{number(x - 7)} {number(y)}a7 7 0 1 0 14 0a7 7 0 1 0 -14 0M{number(x - 4)} {number(y)}h8M{number(x + 1.5)} {number(y - 2.5)}l2.5 2.5l-2.5 2.5",
        "external": f"M{number(x - 7)} {number(y - 6)}h14v9h-14zM{number(x - 3)} {number(y + 6)}h6M{number(x)} {number(y + 3)}v3",
    }
    return path(drawn.get(kind, drawn["external"]), "icon")


def _stage(stage: PlacedStage) -> Iterator[str]:
    first, last = stage.steps[0], stage.steps[-1]
    keys = " ".join(f"{step.direction.value}-{step.number}" for step in stage.steps)
    rewrites = any(rewrite.field in ("src", "dst") for step in stage.steps for rewrite in step.rewrites)
    kind = "nat" if rewrites else _CLASSES.get(first.stage, "device")
    yield f'<g class="stage" data-steps="{keys}">'
    yield f'<g class="pill {kind}">{box(stage.x - PILL / 2, stage.y + 3, PILL, 22, "", 6)}'
    yield text_at(stage.x, stage.y + 18.5, first.stage.value, "", "middle") + "</g>"
    if stage.device:
        away = (PILL / 2 + 12) * (1 if stage.left else -1)
        yield text_at(stage.x + away, stage.y + 18, stage.device, "mono dim over", "start" if stage.left else "end")
    for index, side in enumerate(stage.side):
        y = stage.y + 18 + LINE * index
        width = side.width + (10 if side.label else 0)
        x = stage.x - PILL / 2 - 12 - width if stage.left else stage.x + PILL / 2 + 12
        if not side.label:
            at, anchor = (x + width, "end") if stage.left else (x, "start")
            yield text_at(at, y, side.text, "mono dim over", anchor)
            continue
        yield f'<g class="badge" data-rewrite="{plain(side.field)}">{box(x, y - 13, width, 18, "", 4)}'
        yield text_at(x + 6, y, side.label, "mono by")
        yield text_at(x + 6 + (width_of(side.label) + 1.5) * CELL, y, side.text, "mono") + "</g>"
    yield f"<title>{plain(f'{first.number}-{last.number}' if first is not last else str(first.number))} {plain(last.note.en)}</title></g>"


def _arrow(arrow: PlacedArrow) -> Iterator[str]:
    bend = arrow.to_y - 12
    way = "back" if arrow.direction is Direction.REPLY else "there"
    line = f"M{number(arrow.x)} {number(arrow.y)}V{number(bend)}H{number(arrow.to_x)}V{number(arrow.to_y)}"
    yield f'<g class="{way}">'
    if arrow.tunnel:
        yield path(line, "arrow tube")
    yield path(line, "arrow")
    head = f"M{number(arrow.to_x)} {number(arrow.to_y + 6)}l-5.5 -10h11z"
    yield path(head, "head") + "</g>"
    at, anchor = (arrow.x - 10, "end") if arrow.left else (arrow.x + 10, "start")
    for index, text in enumerate(reversed(arrow.lines)):
        outer = " outer" if arrow.tunnel and index == 0 else ""
        yield text_at(at, bend - 9 - (LINE - 4) * index, text, f"mono over{outer}", anchor)


def _death(death: PlacedDeath) -> Iterator[str]:
    x, y = death.x, death.y
    yield f'<circle cx="{number(x)}" cy="{number(y)}" r="11" class="cross"/>'
    yield path(f"M{number(x - 4.5)} {number(y - 4.5)}l9 9m0 -9l-9 9", "cross-x")
    at, anchor = (x - 18, "end") if death.left else (x + 18, "start")
    yield text_at(at, y + 4, death.text, "bad over", anchor)
    for index, line in enumerate(death.rule):
        yield text_at(at, y + 22 + (LINE - 3) * index, line, "mono over", anchor)


def _verdict(placed: PlacedWalk, langs: Sequence[Lang]) -> tuple[list[str], float]:
    """How it ended, over the whole width, and what there is to say of that."""
    layout, y = placed.layout, placed.bottom + 8
    width = placed.width - 2 * MARGIN
    parts = [box(MARGIN, y, width, 30, "verdict" if layout.delivered else "verdict no", 7)]
    parts.append(both_at(MARGIN + 14, y + 20, verdict_line(layout), langs, "said"))
    y += 30
    said = list(ending_lines(layout))
    if layout.source_seen is not None:
        said.insert(0, word("seen", address=layout.source_seen))
    for text in said:
        folded = {lang: wrap(one_line(pick(text, lang)), int(width / 6.4)) for lang in langs}
        for index in range(max(map(len, folded.values()))):
            y += LINE
            lines = {lang: folded[lang][index] if index < len(folded[lang]) else "" for lang in langs}
            parts.append(both_at(MARGIN + 14, y + 4, Text(lines.get("en", ""), lines.get("zh", "")), langs))
    return parts, y + 10
