"""A menu under its grade: what holds beside what was picked. Of one choice, those two alone."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import MenuField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import CAUSE, RIGHT, WRONG
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import one_line


def view(field: MenuField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    given: tuple[str, ...] = mark.given or ()
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("", Styled(say("truth", lang), style="strong"), Styled(say("yours", lang), style="strong"), "")
    told: dict[str, str] = {}
    for item in field.items:
        ours, theirs = item.key in field.truth, item.key in given
        if not (field.multiple or ours or theirs):
            # Of one that is to be picked, leaving the others is no merit.
            continue
        sign = Styled(RIGHT, style="right") if ours == theirs else Styled(WRONG, style="wrong")
        row = (sign, "■" if ours else "·", "■" if theirs else "·")
        table.add_row(*row, Prose(f"{item.letter}  {pick(item.text, lang)}", style="strong" if ours else ""))
        for cause in causes:
            if cause.part == item.key:
                text = one_line(pick(cause.text, lang))
                first = told.setdefault(text, item.letter)
                # What decides several options is told at the first of them.
                shown = text if first == item.letter else say("as-at", lang, letter=first)
                table.add_row("", "", "", Prose(f"   {CAUSE} {shown}", style="notice"))
    return [table]
