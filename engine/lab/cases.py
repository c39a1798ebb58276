"""Clusters and requests drawn by a seed: every topology, policy and mode, and the broken variants.

Of the requests that are drawn for a cluster those are kept whose kind of ending (the engine says which) has come up least
so far, so that what is rare is seen as well as what is common.
"""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Iterable, Iterator

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
from engine.fabric.fabric import build_fabric
from engine.lab.requirements import Features
from engine.lab.scene import DELIVERED, Scene, ending
from engine.packet import L4, join_host_port, split_host_port
from engine.trace import Outcome, Request
from engine.walk.outcomes import outcomes

MODES = (Mode.IPTABLES, Mode.NFTABLES)
# Those twice that few requests run into.
_PARTS = (
    *("masquerade", "hairpin-masquerade", "hairpin-mode", "br_netfilter", "route", "route_localnet", "ip_forward"),
    *("cni-rules", "cni-rules"),
    *("hairpin-masquerade", "hairpin-mode", "route", "route_localnet", "ip_forward", "ip_forward"),
)
_TARGET = {L4.TCP: 8080, L4.UDP: 5353}
_HOST_PORT = {L4.TCP: 8088, L4.UDP: 8053}
# What every node listens on, whatever its pods do, and a port of the world's that nobody listens on.
_KUBELET, _WORLD = 10250, 443
# How many requests one built cluster serves, and how many they are picked from.
REQUESTS, DRAWN = 7, 60
# How much more often than each other kind of ending those are wanted whose way is longest.
_SHARE = dict.fromkeys(DELIVERED, 5)


@dataclasses.dataclass(frozen=True, slots=True)
class _Addresses:
    """Where things are, by IP version; the position of a thing is in its address."""

    version: int

    def _pick(self, four: str, six: str) -> str:
        return four if self.version == 4 else six

    @property
    def family(self) -> str:
        return self._pick("IPv4", "IPv6")

    def far(self, index: int) -> str:
        """A node's address in a network of its own, behind the router."""
        return self._pick(f"172.16.{index}.4", f"fd00:172:{index}::4")

    @property
    def outsider(self) -> str:
        """A host outside the cluster, which may be an endpoint."""
        return self._pick("9.9.9.9", "2001:db8:9::9")

    def node(self, index: int) -> str:
        return self._pick(f"192.168.1.{9 + index}", f"fd00:168::{9 + index}")

    def further(self, index: int) -> str:
        return self._pick(f"192.168.99.{10 + index}", f"fd00:99::{10 + index}")

    @property
    def lan(self) -> str:
        return self._pick("192.168.1.0/24", "fd00:168::/64")

    def cidr(self, index: int) -> str:
        return self._pick(f"10.244.{index}.0/24", f"fd00:244:0:{index}::/64")

    @property
    def pods(self) -> str:
        return self._pick("10.244.0.0/16", "fd00:244::/48")

    def pod(self, index: int, number: int) -> str:
        return self._pick(f"10.244.{index}.{5 + number}", f"fd00:244:0:{index}::{5 + number}")

    def gateway(self, index: int) -> str:
        return self._pick(f"10.244.{index}.1", f"fd00:244:0:{index}::1")

    def vip(self, index: int) -> str:
        return self._pick(f"10.96.0.{10 + index}", f"fd00:96::{10 + index}")

    def external(self, index: int) -> str:
        return self._pick(f"198.51.100.{index}", f"2001:db8:51::{index}")

    def balancer(self, index: int) -> str:
        return self._pick(f"203.0.113.{10 + index}", f"2001:db8:113::{10 + index}")

    def ranges(self) -> tuple[str, str]:
        """Source ranges: one that holds the client, one that does not."""
        return (self._pick("1.2.3.0/24", "2001:db8:ffff::/64"), self._pick("9.9.9.0/24", "2001:db8:9::/64"))


def networks(devices: frozenset[str] = frozenset()) -> tuple[tuple[str, LabNetwork], ...]:
    """The plugins' networks to draw, where the kernel makes these kinds of device."""
    return tuple(
        (plugin.name, network)
        for plugin in PLUGINS.values()
        for network in plugin.in_lab
        if not network.needs or network.needs in devices
    )


def scenes(
    seed: int, modes: tuple[Mode, ...] = MODES, drawn_from: tuple[tuple[str, LabNetwork], ...] | None = None
) -> Iterator[Scene]:
    """Scenes without end in these modes and networks (None: those of every kernel); the same for the same seed."""
    number = 0
    seen: Counter[str] = Counter()
    drawn_from = networks() if drawn_from is None else drawn_from
    while True:
        draw = random.Random(f"k8squiz lab {seed} {number}")
        yield scene(draw, f"seed {seed} scene {number}", modes[number % len(modes)], drawn_from, seen)
        number += 1


def drawn_on(there: Features) -> tuple[tuple[Mode, ...], tuple[tuple[str, LabNetwork], ...]]:
    """The modes and networks to draw on a kernel with these features."""
    return (*MODES, Mode.IPVS) if there.ipvs else MODES, networks(there.devices)


def scene(
    draw: random.Random, name: str, mode: Mode, drawn_from: tuple[tuple[str, LabNetwork], ...], seen: Counter[str]
) -> Scene:
    """One scene out of `draw`. `seen` counts the kinds of ending so far, and is carried on."""
    where = _Addresses(6 if _one_in(draw, 5) else 4)
    cluster = _cluster(draw, where, drawn_from)
    drawn = dict.fromkeys(_request(draw, cluster, where) for _ in range(DRAWN))
    return Scene(name, cluster, mode, rarest(cluster, mode, drawn, seen), where.version, draw.getrandbits(30))


def rarest(cluster: Cluster, mode: Mode, drawn: Iterable[Request], seen: Counter[str]) -> tuple[Request, ...]:
    """Up to REQUESTS of the requests, one after the other the one whose kind of ending was seen least."""
    fabric = build_fabric(cluster, mode)
    kinds: dict[str, list[Request]] = {}
    for request in drawn:
        ending_of = kind_of(outcomes(cluster, request, mode, fabric=fabric))
        kinds.setdefault(f"{way_of(cluster, request)} {ending_of}".strip(), []).append(request)
    found: list[Request] = []
    while kinds and len(found) < REQUESTS:
        kind = min(kinds, key=lambda kind: seen[kind] / _SHARE.get(kind, 1))
        seen[kind] += 1
        found.append(kinds[kind].pop(0))
        if not kinds[kind]:
            del kinds[kind]
    return tuple(found)


def kind_of(ways: tuple[Outcome, ...]) -> str:
    """The kind of ending of a request that can go these ways: of one that can die, where it does."""
    return min((ending(way) for way in ways), key=lambda kind: kind in DELIVERED)


def way_of(cluster: Cluster, request: Request) -> str:
    """The ways that a CNI's own rules decide, each counted apart: out of the cluster, to a process on another node, to a
    host port, to another node's NodePort under policy Local; "" for all others."""
    address, port = split_host_port(request.destination)
    owners = {ip: node.name for node in cluster.nodes for ip in node.internal_ips}
    if any(own.host_port == port for pod in cluster.pods for own in pod.ports if own.host_port):
        return "host port"
    if not request.source.startswith("pod/"):
        return ""
    if address in cluster.network.external_hosts.values():
        return "egress"
    sender = next(pod for pod in cluster.pods if request.source == f"pod/{pod.name}")
    if owners.get(address) in (None, sender.node_name):
        return ""
    if port == _KUBELET:
        return "process on another node"
    local = (s for s in cluster.services if s.external_policy_local and port in {p.node_port for p in s.ports})
    return "policy Local from another node" if any(local) else ""


def _one_in(draw: random.Random, chance: int) -> bool:
    return draw.randrange(chance) == 0


def _cluster(draw: random.Random, where: _Addresses, drawn_from: tuple[tuple[str, LabNetwork], ...]) -> Cluster:
    count = draw.choice((1, 2, 2, 2, 3))
    far = count > 1 and _one_in(draw, 10)
    nodes = tuple(_node(draw, index, where, far=far and index == count) for index in range(1, count + 1))
    pods = tuple(pod for index, node in enumerate(nodes, 1) for pod in _pods(draw, index, node, where))
    if not any(not pod.host_network for pod in pods):
        pods = (*pods, _pod(1, 0, nodes[0], where, host=False))
    services = tuple(_service(draw, index, where) for index in (1, 2))
    slices = tuple(_slice(draw, service, pods, where) for service in services)
    plugin, network = draw.choice([one for one in drawn_from if where.version == 4 or not one[1].ipv4_only])
    return Cluster(
        nodes=nodes,
        pods=pods,
        services=services,
        slices=slices,
        proxy=_proxy(draw, where, plugin),
        cni=_cni(draw, plugin, network),
        network=_facts(draw, nodes, where),
    )


def _cni(draw: random.Random, plugin: str, network: LabNetwork) -> CNIConfig:
    """The plugin with what it may have been told otherwise than is usual."""

    def told(option: str, chance: int) -> bool:
        return option in network.options and _one_in(draw, chance)

    port_map = PortMap(backend="nftables" if _one_in(draw, 3) else "iptables", snat=not _one_in(draw, 5))
    return CNIConfig(
        plugin,
        network.backend,
        assumed=False,
        ip_masq=not told("ip_masq", 6),
        nftables=told("nftables", 4),
        port_map=port_map,
    )


def _node(draw: random.Random, index: int, where: _Addresses, *, far: bool) -> Node:
    further = (where.further(index),) if _one_in(draw, 8) else ()
    return Node(f"node{index}", (where.far(index) if far else where.node(index),), further, (where.cidr(index),))


def _pods(draw: random.Random, index: int, node: Node, where: _Addresses) -> Iterator[Pod]:
    for number in range(draw.choice((1, 1, 2, 2, 3))):
        yield _pod(index, number, node, where, host=number == 2)


def _pod(index: int, number: int, node: Node, where: _Addresses, *, host: bool) -> Pod:
    ips = node.internal_ips[:1] if host else (where.pod(index, number),)
    # One pod a node has host ports.
    mapped = {protocol: _HOST_PORT[protocol] if number == 0 and not host else 0 for protocol in _TARGET}
    ports = (
        ContainerPort("http", _TARGET[L4.TCP], host_port=mapped[L4.TCP]),
        ContainerPort("dns", _TARGET[L4.UDP], L4.UDP, mapped[L4.UDP]),
    )
    return Pod("default", f"pod-{index}-{number}", node.name, ips, host, {"app": "web"}, ports)


def _service(draw: random.Random, index: int, where: _Addresses) -> Service:
    kind = draw.choice(("ClusterIP", "NodePort", "LoadBalancer", "LoadBalancer"))
    protocol = L4.UDP if _one_in(draw, 4) else L4.TCP
    external = (where.external(index),) if _one_in(draw, 5) else ()
    outside = kind != "ClusterIP" or bool(external)
    local = outside and draw.choice((True, True, False))
    balanced = kind == "LoadBalancer"
    port = 53 if protocol is L4.UDP else 80
    return Service(
        namespace="default",
        name=f"svc-{index}",
        type=kind,
        cluster_ips=(where.vip(index),),
        ports=(ServicePort("", protocol, port, _TARGET[protocol], 30080 + index if kind != "ClusterIP" else 0),),
        external_ips=external,
        load_balancer_ingress=(LoadBalancerIngress(where.balancer(index)),) if balanced else (),
        load_balancer_source_ranges=(draw.choice(where.ranges()),) if balanced and _one_in(draw, 2) else (),
        external_traffic_policy="Local" if local else "Cluster",
        internal_traffic_policy="Local" if _one_in(draw, 4) else "Cluster",
        health_check_node_port=32000 + index if balanced and local else 0,
        session_affinity="ClientIP" if _one_in(draw, 5) else "None",
        ip_families=(where.family,),
    )


def _slice(draw: random.Random, service: Service, pods: tuple[Pod, ...], where: _Addresses) -> EndpointSlice:
    most = draw.choice((0, 0, 1, 1, 1, 2, 3, 8))
    chosen = draw.sample(pods, min(most, len(pods)))
    endpoints = tuple(
        SliceEndpoint(
            pod.ips,
            ready=not (gone := _one_in(draw, 10)),
            serving=True,
            terminating=gone,
            node_name=pod.node_name,
            pod=f"{pod.namespace}/{pod.name}",
        )
        for pod in sorted(chosen, key=lambda pod: pod.name)
    )
    if _one_in(draw, 12):
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


def _proxy(draw: random.Random, where: _Addresses, plugin: str) -> ProxyConfig:
    there = PLUGINS[plugin]
    # `iif` takes the name of a device that is there, or the kernel refuses all rules: not every plugin has a bridge.
    bridged = ("BridgeInterface",) if there.bridge else ()
    return ProxyConfig(
        cluster_cidrs=() if _one_in(draw, 8) else (where.pods,),
        detect_local_mode=draw.choice(("", "", "", "ClusterCIDR", "NodeCIDR", *bridged, "InterfaceNamePrefix")),
        bridge_interface=there.bridge or "",
        interface_name_prefix=there.port_prefix,
        masquerade_all=_one_in(draw, 8),
        masquerade_bit=draw.choice((14, 14, 14, 10)),
        localhost_node_ports=not _one_in(draw, 6),
        node_port_addresses=(where.lan,) if _one_in(draw, 8) else (),
        tcp_be_liberal=_one_in(draw, 10),
    )


def _facts(draw: random.Random, nodes: tuple[Node, ...], where: _Addresses) -> NetworkFacts:
    facts = NetworkFacts(
        external_hosts={"outsider": where.outsider},
        bridge_nf_call_iptables=not _one_in(draw, 6),
        hairpin_mode=False if _one_in(draw, 6) else None,
        rp_filter=draw.choice((0, 0, 1, 2)),
        service_cidr_via=draw.choice(nodes).name if _one_in(draw, 3) else None,
        without=frozenset((draw.choice(_PARTS),)) if _one_in(draw, 2) else frozenset(),
    )
    if len(nodes) > 1 and _one_in(draw, 5):
        here, there = draw.sample(nodes, 2)
        facts = dataclasses.replace(facts, missing_routes=((here.name, there.name),))
    return facts


def _request(draw: random.Random, cluster: Cluster, where: _Addresses) -> Request:
    service = draw.choice(cluster.services)
    port = service.ports[0]
    source = _source(draw, cluster, service)
    node = draw.choice(cluster.nodes)
    kinds = ["vip"] * 3 + ["pod", "closed", "wrong"] + ["hostport"] * 2
    kinds += ["world", "process"] * 2 if source.startswith("pod/") else []
    kinds += ["local hostport"] if source.startswith("node/") else []
    kinds += ["nodeport"] * 4 + ["gateway"] * 2 if port.node_port else []
    kinds += ["further"] if port.node_port and node.addresses else []
    kinds += ["balancer"] * 3 if service.load_balancer_ingress else []
    kinds += ["external"] if service.external_ips else []
    kinds += ["localhost"] if port.node_port and source.startswith("node/") else []
    kind = draw.choice(kinds)
    address, number = _target(draw, kind, cluster, service, node, where)
    # The router is told where to send what lies in no network of its own.
    foreign = source in ("client", "outsider") and kind not in ("nodeport", "balancer", "further", "hostport")
    protocol = L4.TCP if kind in ("world", "process") else port.protocol
    return Request(source, join_host_port(address, number), protocol.value, node.name if foreign else None)


def _target(
    draw: random.Random, kind: str, cluster: Cluster, service: Service, node: Node, where: _Addresses
) -> tuple[str, int]:
    port = service.ports[0]
    if kind in ("pod", "closed"):
        pod = draw.choice([pod for pod in cluster.pods if not pod.host_network])
        return pod.ips[0], _TARGET[port.protocol] if kind == "pod" else 9999
    if kind == "balancer":
        return service.load_balancer_ingress[0].ip, port.port
    if kind == "external":
        return service.external_ips[0], port.port
    if kind in ("vip", "wrong"):
        return service.cluster_ips[0], port.port + (kind == "wrong")
    if kind in ("hostport", "local hostport", "world", "process"):
        localhost = "127.0.0.1" if where.version == 4 else "::1"
        host_port = _HOST_PORT[port.protocol]
        return {
            "hostport": (node.internal_ips[0], host_port),
            "local hostport": (localhost, host_port),
            "world": (where.outsider, _WORLD),
            "process": (node.internal_ips[0], _KUBELET),
        }[kind]
    own = {
        "nodeport": node.internal_ips[0],
        "gateway": where.gateway(int(node.name[4:])),
        "further": node.addresses[0] if node.addresses else "",
        "localhost": "127.0.0.1" if where.version == 4 else "::1",
    }
    return own[kind], port.node_port


def _source(draw: random.Random, cluster: Cluster, service: Service) -> str:
    """Who sends: as often as not one who may be its own server."""
    pods = [pod for pod in cluster.pods if not pod.host_network]
    servers = {e.pod for slice_ in cluster.slices if slice_.service_name == service.name for e in slice_.endpoints}
    own = [pod for pod in pods if f"{pod.namespace}/{pod.name}" in servers]
    senders = ["client", "client", "outsider", f"node/{draw.choice(cluster.nodes).name}"]
    return draw.choice([*senders, f"pod/{draw.choice(pods).name}", *[f"pod/{draw.choice(own or pods).name}"] * 2])
