"""Who owns which address: pods, endpoints that no Pod object describes, and on which ports somebody listens.

Built once per cluster, so that a walk never looks through all Services or pods.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import Cluster, Node, Pod
from engine.cni.interface import PodPlan
from engine.network.routes import Route, RoutingTable, number
from engine.packet import L4
from engine.values import dataclass

# What listens on every node: kubelet, and kube-proxy's health check (ports of their defaults).
NODE_PORTS = ((L4.TCP, 10250), (L4.TCP, 10256))


@dataclass(frozen=True, slots=True)
class AddressOwner:
    """A pod with an address of its own. `host` is the name it has in a trace; `node` None: its node is not known."""

    host: str
    key: str
    node: str | None
    ips: tuple[str, ...]

    @property
    def plan(self) -> PodPlan:
        return PodPlan(self.host, self.key, self.ips)


@dataclass(frozen=True, slots=True)
class AddressIndex:
    """`by_address`: pod address -> AddressOwner. `by_key`: namespace/name -> AddressOwner. `listening`: address -> ports.
    `external`: endpoint addresses that lie on no node. `undeclared`: address -> ports that an EndpointSlice names and the
    pod there, which declares others, does not."""

    by_address: Mapping[str, AddressOwner]
    by_key: Mapping[str, AddressOwner]
    by_node: Mapping[str, tuple[AddressOwner, ...]]
    listening: Mapping[str, frozenset[tuple[L4, int]]]
    external: frozenset[str]
    blocks: RoutingTable
    undeclared: Mapping[str, frozenset[tuple[L4, int]]]


def index_addresses(cluster: Cluster) -> AddressIndex:
    """One pass over the cluster's pods and EndpointSlices."""
    blocks = RoutingTable(Route(cidr, node.name) for node in cluster.nodes for cidr in node.pod_cidrs)
    node_addresses = {a for node in cluster.nodes for a in (*node.internal_ips, *node.addresses)}
    pod_owners: dict[str, AddressOwner] = {}
    by_key: dict[str, AddressOwner] = {}
    taken = {node.name for node in cluster.nodes} | {"client", "router"} | set(cluster.network.external_hosts)
    counts = _name_counts(cluster.pods)
    for pod in cluster.pods:
        if not pod.host_network and pod.ips:
            host = pod.name if counts[pod.name] == 1 and pod.name not in taken else f"{pod.namespace}/{pod.name}"
            owner = AddressOwner(host, f"{pod.namespace}/{pod.name}", pod.node_name, pod.ips)
            by_key[owner.key] = owner
            _enter(pod_owners, owner, cluster.network.shared_addresses)
    external: set[str] = set()
    known = {pod_owner.host for pod_owner in by_key.values()} | taken
    described = {f"{pod.namespace}/{pod.name}": pod for pod in cluster.pods if not pod.host_network}
    for address, named, key in _endpoints(cluster):
        if address in pod_owners or address in node_addresses:
            continue
        about = described.get(key or "")
        if about is not None and not holds(about, address):
            # The slice is behind its pod: kube-proxy still sends there, and nobody answers.
            continue
        node_name = (about.node_name if about is not None else None) or named or _node_of(blocks, address)
        if node_name is None:
            external.add(address)
            continue
        first = by_key.get(key or "")
        if first is not None and first.node == node_name and _other_family(first.ips, address):
            # The other family's address of a dual-stack pod stands in a slice of its own.
            first = AddressOwner(first.host, first.key, first.node, (*first.ips, address))
            by_key[first.key] = first
            pod_owners.update(dict.fromkeys(first.ips, first))
            continue
        host = key.rpartition("/")[2] if key else address
        host = host if host not in known else address
        known.add(host)
        name = key if key and first is None else f"endpoint/{address}"
        by_key[name] = AddressOwner(host, name, node_name, (address,))
        _enter(pod_owners, by_key[name])
    listening, undeclared = _listening(cluster)
    return AddressIndex(
        pod_owners,
        by_key,
        _by_node(by_key.values()),
        {address: frozenset(ports) for address, ports in listening.items()},
        frozenset(external),
        blocks,
        {address: frozenset(ports) for address, ports in undeclared.items()},
    )


def holds(pod: Pod, address: str) -> bool:
    """Whether an endpoint's address can be `pod`'s, to which the endpoint refers: it is in the Pod's status, or the
    status names none of that family (a manifest cut down to what matters). An ended pod has none."""
    return not pod.finished and (address in pod.ips or _other_family(pod.ips, address))


def _other_family(ips: Iterable[str], address: str) -> bool:
    return all(number(ip)[0] != number(address)[0] for ip in ips)


def _name_counts(pods: Iterable[Pod]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for pod in pods:
        counts[pod.name] = counts.get(pod.name, 0) + 1
    return counts


def _enter(
    pod_owners: dict[str, AddressOwner], pod_owner: AddressOwner, shared: Mapping[str, str] | None = None
) -> None:
    for ip in pod_owner.ips:
        if not shared or shared.get(ip, pod_owner.key) == pod_owner.key:
            pod_owners.setdefault(ip, pod_owner)


def _endpoints(cluster: Cluster) -> Iterator[tuple[str, str | None, str | None]]:
    for slice_ in cluster.slices:
        if slice_.address_type not in ("IPv4", "IPv6"):
            continue
        for endpoint in slice_.endpoints:
            for address in endpoint.addresses:
                yield address, endpoint.node_name, endpoint.pod


def _node_of(blocks: RoutingTable, address: str) -> str | None:
    found = blocks.lookup(address)
    return None if found is None else found.device


def _by_node(pod_owners: Iterable[AddressOwner]) -> dict[str, tuple[AddressOwner, ...]]:
    found: dict[str, dict[str, AddressOwner]] = {}
    for pod_owner in pod_owners:
        if pod_owner.node is not None:
            found.setdefault(pod_owner.node, {})[pod_owner.host] = pod_owner
    return {node: tuple(of_node.values()) for node, of_node in found.items()}


_Ports = dict[str, set[tuple[L4, int]]]


def _listening(cluster: Cluster) -> tuple[_Ports, _Ports]:
    """Which ports are open, by address, and which an EndpointSlice names that are not.

    Open is what a fact says of a pod, else what its containers declare; where they declare nothing, or no Pod describes
    the endpoint, what an EndpointSlice names. Nodes open their own.
    """
    ports: _Ports = {}
    undeclared: _Ports = {}
    nodes = {node.name: node for node in cluster.nodes}
    told = cluster.network.listeners
    settled: set[str] = set()
    for pod in cluster.pods:
        key = f"{pod.namespace}/{pod.name}"
        addresses = _node_addresses(nodes.get(pod.node_name or "")) if pod.host_network else pod.ips
        own = told.get(key) if key in told else {(port.protocol, port.port) for port in pod.ports}
        if key in told or own:
            settled.add(key)
            # Of a host-network pod only an EndpointSlice that refers to it says that the address is meant as its own.
            settled.update(() if pod.host_network else addresses)
        for address in addresses:
            ports.setdefault(address, set()).update(own or ())
    for slice_ in cluster.slices:
        named = {(port.protocol, port.port) for port in slice_.ports if port.port is not None}
        for endpoint in slice_.endpoints:
            for address in endpoint.addresses:
                if endpoint.pod in settled or address in settled:
                    undeclared.setdefault(address, set()).update(named - ports.get(address, set()))
                else:
                    ports.setdefault(address, set()).update(named)
    checks = {(L4.TCP, s.health_check_node_port) for s in cluster.services if s.health_check_node_port}
    for node in cluster.nodes:
        for address in _node_addresses(node):
            ports.setdefault(address, set()).update(NODE_PORTS, checks)
    cache = cluster.node_local_dns
    if cache is not None:
        for address in cache.bound:
            ports.setdefault(address, set()).update({(L4.UDP, cache.port), (L4.TCP, cache.port)})
    return ports, undeclared


def _node_addresses(node: Node | None) -> tuple[str, ...]:
    return () if node is None else (*node.internal_ips, *node.addresses)


def common_network(addresses: Iterable[str]) -> str:
    """The smallest network that holds all of `addresses`, at most a /24 (IPv6: a /64)."""
    values = [number(address) for address in addresses]
    version = values[0][0]
    bits, length = (32, 24) if version == 4 else (128, 64)
    low, high = min(v for _, v in values), max(v for _, v in values)
    length = min(length, bits - (low ^ high).bit_length())
    cls = ipaddress.IPv4Network if version == 4 else ipaddress.IPv6Network
    mask = ((1 << bits) - 1) ^ ((1 << (bits - length)) - 1)
    return str(cls((low & mask, length)))
