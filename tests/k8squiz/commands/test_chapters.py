"""A story chapter by chapter: which are shown, whatever is answered, and never more than a screenful at once."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest

from k8squiz.commands.chapters import read
from k8squiz.explain import tell
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import SafeConsole, make_console
from k8squiz.terminal.width import width_of

STORY = tell("hairpin")
SECTIONS = [section.title.en for section in STORY.sections]


class Reader:
    """Answers in turn, then the end of input; keeps what was printed before each question."""

    def __init__(self, answers: Sequence[str], lang: Lang = "en", height: int = 2000) -> None:
        self._answers, self._out = list(answers), io.StringIO()
        self.pages: list[str] = []
        self.prompts: list[str] = []
        console: SafeConsole = make_console(width=80, file=self._out)
        console.height = height
        read(STORY, console, lang, self._ask)
        self._turn()

    def _turn(self) -> None:
        self.pages.append(self._out.getvalue())
        self._out.seek(0)
        self._out.truncate()

    def _ask(self, prompt: str) -> str:
        self._turn()
        self.prompts.append(prompt)
        if not self._answers:
            raise EOFError
        return self._answers.pop(0)


def headings(pages: Sequence[str]) -> list[str]:
    return [next((title for title in SECTIONS if f"{title[:60]} ─" in page), "") for page in pages]


def test_first_come_the_summary_and_the_chapters() -> None:
    (page,) = Reader([]).pages[:1]
    for number, title in enumerate(SECTIONS, 1):
        assert f"{number} {title}" in page
    assert "8 " in page or "7 " in page


READ = {
    "one after another": (["", ""], SECTIONS[:2]),
    "by number": (["2"], SECTIONS[1:2]),
    "by a full-width number": (["２"], SECTIONS[1:2]),
    "back": (["2", "b"], [SECTIONS[1], SECTIONS[0]]),
    "back in Chinese": (["2", "上一章"], [SECTIONS[1], SECTIONS[0]]),
    "left at once": (["q"], []),
    "left in Chinese": (["退出"], []),
}


@pytest.mark.parametrize("name", READ)
def test_chapters(name: str) -> None:
    answers, shown = READ[name]
    pages = Reader(answers).pages[1:]
    assert [title for title in headings(pages) if title] == shown


def test_a_number_that_is_no_chapter() -> None:
    assert "Chapters go from 1 to" in Reader(["99"]).pages[1]


def test_all_of_it() -> None:
    pages = Reader(["all"]).pages
    assert all(f"{title[:60]} ─" in pages[1] for title in SECTIONS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_screenful_at_a_time(lang: Lang) -> None:
    reader = Reader([""] * 200, lang, height=24)
    for page in reader.pages[1:]:
        assert len(page.splitlines()) <= 22
    for prompt in reader.prompts:
        assert width_of(prompt) <= 79
