"""The connections of a matrix: which work, what is credited, what is said of each."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest

from engine.trace import Outcome
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.errors import QuizError
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, causes_of, make_task, shown_requests
from k8squiz.world.decided import decision
from k8squiz.world.predicates import Ambiguous
from k8squiz.world.world import World
from tests.k8squiz.fakes import DELIVERED, DROPPED


class _Walked(World):
    """A drawn question whose requests end as they are told to."""

    def __init__(self, ways: dict[str, tuple[Outcome, ...]]) -> None:
        drawn = draw(find("default-deny"), 1)
        super().__init__(dataclasses.replace(drawn, requests=drawn.requests[: len(ways)]))
        self._ways = ways

    def all_outcomes(self, name: str) -> tuple[Outcome, ...]:
        return self._ways[name]


def walked(**ways: tuple[Outcome, ...]) -> Task:
    names = ["a-db", "b-db", "db-a", "a-b", "node-a"]
    return make_task(_Walked(dict(zip(names, ways.values(), strict=False))))


WORKS, FAILS = (DELIVERED,), (DROPPED,)
# What is ticked, of which the first and the third work.
SCORES = [
    (("a-db", "db-a"), 1.0),
    (("a-db",), 0.5),
    (("a-db", "b-db", "db-a"), 0.5),
    (("a-db", "b-db", "db-a", "a-b"), 0.0),
    ((), 0.0),
    (("b-db", "a-b"), 0.0),
]


@pytest.mark.parametrize(("ticked", "score"), SCORES)
def test_every_cell_counts(ticked: tuple[str, ...], score: float) -> None:
    task = walked(a=WORKS, b=FAILS, c=WORKS, d=FAILS)
    (field,) = task.fields
    typed = " ".join(item.letter for item in field.options if item.key in ticked) or "none"
    assert set(field.truth) == {"a-db", "db-a"}
    assert grade(task, {field.id: field.read(typed)}).score == pytest.approx(score)


def test_ways_of_one_chance_agree_or_are_refused() -> None:
    half = dataclasses.replace(DROPPED, probability=Fraction(1, 2))
    with pytest.raises(Ambiguous, match="a-db works for some"):
        walked(a=(DELIVERED, half), b=WORKS, c=FAILS)


def test_two_connections_are_no_matrix() -> None:
    with pytest.raises(QuizError, match="3 to 16 requests"):
        walked(a=WORKS, b=FAILS)


@pytest.mark.parametrize("all_alike", [WORKS, FAILS])
def test_a_matrix_of_one_answer_is_a_poor_one(all_alike: Any) -> None:
    (field,) = walked(a=all_alike, b=all_alike, c=all_alike).fields
    assert any("of the connections work" in flaw.en for flaw in field.flaws())


def test_the_connections_stand_among_the_ticks_alone() -> None:
    assert shown_requests(draw(find("default-deny"), 1)) == ()


def test_each_wrong_tick_says_what_decided() -> None:
    world = World(draw(find("default-deny"), 3))
    task = make_task(world)
    (field,) = task.fields
    causes = {cause.part: cause.text for cause in causes_of(world, task, grade(task, {field.id: ("a-db", "node-a")}))}
    assert set(causes) == {"a-db", "b-db"}
    assert "isolated for ingress by shop/allow-db" in causes["a-db"].en
    assert causes["b-db"].zh.startswith("到达 ")
    assert "kind: NetworkPolicy" in field.before


def test_a_decision_names_the_host_and_the_reason() -> None:
    assert decision(DROPPED).en == "DROP, node1: note"
    assert decision(DELIVERED).zh == "到达 10.244.2.8:8080"
