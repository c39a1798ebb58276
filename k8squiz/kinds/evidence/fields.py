"""The cause, out of a list that is the same for every question."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import MenuField

CAUSE_FIELD, PLACE_FIELD = "cause", "place"


@dataclass(frozen=True, slots=True)
class CauseField(MenuField):
    """`transcript` is what one reads; `objections` to the question are found where they are wanted: that takes a while."""

    transcript: str = ""
    objections: Callable[[], Iterator[Text]] = lambda: iter(())

    @property
    def before(self) -> str:
        return self.transcript

    def flaws(self) -> Iterator[Text]:
        yield from self.objections()
        yield from MenuField.flaws(self)
