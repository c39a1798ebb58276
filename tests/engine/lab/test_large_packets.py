"""Large packets in this machine's kernel. More: `k8squiz lab verify --sizes --cases 100`."""

from __future__ import annotations

import itertools

import pytest

from engine.cluster import Mode
from engine.lab.cases import networks
from engine.lab.drawn_sizes import SizeCase, size_cases
from engine.lab.large_packets import expected, told, verify_sizes
from engine.lab.requirements import why_not
from engine.trace import Request
from engine.walk.outcomes import outcomes

_REASON = why_not()
BOTH = (Mode.IPTABLES, Mode.NFTABLES)


def case(seed: int, number: int) -> SizeCase:
    return next(itertools.islice(size_cases(seed, BOTH, networks()), number, None))


@pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")
@pytest.mark.parametrize("number", [0, 2, 7, 17])
def test_they_end_in_the_kernel_as_the_engine_says(number: int) -> None:
    found = verify_sizes(case(3, number))
    assert [one.skipped for one in found if one.skipped is not None] == []
    assert [f"{one.request}: kernel {one.kernel}; engine {one.engine}" for one in found if not one.agrees] == []


def test_a_seed_draws_the_same_cases() -> None:
    first, again = (tuple(itertools.islice(size_cases(7, BOTH, networks()), 12)) for _ in range(2))
    assert first == again
    assert {request.protocol for one in first for request in one.requests} == {"TCP", "UDP", "ICMP"}


def test_what_is_compared_is_one_line() -> None:
    drawn = case(3, 0)
    ping = Request("pod/a", "10.244.2.8", "ICMP", size=1300)
    (way,) = outcomes(drawn.cluster, ping, drawn.mode)
    assert told(ping, expected(way)) == "1300 bytes through"
