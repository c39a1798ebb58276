"""Why a connection works or does not: the policy, the rule or the hop that decided."""

from __future__ import annotations

from engine.trace import Outcome
from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.kinds.interface import Task
from k8squiz.world.decided import decision
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World, direction_of


def tick_causes(world: World, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for each connection that was ticked and does not work, or works and was not ticked."""
    (field,), (mark,) = task.fields, grade.marks
    ticked = mark.given or ()
    wrong = [item.key for item in field.options if (item.key in ticked) is not (item.key in field.truth)]
    return tuple(_cause(field.id, name, outcomes_of(world, name)[0]) for name in wrong)


def _cause(field: str, name: str, outcome: Outcome) -> Cause:
    return Cause(field, decision(outcome), name, place=_place(name, outcome))


def _place(name: str, outcome: Outcome) -> WalkPlace | None:
    """The hop at which it ends; none where it gets there and back."""
    if outcome.where is None:
        return None
    hops = direction_of(outcome, str(outcome.where.direction))
    return WalkPlace(name, outcome.where.direction, hops[-1].n) if hops else None
