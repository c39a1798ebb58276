"""Two walks beside one another as lines of a terminal: in two columns where there is room, else one below the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.story.picture.beside import AlikeRow, DifferentRow, PlacedStep, WalksBeside, runs, short_rows
from k8squiz.story.picture.lines import Line, badge, ending, fold
from k8squiz.story.picture.rail import Span
from k8squiz.story.picture.words import alike_text, run_text, say
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of

# From this width on the walks stand in columns.
COLUMNS = 110
_SIGNS = ("A", "B")


def beside_lines(
    pair: WalksBeside, names: tuple[Text, Text], lang: Lang, width: int, brief: bool = False
) -> Iterator[Line]:
    """Both walks: a line for what is alike, then what differs. `names` say which is which. `brief`: the first difference
    with its rules, after it what is rewritten and how it ends."""
    for sign, name in zip(_SIGNS, names, strict=True):
        yield from fold((Span(f"{sign} ", "badge"), Span(f" {one_line(pick(name, lang))}", "strong")), width)
    if pair.same:
        yield (Span(say("no difference", lang)),)
        yield from ending(pair.left, lang, width)
        return
    told = None
    for direction, row in short_rows(pair) if brief else pair.rows:
        if direction is not told:
            yield (Span(say(direction.value, lang), "strong"),)
            told = direction
        if isinstance(row, AlikeRow):
            yield from fold((Span(f"  ≡ {one_line(pick(alike_text(row), lang))}", "quiet"),), width)
        else:
            yield from _difference(row, lang, width, brief)
    yield from _both([list(ending(each, lang, _room(width))) for each in (pair.left, pair.right)], width)


def _room(width: int) -> int:
    return (width - 7) // 2 if width >= COLUMNS else width - 4


def _difference(row: DifferentRow, lang: Lang, width: int, brief: bool) -> Iterator[Line]:
    if row.first:
        yield (Span(f"≠ {say('first', lang)}", "stopped"),)
    rules = row.first or not brief
    sides = [list(_side(steps, row.first, rules, lang, _room(width))) for steps in (row.left, row.right)]
    yield from _both(sides, width)


def _side(steps: Sequence[PlacedStep], first: bool, rules: bool, lang: Lang, room: int) -> Iterator[Line]:
    if not steps:
        yield (Span(say("nothing", lang), "quiet"),)
    for run in runs(steps, first):
        if len(run) > 1:
            yield from fold((Span(f"   … {one_line(pick(run_text(run), lang))}", "quiet"),), room)
            continue
        for line in step_lines(run[0], lang, rules):
            yield from fold(line, room, indent="     ")


def step_lines(placed: PlacedStep, lang: Lang, rules: bool = True) -> Iterator[Line]:
    """A step in a line or three: where, what is rewritten, the rule that decided (or what else is to be said)."""
    step = placed.step
    head = f"{one_line(placed.host)} {one_line(step.device)}"
    yield (Span(f"{step.number:>2} ", "quiet"), Span(head, "strong"), Span(f" {step.stage.value}", "stage"))
    if step.rewrites:
        yield (Span("   "), *badge(step.label, step.rewrites))
    if step.rule and rules:
        yield (Span(f"   {one_line(step.rule)}", "rule"),)
    elif not step.rewrites:
        yield (Span(f"   {one_line(pick(step.note, lang))}"),)


def _both(sides: list[list[Line]], width: int) -> Iterator[Line]:
    """Two blocks of lines, side by side or one below the other, each with its sign."""
    if width < COLUMNS:
        for sign, lines in zip(_SIGNS, sides, strict=True):
            for line in lines:
                yield (Span(f"{sign} ", "badge"), Span("│ ", "quiet"), *line)
        return
    room = _room(width)
    for left, right in itertools.zip_longest(*sides, fillvalue=()):
        gap = room - width_of("".join(span.text for span in left))
        yield (Span("A ", "quiet"), *left, Span(" " * gap), Span(" │ B ", "quiet"), *right)
