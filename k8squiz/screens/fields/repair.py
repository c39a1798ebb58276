"""A repair under its grade: both lines, and what becomes of every request with either."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.repair.fields import RepairField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import sign_of
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import visible


def view(field: RepairField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    """The line that had been there, the one typed, and what becomes of every request with either."""
    table = Table.grid(padding=(0, 1))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    sign, style = sign_of(mark.score)
    lines = [("", "would-do", field.truth, "strong")]
    if mark.given is None:
        lines.append((sign, "yours", say("blank", lang), style))
    elif mark.given != field.truth:
        lines.append((sign, "yours", field.show(mark.given, lang == "zh"), style))
    for mine, key, line, look in lines:
        table.add_row(
            Styled(mine, style=style), Styled(say(key, lang), style="strong"), Styled(visible(line), style=look)
        )
        if mine != sign or mark.given is not None:
            for ending in field.effect(field.truth if key == "would-do" else mark.given):
                table.add_row("", "", Prose(f"→ {pick(ending, lang)}", "quiet"))
    return [table]
