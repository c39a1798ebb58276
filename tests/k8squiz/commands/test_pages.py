"""What is longer than the screen comes a screenful at a time: what follows a grade, and what is to be read before a question."""

from __future__ import annotations

import io

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.commands.after_grade import AfterGrade, Graded, Left
from k8squiz.commands.material import read_material
from k8squiz.kinds.fields import Field
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import SafeConsole, make_console
from k8squiz.world.world import World

HEIGHT = 24


class Typist:
    """Types the same at each prompt; what stood on the screen before each is kept, with the prompt."""

    interactive = True

    def __init__(self, console: SafeConsole, out: io.StringIO, typed: str = "", times: int = 9) -> None:
        self._console, self._out, self._typed, self._times = console, out, typed, times
        self.pages: list[str] = []
        self.prompts: list[str] = []

    def line(self, prompt: str, field: Field | None = None) -> str:
        self.pages.append(self._out.getvalue())
        self._out.seek(0)
        self._out.truncate()
        self.prompts.append(prompt.strip("\n"))
        self._times -= 1
        return self._typed if self._times >= 0 else "q"

    def order(self, prompt: str, field: Field, lang: Lang) -> str:
        return self.line(prompt, field)


def screen() -> tuple[SafeConsole, io.StringIO]:
    out = io.StringIO()
    console = make_console(width=80, file=out)
    console.height = HEIGHT
    return console, out


def lines(text: str) -> int:
    return len(text.splitlines())


# A question whose first page after a blank answer is long, and one that fits.
GRADED = {"hairpin-told": True, "nodeport-cross-node-rewrites": True, "endpoint-share": False}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("name", GRADED)
def test_after_a_grade_nothing_scrolls_away(name: str, lang: Lang) -> None:
    world = World(draw(find(name), "1"))
    task = make_task(world)
    console, out = screen()
    typist = Typist(console, out)
    assert (
        AfterGrade(Graded(world, task, grade(task, {})), typist, console, lang, lambda world, task: None).run() is False
    )
    paged = len(typist.pages) > 1
    assert paged is GRADED[name]
    more = "Enter ↓ " if lang == "en" else "回车 ↓ "
    assert [more in prompt for prompt in typist.prompts] == [True] * (len(typist.pages) - 1) + [False]
    for page, prompt in zip(typist.pages, typist.prompts, strict=True):
        assert lines(page) + 1 + -(-len(prompt) // 80) <= HEIGHT


def test_one_may_leave_before_all_of_it() -> None:
    world = World(draw(find("hairpin-told"), "1"))
    task = make_task(world)
    console, out = screen()
    with pytest.raises(Left):
        AfterGrade(
            Graded(world, task, grade(task, {})), Typist(console, out, "q"), console, "en", lambda w, t: None
        ).run()


# What is to be read, how high the question is, how many screens it takes (0: it stands with the question).
MATERIAL = [
    ("one-node-answers", 20, 3),
    ("default-deny", 18, 1),
    ("mend-node-port-addresses", 18, 0),
    ("endpoint-share", 12, 0),
]


@pytest.mark.parametrize(("name", "below", "screens"), MATERIAL)
def test_what_is_to_be_read_comes_before_the_question(name: str, below: int, screens: int) -> None:
    task = make_task(World(draw(find(name), "1")))
    console, out = screen()
    typist = Typist(console, out)
    assert read_material(task, below, typist, console, "en")
    assert len(typist.pages) == screens
    assert all(lines(page) <= HEIGHT - 2 for page in typist.pages)
    if screens:
        assert typist.prompts[-1] == "— Enter: the question —".rstrip() + " "


def test_a_high_screen_shows_it_at_once() -> None:
    task = make_task(World(draw(find("default-deny"), "1")))
    console, out = screen()
    console.height = 80
    typist = Typist(console, out)
    assert read_material(task, 20, typist, console, "en")
    assert not typist.pages and "kind: NetworkPolicy" in out.getvalue()


def test_one_may_leave_while_reading() -> None:
    task = make_task(World(draw(find("one-node-answers"), "1")))
    console, out = screen()
    assert not read_material(task, 20, Typist(console, out, "quit"), console, "en")
