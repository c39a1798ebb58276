"""Pick one, or all that hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Item, Turn, Unreadable
from k8squiz.kinds.fields.picking import letters_in, picked
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say

_MISSED = Text(
    "Has not walked the packet that far: ask what happens to it there.", "没有把数据包跟到那一步：追问它在那里会怎样。"
)
_BELIEVED = Text(
    "Takes for a rule what holds in other clusters: ask on what it depends, and what it is here.",
    "把别的集群里才成立的情况当成规律：追问它取决于什么、在这里又是什么。",
)


@dataclass(frozen=True, slots=True)
class MenuField(FieldBase):
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
        chosen = {picked(word, self.items).key for word in letters_in(typed, self.items)}
        if not chosen or (len(chosen) > 1 and not self.multiple):
            if self.multiple:
                raise Unreadable(
                    "type the letters of all that hold, such as A C, or none",
                    "请输入所有正确项的字母，例如 A C；都不对就填 none",
                )
            raise Unreadable("type one letter", "请输入一个字母")
        return tuple(item.key for item in self.items if item.key in chosen)

    def score(self, value: tuple[str, ...]) -> float:
        if not self.multiple:
            return 1.0 if value == self.truth else self.near.get(value[0], 0.0) if value else 0.0
        right = sum(1 for key in value if key in self.truth)
        wrong = len(value) - right
        return max(0.0, (right - wrong) / len(self.truth)) if self.truth else float(not value)

    def show(self, value: tuple[str, ...], zh: bool) -> str:
        letters = {item.key: item.letter for item in self.items}
        return " ".join(letters.get(key, key) for key in value) or ("无" if zh else "none")

    @property
    def options(self) -> tuple[Item, ...]:
        return self.items

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how-all" if self.multiple else "how-one", lang)

    def turns(self) -> Iterator[Turn]:
        from k8squiz.kinds.fields.said import said

        for item in self.items:
            if item.key not in self.truth:
                yield Turn(said("picks", option=item.text), item.reveals or _BELIEVED)
            elif self.multiple:
                yield Turn(said("leaves-out", option=item.text), item.reveals or _MISSED)
