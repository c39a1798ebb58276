"""Seeded draws that come out the same in every process, on every platform, under every Python and hash seed.

`random.Random` promises that for `getrandbits` after seeding with a string (sha512); its choice and shuffle have
changed between versions, so they are written out here.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


class Rng:
    """Draws for one purpose. Two Rngs of the same words draw the same; other words draw independently."""

    def __init__(self, *words: object) -> None:
        self._source = random.Random("k8squiz/" + "/".join(str(word) for word in words))

    def below(self, end: int) -> int:
        """A whole number from 0 to end - 1, all equally likely."""
        bits = end.bit_length()
        while True:
            drawn = self._source.getrandbits(bits)
            if drawn < end:
                return drawn

    def between(self, low: int, high: int, step: int = 1) -> int:
        """One of low, low + step, ... up to high (included where it is met)."""
        return low + step * self.below((high - low) // step + 1)

    def pick(self, items: Sequence[T]) -> T:
        return items[self.below(len(items))]

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """The items in a drawn order (Fisher and Yates)."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = self.below(last + 1)
            result[last], result[other] = result[other], result[last]
        return result

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        return self.shuffled(items)[:count]
