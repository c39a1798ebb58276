"""Clusters with NodeLocal DNSCache, drawn by a seed, and queries in them: to its own address, to kube-dns' ClusterIP, by UDP and
TCP, from pods and nodes. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    Mode,
    NetworkFacts,
    Node,
    NodeLocalDNS,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cni.interface import LabNetwork
from engine.lab.drawn_clusters import one_in
from engine.lab.scene import Scene
from engine.packet import L4
from engine.trace import Request

_LOCAL, _VIP = "169.254.20.10", "10.96.0.10"
_BOTH = (L4.UDP, L4.TCP)
_MOST = 6


def node_cache_scenes(
    seed: int, modes: tuple[Mode, ...], networks: tuple[tuple[str, LabNetwork], ...]
) -> Iterator[Scene]:
    """Scenes without end, the same for the same seed."""
    number = 0
    while True:
        draw = random.Random(f"k8squiz node caches {seed} {number}")
        plugin, network = draw.choice(networks)
        cluster = _cluster(draw, CNIConfig(plugin, network.backend, assumed=False))
        requests = dict.fromkeys(_request(draw) for _ in range(_MOST))
        name = f"node cache seed {seed} case {number}"
        yield Scene(name, cluster, modes[number % len(modes)], tuple(requests), seed=draw.getrandbits(30))
        number += 1


def _request(draw: random.Random) -> Request:
    source = draw.choice(("pod/a", "pod/a", "pod/c", "node/node1", "node/node2"))
    destination = draw.choice((_LOCAL, _LOCAL, _VIP, _VIP, "10.244.2.53"))
    return Request(source, f"{destination}:53", draw.choice(_BOTH).value)


def _cluster(draw: random.Random, cni: CNIConfig) -> Cluster:
    nodes = tuple(Node(f"node{n}", (f"192.168.1.{9 + n}",), pod_cidrs=(f"10.244.{n}.0/24",)) for n in (1, 2))
    ports = tuple(ContainerPort("dns" if p is L4.UDP else "dns-tcp", 53, p) for p in _BOTH)
    resolvers = [("10.244.2.53", "node2")]
    if one_in(draw, 2):
        resolvers.append(("10.244.1.53", "node1"))
    servers = tuple(
        Pod("kube-system", f"coredns-{n}", node, (ip,), ports=ports) for n, (ip, node) in enumerate(resolvers)
    )
    callers = tuple(
        Pod("default", name, node, (ip,))
        for name, node, ip in (("a", "node1", "10.244.1.5"), ("c", "node2", "10.244.2.5"))
    )
    service = Service(
        "kube-system", "kube-dns", "ClusterIP", (_VIP,),
        ports=tuple(ServicePort(port.name, port.protocol, 53, 53) for port in ports),
    )  # fmt: skip
    ends = tuple(
        SliceEndpoint((pod.ips[0],), node_name=pod.node_name, pod=f"{pod.namespace}/{pod.name}") for pod in servers
    )
    ends = () if one_in(draw, 8) else ends
    slice_ports = tuple(EndpointPort(port.name, port.protocol, 53) for port in ports)
    return Cluster(
        nodes=nodes,
        pods=(*callers, *servers),
        services=(service,),
        slices=(EndpointSlice("kube-system", "kube-dns-1", "kube-dns", "IPv4", slice_ports, ends),),
        cni=cni,
        proxy=ProxyConfig(masquerade_all=one_in(draw, 6)),
        network=_facts(draw),
        node_local_dns=_cache(draw),
    )


def _facts(draw: random.Random) -> NetworkFacts:
    return NetworkFacts(
        bridge_nf_call_iptables=not one_in(draw, 5),
        forward_policy="DROP" if one_in(draw, 6) else "",
        input_policy="DROP" if one_in(draw, 4) else "",
        rp_filter=draw.choice((0, 0, 1, 2)),
    )


def _cache(draw: random.Random) -> NodeLocalDNS:
    addresses = draw.choice(((_LOCAL, _VIP), (_LOCAL, _VIP), (_LOCAL,)))
    nodes = draw.choice((None, None, frozenset({"node1"})))
    return NodeLocalDNS(addresses, addresses, nodes, rules=not one_in(draw, 4))
