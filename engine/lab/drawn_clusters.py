"""A cluster drawn by a seed: nodes, pods, Services, what the CNI was told, what is broken. Pure."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Iterator

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Mode,
    NetworkFacts,
    Node,
    Pod,
    PortMap,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cni import PLUGINS
from engine.cni.interface import LabNetwork
from engine.lab.drawn_addresses import Addresses
from engine.lab.drawn_policies import TIERS, draw_policies
from engine.packet import L4

# Those more often that few requests run into.
_PARTS = (
    *("masquerade", "hairpin-masquerade", "hairpin-mode", "br_netfilter", "route", "route_localnet", "ip_forward"),
    *("cni-rules", "cni-rules"),
    *("hairpin-masquerade", "hairpin-mode", "route", "route_localnet", "ip_forward", "ip_forward"),
)
_PARTS_OF_MODE = {
    Mode.NFTABLES: ("cluster-ips-check", "cluster-ips-check"),
    Mode.IPVS: (*["kube-ipvs0"] * 4, *["vs-conntrack"] * 4),
}
TARGET = {L4.TCP: 8080, L4.UDP: 5353}
HOST_PORT = {L4.TCP: 8088, L4.UDP: 8053}

# Seconds of sessionAffinity of every second Service: short enough to be waited for.
SHORT_AFFINITY = 2


def one_in(draw: random.Random, chance: int) -> bool:
    """True once in `chance` draws."""
    return draw.randrange(chance) == 0


def draw_cluster(draw: random.Random, where: Addresses, mode: Mode, plugin: str, network: LabNetwork) -> Cluster:
    """A cluster in that mode, on that network of the plugin."""
    count = draw.choice((1, 2, 2, 2, 3))
    far = count > 1 and one_in(draw, 10)
    nodes = tuple(_node(draw, index, where, far=far and index == count) for index in range(1, count + 1))
    pods = tuple(pod for index, node in enumerate(nodes, 1) for pod in _pods(draw, index, node, where))
    if not any(not pod.host_network for pod in pods):
        pods = (*pods, _pod(1, 0, nodes[0], where, TIERS[0], host=False))
    services = tuple(_service(draw, index, where) for index in (1, 2))
    slices = tuple(_slice(draw, service, pods, where) for service in services)
    policies = draw_policies(draw, where) if one_in(draw, 3) else ()
    facts = _facts(draw, nodes, where, (*_PARTS, *_PARTS_OF_MODE.get(mode, ())))
    if policies and PLUGINS[plugin].bridge and not one_in(draw, 3):
        facts = dataclasses.replace(facts, policy_enforcement="kube-router")
    return Cluster(
        nodes=nodes,
        pods=pods,
        services=services,
        slices=slices,
        proxy=_proxy(draw, where, plugin),
        cni=_cni(draw, plugin, network),
        network=facts,
        network_policies=policies,
    )


def _cni(draw: random.Random, plugin: str, network: LabNetwork) -> CNIConfig:
    """The plugin with what it may have been told otherwise than is usual, where its own objects say so."""

    def told(option: str, chance: int) -> bool:
        return option in network.options and one_in(draw, chance)

    port_map = PortMap(
        backend="nftables" if told("nftables", 3) else "iptables", snat=not (network.options and one_in(draw, 5))
    )
    return CNIConfig(
        plugin,
        network.backend,
        assumed=False,
        ip_masq=not told("ip_masq", 6),
        nftables=told("nftables", 4),
        port_map=port_map,
    )


def _node(draw: random.Random, index: int, where: Addresses, *, far: bool) -> Node:
    further = (where.further(index),) if one_in(draw, 8) else ()
    return Node(f"node{index}", (where.far(index) if far else where.node(index),), further, (where.cidr(index),))


def _pods(draw: random.Random, index: int, node: Node, where: Addresses) -> Iterator[Pod]:
    for number in range(draw.choice((1, 1, 2, 2, 3))):
        yield _pod(index, number, node, where, draw.choice(TIERS), host=number == 2)


def _pod(index: int, number: int, node: Node, where: Addresses, tier: str, *, host: bool) -> Pod:
    ips = node.internal_ips[:1] if host else (where.pod(index, number),)
    # One pod a node has host ports.
    mapped = {protocol: HOST_PORT[protocol] if number == 0 and not host else 0 for protocol in TARGET}
    ports = (
        ContainerPort("http", TARGET[L4.TCP], host_port=mapped[L4.TCP]),
        ContainerPort("dns", TARGET[L4.UDP], L4.UDP, mapped[L4.UDP]),
    )
    return Pod("default", f"pod-{index}-{number}", node.name, ips, host, {"app": "web", "tier": tier}, ports)


def _service(draw: random.Random, index: int, where: Addresses) -> Service:
    kind = draw.choice(("ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"))
    protocol = L4.UDP if one_in(draw, 4) else L4.TCP
    external = (where.external(index),) if one_in(draw, 5) else ()
    outside = kind != "ClusterIP" or bool(external)
    local = outside and draw.choice((True, True, False))
    balanced = kind == "LoadBalancer"
    port = 53 if protocol is L4.UDP else 80
    return Service(
        namespace="default",
        name=f"svc-{index}",
        type=kind,
        cluster_ips=(where.vip(index),),
        ports=(ServicePort("", protocol, port, TARGET[protocol], 30080 + index if kind != "ClusterIP" else 0),),
        external_ips=external,
        load_balancer_ingress=(LoadBalancerIngress(where.balancer(index)),) if balanced else (),
        load_balancer_source_ranges=(draw.choice(where.ranges()),) if balanced and one_in(draw, 2) else (),
        external_traffic_policy="Local" if local else "Cluster",
        internal_traffic_policy="Local" if one_in(draw, 4) else "Cluster",
        health_check_node_port=32000 + index if balanced and local else 0,
        session_affinity="ClientIP" if one_in(draw, 5) else "None",
        affinity_timeout_seconds=10800 if index == 1 else SHORT_AFFINITY,
        ip_families=(where.family,),
    )


def with_affinity(cluster: Cluster) -> Cluster:
    """The cluster with sessionAffinity for all Services: the first as long as is usual, the others for a short time."""
    services = tuple(
        dataclasses.replace(
            service,
            session_affinity="ClientIP",
            affinity_timeout_seconds=SHORT_AFFINITY if number else service.affinity_timeout_seconds,
        )
        for number, service in enumerate(cluster.services)
    )
    return dataclasses.replace(cluster, services=services)


def _slice(draw: random.Random, service: Service, pods: tuple[Pod, ...], where: Addresses) -> EndpointSlice:
    most = draw.choice((0, 0, 1, 1, 1, 2, 3, 8))
    chosen = draw.sample(pods, min(most, len(pods)))
    endpoints = tuple(
        SliceEndpoint(
            pod.ips,
            ready=not (gone := one_in(draw, 10)),
            serving=True,
            terminating=gone,
            node_name=pod.node_name,
            pod=f"{pod.namespace}/{pod.name}",
        )
        for pod in sorted(chosen, key=lambda pod: pod.name)
    )
    if one_in(draw, 12):
        endpoints = (*endpoints, SliceEndpoint((where.outsider,)))
    port = service.ports[0]
    return EndpointSlice(
        "default",
        f"{service.name}-1",
        service.name,
        where.family,
        (EndpointPort("", port.protocol, int(port.target_port)),),
        endpoints,
    )


def _proxy(draw: random.Random, where: Addresses, plugin: str) -> ProxyConfig:
    there = PLUGINS[plugin]
    # `iif` takes the name of a device that is there, or the kernel refuses all rules: not every plugin has a bridge.
    bridged = ("BridgeInterface",) if there.bridge else ()
    return ProxyConfig(
        cluster_cidrs=() if one_in(draw, 8) else (where.pods,),
        detect_local_mode=draw.choice(("", "", "", "ClusterCIDR", "NodeCIDR", *bridged, "InterfaceNamePrefix")),
        bridge_interface=there.bridge or "",
        interface_name_prefix=there.port_prefix,
        masquerade_all=one_in(draw, 8),
        masquerade_bit=draw.choice((14, 14, 14, 10)),
        localhost_node_ports=not one_in(draw, 6),
        node_port_addresses=(where.lan,) if one_in(draw, 8) else (),
        tcp_be_liberal=one_in(draw, 10),
    )


def _facts(draw: random.Random, nodes: tuple[Node, ...], where: Addresses, parts: tuple[str, ...]) -> NetworkFacts:
    facts = NetworkFacts(
        external_hosts={"outsider": where.outsider},
        bridge_nf_call_iptables=not one_in(draw, 6),
        hairpin_mode=False if one_in(draw, 6) else None,
        rp_filter=draw.choice((0, 0, 1, 2)),
        service_cidr_via=draw.choice(nodes).name if one_in(draw, 3) else None,
        without=frozenset((draw.choice(parts),)) if one_in(draw, 2) else frozenset(),
    )
    if len(nodes) > 1 and one_in(draw, 5):
        here, there = draw.sample(nodes, 2)
        facts = dataclasses.replace(facts, missing_routes=((here.name, there.name),))
    return facts
