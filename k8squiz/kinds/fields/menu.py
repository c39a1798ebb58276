"""Pick one, or all that hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from engine.errors import quoted
from engine.trace import Text
from engine.values import dataclass
from k8squiz.kinds.fields.interface import FieldBase, Item, Turn, Unreadable, first_readable
from k8squiz.kinds.fields.picking import letters_in, named, picked
from k8squiz.locale.i18n import Lang
from k8squiz.locale.practice import say
from k8squiz.locale.typed import says_all, says_none

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
        return first_readable(typed, self._read)

    def _read(self, text: str) -> tuple[str, ...]:
        if self.multiple and says_none(text):
            return ()
        if self.multiple and says_all(text):
            return tuple(item.key for item in self.items)
        whole = named(text, self.items) if len(text) > 1 else None
        words = letters_in(text, self.items)
        if whole is not None and words == list(text):
            spelled = " ".join(words).upper()
            raise Unreadable(
                f"{quoted(text)} by name, or the letters {spelled}? Type one letter for each, with blanks between",
                f"{quoted(text)} 是名称，还是字母 {spelled}？请逐个输入字母，中间加空格",
            )
        chosen = {whole.key} if whole is not None else {picked(word, self.items).key for word in words}
        if not chosen or (len(chosen) > 1 and not self.multiple):
            if self.multiple:
                raise Unreadable(
                    "type the letters of all that hold, such as A C, or none",
                    "请输入所有正确项的字母，例如 A C；都不对就填 none",
                )
            raise Unreadable("type one letter", "请输入一个字母")
        return tuple(item.key for item in self.items if item.key in chosen)

    def score(self, value: tuple[str, ...]) -> float:
        """With `multiple`: the share picked of the statements that hold, less the share picked of those that do not.
        So nobody earns anything by picking all, or none."""
        if not self.multiple:
            return 1.0 if value == self.truth else self.near.get(value[0], 0.0) if value else 0.0
        right, wrong = self._counted(value)
        others = len(self.items) - len(self.truth)
        if not self.truth:
            return float(not value)
        return max(0.0, right / len(self.truth) - (wrong / others if others else 0.0))

    def _counted(self, value: tuple[str, ...]) -> tuple[int, int]:
        right = sum(1 for key in value if key in self.truth)
        return right, len(value) - right

    def reckoned(self, value: tuple[str, ...]) -> Text | None:
        if not self.multiple or value == self.truth:
            score = self.score(value)
            part = 0.0 < score < 1.0
            return Text(f"the right sort of ending: {score:.0%}", f"结果的类别正确：{score:.0%}") if part else None
        right, wrong = self._counted(value)
        en, zh = f"+{right} of {len(self.truth)}", f"+{right}/{len(self.truth)}"
        if wrong:
            others, named_ = (
                len(self.items) - len(self.truth),
                self.show(tuple(key for key in value if key not in self.truth), False),
            )
            en, zh = f"{en}, -{wrong} of {others} for {named_}", f"{zh}，-{wrong}/{others}（{named_}）"
        return Text(f"{en}: {self.score(value):.0%}", f"{zh}：{self.score(value):.0%}")

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
