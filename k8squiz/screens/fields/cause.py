"""A cause under its grade: the list, and of a wrong one what the tools would have printed instead."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.evidence.fields import CauseField
from k8squiz.locale.i18n import Lang, pick
from k8squiz.screens.fields import menu
from k8squiz.screens.prose import Prose


def view(field: CauseField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    parts = menu.view(field, mark, lang, causes)
    if mark.given and mark.given != field.truth:
        parts.append(Prose(pick(field.doubts.instead(mark.given[0]), lang), "notice"))
    return parts
