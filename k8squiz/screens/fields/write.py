"""A manifest under its grade: one that does what was wanted; the causes of what does not stand below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text as Styled

from k8squiz.bank.question import FieldMark
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.write.fields import WriteField
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.report.signs import sign_of
from k8squiz.terminal.sanitize import visible


def view(field: WriteField, mark: FieldMark, lang: Lang, causes: Sequence[Cause] = ()) -> list[RenderableType]:
    sign, style = sign_of(mark.score)
    yours = say("yours", lang) if mark.given is not None else f"{say('yours', lang)} {say('blank', lang)}"
    texts = [(say("would-do", lang), field.truth, "strong")]
    if mark.given != field.truth:
        texts.insert(0, (f"{sign} {yours}", mark.given or "", style))
    parts: list[RenderableType] = []
    for label, text, look in texts:
        parts += [Styled(label, style=look), Padding(Styled(visible(text)), (0, 0, 0, 2))]
    return parts
