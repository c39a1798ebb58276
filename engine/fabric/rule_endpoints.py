"""Endpoints that a node's saved rules send to and that no manifest has: a dump is often cut down to what matters.

Where EndpointSlices are given, they say which endpoints there are, and what rules have beside them is stale. Where none is, the
rules are the better witness: a pod is taken to be there.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from engine.cluster import Cluster, EndpointPort, EndpointSlice, Node, SliceEndpoint
from engine.cni import Plugin
from engine.fabric.address_index import common_network
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.part import ModelledTarget
from engine.netfilter.ruleset import Ruleset
from engine.network.routes import contains, number
from engine.packet import L4

_PROTOCOLS = (L4.TCP, L4.UDP, L4.SCTP)
_ADDRESS_TYPE = {4: "IPv4", 6: "IPv6"}


def with_endpoints_of_rules(
    cluster: Cluster, rulesets: Mapping[str, Ruleset], plugin: Plugin
) -> tuple[Cluster, Mapping[str, Node | None]]:
    """`cluster` and the pods that rules alone tell of; each one's address -> the node that was made up for it, None where it
    is on a given one. An address in none of the pods' networks is left to whoever has it."""
    if _told(cluster):
        return cluster, MappingProxyType({})
    asked = _asked(cluster, rulesets)
    nodes = _Nodes(cluster, plugin)
    found = {address: nodes.of(address) for address in asked}
    placed = {address: node for address, node in found.items() if node is not None}
    if not placed:
        return cluster, MappingProxyType({})
    slices = tuple(
        EndpointSlice(
            "",
            f"rules-{address}",
            "",
            _ADDRESS_TYPE[number(address)[0]],
            tuple(EndpointPort("", protocol, port) for port in sorted(asked[address]) for protocol in _PROTOCOLS),
            (SliceEndpoint((address,), node_name=node.name),),
        )
        for address, node in placed.items()
    )
    made = {node.name for node in nodes.made}
    grown = dataclasses.replace(cluster, nodes=(*cluster.nodes, *nodes.made), slices=(*cluster.slices, *slices))
    return grown, {address: node if node.name in made else None for address, node in placed.items()}


def _told(cluster: Cluster) -> bool:
    """Whether EndpointSlices (or Endpoints) are given; those of a cluster that was not read from manifests are."""
    given = any(kind in ("EndpointSlice", "Endpoints") for kind, _, _ in cluster.places)
    return given or (not cluster.places and bool(cluster.slices))


def _asked(cluster: Cluster, rulesets: Mapping[str, Ruleset]) -> dict[str, set[int]]:
    """Address -> ports that rules send to, where no object has the address and no fact calls it stale."""
    known = {a for node in cluster.nodes for a in (*node.internal_ips, *node.addresses)}
    known |= {ip for pod in cluster.pods for ip in pod.ips}
    known |= {address for slice_ in cluster.slices for endpoint in slice_.endpoints for address in endpoint.addresses}
    known |= {one.address for one in cluster.network.stale_endpoints} | set(cluster.network.external_hosts.values())
    found: dict[str, set[int]] = {}
    for ruleset in rulesets.values():
        for address, port in _destinations(ruleset):
            if address and port is not None and address not in known:
                found.setdefault(address, set()).add(port)
    return found


def _destinations(ruleset: Ruleset) -> Iterator[tuple[str, int | None]]:
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            for rule in chain.rules:
                if isinstance(rule.target, ModelledTarget):
                    yield from rule.target.destinations()
    if isinstance(ruleset, IpvsRuleset):
        for service in ruleset.services:
            yield from service.servers


class _Nodes:
    """On which node an address of the pods' networks lies; `made` are those that had to be made up."""

    def __init__(self, cluster: Cluster, plugin: Plugin) -> None:
        self._cluster, self._plugin = cluster, plugin
        self._nets = (*cluster.proxy.cluster_cidrs, *cluster.cni.networks, *(p.cidr for p in cluster.cni.pools))
        self._blocks: dict[str, Node] = {}
        by_name = {node.name: node for node in cluster.nodes}
        for pod in cluster.pods if plugin.has_more_blocks else ():
            there = by_name.get(pod.node_name or "")
            if there is not None and not pod.host_network:
                self._blocks |= dict.fromkeys(map(self._block, pod.ips), there)
        self.made: list[Node] = []

    def of(self, address: str) -> Node | None:
        for node in (*self._cluster.nodes, *self.made):
            if any(contains(cidr, address) for cidr in node.pod_cidrs):
                return node
        if self._block(address) in self._blocks:
            return self._blocks[self._block(address)]
        if not any(contains(net, address) for net in self._nets):
            return None
        made_up = self._made(self._block(address))
        if made_up is not None:
            self.made.append(made_up)
        return made_up

    def _block(self, address: str) -> str:
        """The network of the address that one node has: as long as the given nodes' podCIDRs, else the plugin's."""
        version = number(address)[0]
        cidrs = (cidr for node in self._cluster.nodes for cidr in node.pod_cidrs)
        given = (int(cidr.rpartition("/")[2]) for cidr in cidrs if number(cidr.partition("/")[0])[0] == version)
        return str(ipaddress.ip_network(f"{address}/{next(given, self._plugin.block_lengths[version])}", strict=False))

    def _made(self, block: str) -> Node | None:
        """A node for a block that no given one has, at a free address among theirs; None where there is none."""
        first = number(block.partition("/")[0])
        name = f"node-{block.partition('/')[0]}"
        own = [a for node in self._cluster.nodes for a in node.internal_ips if number(a)[0] == first[0]]
        if not own or any(node.name == name for node in self._cluster.nodes):
            return None
        taken = {a for node in (*self._cluster.nodes, *self.made) for a in (*node.internal_ips, *node.addresses)}
        address = next(_free(own[0], taken), None)
        return None if address is None else Node(name, (address,), pod_cidrs=(block,))


def _free(beside: str, taken: Iterable[str]) -> Iterator[str]:
    """Addresses of the /24 (IPv6: /64) of `beside` that nobody has, from the last one down: the first may be a router's."""
    net = ipaddress.ip_network(common_network([beside]))
    last = int(net.network_address) + min(net.num_addresses, 256) - 2
    make = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
    for value in range(last, int(net.network_address) + 1, -1):
        if (address := str(make(value))) not in taken:
            yield address
