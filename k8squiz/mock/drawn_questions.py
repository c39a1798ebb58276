"""The questions of a plan, drawn when they are needed."""

from __future__ import annotations

from functools import lru_cache

from engine.errors import EngineError
from engine.trace import Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.bank.question import Value
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Field
from k8squiz.kinds.interface import Task, make_task
from k8squiz.mock.plan import InterviewPlan
from k8squiz.mock.score import Score, score
from k8squiz.mock.state import InterviewState
from k8squiz.world.texts import hints
from k8squiz.world.world import World


class DrawnQuestions:
    """The worlds, tasks and hints of `plan`, by place. Raises QuizError where the bank no longer has a question."""

    def __init__(self, plan: InterviewPlan) -> None:
        self.plan = plan

    def world(self, position: int) -> World:
        return self._drawn(position)[0]

    def task(self, position: int) -> Task:
        return self._drawn(position)[1]

    def hints(self, position: int) -> tuple[tuple[float, Text], ...]:
        return self._drawn(position)[2]

    def flaw(self, position: int) -> Exception | None:
        """Why a question cannot be drawn: its file is gone, or has changed since the plan was made; None where it can."""
        try:
            self._drawn(position)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other questions stand
            return error
        return None

    def score(self, state: InterviewState) -> Score:
        """What `state` comes to. Draws every question that was answered or not."""
        places = range(len(self.plan.items))
        flaws = [self.flaw(position) for position in places]
        tasks = [self.task(position) if flaw is None else flaw for position, flaw in zip(places, flaws, strict=True)]
        costs = [
            [cost for cost, _ in self.hints(position)] if flaw is None else []
            for position, flaw in zip(places, flaws, strict=True)
        ]
        return score(self.plan, state, tasks, costs)

    def title(self, position: int) -> Text:
        """A question's title; of one that cannot be drawn its id."""
        if self.flaw(position) is None:
            return self.world(position).question.template.title
        name = self.plan.items[position].question
        return Text(name, name)

    def _drawn(self, position: int) -> tuple[World, Task, tuple[tuple[float, Text], ...]]:
        item = self.plan.items[position]
        return drawn(item.question, item.seed)


def shown(field: Field, value: Value, zh: bool) -> str:
    """An answer as text. What the question no longer knows (its file has changed since) shows as it was kept."""
    try:
        return str(field.show(value, zh))
    except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError):
        return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


@lru_cache(maxsize=128)
def drawn(question: str, seed: str) -> tuple[World, Task, tuple[tuple[float, Text], ...]]:
    """A question of the bank as it is drawn: the world, the task, the hints."""
    template = find(question)
    try:
        world = World(draw(template, seed))
        return world, make_task(world), hints(world)
    except EngineError as error:
        place = f"{template.meta.path}: {question}, seed {seed}"
        raise QuizError(f"{place}: {error.en}", f"{place}：{error.zh}") from error
