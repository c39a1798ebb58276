"""What is asked of a timeline, below its drawing."""

from __future__ import annotations

from engine.values import dataclass
from k8squiz.kinds.fields import MenuField, NumberField

FAILURES, FAILS, KNOB = "failures", "fails", "knob"


@dataclass(frozen=True, slots=True)
class TimelineNumber(NumberField):
    """A number; `drawn` is the timeline, where it is the first that is asked."""

    drawn: str = ""

    @property
    def before(self) -> str:
        return self.drawn


@dataclass(frozen=True, slots=True)
class TimelineMenu(MenuField):
    """A choice; `drawn` as in TimelineNumber."""

    drawn: str = ""

    @property
    def before(self) -> str:
        return self.drawn
