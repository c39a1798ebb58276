"""A cluster as one node has it: the facts given for that node over those for all, and a kube-proxy that is behind."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from engine.cluster import (
    CardFacts,
    Cluster,
    CNIConfig,
    EndpointPort,
    EndpointSlice,
    NetworkFacts,
    NodeFacts,
    SliceEndpoint,
    StaleEndpoint,
)
from engine.cluster.facts import facts_of
from engine.errors import ManifestError, NoSuchObject, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.rules import Backend, Ruleset, Table
from engine.netfilter.skb import ConntrackEntry
from engine.network.devices import Device, DeviceKind, InterfaceAddress
from engine.network.routes import Route, contains, number

if TYPE_CHECKING:
    from engine.network.policy_routing import PolicyRouting

PLAIN = NodeFacts()


def cluster_on(cluster: Cluster, node: str) -> Cluster:
    """`cluster` as it is on `node`: itself where nothing is said of that node alone. What kube-proxy compiles there, and
    what the node's sysctls and devices are, is read off it; pods and addresses are those of all."""
    facts = cluster.network.nodes.get(node, PLAIN)
    network = _network_on(cluster.network, facts.given)
    stale = network.stale_endpoints
    if facts == PLAIN and not stale:
        return cluster
    cni = cluster.cni if "mtu" not in facts.given else dataclasses.replace(cluster.cni, mtu=facts.given["mtu"])
    slices = cluster.slices if not stale else _with_stale(cluster, stale)
    return dataclasses.replace(cluster, network=network, cni=cni, slices=slices)


def _network_on(network: NetworkFacts, given: Mapping[str, Any]) -> NetworkFacts:
    if not given:
        return network
    rows = facts_of(type(network))
    joined = {name: _joined(getattr(network, name), value) for name, value in given.items() if rows[name].joined}
    return dataclasses.replace(network, **{**given, **joined})


def _joined(of_all: Any, own: Any) -> Any:
    return of_all | own if isinstance(own, frozenset) else (*of_all, *own)


def parts_taken(network: NetworkFacts) -> frozenset[str]:
    """The parts that are taken away, on all nodes or on one."""
    return network.without.union(*(facts.given.get("without", ()) for facts in network.nodes.values()))


def _with_stale(cluster: Cluster, stale: Iterable[StaleEndpoint]) -> tuple[EndpointSlice, ...]:
    """The EndpointSlices of before: each of a stale endpoint's Service has it still."""
    slices = list(cluster.slices)
    for one in stale:
        namespace, _, name = one.service.partition("/")
        family = "IPv6" if number(one.address)[0] == 6 else "IPv4"
        at = next((n for n, s in enumerate(slices) if (s.namespace, s.service_name, s.address_type) == (namespace, name, family) and s.ports), None)  # fmt: skip
        endpoint = SliceEndpoint((one.address,), node_name=_node_of(cluster, one.address))
        if at is not None:
            slices[at] = dataclasses.replace(slices[at], endpoints=(*slices[at].endpoints, endpoint))
            continue
        service = next((s for s in cluster.services if s.key == one.service), None)
        if service is None:
            known = ", ".join(s.key for s in cluster.services) or "none"
            raise NoSuchObject(
                f"staleEndpoints names Service {one.service}; known Services: {known}",
                zh=f"staleEndpoints 指定了 Service {one.service}；已知 Service：{known}",
            )
        ports = tuple(EndpointPort(p.name, p.protocol, _target(one, p.target_port)) for p in service.ports)
        slices.append(EndpointSlice(namespace, f"{name}-stale", name, family, ports, (endpoint,)))
    return tuple(slices)


def _target(one: StaleEndpoint, port: int | str) -> int:
    if isinstance(port, str):
        raise UnsupportedFeature(
            f"staleEndpoints: the port {port!r} of {one.service} is a name, and no endpoint is left to tell its number",
            zh=f"staleEndpoints：{one.service} 的端口 {port!r} 是名称，没有端点可以说明其端口号",
        )
    return port


def _node_of(cluster: Cluster, address: str) -> str | None:
    return next((n.name for n in cluster.nodes if any(contains(cidr, address) for cidr in n.pod_cidrs)), None)


def given_connections(cluster: Cluster, host: str) -> tuple[ConntrackEntry, ...]:
    """What a fact says that conntrack holds on the host, each time as entries of their own. Raises ManifestError."""
    text = cluster.network.nodes.get(host, PLAIN).conntrack
    if not text:
        return ()
    from engine.netfilter.conntrack_text import read_conntrack

    return read_conntrack(text, f"conntrack of {host}")


def with_policies(ruleset: Ruleset, network: NetworkFacts) -> Ruleset:
    """`ruleset` with the policies of iptables' FORWARD and INPUT that are given; beside nftables mode too."""
    given = {Hook.FORWARD: network.forward_policy, Hook.INPUT: network.input_policy}
    dropped = [hook for hook, policy in given.items() if policy == "DROP"]
    if not dropped:
        return ruleset
    there = ruleset.tables.get("filter") or Table("filter", built_in_chains("filter"))
    chains = {
        name: dataclasses.replace(chain, policy="DROP") if chain.hook in dropped else chain
        for name, chain in there.chains.items()
    }
    made = dataclasses.replace(there, chains=chains)
    if ruleset.backend is not Backend.IPTABLES:
        made = dataclasses.replace(made, backend=Backend.IPTABLES)
    return dataclasses.replace(ruleset, tables={**ruleset.tables, "filter": made})


def named_cards(facts: NodeFacts, found: list[tuple[str, InterfaceAddress]]) -> list[tuple[str, InterfaceAddress]]:
    """The cards' addresses, each with its card's name: as a fact calls the card that has one of its addresses."""
    by_address = {one.address: one.name for one in facts.cards if one.address is not None}
    names: dict[str, str] = {}
    for device, own in found:
        if own.address in by_address:
            names.setdefault(device, by_address[own.address])
    # Two cards may have addresses of one network (a cloud's further ones): what a fact names goes by its own name.
    return [(by_address.get(own.address) or names.get(device, device), own) for device, own in found]


def policy_routing(facts: NodeFacts) -> PolicyRouting | None:
    """The node's rules and tables beside main; None where none are given."""
    if not facts.ip_rules:
        return None
    # Few nodes have any.
    from engine.network.policy_routing import read_policy_routing

    return read_policy_routing(facts.ip_rules, facts.ip_routes, lambda en, zh: ManifestError(en, zh=zh))


def check_rules(rules: PolicyRouting | None, node: str, devices: Iterable[str]) -> None:
    """Raise NoSuchObject where a table leads to a device that is not there."""
    known = tuple(devices)
    for name, table in rules.tables.items() if rules is not None else ():
        for route in table.routes:
            if route.device not in known:
                raise NoSuchObject(
                    f"ipRoutes of {node}: table {name} leads to {route.device!r}; the node has {', '.join(known)}",
                    zh=f"{node} 的 ipRoutes：路由表 {name} 指向 {route.device!r}；该节点有 {', '.join(known)}",
                )


def check_cards(facts: NodeFacts, node: str, cards: Iterable[str]) -> None:
    """Raise NoSuchObject where a fact is about a card that the node has not."""
    known = tuple(cards)
    asked = [*(card.name for card in facts.cards), *([facts.default_route] if facts.default_route else [])]
    for name in asked:
        if name not in known:
            listed = ", ".join(known)
            raise NoSuchObject(
                f"the Network document speaks of {node}'s card {name!r}; it has {listed} (a card is called by its address)",
                zh=f"Network 文档提到 {node} 的网卡 {name!r}；它有 {listed}（网卡按其 address 指定）",
            )


def card(facts: NodeFacts, name: str) -> CardFacts:
    """What is said of one card."""
    return next((one for one in facts.cards if one.name == name), CardFacts(name))


def without_other_defaults(facts: NodeFacts, routes: Iterable[Route]) -> list[Route]:
    """The default routes by the card that has it alone, in each family in which it has one."""
    found = list(routes)
    if facts.default_route is None:
        return found
    own = {route.prefix for route in found if route.device == facts.default_route}
    return [route for route in found if route.device == facts.default_route or route.prefix not in own]


def cni_of(cluster: Cluster) -> CNIConfig:
    """The plugin's configuration with what the facts say of hairpin mode."""
    facts = cluster.network
    given = cluster.cni.hairpin_mode if facts.hairpin_mode is None else facts.hairpin_mode
    hairpin = given and "hairpin-mode" not in facts.without
    return (
        cluster.cni if hairpin == cluster.cni.hairpin_mode else dataclasses.replace(cluster.cni, hairpin_mode=hairpin)
    )


def with_mtus(network: NetworkFacts, devices: Iterable[Device]) -> list[Device]:
    """The plugin's devices with the MTUs that are given: the pods' of their bridge and both ends of each veth pair, the
    tunnels' (a vxlan made without `dev` may have one that its underlay does not carry)."""
    if not network.pod_mtu and not network.tunnel_mtu:
        return list(devices)
    given = {
        DeviceKind.BRIDGE: network.pod_mtu,
        DeviceKind.VETH: network.pod_mtu,
        DeviceKind.VXLAN: network.tunnel_mtu,
        DeviceKind.IPIP: network.tunnel_mtu,
    }
    return [dataclasses.replace(device, mtu=given.get(device.kind) or device.mtu) for device in devices]


def rename_bridge(
    facts: NodeFacts, devices: Iterable[Device], routes: Iterable[Route]
) -> tuple[list[Device], list[Route]]:
    """The plugin's devices and routes with the bridge called as the fact says."""
    devices, routes = list(devices), list(routes)
    bridge = next((device.name for device in devices if device.kind is DeviceKind.BRIDGE), None)
    if facts.bridge is None or bridge is None:
        return devices, routes
    names = {bridge: facts.bridge}
    return (
        [
            dataclasses.replace(d, name=names.get(d.name, d.name), master=names.get(d.master or "", d.master))
            for d in devices
        ],
        [dataclasses.replace(r, device=names.get(r.device, r.device)) for r in routes],
    )
