"""The placement finds the level; the path goes on from there, level by level, topics in their order."""

from __future__ import annotations

import pytest

from k8squiz.bank.question import Attempt, Grade, QuestionMeta
from k8squiz.practice.path import PLACEMENT, path, placement, standing

KNOWN = tuple(
    QuestionMeta(f"{topic}-{level}-{number}", topic, level, "choice", "")
    for topic in ("nodeport", "hairpin", "scale")
    for level in (1, 2, 3, 4)
    for number in (1, 2)
)


def attempt(meta: QuestionMeta, score: float | None) -> Attempt:
    grade = None if score is None else Grade(score, score, ())
    return Attempt(meta.id, meta.topic, meta.level, meta.kind, "1", {}, 0, grade)


# (the scores of the first four, the levels of all five).
SITTINGS = {
    "all right": ([1.0, 1.0, 1.0, 1.0], [2, 3, 4, 4, 4]),
    "all wrong": ([0.0, 0.0, 0.0, 0.0], [2, 1, 1, 1, 1]),
    "all skipped": ([None, None, None, None], [2, 1, 1, 1, 1]),
    "half right stays": ([0.6, 0.6, 0.6, 0.6], [2, 2, 2, 2, 2]),
    "up and down": ([1.0, 0.0, 1.0, 0.0], [2, 3, 2, 3, 2]),
}


@pytest.mark.parametrize(("scores", "levels"), SITTINGS.values(), ids=SITTINGS)
def test_a_placement_goes_up_and_down(scores: list[float | None], levels: list[int]) -> None:
    attempts: list[Attempt] = []
    for score in [*scores, 0.0]:
        meta = placement(KNOWN, attempts, "7")
        assert meta is not None
        attempts.append(attempt(meta, score))
    assert [each.level for each in attempts] == levels
    assert len(attempts) == PLACEMENT
    assert len({each.id for each in attempts}) == PLACEMENT
    # Three topics: all have been met once before one comes again.
    assert len({each.topic for each in attempts[:3]}) == 3


def test_where_all_were_asked_a_placement_ends() -> None:
    assert placement(KNOWN, [attempt(meta, 1.0) for meta in KNOWN], "1") is None


STANDINGS = [
    ({}, 0),
    ({"nodeport-1-1": 1.0, "nodeport-2-1": 0.9, "hairpin-3-1": 0.2}, 2),
    ({"nodeport-3-1": 1.0, "hairpin-3-1": 0.1}, 0),
    ({"nodeport-4-1": 0.8}, 4),
]


@pytest.mark.parametrize(("scores", "level"), STANDINGS)
def test_the_level_is_the_highest_that_went_well(scores: dict[str, float], level: int) -> None:
    assert standing(scores, KNOWN) == level


def test_the_path_goes_up_from_the_level_in_the_topics_order() -> None:
    found = path(KNOWN, 3)
    assert [meta.level for meta in found] == [3] * 6 + [4] * 6 + [1] * 6 + [2] * 6
    assert [meta.topic for meta in found[:6]] == ["nodeport"] * 2 + ["hairpin"] * 2 + ["scale"] * 2
