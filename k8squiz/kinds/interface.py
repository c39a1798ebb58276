"""What a kind of question is: a way to turn a World into a Task. Each kind is one module, found by its name."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Question
from k8squiz.errors import unknown, well_formed
from k8squiz.kinds.fields import Field
from k8squiz.world.world import World


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked, with the truth: fields to fill in. Grading needs nothing else."""

    question: Question
    fields: tuple[Field, ...]


class Kind(Protocol):
    """A module of this package."""

    ABOUT: Text

    def task(self, world: World) -> Task: ...


REGISTRY: dict[str, str] = {
    "hop-order": "hop_order.kind",
    "rewrite": "rewrite",
    "outcome": "outcome",
    "choice": "choice",
    "number": "number",
    "scheduler": "scheduler",
    "repair": "repair.kind",
    "talk": "talk",
}


def kind(name: str) -> Kind:
    """The kind of that name; raises QuizError for an unknown one."""
    if name not in REGISTRY:
        raise unknown("kind of question", name, REGISTRY)
    return cast(Kind, importlib.import_module(f"k8squiz.kinds.{REGISTRY[name]}"))


def make_task(world: World) -> Task:
    """Compute what the question asks and its truth. Raises QuizError for what cannot be asked so."""
    with well_formed(world.question.template.place("ask")):
        return kind(world.question.meta.kind).task(world)


def letters(count: int) -> tuple[str, ...]:
    """A, B, C, ..."""
    return tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[:count])
