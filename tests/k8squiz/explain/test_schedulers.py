"""The story of the schedulers: its histories are the kernel's, its costs explain its picks, its table is measured."""

from __future__ import annotations

import pytest

from k8squiz.explain import tell
from k8squiz.explain.history import picks, rounds
from k8squiz.explain.schedulers import cost
from k8squiz.story.blocks import Grid, Steps, Story


@pytest.fixture(scope="module")
def story() -> Story:
    return tell("schedulers")


def rows(story: Story) -> dict[str, list[list[str]]]:
    """The rows of all tables by their first cell."""
    found: dict[str, list[list[str]]] = {}
    for section in story.sections:
        for block in section.blocks:
            if isinstance(block, Grid):
                for row in block.rows:
                    found.setdefault(row[0].en, []).append([cell.en for cell in row[1:]])
    return found


PICKS = [
    # Weights 4, 1, 1; a added first. Facts: the list is walked newest first, a later server must be strictly better.
    ("rr", "c b a c b a c b a c b a"),
    ("wrr", "c b a a a a c b a a a a"),
    ("lc", "c b a c b a c b a c b a"),
    ("wlc", "c b a a a a c b a a a a"),
    ("sed", "a a a c b a a a a c b a"),
    ("nq", "c b a a a a a a a c b a"),
    ("fo", "a a a a a a a a a a a a"),
    # weight + 1 connections each, then nobody is left.
    ("ovf", "a a a a a c c b b - - -"),
    ("dh", "a a a a a a a a a a a a"),
]


@pytest.mark.parametrize(("scheduler", "expected"), PICKS)
def test_who_gets_them(story: Story, scheduler: str, expected: str) -> None:
    assert rows(story)[scheduler][0][-1] == expected


@pytest.mark.parametrize("scheduler", ["wlc", "sed"])
@pytest.mark.parametrize("weights", [(4, 1, 1), (1, 1, 1), (2, 3, 5)])
def test_the_formula_shown_explains_the_pick(scheduler: str, weights: tuple[int, ...]) -> None:
    for one in rounds(scheduler, weights, 30):
        costs = {name: cost(scheduler, s.active, s.inactive, s.weight) for name, s in one.before.items()}
        assert one.picked == min(("c", "b", "a"), key=lambda name: costs[name])


@pytest.mark.parametrize("pair", [("rr", "wrr"), ("lc", "wlc"), ("sed", "nq")])
def test_twins_under_kube_proxy(story: Story, pair: tuple[str, str]) -> None:
    first, second = pair
    assert picks(first, (1, 1, 1), 12) == picks(second, (1, 1, 1), 12)
    assert rows(story)[f"{first}, {second}"][0][0] == "every figure equal"


FITS = [
    ("nq", "··✓✓✓·"),
    ("mh", "✓✓····"),
    ("dh", "······"),
    ("rr", "·····✓"),
    ("mh+mh-fallback", "✓✓···✓"),
]


@pytest.mark.parametrize(("scheduler", "marks"), FITS)
def test_which_wish_it_answers(story: Story, scheduler: str, marks: str) -> None:
    assert marks in ["".join(row) for row in rows(story)[scheduler]]


def test_without_weights_the_weighted_are_as_the_others() -> None:
    found = rows(tell("schedulers", frozenset({"weights"})))
    assert found["wrr"][0][-1] == found["rr"][0][-1]
    assert found["wlc"][0][-1] == found["lc"][0][-1]


def test_a_removed_server_comes_back_with_its_counts_and_a_drained_one_keeps_its_connections(story: Story) -> None:
    paths = [b for section in story.sections for b in section.blocks if isinstance(b, Steps)]
    told = [[step.seen.en for step in path.steps if step.seen is not None] for path in paths]
    assert "b: weight 1, 3 active" in told[0][2]
    assert told[0][-1] == "They go to c c c."
    assert "b: weight 0, 2 active" in told[1][0]
    assert told[1][1] == "They go to a a a."
    assert "b:" not in told[1][-1]


def test_a_port_that_comes_again_is_scheduled_anew(story: Story) -> None:
    assert rows(story)["1"][-1] == ["c b a c", "c b a b"]
