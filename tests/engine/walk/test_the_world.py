"""What leaves the cluster for an address that no manifest names."""

from __future__ import annotations

import pytest

from engine import Request, load_cluster, outcomes

NODE = """
{apiVersion: v1, kind: Node, metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node1}, status: {podIP: 10.244.1.5}}
---
{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {clusterIP: 34.118.230.12, ports: [{port: 80}]}}
"""
NETWORK = """
---
apiVersion: k8squiz.dev/v1
kind: Network
spec: {externalHosts: {resolver: 9.9.9.9}%s}
"""
SILENT = ", without: [cni-rules]"


@pytest.mark.parametrize(
    ("to", "protocol", "facts", "verdict", "seen", "said"),
    [
        ("8.8.8.8:443", "TCP", NETWORK % "", "DELIVERED", "192.168.1.10", True),
        ("8.8.8.8:53", "UDP", NETWORK % "", "DELIVERED", "192.168.1.10", True),
        ("8.8.8.8", "ICMP", NETWORK % "", "DELIVERED", "192.168.1.10", True),
        # The host is there, and its answer does not find a pod's own address.
        ("8.8.8.8:443", "TCP", NETWORK % SILENT, "LOST", "10.244.1.5", True),
        # Who is named is known, and so is what listens there.
        ("9.9.9.9:443", "TCP", NETWORK % "", "REFUSED", None, False),
        ("1.2.3.4:443", "TCP", "", "REFUSED", None, False),
        # Addresses of nobody's: private ones, those of documentation, the neighbourhood of ClusterIPs.
        ("10.9.9.9:443", "TCP", "", "LOST", None, False),
        ("203.0.113.9:443", "TCP", "", "LOST", None, False),
        ("34.118.230.99:443", "TCP", "", "LOST", None, False),
    ],
)
def test_who_is_out_there(to: str, protocol: str, facts: str, verdict: str, seen: str | None, said: bool) -> None:
    (outcome,) = outcomes(load_cluster(text=NODE + facts), Request("pod/a", to, protocol))
    assert (outcome.verdict, outcome.source_seen) == (verdict, seen)
    assert any("public address" in text.en for text in outcome.assumed) is said
