"""How far a question's draws and answers spread: an answer that is nearly always the same is learnt by heart, not worked out."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence

from engine.errors import EngineError
from engine.values import dataclass
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.bank.question import QuestionMeta, Template
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Field
from k8squiz.kinds.interface import Task, make_task
from k8squiz.terminal.processes import processors, shared_out
from k8squiz.world.world import World

SEEDS = 40
# An answer with the names of its roles.
Signature = tuple["str | tuple[str, ...]", ...]


@dataclass(frozen=True, slots=True)
class AnswerSpread:
    """Of `drawn` draws of a question: how many differ in parameters or answer, addresses and names apart, how many different
    answers they have, and the share of the one that comes most (0 to 1)."""

    meta: QuestionMeta
    drawn: int
    draws: int
    answers: int
    most: float


def spread_of(metas: Sequence[QuestionMeta], seeds: int = SEEDS) -> tuple[AnswerSpread, ...]:
    """Each question's, in their order, shared out among the processors. A draw that fails is left to lint."""
    work = functools.partial(_one, seeds=seeds)
    if len(metas) < processors() * 2 or processors() < 2:
        return tuple(map(work, metas))
    return tuple(shared_out(work, metas))


def _one(meta: QuestionMeta, seeds: int) -> AnswerSpread:
    template = bank.opened(meta)
    answers: Counter[Signature] = Counter()
    draws: set[object] = set()
    for seed in range(1, seeds + 1):
        try:
            world = World(draw(template, seed))
            answer = signature(world, make_task(world))
        except (QuizError, EngineError):
            continue
        answers[answer] += 1
        draws.add((answer, _parameters(template, world)))
    whole = answers.total()
    return AnswerSpread(meta, whole, len(draws), len(answers), max(answers.values(), default=0) / max(1, whole))


def signature(world: World, task: Task) -> Signature:
    """A task's answer in the words of its question's roles, to tell an answer that changes from one whose names do."""
    roles = _roles(world)
    return tuple(_told(field, roles) for field in task.fields)


def _roles(world: World) -> dict[str, str]:
    """Drawn values by the role they were drawn for."""
    roles: dict[str, str] = {}
    for role, value in world.question.names.items():
        if isinstance(value, str) and value:
            roles.setdefault(value, role)
    return roles


def _told(field: Field, roles: dict[str, str]) -> str | tuple[str, ...]:
    truth = field.truth
    if isinstance(truth, tuple):
        return tuple("/".join(roles.get(part, part) for part in key.split("/")) for key in truth)
    return roles.get(str(truth), str(truth))


def _parameters(template: Template, world: World) -> tuple[str, ...]:
    params, roles = template.data.get("params"), _roles(world)
    drawn = [world.question.names.get(name, "") for name in params] if isinstance(params, dict) else []
    return tuple(roles.get(str(value), str(value)) for value in drawn)
