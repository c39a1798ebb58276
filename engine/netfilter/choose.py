"""Randomness as an argument: every random decision of the dataplane asks a `Choose`.

A decision is a tuple of exact probabilities that add to 1; the answer is an index into it.
`seeded` draws one path; `every_path` takes them all and gives each its exact probability.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
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


def every_path(run: Callable[[Choose], Result]) -> Iterator[tuple[Fraction, Result]]:
    """Run `run` once for every sequence of decisions it can meet; yields (probability, result).

    The probabilities add to exactly 1. `run` must be a pure function of the decisions. Raises EngineError where there
    are more than limits.MOST_WAYS sequences.
    """
    script: list[int] = []
    # The probability of the decisions so far, after each: those that the last way shares are not multiplied again.
    chances: list[Fraction] = []
    for _ in range(MOST_WAYS):
        taken: list[tuple[tuple[Fraction, ...], int]] = []

        def choose(
            weights: tuple[Fraction, ...],
            taken: list[tuple[tuple[Fraction, ...], int]] = taken,
            script: list[int] = script,
        ) -> int:
            position = len(taken)
            index = script[position] if position < len(script) else _next_possible(weights, -1)
            taken.append((weights, index))
            return index

        result = run(choose)
        del chances[max(len(script) - 1, 0) :]
        for weights, index in taken[len(chances) :]:
            chances.append(chances[-1] * weights[index] if chances else weights[index])
        yield chances[-1] if chances else Fraction(1), result
        while taken and _next_possible(taken[-1][0], taken[-1][1]) < 0:
            taken.pop()
        if not taken:
            return
        weights, index = taken.pop()
        script = [i for _, i in taken] + [_next_possible(weights, index)]
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
