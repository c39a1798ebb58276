"""A point of the walk at which addresses are asked for."""

from __future__ import annotations

from engine.trace import Hop, Outcome, Text
from engine.values import dataclass
from k8squiz.bank.shapes import FLAG, TEXT, key, list_of, one_of
from k8squiz.errors import QuizError
from k8squiz.world.comparisons import Conditions, match
from k8squiz.world.facts import hop_fact
from k8squiz.world.predicates import HOP
from k8squiz.world.world import World, direction_of


@dataclass(frozen=True, slots=True)
class RewritePoint:
    """A point of the walk: the hop that fits `at` (the last, or the first), as the packet stands after it."""

    at: Conditions = key(HOP)
    nth: str = key(one_of("first", "last"), "last")
    of: str = key(one_of("request", "reply"), "request")
    label: Text | None = key(TEXT, None)
    fields: tuple[str, ...] = key(list_of(one_of("src", "dst"), least=1, last=True), ("src", "dst"))
    outer: bool = key(FLAG, False)
    ports: bool = key(FLAG, False)


def hop_at(world: World, outcome: Outcome, point: RewritePoint) -> Hop:
    """The hop of one way that `point` means. Raises QuizError where none fits."""
    fitting = [
        hop
        for hop in direction_of(outcome, point.of)
        if all(match(hop_fact(key, hop), value) for key, value in point.at.items())
        and (not point.outer or hop.encapsulation is not None)
    ]
    if not fitting:
        raise QuizError(
            f"{world.question.id}: no hop of the walk fits the point {dict(point.at)}",
            f"{world.question.id}：路径上没有一跳符合观察点 {dict(point.at)}",
        )
    return fitting[0] if point.nth == "first" else fitting[-1]
