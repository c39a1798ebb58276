"""A table of ticks: a line a connection."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import MenuField

FIELD = "ticks"


@dataclass(frozen=True, slots=True)
class TickField(MenuField):
    """The connections, of which those that work are ticked. `given` is the YAML that one is to read for it."""

    multiple: bool = True
    given: str = ""

    @property
    def before(self) -> str:
        return self.given

    def flaws(self) -> Iterator[Text]:
        if len(self.truth) in (0, len(self.items)):
            yield Text(
                f"{'all' if self.truth else 'none'} of the connections work",
                f"{'所有连接都能' if self.truth else '没有连接能'}建立",
            )
        yield from MenuField.flaws(self)
