"""For how long a cache does not see a change: each row is a sequence of questions, and what each is answered."""

from __future__ import annotations

import dataclasses

import pytest

from engine.dns.cache import KUBEADM, NODE_LOCAL, DNSCache, ask_through
from engine.dns.zone import ZoneIndex
from tests.rows import named

NAME = "web.default.svc.cluster.local"
OFF = dataclasses.replace(KUBEADM, denial_off=("cluster.local",), success_off=("cluster.local.",))
DENIAL_OFF = dataclasses.replace(KUBEADM, denial_off=("cluster.local",))
LONG, PLAIN = DNSCache(), DNSCache(success=3, denial=3)

# What the zone holds is a letter: a and b are addresses, - is nothing. (second, zone, answer and TTL, who had it)
Step = tuple[float, str, str, int | None]


@pytest.mark.parametrize(
    ("caches", "ttl", "steps"),
    named(
        {
            "no cache: the zone": ((), 30, [(0, "-", "- 30", None), (0, "a", "a 30", None)]),
            "an address is kept 30 seconds": (
                (KUBEADM,), 30,
                [(0, "a", "a 30", None), (10, "b", "a 20", 0), (29.9, "b", "a 1", 0), (30, "b", "b 30", None)],
            ),
            "so is a name that was missing": (
                (KUBEADM,), 30, [(0, "-", "- 30", None), (29, "a", "- 1", 0), (31, "a", "a 30", None)],
            ),
            "the plugin's own TTL is 5": ((KUBEADM,), 5, [(0, "a", "a 5", None), (4, "b", "a 1", 0), (5, "b", "b 5", None)]),
            "no answer is kept for less than 5": ((KUBEADM,), 1, [(0, "a", "a 5", None), (4, "b", "a 1", 0)]),
            "but for a cache that keeps none so long": ((PLAIN,), 30, [(0, "a", "a 3", None), (3, "b", "b 3", None)]),
            "without a limit the TTL counts": ((LONG,), 60, [(0, "a", "a 60", None), (59, "b", "a 1", 0)]),
            "switched off for the cluster's domain": ((OFF,), 30, [(0, "-", "- 30", None), (0, "a", "a 30", None), (1, "b", "b 30", None)]),
            "denial alone off": ((DENIAL_OFF,), 30, [(0, "-", "- 30", None), (1, "a", "a 30", None), (2, "b", "a 29", 0)]),
            "NodeLocal forgets what was missing after 5 seconds, CoreDNS after 30": (
                (NODE_LOCAL, KUBEADM), 30,
                [(0, "-", "- 5", None), (4, "a", "- 1", 0), (5, "a", "- 5", 1), (29, "a", "- 5", 1), (33, "a", "- 1", 0), (34, "a", "a 30", None)],
            ),
            "an address is handed on with what is left of it": (
                (NODE_LOCAL, KUBEADM), 30, [(0, "a", "a 30", None), (29, "b", "a 1", 0), (30, "b", "b 30", None)],
            ),
        }
    ),
)  # fmt: skip
def test_what_is_answered(caches: tuple[DNSCache, ...], ttl: int, steps: list[Step]) -> None:
    for at, held, answer, hit in steps:
        zone = {} if held == "-" else {NAME: [("TXT", held)]}
        reply = ask_through(caches, ZoneIndex(zone).answer, NAME, "TXT", at, ttl)
        assert (f"{''.join(reply.answer.values('TXT')) or '-'} {reply.ttl}", reply.hit) == (answer, hit), at
        caches = reply.caches


def test_a_type_and_a_name_are_kept_apart_and_case_is_not() -> None:
    ask = ZoneIndex({NAME: [("A", "10.96.0.20")]}).answer
    first = ask_through((KUBEADM,), ask, NAME, "A", 0)
    assert ask_through(first.caches, ask, NAME.upper(), "A", 1).hit == 0
    assert ask_through(first.caches, ask, NAME, "AAAA", 1).hit is None


def test_a_second_client_of_the_node_finds_what_another_node_asked() -> None:
    """Two nodes' caches before one CoreDNS: the entry there is 20 seconds old, and the node keeps it 10 more."""
    ask = ZoneIndex({NAME: [("A", "10.96.0.20")]}).answer
    _, coredns = ask_through((NODE_LOCAL, KUBEADM), ask, NAME, "A", 0).caches
    other = ask_through((NODE_LOCAL, coredns), ask, NAME, "A", 20)
    assert (other.hit, other.ttl) == (1, 10)
