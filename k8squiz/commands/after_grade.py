"""After a grade: the verdict, why it is so, and then, key by key, whatever one wants to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console, RenderableType

from engine.errors import EngineError
from engine.values import dataclass
from k8squiz.bank.question import Answer, Grade
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import Task, causes_of, kind, told_world
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.locale.typed import Command, command, plain
from k8squiz.screens import practice as keys
from k8squiz.screens.pages import Pages
from k8squiz.screens.prose import Prose
from k8squiz.terminal.sanitize import one_line
from k8squiz.terminal.width import width_of
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.texts import followups
from k8squiz.world.world import World

Fill = Callable[[World, Task], Answer | None]
"""Asks all fields of another task; None where it is skipped."""

_MANY = 99


class Left(Exception):
    """The candidate ends the sitting here."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A question that was answered; `last`: none comes after it."""

    world: World
    task: Task
    grade: Grade
    last: bool = False


class AfterGrade:
    """The loop of keys after one grade. `fill` asks a follow-up's fields."""

    def __init__(self, graded: Graded, keyboard: keys.Keyboard, console: Console, lang: Lang, fill: Fill) -> None:
        self._graded, self._keyboard, self._console = graded, keyboard, console
        self._world, self._lang, self._fill = told_world(graded.world, graded.task), lang, fill
        self._walks = not needs_no_cluster(self._world.question)
        self._asked = 0
        self._causes = causes_of(graded.world, graded.task, graded.grade)
        self._name = self._looked_at()
        # What of the first page did not fit the screen.
        self._rest = Pages(console, ())

    def _looked_at(self) -> str:
        """The request whose walk is gone through: the one that is asked about, else that of the first mistake, else the first."""
        on = self._world.question.ask.get("for")
        if on is not None:
            return str(on)
        names = {request.name for request in self._world.question.requests}
        wrong = [cause.place.request if cause.place is not None else cause.part for cause in self._causes]
        return next((name for name in wrong if name in names), None) or self._world.first

    def run(self) -> bool:
        """Show the grade and why; then obey keys until one goes on. Whether the question is to be asked again. Raises Left."""
        from k8squiz.screens.grade import followups_view, grade_view, points_view, why_view
        from k8squiz.screens.reveal import own_view, reveal_view

        lang, world = self._lang, self._world
        first: list[RenderableType] = [grade_view(world, self._graded.task, self._graded.grade, lang, self._causes)]
        made = kind(world.question.meta.kind).brought_about(self._graded.task, self._graded.grade)
        if made is not None:
            first.append(own_view(made.wanted, made.own, self._name, lang))
        if not self._keyboard.interactive:
            first += [why_view(world, lang), reveal_view(world, lang, self._causes), points_view(world, lang)]
            self._console.print(*first, followups_view(world, lang))
            return False
        first.append(why_view(world, lang))
        picture = reveal_view(world, lang, self._causes)
        if self._height([*first, picture]) < self._console.height - 2:
            first.append(picture)
        self._page(*first)
        return self._obey()

    def _page(self, *parts: RenderableType) -> None:
        """As much as the screen has room for; Enter shows the rest."""
        self._rest = Pages(self._console, parts, below=self._keys_lines() + 1)
        self._rest.show()

    def _height(self, parts: Sequence[RenderableType]) -> int:
        return sum(len(self._console.render_lines(part, pad=False)) for part in parts)

    def _keys_lines(self) -> int:
        """How many lines the keys take, with more to come."""
        return -(-width_of(self._keys(_MANY)) // max(self._console.width, 1))

    def _obey(self) -> bool:
        while True:
            typed = self._line(self._keys(self._rest.left))
            obeyed = command(typed)
            word = None if obeyed is None else obeyed[0]
            if word is Command.QUIT:
                raise Left
            if word is Command.AGAIN:
                return True
            if not typed and self._rest.left:
                self._rest.show()
                continue
            if not typed or word is Command.NEXT:
                return False
            look = None if word is None else self._looks().get(word)
            if look is None:
                self._console.print(Prose(say("no-key", self._lang, typed=one_line(typed)), "notice"))
                continue
            try:
                look()
            except (EngineError, QuizError) as error:
                self._console.print(Prose(pick(error, self._lang), "notice"))

    def _line(self, prompt: str) -> str:
        return plain(self._keyboard.line(f"\n{prompt}"))

    def _looks(self) -> dict[Command, Callable[[], None]]:
        """What each key shows."""
        found = {Command.WALK: self._walk, Command.POINTS: self._points, Command.SHOW: self._question}
        if self._walks:
            found |= {Command.RULES: self._rules, Command.STEP: self._step, Command.WHAT_IF: self._what_if}
        if self._has_followups():
            found[Command.FOLLOW_UP] = self._follow_up
        return found

    def _has_followups(self) -> bool:
        from k8squiz.bank.followup import names

        return bool(followups(self._world)) or bool(names(self._world.question.template))

    def _keys(self, left: int) -> str:
        """The keys there are, where so many lines are still to come."""
        lang = self._lang
        named = ["key-walk"]
        if self._walks:
            named += ["key-rules", "key-step", "key-what-if"]
        if self._has_followups():
            named.append("key-follow-up")
        enter = "key-more" if left else "key-last" if self._graded.last else "key-on"
        named += ["key-hear", "key-again", enter]
        return "  ".join(say(name, lang, left=left) for name in named) + "> "

    def _walk(self) -> None:
        from k8squiz.screens.reveal import details_view

        self._page(details_view(self._world, self._lang, self._causes))

    def _points(self) -> None:
        from k8squiz.screens.grade import points_view

        self._page(points_view(self._world, self._lang))

    def _question(self) -> None:
        from k8squiz.screens.question import question_view

        self._console.print(question_view(self._graded.world, self._graded.task, self._lang))

    def _rules(self) -> None:
        """Of the one node on the way, or of the one that is picked."""
        from k8squiz.screens.looks import nodes_with_rules, rules_view

        nodes = nodes_with_rules(self._world, self._name)
        node = nodes[0] if len(nodes) == 1 else self._picked("which-node", nodes)
        if node is not None:
            self._page(rules_view(self._world, self._name, node, self._lang))

    def _picked(self, words: str, names: Sequence[str]) -> str | None:
        """One of `names`, by its number, its letters or a beginning of them; None for Enter alone."""
        shown = " · ".join(f"{number} {name}" for number, name in enumerate(names, 1))
        while True:
            typed = self._line(say(words, self._lang, names=shown))
            if not typed:
                return None
            obeyed = command(typed)
            if obeyed is not None and obeyed[0] is Command.QUIT:
                raise Left
            typed = typed.lower()
            for number, name in enumerate(names, 1):
                if typed in (str(number), name.lower()):
                    return name
            begun = [name for name in names if name.lower().startswith(typed)]
            if len(begun) == 1:
                return begun[0]

    def _step(self) -> None:
        """Hop by hop, forward with Enter and back with `b`."""
        from k8squiz.screens.looks import steps_of

        steps, at = steps_of(self._world, self._name, self._lang), 0
        while at < len(steps):
            self._console.print(steps[at])
            if at + 1 == len(steps):
                return
            typed = self._line(say("step-on", self._lang, at=at + 1, of=len(steps)))
            obeyed = command(typed)
            if obeyed is not None and obeyed[0] is Command.QUIT:
                return
            back = typed.lower() == "b" or obeyed is not None and obeyed[0] is Command.BACK
            at = max(0, at - 1) if back else at + 1

    def _what_if(self) -> None:
        from k8squiz.screens.looks import changed_view, choices_view
        from k8squiz.world.what_if import what_ifs

        changes = what_ifs(self._world, self._name)
        self._console.print(choices_view(changes, self._lang))
        word = self._picked("which-change", [change.word for change in changes])
        if word is not None:
            change = next(each for each in changes if each.word == word)
            self._console.print(changed_view(self._world, self._name, change, self._lang))

    def _follow_up(self) -> None:
        """One after the other: those that are graded, then those in words, whose answer shows after Enter."""
        from k8squiz.bank.followup import follow_ups

        graded, told = follow_ups(self._world.question.template), followups(self._world)
        if self._asked >= len(graded) + len(told):
            self._asked = 0
        at, self._asked = self._asked, self._asked + 1
        if at < len(graded):
            self._ask(at)
            return
        one = told[at - len(graded)]
        self._console.print(Prose(pick(one.asked, self._lang), "strong"))
        if one.answer is not None:
            self._line(say("fold", self._lang))
            self._console.print(Prose(pick(one.answer, self._lang), "told"))

    def _ask(self, at: int) -> None:
        from k8squiz.bank.draw import draw
        from k8squiz.bank.followup import follow_ups
        from k8squiz.kinds.grade import grade
        from k8squiz.kinds.interface import make_task
        from k8squiz.screens.grade import grade_view, why_view
        from k8squiz.screens.question import question_view

        question = self._world.question
        world = World(draw(follow_ups(question.template)[at], question.seed))
        task = make_task(world)
        self._console.print(question_view(world, task, self._lang))
        answer = self._fill(world, task)
        if answer is None:
            return
        found = grade(task, answer)
        self._console.print(grade_view(world, task, found, self._lang), why_view(world, self._lang))
