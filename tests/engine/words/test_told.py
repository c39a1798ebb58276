"""What a learner reads of a walk, whole, in both languages: one walk of each path and mode, as text files.

A changed sentence shows as a diff of tests/golden/told that an English and a Chinese reader can read. To write them anew:
K8SQUIZ_TELL=1 pytest tests/engine/words/test_told.py, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from engine import Request, outcomes
from engine.cluster import Cluster, CNIConfig, LoadBalancerIngress, NetworkFacts
from engine.proxy.interface import MODES
from engine.trace import Hop, Outcome
from tests.engine.clusters import A, B, C, cluster, web

TOLD = Path(__file__).parents[2] / "golden" / "told"
VIP = "203.0.113.50"


def _without(*parts: str) -> NetworkFacts:
    return NetworkFacts(without=frozenset(parts))


def _balanced(**fields: object) -> Cluster:
    ingress = (LoadBalancerIngress(VIP),)
    return cluster(B, service=web(type="LoadBalancer", load_balancer_ingress=ingress, **fields))


LOCAL = {"external_traffic_policy": "Local"}
# Name of the path -> its cluster and its request.
PATHS: dict[str, tuple[Callable[[], Cluster], Request]] = {
    "nodeport-to-another-node": (lambda: cluster(B), Request("client", "node/node1:30080")),
    "nodeport-to-the-same-node": (lambda: cluster(A), Request("client", "node/node1:30080")),
    "nodeport-local": (lambda: cluster(A, service=web(**LOCAL)), Request("client", "node/node1:30080")),
    "nodeport-local-without-endpoint": (
        lambda: cluster(B, service=web(**LOCAL)),
        Request("client", "node/node1:30080"),
    ),
    "nodeport-without-endpoints": (cluster, Request("client", "node/node1:30080")),
    "pod-to-clusterip-on-another-node": (lambda: cluster(B), Request("pod/pod-a", "svc/web")),
    "pod-to-clusterip-on-the-same-node": (lambda: cluster(C), Request("pod/pod-a", "svc/web")),
    "pod-to-itself": (lambda: cluster(A), Request("pod/pod-a", "svc/web")),
    "pod-to-itself-without-hairpin-mode": (
        lambda: cluster(A, network=_without("hairpin-mode")),
        Request("pod/pod-a", "svc/web"),
    ),
    "pod-to-itself-without-masquerade": (
        lambda: cluster(A, network=_without("masquerade")),
        Request("pod/pod-a", "svc/web"),
    ),
    "node-to-clusterip": (lambda: cluster(B), Request("node/node1", "svc/web")),
    "pod-to-a-pod": (cluster, Request("pod/pod-a", "pod/pod-b:8080")),
    "pod-to-a-pod-by-host-gw": (
        lambda: cluster(cni=CNIConfig("flannel", "host-gw")),
        Request("pod/pod-a", "pod/pod-b:8080"),
    ),
    "pod-to-a-pod-by-ipip": (lambda: cluster(cni=CNIConfig("calico", "ipip")), Request("pod/pod-a", "pod/pod-b:8080")),
    "pod-to-a-wrong-port": (cluster, Request("pod/pod-a", "pod/pod-b:9999")),
    "pod-to-an-unknown-port-of-the-clusterip": (lambda: cluster(B), Request("pod/pod-a", "svc/web:81")),
    "load-balancer": (_balanced, Request("client", f"{VIP}:80", node="node1")),
    "load-balancer-from-a-source-out-of-range": (
        lambda: _balanced(load_balancer_source_ranges=("198.51.100.0/24",)),
        Request("client", f"{VIP}:80", node="node1"),
    ),
}


def _hops(hops: Iterable[Hop]) -> Iterator[str]:
    for hop in hops:
        outer = "" if hop.encapsulation is None else f"  [{hop.encapsulation.src} -> {hop.encapsulation.dst}]"
        yield f"{hop.n:>2} {hop.host} {hop.device} {hop.stage}: {hop.src} -> {hop.dst}{outer}"
        yield f"   {hop.note.en}"
        yield f"   {hop.note.zh}"


def _told(outcome: Outcome) -> str:
    lines = [*_hops(outcome.hops)]
    if outcome.reply:
        lines += ["", "the answer", "", *_hops(outcome.reply)]
    lines += ["", f"= {outcome.verdict}"]
    for where in (outcome.where, outcome.stalls):
        if where is not None:
            lines += [
                f"  {where.host} {where.code} ({where.direction})",
                f"  {where.reason.en}",
                f"  {where.reason.zh}",
            ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", PATHS)
def test_a_walk_is_told_as_it_was(name: str, mode: str) -> None:
    made, request = PATHS[name]
    told = _told(outcomes(made(), request, mode, seed=1)[0])
    file = TOLD / f"{name}.{mode}.txt"
    if os.environ.get("K8SQUIZ_TELL"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(told, encoding="utf-8")
    assert told == file.read_text(encoding="utf-8")


def test_no_file_is_left_over() -> None:
    assert {file.name for file in TOLD.iterdir()} == {f"{name}.{mode}.txt" for name in PATHS for mode in MODES}
