"""What a kernel remembers of clients: the lists of `-m recent` as xt_recent.c keeps them."""

from __future__ import annotations

import pytest

from engine.hooks import Hook
from engine.netfilter.rules import Accept, Recent, Rule
from engine.netfilter.stack import HostNetfilter, Skb
from engine.trace import Remembered

from .builders import NODE, host, iptables, rule, tcp

SET = rule(Recent("set", "a"), Accept())
CHECK = rule(Recent("rcheck", "a", seconds=10), Accept())
REAP = rule(Recent("rcheck", "a", seconds=10, reap=True), Accept())
UPDATE = rule(Recent("update", "a", seconds=10, reap=True), Accept())


def seen(*steps: tuple[float, str, list[Rule]]) -> tuple[Remembered, ...]:
    """What is remembered after packets, each at a time from an address by a chain of its own."""
    memory: tuple[Remembered, ...] = ()
    for now, address, chain in steps:
        made = host(iptables(filter={"INPUT": chain}))
        netfilter = HostNetfilter("node1", made.ruleset, lambda _: True, lambda _: 0, now=now, memory=memory)
        netfilter.traverse(Hook.INPUT, Skb(tcp(address, NODE)))
        memory = netfilter.memory.entries()
    return memory


FACTS: dict[str, tuple[tuple[tuple[float, str, list[Rule]], ...], list[tuple[str, tuple[float, ...], int]]]] = {
    "--set writes": (((1, "1.1.1.1", [SET]),), [("1.1.1.1", (1,), 1)]),
    "--set writes again": (((1, "1.1.1.1", [SET]), (5, "1.1.1.1", [SET])), [("1.1.1.1", (1, 5), 2)]),
    "--rcheck does not": (((1, "1.1.1.1", [SET]), (5, "1.1.1.1", [CHECK])), [("1.1.1.1", (1,), 1)]),
    "--update does, where it matches": (((1, "1.1.1.1", [SET]), (5, "1.1.1.1", [UPDATE])), [("1.1.1.1", (1, 5), 2)]),
    "an old one stays without --reap": (((1, "1.1.1.1", [SET]), (50, "1.1.1.1", [CHECK])), [("1.1.1.1", (1,), 1)]),
    "--reap takes it": (((1, "1.1.1.1", [SET]), (50, "1.1.1.1", [REAP])), []),
    "--reap asks nothing of an address that is not there": (((1, "1.1.1.1", [SET]), (50, "2.2.2.2", [REAP])), [("1.1.1.1", (1,), 1)]),
    "--reap takes the oldest of all, and one alone": (
        ((1, "1.1.1.1", [SET]), (2, "3.3.3.3", [SET]), (45, "2.2.2.2", [SET]), (50, "2.2.2.2", [REAP])),
        [("3.3.3.3", (2,), 1), ("2.2.2.2", (45,), 1)],
    ),
    "the one that was written last is no longer the oldest": (
        ((1, "1.1.1.1", [SET]), (2, "2.2.2.2", [SET]), (3, "1.1.1.1", [SET])),
        [("2.2.2.2", (2,), 1), ("1.1.1.1", (1, 3), 2)],
    ),
    "32 stamps are a ring": (
        tuple((float(n), "1.1.1.1", [SET]) for n in range(34)),
        [("1.1.1.1", (32, 33, *range(2, 32)), 2)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "expected"), FACTS.values(), ids=FACTS)
def test_a_list(
    steps: tuple[tuple[float, str, list[Rule]], ...], expected: list[tuple[str, tuple[float, ...], int]]
) -> None:
    assert [(one.key, one.stamps, one.index) for one in seen(*steps)] == expected


def test_the_101st_address_takes_the_place_of_the_oldest() -> None:
    memory = seen(*((float(n), f"10.0.0.{n}", [SET]) for n in range(101)))
    assert [one.key for one in memory] == [f"10.0.0.{n}" for n in range(1, 101)]
