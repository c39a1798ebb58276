"""Why it ends so: the hop or the rule that decides each part that was answered wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.trace import Direction, Outcome, Text, Verdict
from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.kinds.interface import Task
from k8squiz.world.evidence import ended, endpoints, source
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World


def ending_causes(world: World, name: str, parts: Sequence[str], task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for each of the parts asked of request `name` that is wrong."""
    outcome = max(outcomes_of(world, name), key=lambda way: way.probability)
    return tuple(
        Cause(mark.field, _WHY[part](world, name, outcome), place=_place(part, name, outcome))
        for part, mark in zip(parts, grade.marks, strict=True)
        if not mark.right
    )


def _ending(world: World, name: str, outcome: Outcome) -> Text:
    """Where it arrives and whether its source is rewritten, or where and why it does not."""
    end = ended(outcome)
    if outcome.verdict is not Verdict.DELIVERED:
        return end
    kept = source(outcome)
    return Text(f"{end.en}; {kept.en}", f"{end.zh}；{kept.zh}")


_WHY: dict[str, Callable[[World, str, Outcome], Text]] = {
    "ending": _ending,
    "host": lambda world, name, outcome: ended(outcome),
    "seen": lambda world, name, outcome: source(outcome),
    "endpoint_node": endpoints,
}


def _place(part: str, name: str, outcome: Outcome) -> WalkPlace | None:
    """The hop that decides: where the source is rewritten, else the last one."""
    rewritten = [hop.n for hop in outcome.hops if any(change.field == "src" for change in hop.changes)]
    if part == "seen" or outcome.where is None:
        return WalkPlace(name, Direction.REQUEST, rewritten[-1]) if rewritten else None
    hops = outcome.reply if outcome.where.direction is Direction.REPLY else outcome.hops
    return WalkPlace(name, outcome.where.direction, hops[-1].n) if hops else None
