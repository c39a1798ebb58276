"""The blanks a candidate fills in. Each reads what was typed, scores it against the truth, and shows either.

Every kind of question is a set of such fields, so a new kind needs no new grading and no new screen. A field is
frozen and pure; a value is canonical (equal answers are equal values) and plain (it can be stored as JSON).
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Protocol

from engine.trace import Text
from engine.values import dataclass

Value = Any  # str, or a tuple of str


class Unreadable(Exception):
    """What was typed is no answer to this field; `text` tells the candidate what would be."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.text = Text(en, zh)


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be picked: `key` is its stable meaning, `letter` what one types for it."""

    letter: str
    key: str
    text: Text


class Field(Protocol):
    """One blank."""

    @property
    def id(self) -> str: ...
    @property
    def label(self) -> Text: ...
    @property
    def weight(self) -> float: ...
    @property
    def truth(self) -> Value: ...
    def read(self, typed: str) -> Value: ...
    def score(self, value: Value) -> float: ...
    def show(self, value: Value, zh: bool) -> str: ...


@dataclass(frozen=True, slots=True)
class OrderField:
    """Put items in order; items that belong nowhere stay out. A value is a tuple of keys."""

    id: str
    label: Text
    items: tuple[Item, ...]
    truth: tuple[str, ...]
    weight: float = 1.0

    def read(self, typed: str) -> tuple[str, ...]:
        keys = tuple(_pick(word, self.items).key for word in _words(typed, self.items))
        if not keys:
            raise Unreadable("type the letters in order, such as B A D", "请按顺序输入字母，例如 B A D")
        if len(set(keys)) != len(keys):
            raise Unreadable("a step was named twice", "有步骤重复了")
        return keys

    def score(self, value: tuple[str, ...]) -> float:
        """What both have in common in the right order, over all that either has: missing, wrong and extra steps cost."""
        common = longest_common(value, self.truth)
        return common / (len(value) + len(self.truth) - common)

    def first_wrong(self, value: tuple[str, ...]) -> int | None:
        """The index of the first step that is not the true one there; None if all is right."""
        for index in range(max(len(value), len(self.truth))):
            if value[index : index + 1] != self.truth[index : index + 1]:
                return index
        return None

    def show(self, value: tuple[str, ...], zh: bool) -> str:
        letters = {item.key: item.letter for item in self.items}
        return " ".join(letters[key] for key in value)


@dataclass(frozen=True, slots=True)
class MenuField:
    """Pick one (or, with `multiple`, all that hold). A value is a tuple of keys in the menu's order.

    `near` gives part of the credit for an option that is wrong but of the right sort (one choice only).
    """

    id: str
    label: Text
    items: tuple[Item, ...]
    truth: tuple[str, ...]
    multiple: bool = False
    weight: float = 1.0
    near: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def read(self, typed: str) -> tuple[str, ...]:
        if self.multiple and typed.strip().lower() in ("none", "-", "无"):
            return ()
        picked = {_pick(word, self.items).key for word in _words(typed, self.items)}
        if not picked or (len(picked) > 1 and not self.multiple):
            if self.multiple:
                raise Unreadable(
                    "type the letters of all that hold, such as A C, or none",
                    "请输入所有正确项的字母，例如 A C；都不对就填 none",
                )
            raise Unreadable("type one letter", "请输入一个字母")
        return tuple(item.key for item in self.items if item.key in picked)

    def score(self, value: tuple[str, ...]) -> float:
        if not self.multiple:
            return 1.0 if value == self.truth else self.near.get(value[0], 0.0) if value else 0.0
        right = sum(1 for key in value if key in self.truth)
        wrong = len(value) - right
        return max(0.0, (right - wrong) / len(self.truth)) if self.truth else float(not value)

    def show(self, value: tuple[str, ...], zh: bool) -> str:
        letters = {item.key: item.letter for item in self.items}
        return " ".join(letters.get(key, key) for key in value) or ("无" if zh else "none")


@dataclass(frozen=True, slots=True)
class AddressField:
    """An address, typed as such or by a name. A value is `ip`, `ip:port` or `none`.

    `aliases` maps names to addresses. With `ports` the port counts half.
    """

    id: str
    label: Text
    truth: str
    aliases: Mapping[str, str]
    ports: bool = False
    weight: float = 1.0
    row: Text | None = None

    def read(self, typed: str) -> str:
        text = typed.strip()
        if text.lower() in ("none", "-", "无"):
            return "none"
        named = {name.lower(): address for name, address in self.aliases.items()}
        name, port = text, ""
        if text.lower() not in named and text.count(":") == 1:
            name, port = text.split(":")
        address = named.get(name.strip().lower(), name.strip().strip("[]"))
        try:
            canonical = str(ipaddress.ip_address(address))
        except ValueError:
            raise Unreadable(
                f"{text!r} is neither an address nor a name shown above", f"{text!r} 既不是地址，也不是上面出现过的名称"
            ) from None
        if not self.ports:
            return canonical
        if not port.isdigit() or int(port) > 65535:
            raise Unreadable("give the port too, such as node1:80", "请同时写出端口，例如 node1:80")
        return f"{canonical}:{int(port)}"

    def score(self, value: str) -> float:
        if value == self.truth:
            return 1.0
        if not self.ports or "none" in (value, self.truth):
            return 0.0
        ours, theirs = value.rpartition(":"), self.truth.rpartition(":")
        return 0.5 * (ours[0] == theirs[0]) + 0.5 * (ours[2] == theirs[2])

    def show(self, value: str, zh: bool) -> str:
        if value == "none":
            return "无" if zh else "none"
        address = value.rpartition(":")[0] if self.ports else value
        known = [name for name, its in self.aliases.items() if its == address and not name.startswith("svc/")]
        name = min(known, key=lambda known: ("/" in known, len(known)), default="")
        return f"{value} ({name})" if name else value


@dataclass(frozen=True, slots=True)
class NameField:
    """One of the names the picture shows. A value is the name."""

    id: str
    label: Text
    truth: str
    names: tuple[str, ...]
    weight: float = 1.0

    def read(self, typed: str) -> str:
        known = {name.lower(): name for name in self.names}
        word = typed.strip().lower()
        if word in ("none", "-", "无"):
            return "none"
        if word not in known:
            raise Unreadable(f"one of {', '.join(self.names)}", f"请填写其中之一：{'、'.join(self.names)}")
        return known[word]

    def score(self, value: str) -> float:
        return float(value == self.truth)

    def show(self, value: str, zh: bool) -> str:
        return ("无" if zh else "none") if value == "none" else value


@dataclass(frozen=True, slots=True)
class NumberField:
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


def longest_common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for left in a:
        before = 0
        for index, right in enumerate(b, 1):
            before, row[index] = row[index], before + 1 if left == right else max(row[index], row[index - 1])
    return row[-1]


def _words(typed: str, items: tuple[Item, ...]) -> list[str]:
    """The letters in `B A D`, `b,a,d`, `BAD` or `2 1 4`."""
    words = [word for word in re.split(r"(?:->|[\s,，;；、→>])+", typed.strip()) if word]
    letters = {item.letter.lower() for item in items}
    if len(words) == 1 and len(words[0]) > 1 and all(char.lower() in letters for char in words[0]):
        return list(words[0])
    return words


def _pick(word: str, items: tuple[Item, ...]) -> Item:
    for number, item in enumerate(items, 1):
        if word.upper() == item.letter or word == str(number):
            return item
    last = items[-1].letter
    raise Unreadable(
        f"{word!r} is not on the list; letters go from A to {last}", f"列表中没有 {word!r}；字母从 A 到 {last}"
    )
