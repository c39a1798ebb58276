"""One packet through a whole cluster of 10 to 10000 Services with 10 endpoints each, and the memory that takes.

Run: python -m pytest benchmarks/bench_walk.py --benchmark-enable -s

The walk's time may not grow with the cluster (1.5 times at most), from the second call of `outcomes` and `resolve` on, though the rules that the kernel would have evaluated
one by one are counted exactly; all of a cluster of 10000 x 10 stays below 1 GiB.
"""

from __future__ import annotations

import functools
import subprocess
import sys
import time

import pytest

from engine import Request, outcomes, resolve
from engine.cost.sizes import synthetic_cluster
from engine.fabric.fabric import Fabric, build_fabric
from engine.trace import Outcome, Verdict

SIZES = (10, 100, 1000, 10000)
ENDPOINTS = 10
MODES = ("iptables", "ipvs", "nftables")
GROWTH = 1.5
MEMORY = 1 << 30


@functools.cache
def fabric(services: int, mode: str) -> Fabric:
    """The hosts of a cluster of that size, the rules compiled by a first walk."""
    built = build_fabric(synthetic_cluster(services, ENDPOINTS), mode)
    walk(built, services)
    return built


def walk(built: Fabric, services: int) -> Outcome:
    """node1's process to the last Service: the packet that iptables makes pay most."""
    service = built.cluster.services[-1]
    request = Request("node/node1", f"svc/{service.name}:{service.ports[0].port}")
    (outcome,) = outcomes(built.cluster, request, built.mode, seed=1, fabric=built)
    assert outcome.verdict is Verdict.DELIVERED
    return outcome


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("services", SIZES)
def test_walk(benchmark, services: int, mode: str) -> None:  # type: ignore[no-untyped-def]
    built = fabric(services, mode)
    outcome = benchmark(walk, built, services)
    benchmark.extra_info["rules_evaluated"] = outcome.cost.rules_evaluated


@pytest.mark.parametrize("mode", MODES)
def test_time_does_not_grow_with_the_cluster(mode: str) -> None:
    fastest = dict.fromkeys(SIZES, float("inf"))
    for services in SIZES:
        fabric(services, mode)
    # The sizes take turns, so that a busy moment of the machine meets all of them.
    for _ in range(60):
        for services in SIZES:
            start = time.perf_counter()
            walk(fabric(services, mode), services)
            fastest[services] = min(fastest[services], time.perf_counter() - start)
    counted = {services: walk(fabric(services, mode), services).cost.rules_evaluated for services in SIZES}
    told = ", ".join(f"{n} Services {fastest[n] * 1e3:.2f} ms {counted[n]} rules" for n in SIZES)
    print(f"\n{mode}: {told}")
    assert fastest[SIZES[-1]] <= GROWTH * fastest[SIZES[0]]
    if mode == "iptables":
        assert counted[10000] - counted[1000] == 9000


CALLS = {
    "outcomes": lambda cluster, request, mode: outcomes(cluster, request, mode, seed=1),
    "resolve": lambda cluster, request, mode: resolve(cluster, "node1", request, mode),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("call", CALLS)
def test_a_second_call_does_not_grow_with_the_cluster(call: str, mode: str) -> None:
    """With a cluster at hand and nothing else, as the API is called: the second call on costs a walk."""
    clusters = {services: synthetic_cluster(services, ENDPOINTS) for services in SIZES}
    fewest = dict.fromkeys(SIZES, float("inf"))
    for number in range(40):
        for services, cluster in clusters.items():
            last = cluster.services[-1]
            request = Request("node/node1", f"{last.cluster_ips[0]}:{last.ports[0].port}")
            begun = time.process_time()
            CALLS[call](cluster, request, mode)
            if number:
                fewest[services] = min(fewest[services], time.process_time() - begun)
    print(f"\n{call}, {mode}: " + ", ".join(f"{n} Services {fewest[n] * 1e3:.2f} ms" for n in SIZES))
    assert fewest[SIZES[-1]] <= GROWTH * fewest[SIZES[0]]


@pytest.mark.parametrize("mode", MODES)
def test_memory_of_10000_services(mode: str) -> None:
    # Not getrusage: the peak it tells starts from that of the process that started this one.
    script = (
        "import re; from benchmarks.bench_walk import fabric; "
        f"fabric(10000, {mode!r}); print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    used = int(done.stdout) * 1024
    print(f"\n{mode}: {used / (1 << 20):.0f} MiB")
    assert used < MEMORY
