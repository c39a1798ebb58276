"""The cause, out of a list that is the same for every question."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import MenuField


@dataclass(frozen=True, slots=True)
class Doubts:
    """What takes a while to find out, and is asked for where it is wanted: `objections` to the question, and what would be
    otherwise with another cause (`instead`)."""

    objections: Callable[[], Iterator[Text]] = lambda: iter(())
    instead: Callable[[str], Text] = lambda cause: Text("", "")


@dataclass(frozen=True, slots=True)
class CauseField(MenuField):
    """`transcript` is what one reads."""

    transcript: str = ""
    doubts: Doubts = Doubts()

    @property
    def before(self) -> str:
        return self.transcript

    def flaws(self) -> Iterator[Text]:
        yield from self.doubts.objections()
        yield from MenuField.flaws(self)
