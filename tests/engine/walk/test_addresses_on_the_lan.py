"""Addresses of Services that lie in the nodes' own network: a load balancer's of bare metal, an external IP, a node's own."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine import Request, load_cluster, outcomes

NODES = "".join(
    f"""
{{apiVersion: v1, kind: Node, metadata: {{name: {name}, annotations: {{flannel.alpha.coreos.com/backend-type: vxlan}}}},
 spec: {{podCIDR: {cidr}}}, status: {{addresses: [{{type: InternalIP, address: {address}}}]}}}}
---
{{apiVersion: v1, kind: Pod, metadata: {{name: {pod}, labels: {{app: web}}}}, spec: {{nodeName: {name}}}, status: {{podIP: {ip}}}}}
---"""
    for name, cidr, address, pod, ip in (
        ("node1", "10.244.1.0/24", "192.168.1.10", "a", "10.244.1.5"),
        ("node2", "10.244.2.0/24", "192.168.1.11", "b", "10.244.2.8"),
    )
)
SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]%s}
status: {loadBalancer: {ingress: [{ip: %s}]}}
"""
LOCAL = ", externalTrafficPolicy: Local, healthCheckNodePort: 32100"
EXTERNAL = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, targetPort: 8080}], externalIPs: [192.168.1.250]}
"""


@pytest.mark.parametrize(
    ("service", "to", "node", "expected", "said"),
    [
        # One node answers ARP; which, nobody says.
        (SERVICE % ("", "192.168.1.240"), "192.168.1.240:80", None, {("DELIVERED", "10.244.1.1"), ("DELIVERED", "10.244.1.0"), ("DELIVERED", "10.244.2.0"), ("DELIVERED", "10.244.2.1")}, True),
        (SERVICE % (LOCAL, "192.168.1.240"), "192.168.1.240:80", None, {("DELIVERED", "1.2.3.4")}, True),
        (SERVICE % (LOCAL, "192.168.1.240"), "192.168.1.240:80", "node1", {("DELIVERED", "1.2.3.4")}, False),
        # A node's own address leads to that node, whatever load balancer has it too.
        (SERVICE % ("", "192.168.1.11"), "192.168.1.11:80", None, {("DELIVERED", "10.244.2.0"), ("DELIVERED", "10.244.2.1")}, False),
        (SERVICE % (LOCAL, "192.168.1.11"), "192.168.1.11:80", None, {("DELIVERED", "1.2.3.4")}, False),
        # Of an external IP no program answers ARP: it must be routed to a node.
        (EXTERNAL, "192.168.1.250:80", None, {("LOST", None)}, False),
        (EXTERNAL, "192.168.1.250:80", "node2", {("DELIVERED", "10.244.2.0"), ("DELIVERED", "10.244.2.1")}, False),
        # Beyond the nodes' network a load balancer proper picks the node.
        (SERVICE % (LOCAL, "203.0.113.80"), "203.0.113.80:80", None, {("DELIVERED", "1.2.3.4")}, False),
    ],
)  # fmt: skip
def test_who_gets_it(
    service: str, to: str, node: str | None, expected: set[tuple[str, str | None]], said: bool
) -> None:
    cluster = load_cluster(text=NODES + service)
    found = outcomes(cluster, Request("client", to, node=node))
    assert {(outcome.verdict, outcome.source_seen) for outcome in found} == expected
    assert sum(outcome.probability for outcome in found) == Fraction(1)
    assert all(any("answers ARP" in text.en for text in outcome.assumed) is said for outcome in found)
