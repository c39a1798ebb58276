"""`k8squiz explain TOPIC --step`: at each step of a walk one says what comes next, then sees it; back and forth as one likes."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from engine.trace import Text
from engine.values import dataclass
from k8squiz.explain.foretelling import Foretelling, ForetoldStep, ForetoldWalk, foretold
from k8squiz.kinds.interface import letters
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.typed import Command, command, plain
from k8squiz.screens.explain import story_parts
from k8squiz.screens.foretelling import question_view, score_view, step_view, verdict_of, walk_heading
from k8squiz.screens.prose import Prose
from k8squiz.story.blocks import Story, Walk

_WORDS = {
    "ask": Text("— a letter · Enter shows it · ← or p back · n next walk · q — ", "— 输入字母 · 回车直接查看 · ← 或 p 后退 · n 下一条 · q — "),
    "on": Text("— Enter forward · ← or p back · n next walk · q — ", "— 回车前进 · ← 或 p 后退 · n 下一条 · q — "),
    "which": Text("? {letters}, or one of the keys below.", "? 请输入 {letters}，或下面列出的按键。"),
}  # fmt: skip
Ask = Callable[[str], str]
"""What is asked, and what one does then; raises EOFError where nobody is there any more."""
BACK = frozenset({"p", "-", "后退"})


class _Left(Exception):
    """The reader has had enough."""


@dataclass(slots=True)
class ForetoldScore:
    """What was answered the first time it was asked."""

    right: int = 0
    wrong: int = 0
    looked: int = 0


def play(
    story: Story, console: Console, lang: Lang, ask: Ask | None, without: frozenset[str] = frozenset()
) -> ForetoldScore:
    """Ask and tell every walk of the story; without anybody to ask, or once nobody is there any more, tell it."""
    (_, opening), *_ = story_parts(story, lang, without)
    console.print(opening)
    walks = foretold([block for section in story.sections for block in section.blocks if isinstance(block, Walk)])
    score = ForetoldScore()
    try:
        for number, told in enumerate(walks, 1):
            console.print(walk_heading(told, number, len(walks), lang))
            ask = _Game(told, console, lang, ask, score).run()
    except _Left:
        pass
    console.print(score_view(score.right, score.right + score.wrong, score.looked, story.topic, lang))
    return score


class _Game:
    """One walk: `at` is the step told last, `far` the last that was ever told."""

    def __init__(self, told: ForetoldWalk, console: Console, lang: Lang, ask: Ask | None, score: ForetoldScore) -> None:
        self._told, self._console, self._lang, self._ask, self._score = told, console, lang, ask, score
        self._at = self._far = 0

    def run(self) -> Ask | None:
        """To the end of the walk, or out of it. Who is there to be asked afterwards. Raises _Left."""
        last = len(self._told.steps) - 1
        self._tell()
        while self._at < last:
            asked = self._told.asked[self._at] if self._at == self._far else None
            if not self._turn(asked):
                break
        return self._ask

    def _turn(self, asked: Foretelling | None) -> bool:
        """One thing typed and obeyed; whether the walk goes on."""
        if asked is not None and self._ask is not None:
            self._console.print(question_view(self._told, asked, self._lang))
        typed = self._typed("on" if asked is None else "ask")
        obeyed = command(typed)
        word = None if obeyed is None else obeyed[0]
        picked = None if asked is None else _picked(typed, asked)
        if picked is not None and asked is not None:
            self._answer(asked, picked)
        elif typed in BACK or word is Command.BACK:
            self._at = max(0, self._at - 1)
            self._tell()
        elif word is Command.QUIT:
            raise _Left
        elif word is Command.NEXT:
            return False
        elif typed:
            known = "A" if asked is None else " ".join(letters(len(asked.options)))
            self._console.print(Prose(pick(_WORDS["which"], self._lang).format(letters=known), "notice"))
        else:
            if asked is not None and self._ask is not None:
                self._score.looked += 1
            self._on()
        return True

    def _answer(self, asked: Foretelling, picked: ForetoldStep) -> None:
        right = picked is asked.options[asked.truth]
        self._score.right += right
        self._score.wrong += not right
        self._console.print(verdict_of(self._told, asked, picked, self._lang))
        self._on()

    def _on(self) -> None:
        self._at += 1
        self._far = max(self._far, self._at)
        self._tell()

    def _tell(self) -> None:
        self._console.print(step_view(self._told, self._at, self._lang))

    def _typed(self, key: str) -> str:
        if self._ask is None:
            return ""
        try:
            return plain(self._ask(pick(_WORDS[key], self._lang))).casefold()
        except EOFError:
            self._ask = None
            return ""


def _picked(typed: str, asked: Foretelling) -> ForetoldStep | None:
    """The option whose letter was typed."""
    known = dict(zip(map(str.casefold, letters(len(asked.options))), asked.options, strict=True))
    return known.get(typed)
