"""The circle that a packet went round when its TTL was used up, read off the hosts that forwarded it."""

from __future__ import annotations

from collections.abc import Sequence

from engine.packet import FiveTuple
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Forward:
    """`host` forwarded a packet with the tuple `flow`; `hops` hops were written down before."""

    host: str
    flow: FiveTuple
    hops: int


@dataclass(frozen=True, slots=True)
class Circle:
    """`hosts` in the order the packet meets them, `hops` how many were written down when the second round began,
    `anew` whether the tuple differs from round to round."""

    hosts: tuple[str, ...]
    hops: int
    anew: bool


def find_circle(forwards: Sequence[Forward]) -> Circle | None:
    """The shortest circle that `forwards` end in; None where their last half repeats nothing."""
    names = [forward.host for forward in forwards]
    for length in range(1, len(names) // 2 + 1):
        start = len(names) - length
        while start > 0 and names[start - 1] == names[start - 1 + length]:
            start -= 1
        if start + 2 * length <= len(names):
            again = forwards[start + length]
            return Circle(tuple(names[start : start + length]), again.hops, again.flow != forwards[start].flow)
    return None
