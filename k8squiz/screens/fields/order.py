"""An order under its grade: step by step, what was answered beside what is computed."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import OrderField
from k8squiz.locale.i18n import Lang, joined, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import CAUSE, RIGHT, WRONG
from k8squiz.screens.causes import told_cause
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import one_line

# From so many on they are told in one line.
_MANY_RIGHT = 3


def view(field: OrderField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    cards = {item.key: item for item in field.items}
    given: tuple[str, ...] = mark.given or ()
    parts: list[RenderableType] = [_table(field, given, lang)]
    if mark.first_wrong is not None and given:
        step = mark.first_wrong
        key = "too-few" if step >= len(given) else "first-wrong"
        parts.append(Styled(say(key, lang, step=step if key == "too-few" else step + 1), style="notice"))
        parts += [told_cause(cause, lang) for cause in causes if cause.place is not None or cause.part in field.truth]
    told = {cause.part: pick(cause.text, lang) for cause in causes}
    left = [cards[key] for key in dict.fromkeys(given) if key not in field.truth]
    for card in left:
        parts.append(
            Styled(
                f"{WRONG} {card.letter}  {joined(pick(card.text, lang), say('never-happens', lang), lang)}",
                style="wrong",
            )
        )
        if card.key in told:
            parts.append(Prose(f"  {CAUSE} {one_line(told[card.key])}", style="notice"))
    return parts


def _table(field: OrderField, given: tuple[str, ...], lang: Lang) -> Table:
    """A row a step; many right ones in a row are one, by their letters."""
    cards = {item.key: item for item in field.items}
    table = Table.grid(padding=(0, 1))
    for _ in range(5):
        table.add_column(overflow="fold")
    table.add_row("", "", Styled(say("truth", lang), style="strong"), Styled(say("yours", lang), style="strong"), "")
    steps = list(itertools.zip_longest(field.truth, given))
    for right, run in itertools.groupby(enumerate(steps, 1), key=lambda one: one[1][0] == one[1][1]):
        numbered = list(run)
        if right and len(numbered) >= _MANY_RIGHT:
            letters = " › ".join(cards[ours].letter for _, (ours, _) in numbered)
            place = f"{numbered[0][0]}.–{numbered[-1][0]}."
            table.add_row(Styled(RIGHT, style="right"), place, Styled(letters), Styled(say("as-computed", lang)), "")
            continue
        for number, (ours, theirs) in numbered:
            sign = Styled(RIGHT, style="right") if right else Styled(WRONG, style="wrong")
            truth = f"{cards[ours].letter}  {pick(cards[ours].text, lang)}" if ours is not None else "—"
            yours = Styled(cards[theirs].letter if theirs is not None else "—")
            note = "" if right else _note(theirs, field, lang)
            table.add_row(sign, f"{number}.", Styled(truth), yours, Styled(note, style="quiet"))
    return table


def _note(theirs: str | None, field: OrderField, lang: Lang) -> str:
    if theirs is None:
        return say("missing", lang)
    return say("wrong-place" if theirs in field.truth else "never-happens", lang)
