"""Random decisions: a seed draws the same everywhere, and each index as often as its weight says."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from engine.netfilter.choose import Choose, Draws, every_path, first_that_holds, seeded

THIRDS = (Fraction(1, 3),) * 3
UNEVEN = (Fraction(1, 7), Fraction(2, 5), Fraction(16, 35))
KERNEL = (Fraction(715827883, 1 << 31), Fraction((1 << 31) - 715827883, 1 << 31))

DRAWN = [
    (0, THIRDS, [1, 0, 0, 2, 0, 2, 2, 2, 1, 0]),
    ("walk", UNEVEN, [1, 1, 1, 2, 0, 1, 2, 1, 2, 2]),
    (7, KERNEL, [1, 1, 0, 1, 1, 1, 1, 1, 1, 1]),
    (7, (Fraction(1),), [0] * 10),
]


@pytest.mark.parametrize(("seed", "weights", "expected"), DRAWN)
def test_a_seed_draws_the_same_everywhere(seed: int | str, weights: tuple[Fraction, ...], expected: list[int]) -> None:
    choose = seeded(seed)
    assert [choose(weights) for _ in range(10)] == expected


@pytest.mark.parametrize("weights", [THIRDS, UNEVEN, KERNEL, (Fraction(0), Fraction(1))])
def test_each_index_comes_as_often_as_its_weight_says(weights: tuple[Fraction, ...]) -> None:
    choose = seeded("often")
    found = Counter(choose(weights) for _ in range(20_000))
    for index, weight in enumerate(weights):
        assert abs(found[index] / 20_000 - weight) < 0.02


def test_every_path_has_its_exact_probability() -> None:
    paths = {taken: chance for chance, taken in every_path(lambda choose: (choose(THIRDS), choose(UNEVEN)))}
    assert len(paths) == 9
    assert sum(paths.values()) == 1
    assert paths[0, 1] == Fraction(2, 15)


def _one_in(*counts: int) -> list[tuple[Fraction, Fraction]]:
    return [(Fraction(1, count), 1 - Fraction(1, count)) for count in counts]


# A row of decisions, where to begin -> the chance of each to be the first that holds, then that of none.
ROWS = {
    "three endpoints alike": (_one_in(3, 2), 0, ["1/3", "1/3", "1/3"]),
    "from the second on": (_one_in(3, 2), 1, ["1/2", "1/2"]),
    "one that always holds": (_one_in(4, 1), 0, ["1/4", "3/4"]),
    "none left": (_one_in(2), 1, ["1"]),
}


@pytest.mark.parametrize(("row", "start", "expected"), ROWS.values(), ids=ROWS)
def test_draws_are_the_same_ways_as_their_decisions_one_by_one(
    row: list[tuple[Fraction, Fraction]], start: int, expected: list[str]
) -> None:
    draws = Draws(row, start)
    found = [(str(chance), place) for chance, place in every_path(lambda choose: first_that_holds(choose, draws))]
    assert found == [(chance, place) for place, chance in enumerate(expected)]

    def one_by_one(choose: Choose) -> int:
        return next((i for i, weights in enumerate(row[start:]) if choose(weights) == 0), len(row) - start)

    assert [(str(chance), place) for chance, place in every_path(one_by_one)] == found
    for seed in range(20):
        assert first_that_holds(seeded(seed), draws) == one_by_one(seeded(seed))
