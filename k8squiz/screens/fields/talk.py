"""What was said."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.talk.fields import TalkField
from k8squiz.locale.i18n import Lang
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import visible


def view(field: TalkField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    return [Padding(Prose(visible(mark.given)), (0, 0, 1, 2))] if mark.given else []
