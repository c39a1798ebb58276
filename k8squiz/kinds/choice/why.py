"""Why an option holds or does not: what its predicate is decided by."""

from __future__ import annotations

from collections.abc import Sequence

from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task
from k8squiz.world.evidence import evidence
from k8squiz.world.predicates import Predicate
from k8squiz.world.world import World


def option_causes(
    world: World, whens: Sequence[Predicate], on: str | None, task: Task, grade: Grade
) -> tuple[Cause, ...]:
    """`whens` are the options' predicates about request `on`. A line for each option that was picked and does not hold, or holds and was not picked."""
    (field,), (mark,) = task.fields, grade.marks
    picked = mark.given or ()
    wrong = [item for item in field.options if (item.key in picked) is not (item.key in field.truth)]
    return tuple(Cause(field.id, evidence(whens[int(item.key)], world, on), item.key) for item in wrong)
