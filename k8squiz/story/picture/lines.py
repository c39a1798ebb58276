"""A picture as lines of a terminal: the lanes left, what happens right of them, a line for each visit of a host."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence

from engine.trace import Direction, Where
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.layout import (
    HeaderRewrite,
    HostVisit,
    WalkLayout,
    WireArrow,
    numbers,
    outer_facts,
    outer_text,
    packet_text,
    stage_names,
)
from k8squiz.story.picture.rail import DEAD, Rail, Span, make_rail
from k8squiz.story.picture.words import ending_lines, place_of, rewrite_text, say, verdict_line
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of, wrap

Line = tuple[Span, ...]


class Detail(enum.IntEnum):
    """How much is told: addresses alone; every stage, mark and tunnel too; the rules that decided as well."""

    BRIEF = 0
    STAGES = 1
    RULES = 2


# Hops that are marked: by direction, and their number there.
Marks = frozenset[tuple[Direction, int]]
MARK = "◄"


def picture_lines(
    layout: WalkLayout, lang: Lang, width: int, detail: Detail = Detail.BRIEF, marks: Marks = frozenset()
) -> Iterator[Line]:
    """The whole picture in `width` columns. Every line is plain text without a newline or an escape. `marks` are hops where
    an answer parts from the walk."""
    rail = make_rail(layout.lanes, width)
    yield from rail.heading()
    for direction in (Direction.REQUEST, Direction.REPLY):
        if layout.of(direction):
            yield (*rail.line(), Span("  "), Span(say(direction.value, lang), "strong"))
            yield from _way(rail, layout, direction, lang, detail, max(20, width - rail.width - 2), marks)
    yield from ending(layout, lang, width, seen=False)


def _way(
    rail: Rail, layout: WalkLayout, direction: Direction, lang: Lang, detail: Detail, room: int, marks: Marks
) -> Iterator[Line]:
    """One direction: its visits, and where the packet dies if it does."""
    visits = layout.of(direction)
    died = layout.died if layout.died is not None and layout.died.direction is direction else None
    for visit in visits:
        told = list(_told(visit, layout, lang, detail, marks))
        ends = "" if visit.leaves is not None or visit is not visits[-1] else DEAD if died is not None else "■"
        at = max(0, len(told) - 1)
        if ends and died is not None:
            at = len(told)
            told += _death(died, layout, told_already=detail is Detail.RULES and visit.steps[-1].rule == died.rule)
        yield from _rows(rail, visit, told, at, room, ends)
    if died is not None and visits and visits[-1].leaves is not None:
        folded = (line for each in _death(died, layout) for line in fold(each, room))
        for index, text in enumerate(folded):
            yield (*rail.line(visits[-1].leaves.to, "│" if index else DEAD), Span("  "), *text)


def _death(died: Where, layout: WalkLayout, told_already: bool = False) -> Iterator[Line]:
    """Where it died, and the rule that says so unless it was told with its step."""
    yield (Span(f"[{layout.verdict.value}]", "badge"), Span(" " + one_line(place_of(died)), "stopped"))
    if died.rule and not told_already:
        yield (Span(f"  {one_line(died.rule)}", "rule"),)


def _told(visit: HostVisit, layout: WalkLayout, lang: Lang, detail: Detail, marks: Marks) -> Iterator[Line]:
    """What there is to say of a visit, each a line that may be folded."""
    if detail > Detail.BRIEF:
        yield from _stages(visit)
    for step in visit.steps:
        shown = [r for r in step.rewrites if detail > Detail.BRIEF or r.field in ("src", "dst")]
        if shown:
            yield badge(step.label, shown)
        if detail is Detail.RULES and step.rule:
            yield (Span(f"  {step.number} ", "quiet"), Span(one_line(step.rule), "rule"))
        if (step.direction, step.number) in marks:
            yield (Span(f"{MARK} {say('parts', lang, hop=step.number, stage=step.stage.value)}", "stopped"),)
    if visit.leaves is not None:
        yield _packet(visit.leaves, lang, detail)
    elif _received(visit, layout):
        yield (Span(say("seen", lang, address=layout.source_seen), "strong"),)


def badge(label: str, rewrites: Sequence[HeaderRewrite]) -> Line:
    """A badge and what was rewritten: `[DNAT] dst A » B`."""
    told = "; ".join(one_line(rewrite_text(rewrite)) for rewrite in rewrites)
    return (Span(f"[{label}]", "badge"), Span(f" {told}", "rewritten"))


def _received(visit: HostVisit, layout: WalkLayout) -> bool:
    """Whether this is where the server got the request."""
    asked = layout.of(Direction.REQUEST)
    return layout.source_seen is not None and bool(asked) and visit is asked[-1]


def _stages(visit: HostVisit) -> Iterator[Line]:
    yield (Span(f"{numbers(visit)} ", "quiet"), Span(" › ".join(stage_names(visit)), "stage"))


def _packet(arrow: WireArrow, lang: Lang, detail: Detail) -> Line:
    line = [Span(one_line(packet_text(arrow.src, arrow.dst)))]
    if arrow.outer is not None:
        line.append(Span(f" {say('in', lang)} {outer_text(arrow.outer)}", "tunnel"))
        if detail > Detail.BRIEF:
            line.append(Span(f" ({outer_facts(arrow.outer)})", "quiet"))
    return tuple(line)


def _rows(rail: Rail, visit: HostVisit, told: Sequence[Line], at: int, room: int, ends: str) -> Iterator[Line]:
    """The lines of one visit: the packet comes in with the first and leaves with `told`[`at`]. `ends` is the sign there
    where the walk does not go on ("" where it does)."""
    lines = [(index == at, line) for index, each in enumerate(told or [()]) for line in fold(each, room)]
    leaves_at = next(index for index, (leaving, _) in enumerate(lines) if leaving)
    for index, (_, text) in enumerate(lines):
        arrow = visit.leaves if index == leaves_at else None
        sign = "●" if not index else "│" if index > leaves_at else "┃"
        if arrow is not None and index:
            sign = "┛" if arrow.to < visit.lane else "┗"
        elif ends and index == leaves_at:
            sign = ends
        yield (*rail.line(visit.lane, sign, arrow), Span("  "), *text)


def ending(layout: WalkLayout, lang: Lang, width: int, seen: bool = True) -> Iterator[Line]:
    """How a walk ended: the verdict, what the server saw (`seen`), why and where it died."""
    style = "delivered" if layout.delivered else "stopped"
    yield from fold((Span(f"= {one_line(pick(verdict_line(layout), lang))}", style),), width)
    if seen and layout.source_seen is not None:
        yield from fold((Span(f"  {one_line(say('seen', lang, address=layout.source_seen))}"),), width)
    for text in ending_lines(layout):
        yield from fold((Span(f"  {one_line(pick(text, lang))}"),), width)


def fold(line: Line, width: int, indent: str | None = None) -> Iterator[Line]:
    """A line in as many as it needs, broken at spaces (between Chinese characters too), what is too long anywhere; the
    later ones two columns further in than the first, or as far as `indent`."""
    text = "".join(span.text for span in line)
    if width_of(text) <= width:
        yield line
        return
    lead = text[: len(text) - len(text.lstrip(" "))]
    indent = lead + "  " if indent is None else indent
    start = len(lead)
    for number, piece in enumerate(_pieces(text[start:], max(10, width - len(indent)))):
        start = text.index(piece, start)
        yield (Span(indent if number else lead), *_cut(line, start, start + len(piece)))
        start += len(piece)


def _pieces(text: str, room: int) -> Iterator[str]:
    """`text` in pieces of at most `room` columns."""
    for piece in wrap(text, room):
        rest = piece
        while width_of(rest) > room:
            at = next(n for n in range(len(rest), 0, -1) if width_of(rest[:n]) <= room)
            yield rest[:at]
            rest = rest[at:]
        yield rest


def _cut(line: Line, start: int, end: int) -> Iterator[Span]:
    at = 0
    for span in line:
        text = span.text[max(0, start - at) : max(0, end - at)]
        if text:
            yield Span(text, span.style)
        at += len(span.text)
