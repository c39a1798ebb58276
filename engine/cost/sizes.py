"""Clusters of any size for measuring: so many ClusterIP Services, each with so many endpoints."""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, EndpointPort, EndpointSlice, Node, ProxyConfig, Service, ServicePort, SliceEndpoint
from engine.errors import EngineError
from engine.packet import L4

NODES = ("node1", "node2")
CLUSTER_CIDR = "10.128.0.0/9"
# Each node's pods have its own half of the pod network.
_FIRST_POD = {"node1": int(ipaddress.IPv4Address("10.128.0.10")), "node2": int(ipaddress.IPv4Address("10.192.0.10"))}
_FIRST_VIP = int(ipaddress.IPv4Address("10.96.0.10"))
# Services have 10.96.0.0/11, pods the upper half of 10.0.0.0/8.
MOST_SERVICES = (1 << 21) - 16
MOST_ENDPOINTS = (1 << 23) - 32


def synthetic_cluster(services: int, endpoints: int) -> Cluster:
    """`services` ClusterIP Services named default/svc-00000, ... with port http 80 -> 8080, each with `endpoints` ready
    endpoints of its own, in turn on node1 and node2. Raises EngineError where the numbers are impossible."""
    if services < 0 or endpoints < 0:
        raise EngineError(
            "a cluster has no negative number of Services or endpoints", zh="集群的 Service 数和端点数不能为负"
        )
    if services > MOST_SERVICES or services * endpoints > MOST_ENDPOINTS:
        raise EngineError(
            f"{services} Services with {endpoints} endpoints each do not fit:"
            f" at most {MOST_SERVICES} Services and {MOST_ENDPOINTS} endpoints in all",
            zh=f"{services} 个 Service、每个 {endpoints} 个端点放不下：最多 {MOST_SERVICES} 个 Service、共 {MOST_ENDPOINTS} 个端点",
        )
    nodes = tuple(
        Node(name, (f"192.168.1.{10 + number}",), (), (f"10.{128 + 64 * number}.0.0/10",))
        for number, name in enumerate(NODES)
    )
    return Cluster(
        nodes=nodes,
        services=tuple(_service(number) for number in range(services)),
        slices=tuple(_slice(number, endpoints) for number in range(services)),
        proxy=ProxyConfig(cluster_cidrs=(CLUSTER_CIDR,)),
    )


def service_name(number: int) -> str:
    """The name of Service `number`, counted from 0."""
    return f"svc-{number:05}"


def _service(number: int) -> Service:
    return Service(
        "default",
        service_name(number),
        cluster_ips=(_dotted(_FIRST_VIP + number),),
        ports=(ServicePort("http", L4.TCP, 80, 8080),),
        ip_families=("IPv4",),
    )


_PORTS = (EndpointPort("http", L4.TCP, 8080),)


def _endpoint(number: int) -> SliceEndpoint:
    node = NODES[number % len(NODES)]
    return SliceEndpoint((_dotted(_FIRST_POD[node] + number // len(NODES)),), node_name=node)


def _dotted(address: int) -> str:
    return ".".join(map(str, address.to_bytes(4, "big")))


def _slice(number: int, endpoints: int) -> EndpointSlice:
    members = tuple(_endpoint(number * endpoints + i) for i in range(endpoints))
    name = service_name(number)
    return EndpointSlice("default", f"{name}-0", name, "IPv4", _PORTS, members)
