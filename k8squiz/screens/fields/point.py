"""A key point of a talk, as it was checked."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.talk.fields import SAID, PointField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.report.signs import sign_of
from k8squiz.screens.prose import Prose


def view(field: PointField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    sign, style = sign_of(mark.score)
    line = Table.grid(padding=(0, 1))
    line.add_row(Styled(sign, style=style), Prose(pick(field.label, lang), "" if mark.given == SAID else "strong"))
    return [line]
