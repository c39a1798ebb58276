"""100000 scheduling decisions for each scheduler: `pytest benchmarks/bench_schedulers.py`."""

from __future__ import annotations

import pytest

from engine.ipvs import SCHEDULERS, VirtualServer

DECISIONS = 100_000


def decide(scheduler: str) -> int:
    """A service of ten servers; every connection is closed and dropped after a hundred more have come."""
    vs = VirtualServer("TCP", "10.96.0.10", 80, scheduler=scheduler)
    for i in range(10):
        vs.add_server(f"10.244.1.{i + 1}", 8080, 1 + i % 3)
    open_connections = []
    served = 0
    for i in range(DECISIONS):
        connection = vs.connect(f"10.1.{i % 50}.{i % 250}", 1024 + i % 60000)
        served += connection.server is not None
        open_connections.append(connection)
        if i >= 100:
            vs.expire(open_connections[i - 100])
    return served


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_scheduling_decisions(benchmark, scheduler: str) -> None:  # type: ignore[no-untyped-def]
    assert benchmark.pedantic(decide, args=(scheduler,), rounds=1) > 0
