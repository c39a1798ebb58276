"""Designs compared, under their grade: what was ticked and what holds, then what the engine computed for each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.compare.fields import DesignField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.fields import menu
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import visible


def view(field: DesignField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    parts = menu.view(field, mark, lang, causes)
    if not field.figures:
        return parts
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    for item in field.items:
        if item.key in field.figures:
            table.add_row(Styled(visible(field.figures[item.key]), style="strong"), Prose(pick(item.text, lang)))
    return [*parts, Styled(say("computed", lang), style="quiet"), table]
