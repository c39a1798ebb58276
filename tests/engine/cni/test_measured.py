"""What a node's CNI adds to kube-proxy's rules: measured connections, with kube-proxy's rules alone and with flannel's.

Measured on Linux 6.18 in network namespaces with flannel v0.28.9's rules (Documentation/kube-flannel.yml: --ip-masq).
"""

from __future__ import annotations

from typing import Any

import pytest

from engine.cluster import CNIConfig
from engine.trace import Outcome, Request, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, NODE2, VIP, A, B, C, cluster, web

VXLAN = CNIConfig(backend="vxlan", assumed=False)
HOST_GW = CNIConfig(backend="host-gw", assumed=False)
LOCAL = web(external_traffic_policy="Local")
CLUSTER = web()
WORLD = "1.2.3.4:443"
LISTENING = 10250  # kubelet: a process on every node
LOST = "no connection"
# The answer goes another way, so that the next packet is INVALID on node1: kube-proxy's iptables mode drops such packets.
STALLS = "no connection in iptables mode"

# Name; from, to, node that it arrives at, Service, endpoint; seen with kube-proxy's rules alone, seen with flannel's.
# Where host-gw differs from vxlan, both are given.
ROWS: list[tuple[str, str, str, str | None, Any, str, str | tuple[str, str], str | tuple[str, str]]] = [
    ("a pod to the world", "pod/pod-a", WORLD, None, CLUSTER, B, LOST, NODE1),
    ("a pod to a process on another node", "pod/pod-a", f"{NODE2}:{LISTENING}", None, CLUSTER, B, A, NODE1),
    ("a pod to a process on its node", "pod/pod-a", f"{NODE1}:{LISTENING}", None, CLUSTER, B, A, A),
    ("a pod to another node's NodePort, Local", "pod/pod-a", f"{NODE2}:30080", None, LOCAL, B, A, NODE1),
    ("the same the other way", "pod/pod-b", f"{NODE1}:30080", None, LOCAL, C, B, NODE2),
    ("a pod to its node's NodePort, Local, endpoint elsewhere", "pod/pod-a", f"{NODE1}:30080", None, LOCAL, B, A, A),
    ("the same on the other node", "pod/pod-b", f"{NODE2}:30080", None, LOCAL, C, B, B),
    ("a pod to another node's NodePort, Local, endpoint on its own", "pod/pod-a", f"{NODE2}:30080", None, LOCAL, C, LOST, LOST),
    ("the client to a NodePort, Local", "client", f"{NODE2}:30080", None, LOCAL, B, "1.2.3.4", "1.2.3.4"),
    ("a node to another node's NodePort, Local", "node/node1", f"{NODE2}:30080", None, LOCAL, B, NODE1, NODE1),
    ("the client to a NodePort, Cluster, endpoint elsewhere", "client", f"{NODE1}:30080", None, CLUSTER, B, ("10.244.1.0", NODE1), ("10.244.1.0", NODE1)),
    ("a pod to another node's NodePort, Cluster", "pod/pod-a", f"{NODE2}:30080", None, CLUSTER, B, "10.244.2.1", "10.244.2.1"),
    ("a pod to a pod on another node", "pod/pod-a", f"{B}:8080", None, CLUSTER, B, A, A),
    ("a pod to a ClusterIP", "pod/pod-a", f"{VIP}:80", None, CLUSTER, B, A, A),
    ("the client to a pod by another node", "client", f"{B}:8080", "node1", CLUSTER, B, STALLS, ("10.244.1.0", NODE1)),
    ("a node to a pod on another node", "node/node1", f"{B}:8080", None, CLUSTER, B, ("10.244.1.0", NODE1), ("10.244.1.0", NODE1)),
    ("a node to a ClusterIP", "node/node1", f"{VIP}:80", None, CLUSTER, B, ("10.244.1.0", NODE1), ("10.244.1.0", NODE1)),
]  # fmt: skip


def seen(outcome: Outcome) -> str | None:
    """The address that the other end sees; LOST where there is no connection. A port that nobody listens on says as much
    as one that somebody does: the host has got the packet, and its RST has come back."""
    if outcome.verdict in (Verdict.LOST, Verdict.DROP) or outcome.stalls is not None:
        return LOST
    return outcome.hops[-1].src.rpartition(":")[0] if outcome.verdict is Verdict.REFUSED else outcome.source_seen


@pytest.mark.parametrize(
    ("name", "source", "to", "node", "service", "endpoint", "alone", "whole"), ROWS, ids=[r[0] for r in ROWS]
)
@pytest.mark.parametrize("network", [VXLAN, HOST_GW], ids=["vxlan", "host-gw"])
@pytest.mark.parametrize("mode", ["iptables", "nftables"])
def test_whom_the_other_end_sees(
    name: str, source: str, to: str, node: str | None, service: Any, endpoint: str, alone: Any, whole: Any,
    network: CNIConfig, mode: str,
) -> None:  # fmt: skip
    for cni_rules, expected in ((False, alone), (True, whole)):
        one = cluster(endpoint, service=service, cni=network, cni_rules=cni_rules)
        (outcome,) = outcomes(one, Request(source, to, node=node), mode)
        wanted = expected if isinstance(expected, str) else expected[network is HOST_GW]
        if wanted is STALLS:
            wanted = "1.2.3.4" if mode == "nftables" else LOST
        assert seen(outcome) == wanted, name
