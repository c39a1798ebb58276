"""Put items in order."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Item, Turn, Unreadable, first_readable
from k8squiz.kinds.fields.picking import letters_in, longest_common, picked
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say

_SHORTEST = 3
_OTHER_STEP = Text("Names what could stand there in another cluster.", "说的是别的集群里才会出现的步骤。")
_EARLY = Text(
    "Knows the steps, not what each one needs from the one before.", "知道有哪些步骤，但不清楚每一步依赖前一步的什么。"
)


@dataclass(frozen=True, slots=True)
class OrderField(FieldBase):
    """Put items in order; items that belong nowhere stay out. A value is a tuple of keys."""

    id: str
    label: Text
    items: tuple[Item, ...]
    truth: tuple[str, ...]
    weight: float = 1.0

    def read(self, typed: str) -> tuple[str, ...]:
        return first_readable(typed, self._read)

    def _read(self, text: str) -> tuple[str, ...]:
        keys = tuple(picked(word, self.items).key for word in letters_in(text, self.items))
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

    @property
    def options(self) -> tuple[Item, ...]:
        return self.items

    @property
    def ordered(self) -> bool:
        return True

    def how(self, lang: Lang, listed: bool = True) -> str:
        some, every = ("how-order", "how-order-all") if listed else ("how-list", "how-list-all")
        return say(some if len(self.truth) < len(self.items) else every, lang)

    def turns(self) -> Iterator[Turn]:
        from k8squiz.kinds.fields.said import said

        for item in self.items:
            if item.key not in self.truth:
                yield Turn(said("no-step", option=item.text), item.reveals or _OTHER_STEP)
        cards = {item.key: item for item in self.items}
        if len(self.truth) > 2:
            first, second = (cards[key].text for key in self.truth[1:3])
            swapped = Text(f"puts “{second.en}” before “{first.en}”", f"把“{second.zh}”放在“{first.zh}”之前")
            yield Turn(swapped, _EARLY)

    def flaws(self) -> Iterator[Text]:
        count = len(self.truth)
        if count < _SHORTEST:
            yield Text(f"an order of {count} steps is too short", f"只有 {count} 个步骤的排序太短")
        yield from FieldBase.flaws(self)
