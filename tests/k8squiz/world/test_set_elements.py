"""What stands in a node's sets, in each mode, as question files count it."""

from __future__ import annotations

import pytest

from engine import compile_rules, load_cluster
from k8squiz.world.set_elements import entries

CLUSTER = load_cluster(
    text="""
apiVersion: v1
kind: Node
metadata: {name: node1}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {type: NodePort, clusterIP: 10.96.0.10, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints:
- {addresses: [10.244.1.5], nodeName: node1, conditions: {ready: true}}
- {addresses: [10.244.2.8], nodeName: node2, conditions: {ready: true}}
"""
)
IPVS = {
    "virtual-servers": 2,  # the ClusterIP, and the NodePort on the node's one address
    "real-servers": 4,
    "kube-ipvs0": 1,
    "KUBE-IPVS-IPS": 1,
    "KUBE-CLUSTER-IP": 1,
    "KUBE-NODE-PORT-TCP": 1,
    "KUBE-NODE-PORT-LOCAL-TCP": 0,
    "KUBE-LOOP-BACK": 1,  # the endpoint of this node alone
}
NFTABLES = {"cluster-ips": 1, "nodeport-ips": 1, "service-ips": 1, "service-nodeports": 1, "no-endpoint-services": 0}


@pytest.mark.parametrize(
    ("mode", "name", "count"),
    [("ipvs", *row) for row in IPVS.items()] + [("nftables", *row) for row in NFTABLES.items()],
)
def test_entries(mode: str, name: str, count: int) -> None:
    found = entries(compile_rules(CLUSTER, "node1", mode))
    assert sum(1 for entry in found if entry.set == name) == count


def test_iptables_mode_has_no_sets() -> None:
    assert entries(compile_rules(CLUSTER, "node1", "iptables")) == ()
