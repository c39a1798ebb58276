"""A matrix under its grade: every connection, whether it works and whether it was ticked, and what decided."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.matrix.fields import TickField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import RIGHT, WRONG
from k8squiz.screens.prose import Prose


def view(field: TickField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    given: tuple[str, ...] = mark.given or ()
    table = Table.grid(padding=(0, 1))
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("", Styled(say("truth", lang), style="strong"), Styled(say("yours", lang), style="strong"), "")
    for item in field.items:
        ours, theirs = item.key in field.truth, item.key in given
        right = ours == theirs
        sign = Styled(RIGHT if right else WRONG, style="right" if right else "wrong")
        line = Prose(f"{item.letter}  {pick(item.text, lang)}", style="strong" if ours else "")
        table.add_row(sign, "■" if ours else "·", "■" if theirs else "·", line)
        if not right:
            table.add_row("", "", "", Prose(f"   {pick(field.decided[item.key], lang)}", "notice"))
    return [table]
