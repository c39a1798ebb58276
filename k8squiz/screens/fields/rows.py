"""Fields without a view of their own: a table of what is computed and what was answered."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.fields import Field
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.report.signs import sign_of


def rows_view(rows: Sequence[tuple[Field, FieldMark]], lang: Lang) -> RenderableType:
    table = Table(padding=(0, 1), show_edge=False, box=None)
    table.add_column("", no_wrap=True)
    if any(field.row is not None for field, _ in rows):
        table.add_column("", overflow="fold")
    table.add_column("", overflow="fold")
    table.add_column(say("truth", lang), overflow="fold")
    table.add_column(say("yours", lang), overflow="fold")
    before = None
    for field, mark in rows:
        sign, style = sign_of(mark.score)
        row = field.row
        # A point is named once, above its first field.
        point = [] if len(table.columns) < 5 else [Styled(pick(row, lang) if row is not None and row != before else "")]
        before = row
        given = say("blank", lang) if mark.given is None else field.show(mark.given, lang == "zh")
        table.add_row(
            Styled(sign, style=style), *point, Styled(pick(field.label, lang)),
            Styled(field.show(field.truth, lang == "zh"), style="strong"), Styled(given, style="" if mark.right else style),
        )  # fmt: skip
    return table
