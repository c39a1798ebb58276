"""A number, exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Turn, Unreadable
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say

_OTHER_SIDE = Text("Has worked out the other part: ask whose share it is.", "算成了另一部分的比例：追问这是谁的份额。")
_HALF = Text("Counts nodes instead of endpoints, or endpoints instead of nodes.", "按节点而不是端点计数，或者反过来。")
_TWICE = Text(
    "Counts something twice, both ways or on both nodes: ask what exactly is counted.",
    "把同一样东西数了两遍（往返各一次，或两个节点各一次）：追问到底在数什么。",
)


@dataclass(frozen=True, slots=True)
class NumberField(FieldBase):
    """A number. A value is its exact text: `17`, `1/3`. Off by up to three times the tolerance earns half."""

    id: str
    label: Text
    truth: str
    tolerance: Fraction = Fraction(0)
    percent: bool = False
    weight: float = 1.0
    unit: Text | None = None

    def read(self, typed: str) -> str:
        text = typed.strip()
        for unit in (self.unit.en, self.unit.zh) if self.unit is not None else ():
            text = text.removesuffix(unit)
        text = text.replace(" ", "").replace("_", "").replace(",", "")
        matched = re.fullmatch(r"([+-]?\d{1,15}(?:\.\d{1,12})?)(?:/(\d{1,12}))?(%)?", text)
        if matched is None or matched.group(2) is not None and int(matched.group(2)) == 0:
            raise Unreadable("type a number, such as 42, 1/3 or 33%", "请输入一个数，例如 42、1/3 或 33%")
        number = Fraction(matched.group(1))
        if matched.group(2):
            number /= int(matched.group(2))
        if matched.group(3):
            number /= 100
        if self.percent and not matched.group(3) and not matched.group(2) and number > 1:
            number /= 100
        return str(number)

    def score(self, value: str) -> float:
        off = abs(Fraction(value) - Fraction(self.truth))
        # A share cannot be typed exactly in decimals: three digits are exact enough.
        exact = Fraction(1, 1000) if Fraction(self.truth).denominator != 1 else Fraction(0)
        allowed = max(self.tolerance, exact)
        if off <= allowed:
            return 1.0
        return 0.5 if self.tolerance and off <= 3 * self.tolerance else 0.0

    def show(self, value: str, zh: bool) -> str:
        number = Fraction(value)
        unit = f" {self.unit.zh if zh else self.unit.en}" if self.unit is not None else ""
        if self.percent:
            return f"{float(number * 100):.4g}% ({number})"
        plain = str(number) if number.denominator <= 1000 else f"{float(number):.6g}"
        return plain + unit

    @property
    def full_label(self) -> Text:
        if self.unit is None:
            return self.label
        return Text(f"{self.label.en} ({self.unit.en})", f"{self.label.zh}（{self.unit.zh}）")

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-number", lang)

    def prompt(self, lang: Lang) -> str:
        label = pick(self.label, lang)
        return f"{label}> " if self.unit is None else f"{label} ({pick(self.unit, lang)})> "

    def turns(self) -> Iterator[Turn]:
        from k8squiz.kinds.fields.said import said

        truth = Fraction(self.truth)
        guesses = [(1 - truth, _OTHER_SIDE), (Fraction(1, 2), _HALF)] if self.percent else [(truth * 2, _TWICE)]
        for guess, reveals in guesses:
            if self.score(str(guess)) == 0.0:
                shown = Text(self.show(str(guess), False), self.show(str(guess), True))
                yield Turn(said("answers", answer=shown), reveals)
