"""How likely each server is for a first connection, by scheduler and weights."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.errors import UnsupportedFeature
from engine.ipvs.first_connection import first_connection_chances
from engine.ipvs.registry import SCHEDULERS
from engine.netfilter.virtual_service import VirtualService, equal_chances
from engine.packet import L4, FiveTuple

FLOW = FiveTuple(L4.TCP, "1.2.3.4", 40000, "10.96.0.10", 80)

WEIGHTS = [
    ("rr", (1, 1, 0), ("1/2", "1/2", "0")),  # kube-proxy drains a server by weight 0
    ("rr", (3, 1, 1), ("1/3", "1/3", "1/3")),
    ("lc", (3, 1, 1), ("1/3", "1/3", "1/3")),
    ("wrr", (3, 1, 0), ("3/4", "1/4", "0")),
    ("wlc", (2, 2, 0), ("1/2", "1/2", "0")),
    ("not-of-this-kernel", (2, 2, 0), ("1/2", "1/2", "0")),
]


def service(scheduler: str, weights: tuple[int, ...]) -> VirtualService:
    servers = tuple((f"10.244.1.{n}", 80) for n in range(len(weights)))
    return VirtualService(L4.TCP, "10.96.0.10", 80, scheduler, servers=servers, weights=weights)


@pytest.mark.parametrize(("scheduler", "weights", "chances"), WEIGHTS)
def test_weights(scheduler: str, weights: tuple[int, ...], chances: tuple[str, ...]) -> None:
    found = first_connection_chances(service(scheduler, weights), FLOW)
    assert found == tuple(Fraction(chance) for chance in chances)


# All others weigh a weight against connections or hash by it.
@pytest.mark.parametrize("scheduler", [*(name for name in SCHEDULERS if name not in ("rr", "lc", "wrr", "mh")), "new"])
def test_unequal_weights_that_a_scheduler_looks_at_are_refused(scheduler: str) -> None:
    with pytest.raises(UnsupportedFeature, match=scheduler):
        first_connection_chances(service(scheduler, (2, 1)), FLOW)


def test_a_ruleset_by_itself_knows_equal_weights_alone() -> None:
    assert equal_chances(service("rr", (2, 2, 0)), FLOW) == (Fraction(1, 2), Fraction(1, 2), Fraction(0))
    with pytest.raises(UnsupportedFeature, match="rr"):
        equal_chances(service("rr", (2, 1)), FLOW)
