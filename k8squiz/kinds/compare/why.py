"""Why a design meets a requirement or does not: what decides in its own world."""

from __future__ import annotations

from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.compare.ask import CompareAsk
from k8squiz.kinds.compare.designs import predicate_of, request_of
from k8squiz.kinds.compare.fields import BETWEEN
from k8squiz.kinds.interface import Task
from k8squiz.world.evidence import evidence
from k8squiz.world.world import World


def design_causes(world: World, ask: CompareAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for each pair that was ticked and does not hold, or holds and was not ticked."""
    (field,), (mark,) = task.fields, grade.marks
    picked = mark.given or ()
    found = []
    for item in field.options:
        if (item.key in picked) is not (item.key in field.truth):
            design, _, index = item.key.partition(BETWEEN)
            requirement = ask.requirements[int(index)]
            when = predicate_of(ask, design, requirement)
            found.append(Cause(field.id, evidence(when, world, request_of(design, requirement.on)), item.key))
    return tuple(found)
