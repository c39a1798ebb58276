"""A number, exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from engine.trace import Text
from engine.values import dataclass, pattern
from k8squiz.kinds.fields.interface import FieldBase, Turn, Unreadable, first_readable
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.numerals import number_in_words
from k8squiz.locale.practice import say

_OTHER_SIDE = Text("Has worked out the other part: ask whose share it is.", "算成了另一部分的比例：追问这是谁的份额。")
_HALF = Text("Counts nodes instead of endpoints, or endpoints instead of nodes.", "按节点而不是端点计数，或者反过来。")
_TWICE = Text(
    "Counts something twice, both ways or on both nodes: ask what exactly is counted.",
    "把同一样东西数了两遍（往返各一次，或两个节点各一次）：追问到底在数什么。",
)

_HALF_CREDIT = 0.5
# The largest denominators of a fraction that is shown as one: of a share, and of any other number.
_PLAIN_SHARE, _PLAIN_FRACTION = 1000, 12
_TWO_DIGITS, _THREE_DIGITS = Fraction(1, 100), Fraction(1, 1000)
# `3.14`, `.333`, `1,450`, `33,3`, `3.14e6`, `3.14M`, `314万`, `1/3`, `33%`.
_NUMBER = pattern(
    r"(?P<number>[+-]?(?=[.,]?\d)(?:\d[\d ,_']{0,23})?(?:[.,]\d{0,12})?(?<=[\d.]))\s*"
    r"(?:[eE]\+?(?P<power>\d)|(?P<times>[kKmM万亿]))?\s*(?:/\s*(?P<under>\d{1,12})|(?P<percent>%|per ?cent))?"
)
# Chinese counts with a word between number and noun; either may stand alone.
_COUNTER = pattern(r"(?<=[\d一二两三四五六七八九十百千万亿%])\s*[条个次跳步台项种行份块组位张对]$")
_COUNTER_BEFORE = pattern(r"^[条个次跳步台项种行份块组位张对](?=.)")
# What is counted where a question names no unit.
_COUNTED = (
    "connections",
    "connection",
    "endpoints",
    "endpoint",
    "services",
    "service",
    "packets",
    "packet",
    "entries",
    "rules",
    "steps",
    "nodes",
    "chains",
    "chain",
    "entry",
    "rule",
    "step",
    "node",
    "hops",
    "hop",
    "pods",
    "pod",
    "times",
    "数据包",
    "规则",
    "节点",
    "端点",
    "连接",
    "服务",
    "表项",
    "链",
)
_TIMES = {"": 1, "k": 10**3, "K": 10**3, "m": 10**6, "M": 10**6, "万": 10**4, "亿": 10**8}


@dataclass(frozen=True, slots=True)
class NumberField(FieldBase):
    """A number. A value is its exact text: `17`, `1/3`. Off by up to three times the tolerance earns half.

    A `share` lies between 0 and 1; with `percent` it is spoken of in percent, and `33` means 33%.
    """

    id: str
    label: Text
    truth: str
    tolerance: Fraction = Fraction(0)
    percent: bool = False
    weight: float = 1.0
    unit: Text | None = None
    share: bool = False

    def read(self, typed: str) -> str:
        return first_readable(typed, self._read)

    def _read(self, text: str) -> str:
        text = self._without_unit(text)
        told = number_in_words(text)
        if told is not None:
            return self._taken(told)
        matched = _NUMBER.fullmatch(text)
        if matched is None or matched["under"] is not None and int(matched["under"]) == 0:
            raise Unreadable("type a number, such as 42, 1/3 or 33%", "请输入一个数，例如 42、1/3 或 33%")
        number = Fraction(self._decimal(matched["number"])) * 10 ** int(matched["power"] or 0)
        number *= _TIMES[matched["times"] or ""]
        if matched["under"]:
            number /= int(matched["under"])
        elif matched["percent"] or (self.percent and number > 1):
            number /= 100
        return self._taken(number)

    def _taken(self, number: Fraction) -> str:
        if (self.share or self.percent) and not 0 <= number <= 1:
            raise Unreadable("a share lies between 0 and 1: 1/3, 0.33 or 33%", "比例在 0 与 1 之间：1/3、0.33 或 33%")
        return str(number)

    def _without_unit(self, text: str) -> str:
        """`8950` of `8950 bytes`, `8950 byte`, `8950 B`, `8950个字节`, `8950字节`; `20` of `20条`."""
        spelled = next((word for word in self._units() if text.lower().endswith(word)), "")
        counted = text[: len(text) - len(spelled)].strip()
        return counted if len(counted) < 2 else _COUNTER.sub("", counted).strip()

    def _units(self) -> Iterator[str]:
        """What the unit is called at the end of a number, the longest first."""
        if self.unit is None:
            yield from _COUNTED
            return
        english, chinese = self.unit.en.lower(), self.unit.zh.strip("（）()")
        words = {english, english.split()[-1], chinese, _COUNTER_BEFORE.sub("", chinese), english.split("/")[0]}
        words |= {word.removesuffix("ies") + "y" if word.endswith("ies") else word.removesuffix("s") for word in words}
        if english == "bytes":
            words.add("b")
        yield from sorted((word for word in words if word), key=len, reverse=True)

    def _decimal(self, text: str) -> str:
        """The number with its decimal point: commas and blanks between groups of three go, another comma is one.

        A share has no thousands: there every comma is the decimal one.
        """
        text = text.replace(" ", "").replace("_", "").replace("'", "")
        grouped = re.fullmatch(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d*)?", text) and not (self.share or self.percent)
        if not grouped and (text.count(",") > 1 or ("," in text and "." in text)):
            raise Unreadable("which of the commas is the decimal one?", "哪一个逗号是小数点？")
        return text.replace(",", "" if grouped else ".")

    def score(self, value: str) -> float:
        off = abs(Fraction(value) - Fraction(self.truth))
        allowed = max(self.tolerance, self._exact())
        if off <= allowed:
            return 1.0
        return _HALF_CREDIT if self.tolerance and off <= 3 * self.tolerance else 0.0

    def _exact(self) -> Fraction:
        """How far off a decimal may be for the truth that it stands for. A share may be rounded, or cut off, to two digits."""
        truth = Fraction(self.truth)
        if truth.denominator == 1:
            return Fraction(0)
        if not 0 < truth < 1:
            return _THREE_DIGITS
        digit = _TWO_DIGITS
        while digit * 10 > truth:
            digit /= 10
        cut, rounded = truth // digit * digit, round(truth / digit) * digit
        return max(truth - cut, abs(truth - rounded), min(_THREE_DIGITS, digit))

    def reckoned(self, value: str) -> Text | None:
        if self.score(value) != _HALF_CREDIT:
            return None
        shown = self.show(str(self.tolerance), False), self.show(str(self.tolerance), True)
        return Text(
            f"within three times the tolerance of {shown[0]}: half", f"误差在容许值 {shown[1]} 的三倍以内：得一半"
        )

    def show(self, value: str, zh: bool) -> str:
        number = Fraction(value)
        unit = f" {self.unit.zh if zh else self.unit.en}" if self.unit is not None else ""
        if self.percent:
            return f"{float(number * 100):.4g}% ({number})"
        # 1/3 and 8/3 are read as they stand, 7058/225 is not.
        most = _PLAIN_SHARE if 0 <= number <= 1 else _PLAIN_FRACTION
        plain = str(number) if number.denominator <= most else f"{float(number):.6g}"
        return plain + unit

    @property
    def full_label(self) -> Text:
        if self.unit is None:
            return self.label
        return Text(f"{self.label.en} ({self.unit.en})", f"{self.label.zh}（{self.unit.zh.strip('（）')}）")

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
