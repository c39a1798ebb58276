"""Numbers in words: `三分之一`, `二十`, `百分之33`, `half`, `two thirds`, `1 in 3`."""

from __future__ import annotations

import re
from fractions import Fraction

from engine.values import is_decimal, pattern

_DIGITS = {char: value for value, chars in enumerate(("零〇", "一", "二两", "三", "四", "五", "六", "七", "八", "九")) for char in chars}  # fmt: skip
_TIMES = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "亿": 10**8}
_HAN = "[零〇一二两三四五六七八九十百千万亿]+"
_WORDS = {
    word: value
    for value, word in enumerate((
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ))
}  # fmt: skip
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7,
          "eighth": 8, "ninth": 9, "tenth": 10}  # fmt: skip
_PERCENT = pattern(rf"百分之({_HAN}|[\d.]+)")
_SHARE = pattern(rf"({_HAN}|\d{{1,9}}) ?分之 ?({_HAN}|\d{{1,9}})")
_OUT_OF = pattern(r"(\w{1,9}) (?:in|of|out of) (\w{1,9})")
_PART = pattern(r"(?:(a|an|\w+)[ -])?([a-z]+)")


def number_in_words(text: str) -> Fraction | None:
    """The number that plain `text` is in words; None where it is none."""
    folded = text.casefold().strip()
    if folded in ("一半", "半数", "各半"):
        return Fraction(1, 2)
    if (percent := _PERCENT.fullmatch(folded)) is not None:
        value = _whole(percent[1])
        return _divided(value if value is not None else _decimal(percent[1]), Fraction(100))
    if (share := _SHARE.fullmatch(folded)) is not None:
        return _divided(_whole(share[2]), _whole(share[1]))
    if (of := _OUT_OF.fullmatch(folded)) is not None:
        return _divided(_whole(of[1]), _whole(of[2]))
    part = _PART.fullmatch(folded)
    if part is not None and (size := _PARTS.get(part[2].removesuffix("s"), _PARTS.get(part[2]))) is not None:
        count = Fraction(1) if part[1] in (None, "a", "an") else _whole(part[1])
        return _divided(count, Fraction(size))
    return None if is_decimal(folded) else _whole(folded)


def _divided(over: Fraction | None, under: Fraction | None) -> Fraction | None:
    return over / under if over is not None and under else None


def _decimal(text: str) -> Fraction | None:
    return Fraction(text) if re.fullmatch(r"\d{1,12}(?:\.\d{1,12})?", text) else None


def _whole(text: str) -> Fraction | None:
    """A whole number in digits, English words (to twenty) or Chinese characters."""
    if text.isascii():
        return Fraction(text) if is_decimal(text) else Fraction(_WORDS[text]) if text in _WORDS else None
    if not re.fullmatch(_HAN, text):
        return None
    total, section, digit = 0, 0, 0
    for char in text:
        if char in _DIGITS:
            # Digits one after another are read as they stand: 一四五零.
            digit = digit * 10 + _DIGITS[char]
        elif char in _TIMES:
            section, digit = section + (digit or 1) * _TIMES[char], 0
        else:
            total, section, digit = (total + section + digit) * _LARGE[char], 0, 0
    return Fraction(total + section + digit)
