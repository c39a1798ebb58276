"""Timelines in this machine's kernel. More: `k8squiz lab verify --timelines --cases 100`."""

from __future__ import annotations

import itertools

import pytest

from engine.cluster import Mode
from engine.lab.drawn_timelines import timelines
from engine.lab.port_exhaustion import port_cases, verify_ports
from engine.lab.requirements import why_not
from engine.lab.timelines import verify_timeline

_REASON = why_not()
BOTH = (Mode.IPTABLES, Mode.NFTABLES)
# Drawn ones that hold much: a pod that is deleted under a kept connection, a stale UDP entry, a Service that loses its last
# endpoint.
NUMBERS = (0, 1, 2, 5)


@pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")
@pytest.mark.parametrize("number", NUMBERS)
def test_connections_end_in_the_kernel_as_they_may(number: int) -> None:
    timeline = next(itertools.islice(timelines(2, BOTH), number, None))
    found = verify_timeline(timeline)
    assert found.skipped is None
    assert found.disagreements == ()
    assert len(found.fates) == sum(len(one.requests()) for one in timeline.connections)


@pytest.mark.skipif(_REASON is not None, reason=f"the lab cannot run here: {_REASON}")
@pytest.mark.parametrize("number", [0, 3, 6])
def test_masquerade_s_ports_run_out_as_they_do_in_the_kernel(number: int) -> None:
    found = verify_ports(next(itertools.islice(port_cases(1), number, None)))
    assert found.skipped is None
    assert found.kernel == found.engine
    assert not all(found.kernel)


def test_a_seed_draws_the_same_timelines() -> None:
    first, again = (tuple(itertools.islice(timelines(7, BOTH), 20)) for _ in range(2))
    assert first == again
    assert {one.mode for one in first} == set(BOTH)
    assert {one.connections[0].request.protocol for one in first} == {"TCP", "UDP"}
