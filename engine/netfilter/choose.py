"""Randomness as an argument: every random decision of the dataplane asks a `Choose`.

A decision is a tuple of exact probabilities that add to 1; the answer is an index into it.
`seeded` draws one path; `every_path` takes them all and gives each its exact probability. Decisions in a row, of which the
first that holds ends the row, are `Draws`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

from engine.errors import EngineError
from engine.limits import MOST_WAYS

Choose = Callable[[tuple[Fraction, ...]], int]
Result = TypeVar("Result")


def seeded(seed: int | str) -> Choose:
    """A Choose that draws by `seed` alone: the same on every platform and under any hash seed."""
    source = random.Random(f"k8squiz:{seed}")

    def choose(weights: tuple[Fraction, ...]) -> int:
        # What is left of the draw is top/bottom: whole numbers, for Fractions would take ten times as long.
        top, bottom = source.getrandbits(53), 1 << 53
        for index, weight in enumerate(weights):
            below = weight.denominator
            if bottom % below:
                top, bottom = top * below, bottom * below
            share = weight.numerator * (bottom // below)
            if top < share:
                return index
            top -= share
        return len(weights) - 1

    return choose


class Draws:
    """Decisions one after another, each to hold (index 0) or not, until one holds: a Service's endpoints in iptables mode.
    They are those of `row` from `start` on."""

    __slots__ = ("_as_one", "row", "start")

    def __init__(self, row: list[tuple[Fraction, Fraction]], start: int = 0) -> None:
        self.row, self.start = row, start
        self._as_one: tuple[Fraction, ...] | None = None

    def __len__(self) -> int:
        return len(self.row) - self.start

    def as_one(self) -> tuple[Fraction, ...]:
        """The weights of one decision: which of them is the first that holds, last that none does."""
        if self._as_one is None:
            weights, left = [], Fraction(1)
            for holds, holds_not in self.row[self.start :]:
                weights.append(left * holds)
                left *= holds_not
            self._as_one = (*weights, left)
        return self._as_one


def first_that_holds(choose: Choose, draws: Draws) -> int:
    """The place of the first of `draws` that holds; their number where none does."""
    if isinstance(choose, _Script):
        # Where every way is taken, each would take all the decisions before its own again.
        return choose(draws.as_one())
    for place in range(draws.start, len(draws.row)):
        if choose(draws.row[place]) == 0:
            return place - draws.start
    return len(draws)


class _Script:
    """A Choose that follows the indexes it is given, and takes the first possible ones from there on. `taken` are its
    decisions."""

    __slots__ = ("given", "taken")

    def __init__(self, given: Sequence[int]) -> None:
        self.given = given
        self.taken: list[tuple[tuple[Fraction, ...], int]] = []

    def __call__(self, weights: tuple[Fraction, ...]) -> int:
        position = len(self.taken)
        index = self.given[position] if position < len(self.given) else _next_possible(weights, -1)
        self.taken.append((weights, index))
        return index


def every_path(run: Callable[[Choose], Result]) -> Iterator[tuple[Fraction, Result]]:
    """Run `run` once for every sequence of decisions it can meet; yields (probability, result).

    The probabilities add to exactly 1. `run` must be a pure function of the decisions. Raises EngineError where there
    are more than limits.MOST_WAYS sequences.
    """
    given: list[int] = []
    # The probability of the decisions so far, after each: those that the last way shares are not multiplied again.
    chances: list[Fraction] = []
    for _ in range(MOST_WAYS):
        script = _Script(given)
        result = run(script)
        taken = script.taken
        del chances[max(len(given) - 1, 0) :]
        for weights, index in taken[len(chances) :]:
            chances.append(chances[-1] * weights[index] if chances else weights[index])
        yield chances[-1] if chances else Fraction(1), result
        while taken and _next_possible(taken[-1][0], taken[-1][1]) < 0:
            taken.pop()
        if not taken:
            return
        weights, index = taken.pop()
        given = [i for _, i in taken] + [_next_possible(weights, index)]
    raise too_many_ways(f"{MOST_WAYS} ways", f"{MOST_WAYS} 条可能路径")


def too_many_ways(en: str, zh: str) -> EngineError:
    """The refusal to follow every way; `en` and `zh` say what there are more of than the limit."""
    return EngineError(
        f"to follow every way that the packet can go would take more than {en}; draw one of them by a seed (--seed) "
        "instead of asking for all",
        zh=f"跟踪数据包的全部可能路径需要超过 {zh}；请用种子（--seed）选取其中一条，而不是列出全部",
    )


def _next_possible(weights: tuple[Fraction, ...], after: int) -> int:
    """The first index past `after` whose weight is not zero, or -1."""
    return next((i for i in range(after + 1, len(weights)) if weights[i]), -1)
