"""What is asked of a timeline, below its drawing."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields import MenuField, NumberField
from k8squiz.locale.i18n import Lang, pick

FAILURES, FAILS, KNOB = "failures", "fails", "knob"


@dataclass(frozen=True, slots=True)
class TimelineNumber(NumberField):
    """A number; `drawn` is the timeline, where it is the first that is asked."""

    drawn: Text | None = None

    @property
    def before(self) -> str:
        return self.before_in("en")

    def before_in(self, lang: Lang) -> str:
        return "" if self.drawn is None else pick(self.drawn, lang)


@dataclass(frozen=True, slots=True)
class TimelineMenu(MenuField):
    """A choice; `drawn` as in TimelineNumber."""

    drawn: Text | None = None

    @property
    def before(self) -> str:
        return self.before_in("en")

    def before_in(self, lang: Lang) -> str:
        return "" if self.drawn is None else pick(self.drawn, lang)
