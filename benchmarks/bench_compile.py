"""Compiling a node's rules with 100 to 10000 Services of 10 endpoints: the time a Service takes stays the same.

Run: python -m pytest benchmarks/bench_compile.py --benchmark-enable
"""

from __future__ import annotations

import itertools
import time

import pytest

from engine.cluster import Cluster
from engine.cost.sizes import NODES, synthetic_cluster
from engine.proxy.interface import MODES, fresh_rules

SIZES = (100, 1000, 10000)
ENDPOINTS = 10
ROUNDS = 6
# How far from proportional to the number of Services the time may be.
TOLERANCE = 1.3


def seconds(cluster: Cluster, mode: str) -> float:
    """The processor time of one compile."""
    begun = time.process_time()
    ruleset = fresh_rules(cluster, NODES[0], mode)
    taken = time.process_time() - begun
    del ruleset
    return taken


@pytest.mark.parametrize("mode", MODES)
def test_compile_time_is_proportional(mode: str) -> None:
    clusters = [synthetic_cluster(size, ENDPOINTS) for size in SIZES]
    # The sizes take turns, so that a busy moment of the machine meets all of them; the best round counts.
    rounds = [[seconds(cluster, mode) for cluster in clusters] for _ in range(ROUNDS)]
    each = [min(times) / size for times, size in zip(zip(*rounds, strict=True), SIZES, strict=True)]
    print(f"{mode}: {', '.join(f'{one * 1e6:.0f}' for one in each)} microseconds a Service at {SIZES}")
    for smaller, larger in itertools.pairwise(each):
        assert larger / smaller <= TOLERANCE


@pytest.mark.parametrize("mode", MODES)
def test_compile_1000(benchmark, mode: str) -> None:  # type: ignore[no-untyped-def]
    cluster = synthetic_cluster(1000, ENDPOINTS)
    benchmark(fresh_rules, cluster, NODES[0], mode)
