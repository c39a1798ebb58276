"""Random decisions: a seed draws the same everywhere, and each index as often as its weight says."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from engine.netfilter.choose import every_path, seeded

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
