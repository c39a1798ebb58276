"""Small clusters in a few words, for the tests of this folder. Their nodes run v1.30, unless a test says otherwise."""

from __future__ import annotations

import dataclasses

from engine.cluster import (
    Cluster,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.netfilter.rules import Ruleset
from engine.netfilter.text import dump_rule
from engine.packet import L4

V1_30 = "v1.30.5"
NODE1 = Node(
    "node1",
    ("192.168.1.10", "fd00::10"),
    ("192.168.1.10", "fd00::10"),
    ("10.244.1.0/24", "fd00:1::/64"),
    proxy_version=V1_30,
)
NODE2 = Node("node2", ("192.168.1.11",), ("192.168.1.11",), ("10.244.2.0/24",), proxy_version=V1_30)
WEB = Service(
    "default",
    "web",
    cluster_ips=("10.96.0.10",),
    ports=(ServicePort("http", L4.TCP, 80, 8080),),
)
VIP = LoadBalancerIngress("203.0.113.10")


def node_port(**fields: object) -> Service:
    ports = (ServicePort("http", L4.TCP, 80, 8080, 30080),)
    return dataclasses.replace(WEB, **{"type": "NodePort", "ports": ports} | fields)  # type: ignore[arg-type]


def load_balancer(**fields: object) -> Service:
    return node_port(**{"type": "LoadBalancer", "load_balancer_ingress": (VIP,)} | fields)


def at(address: str, node: str | None = "node1", **fields: object) -> SliceEndpoint:
    return SliceEndpoint((address,), node_name=node, **fields)  # type: ignore[arg-type]


def cluster(service: Service, *endpoints: SliceEndpoint, **proxy: object) -> Cluster:
    """One Service with its endpoints at port 8080, nodes node1 and node2, clusterCIDR 10.244.0.0/16."""
    ports = tuple(EndpointPort(port.name, port.protocol, 8080) for port in service.ports)
    six = bool(endpoints) and ":" in endpoints[0].addresses[0]
    slices = (
        EndpointSlice(service.namespace, "web-1", service.name, "IPv6" if six else "IPv4", ports, tuple(endpoints)),
    )
    config = ProxyConfig(**{"cluster_cidrs": ("10.244.0.0/16",)} | proxy)  # type: ignore[arg-type]
    return Cluster(nodes=(NODE1, NODE2), services=(service,), slices=slices, proxy=config)


def lines(ruleset: Ruleset, table: str, chain: str) -> list[str]:
    """The rules of the chain whose name begins so, without `-A NAME`."""
    found = [name for name in ruleset.tables[table].chains if name.startswith(chain)]
    assert len(found) == 1, found
    rules = ruleset.tables[table].chains[found[0]].rules
    return [dump_rule("", rule, family=ruleset.family).removeprefix("-A").strip() for rule in rules]
