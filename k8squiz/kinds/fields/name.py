"""One of some names: a host, a node."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Unreadable, first_readable
from k8squiz.kinds.fields.names import named
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import says_none


@dataclass(frozen=True, slots=True)
class NameField(FieldBase):
    """One of the names the picture shows. A value is the name."""

    id: str
    label: Text
    truth: str
    names: tuple[str, ...]
    weight: float = 1.0

    def read(self, typed: str) -> str:
        return first_readable(typed, self._read)

    def _read(self, text: str) -> str:
        if says_none(text):
            return "none"
        known = named(text, self.names)
        if known is None:
            raise Unreadable(f"one of {', '.join(self.names)}", f"请填写其中之一：{'、'.join(self.names)}")
        return known

    def score(self, value: str) -> float:
        return float(value == self.truth)

    def show(self, value: str, zh: bool) -> str:
        return ("无" if zh else "none") if value == "none" else value

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-name", lang, names=", ".join(self.names))

    def words(self) -> tuple[str, ...]:
        return self.names
