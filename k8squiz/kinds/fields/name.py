"""One of some names: a host, a node."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Unreadable
from k8squiz.kinds.fields.spelling import bare_name, plain, says_none
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say


@dataclass(frozen=True, slots=True)
class NameField(FieldBase):
    """One of the names the picture shows. A value is the name."""

    id: str
    label: Text
    truth: str
    names: tuple[str, ...]
    weight: float = 1.0

    def read(self, typed: str) -> str:
        known = {name.lower(): name for name in self.names}
        word = plain(typed).lower()
        if says_none(word):
            return "none"
        word = word if word in known else bare_name(word)
        if word not in known:
            raise Unreadable(f"one of {', '.join(self.names)}", f"请填写其中之一：{'、'.join(self.names)}")
        return known[word]

    def score(self, value: str) -> float:
        return float(value == self.truth)

    def show(self, value: str, zh: bool) -> str:
        return ("无" if zh else "none") if value == "none" else value

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-name", lang, names=", ".join(self.names))

    def words(self) -> tuple[str, ...]:
        return self.names
