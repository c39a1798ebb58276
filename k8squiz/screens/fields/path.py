"""A path under its grade: step by step, what was walked beside what was typed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.path.alignment import step_credit
from k8squiz.kinds.path.fields import PathField, step_text
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.report.signs import sign_of


def view(field: PathField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    told = field.told(mark.given or ())
    table = Table(padding=(0, 1), show_edge=False, box=None)
    table.add_column("", no_wrap=True)
    table.add_column(say("truth", lang), overflow="fold")
    table.add_column(say("yours", lang), overflow="fold")
    for ours, theirs in field.pairs(mark.given or ()):
        right = step_credit(told[ours], field.steps[theirs]) if ours is not None and theirs is not None else 0.0
        sign, style = sign_of(right)
        walked = step_text(field.steps[theirs]) if theirs is not None else "—"
        typed = step_text(told[ours]) if ours is not None else "—"
        table.add_row(Styled(sign, style=style), Styled(walked, style="strong"), Styled(typed, style=style))
    return [table]
