"""Why an address is what it is at each point that was asked about."""

from __future__ import annotations

from collections.abc import Sequence

from k8squiz.bank.question import Grade
from k8squiz.kinds.addresses import AskedAddress, address_cause
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task
from k8squiz.kinds.rewrite.points import RewritePoint, hop_at
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World, direction_of


def rewrite_causes(
    world: World, name: str, points: Sequence[RewritePoint], task: Task, grade: Grade
) -> tuple[Cause, ...]:
    """A line for each field of these points of request `name` that is wrong."""
    outcome = max(outcomes_of(world, name), key=lambda way: way.probability)
    at = {f"{number}.{field}": (point, field) for number, point in enumerate(points, 1) for field in point.fields}
    causes = []
    for mark in grade.differences:
        point, field = at[mark.field]
        hops = direction_of(outcome, point.of)
        asked = AskedAddress(name, point.of, hops, hop_at(world, outcome, point), field, point.outer)
        causes.append(address_cause(mark.field, asked, None if mark.given is None else str(mark.given)))
    return tuple(causes)
