"""A story at a terminal: the list of its chapters, then one by one, a screenful at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType

from engine.trace import Text
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.typed import Command, command, plain
from k8squiz.screens.explain import story_parts
from k8squiz.screens.pages import Pages
from k8squiz.screens.pieces import Pieces
from k8squiz.story.blocks import Story
from k8squiz.story.words import word

_WORDS = {
    "next": Text("— Enter: chapter {number} · a number: that one · b back · all · q — ", "— 回车：第 {number} 章 · 数字：该章 · b 上一章 · all 全部 · q — "),
    "last": Text("— a number: that chapter · b back · q or Enter ends — ", "— 数字：该章 · b 上一章 · q 或回车结束 — "),
    "more": Text("— Enter: more ({left} lines) · n next chapter · q — ", "— 回车：继续（还有 {left} 行）· n 下一章 · q — "),
    "which": Text("? Chapters go from 1 to {last}.", "? 章号为 1 到 {last}。"),
}  # fmt: skip
_BACK = frozenset({"b", "back", "返回", "上一章"})
_ALL = frozenset({"a", "all", "全部"})
# What is asked, and what one does then; raises EOFError where nobody is there any more.
Ask = Callable[[str], str]


class _Left(Exception):
    """The reader has had enough."""


def read(story: Story, console: Console, lang: Lang, ask: Ask, without: frozenset[str] = frozenset()) -> None:
    """Show the story chapter by chapter until the reader leaves it."""
    (_, opening), *parts = story_parts(story, lang, without)
    titles = [*(pick(section.title, lang) for section in story.sections),
              *(word(name, lang) for name, _ in parts[len(story.sections) :])]  # fmt: skip
    try:
        console.print(opening)
        console.print(Pieces([f"{number} {title}" for number, title in enumerate(titles, 1)], indent=0))
        _chapters([part for _, part in parts], console, lang, ask)
    except (_Left, EOFError):
        return


def _chapters(parts: Sequence[RenderableType], console: Console, lang: Lang, ask: Ask) -> None:
    at = -1
    while True:
        last = at + 1 >= len(parts)
        words = _say("last", lang) if last else _say("next", lang, number=at + 2)
        typed = plain(ask(words)).casefold()
        obeyed = command(typed)
        if typed in _BACK:
            at = max(at - 1, 0)
        elif typed in _ALL:
            console.print(*parts[at + 1 :], sep="\n")
            return
        elif typed.isdecimal():
            if not 1 <= int(typed) <= len(parts):
                console.print(_say("which", lang, last=len(parts)), style="notice")
                continue
            at = int(typed) - 1
        elif last or obeyed is not None and obeyed[0] is Command.QUIT:
            return
        else:
            at += 1
        _page(parts[at], console, lang, ask)


def _page(part: RenderableType, console: Console, lang: Lang, ask: Ask) -> None:
    """A chapter, stopping after each screenful. Raises _Left."""
    pages = Pages(console, [part])
    while pages.left:
        pages.show()
        if pages.left:
            obeyed = command(ask(_say("more", lang, left=pages.left)))
            if obeyed is not None and obeyed[0] is Command.QUIT:
                raise _Left
            if obeyed is not None and obeyed[0] is Command.NEXT:
                return


def _say(key: str, lang: Lang, **values: object) -> str:
    return pick(_WORDS[key], lang).format(**values)
