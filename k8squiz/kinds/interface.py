"""What a kind of question is. A member is a folder with a module `kind`, which holds one as KIND, and one line in REGISTRY.

All that the rest of k8squiz wants to know of a kind is a member of `Kind`: nobody else names one.
"""

from __future__ import annotations

import abc
import importlib
from collections.abc import Collection
from typing import ClassVar, Generic, TypeVar, cast

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade, Question, QuestionRequest
from k8squiz.bank.shapes import Place, Schema, Shape
from k8squiz.errors import unknown
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field
from k8squiz.world.world import World

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked, with the truth: fields to fill in. Grading needs nothing else."""

    question: Question
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class BroughtAbout:
    """What an answer makes of the cluster: the World as it was found, the one that was wanted, the one with the answer put
    in, how each request ends there, and whether as was wanted."""

    found: World
    wanted: World
    own: World
    endings: tuple[Text, ...]
    as_wanted: tuple[bool, ...]


class Kind(abc.ABC):
    """What is asked of a kind by those who do not know what its `ask` holds."""

    about: ClassVar[Text]
    example: ClassVar[str]  # the topic's folder and the id of a question of this kind, for questions/README.md
    skeleton: ClassVar[str]  # the `ask:` of a file to start from
    seconds: ClassVar[int] = 180  # how long a question of level 3 takes in an interview
    in_interviews: ClassVar[bool] = True
    for_juniors: ClassVar[bool] = False
    in_exams: ClassVar[bool] = (
        False  # whether it is a task, or a judgement on a cluster, as an exam at a terminal sets them
    )
    finds_faults: ClassVar[bool] = False  # whether something is broken that has to be found
    opens: ClassVar[bool] = False  # whether an interview begins with one
    one_answer: ClassVar[bool] = False  # whether it may be the same under every seed
    grades_points: ClassVar[bool] = False  # whether the grade itself shows the key points

    @property
    @abc.abstractmethod
    def schema(self) -> Schema:
        """What a file of this kind holds besides what every file does."""

    @abc.abstractmethod
    def make(self, world: World) -> Task:
        """Compute what is asked and its truth. Raises QuizError for what cannot be asked so."""

    @abc.abstractmethod
    def hidden(self, question: Question) -> Collection[str]:
        """The requests that are not shown beside the cluster: they would give the answer away, or are told elsewhere."""

    def told(self, world: World, task: Task) -> World:
        """The World that is told of once the question is graded: its walks, its explanation."""
        return world

    def brought_about(self, task: Task, grade: Grade) -> BroughtAbout | None:
        """What an answer makes of the question's World, where it makes something and not what was wanted."""
        return None

    def shown(self, world: World) -> tuple[tuple[str, str], ...]:
        """The commands whose output the question shows, each with the host of the live cluster that it runs on."""
        return ()

    @abc.abstractmethod
    def causes(self, world: World, task: Task, grade: Grade) -> tuple[Cause, ...]:
        """Why each wrong part of the answer is wrong, in the order of the fields. Nothing where all is right."""


class TypedKind(Kind, Generic[A]):
    """A kind whose `ask` is read into a value of type A."""

    ask: Shape[A]

    @property
    def schema(self) -> Schema:
        return {"properties": {"ask": self.ask.schema}}

    def asked(self, question: Question) -> A:
        """The question's `ask`. Raises QuizError with file:line."""
        return self.ask.read(question.ask, Place(question.template, ("ask",)))

    def make(self, world: World) -> Task:
        return self.task(world, self.asked(world.question))

    @abc.abstractmethod
    def task(self, world: World, ask: A) -> Task:
        """As make, with the `ask` at hand."""

    def hidden(self, question: Question) -> Collection[str]:
        return ()

    def causes(self, world: World, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return self.why(world, self.asked(world.question), task, grade) if grade.differences else ()

    def why(self, world: World, ask: A, task: Task, grade: Grade) -> tuple[Cause, ...]:
        """As causes, with the `ask` at hand, where something is wrong: a line that names what decides (a rule, a hop, an
        entry, a figure) for each wrong part, of an option with its key. Screens and reports show them under the field or
        the option; a kind that cannot say has none."""
        return ()


# A kind's name, and the folder it is in.
REGISTRY: dict[str, str] = {
    "hop-order": "k8squiz.kinds.hop_order",
    "rewrite": "k8squiz.kinds.rewrite",
    "outcome": "k8squiz.kinds.outcome",
    "choice": "k8squiz.kinds.choice",
    "number": "k8squiz.kinds.number",
    "scheduler": "k8squiz.kinds.scheduler",
    "repair": "k8squiz.kinds.repair",
    "matrix": "k8squiz.kinds.matrix",
    "write": "k8squiz.kinds.write",
    "timeline": "k8squiz.kinds.timeline",
    "compare": "k8squiz.kinds.compare",
    "evidence": "k8squiz.kinds.evidence",
    "path": "k8squiz.kinds.path",
    "incident": "k8squiz.kinds.incident",
    "talk": "k8squiz.kinds.talk",
}


def kind(name: str) -> Kind:
    """The kind of that name; raises QuizError for an unknown one."""
    if name not in REGISTRY:
        raise unknown("kind of question", name, REGISTRY)
    return cast(Kind, importlib.import_module(f"{REGISTRY[name]}.kind").KIND)


def make_task(world: World) -> Task:
    """Compute what the question asks and its truth. Raises QuizError for what cannot be asked so."""
    return kind(world.question.meta.kind).make(world)


def told_world(world: World, task: Task) -> World:
    """The World that is told of once a question is graded."""
    return kind(world.question.meta.kind).told(world, task)


def causes_of(world: World, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """Why each wrong part of an answer is wrong."""
    return kind(world.question.meta.kind).causes(world, task, grade)


def shown_requests(question: Question) -> tuple[QuestionRequest, ...]:
    """The requests that may be shown before the question is graded."""
    hidden = kind(question.meta.kind).hidden(question)
    return tuple(request for request in question.requests if request.name not in hidden)


def letters(count: int) -> tuple[str, ...]:
    """A, B, C, ..."""
    return tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count])
