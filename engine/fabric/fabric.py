"""All hosts of a cluster, wired: nodes, pods, a router, and what lies beyond it. Immutable; a walk keeps its own state.

Hosts are made when first asked for, so that a walk in a cluster of thousands of pods makes only those it meets.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.cluster import Cluster, CNIConfig, Mode, Node
from engine.cni import NodePlan, plugin_named, refuse_unmodelled
from engine.cni.enforcement import ENFORCEMENTS, PolicyEnforcement
from engine.errors import NoSuchObject, UnsupportedFeature
from engine.fabric.address_index import AddressIndex, AddressOwner, index_addresses
from engine.fabric.dns_cache import dns_cache_devices, dns_cache_rules
from engine.fabric.foreign_rules import foreign_rules, foreign_text
from engine.fabric.hosts import (
    ANY,
    LAN,
    ROUTER,
    external_host,
    external_hosts,
    make_host,
    own_networks,
    router_host,
)
from engine.fabric.lans import lans_of
from engine.fabric.node_facts import (
    PLAIN,
    card,
    check_cards,
    check_rules,
    cluster_on,
    cni_of,
    given_connections,
    named_cards,
    parts_taken,
    policy_routing,
    rename_bridge,
    with_mtus,
    with_policies,
    without_other_defaults,
)
from engine.fabric.node_rules import CNI_RULES, cni_rules, with_chances, with_written
from engine.fabric.plans import node_plans, with_networks
from engine.fabric.service_index import ServiceIndex
from engine.fabric.sysctls import node_sysctls
from engine.fabric.without import check_parts, cut
from engine.manifests.check import check_addresses, check_network
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.rules import Ruleset
from engine.netfilter.skb import ConntrackEntry
from engine.network.devices import Device, DeviceKind, InterfaceAddress, loopback
from engine.network.host import Host, HostKind, Sysctls
from engine.network.routes import Route, RoutingTable, contains, is_public, number
from engine.packet import FAMILY_OF_VERSION, Family
from engine.proxy.compiled import ClusterCache
from engine.proxy.interface import MODES, mode_named, shared_rules
from engine.trace import Remembered, Text

if TYPE_CHECKING:
    from engine.networkpolicy import PolicyIndex


class Fabric:
    """The hosts of one cluster in one proxy mode. Use build_fabric().

    `rulesets` replaces what kube-proxy would write on the nodes it names (a real node's rules), `release` is every
    node's (None: what each reports, as in compile_rules). `full_tables`: nodes whose conntrack table has no room.
    """

    def __init__(
        self,
        cluster: Cluster,
        mode: Mode,
        rulesets: Mapping[str, Ruleset] | None = None,
        release: str | None = None,
    ) -> None:
        check_parts(parts_taken(cluster.network))
        check_network(cluster)
        check_addresses(cluster)
        self.cni = cni_of(cluster)
        self.plugin = plugin_named(self.cni.plugin, self.cni.backend)
        refuse_unmodelled(self.cni)
        self.assumed: tuple[Text, ...] = ()
        self.foreign: dict[str, str] = {}
        self.only_in_rules: Mapping[str, Node | None] = {}
        if rulesets:
            from engine.fabric.rule_devices import named_by_rules
            from engine.fabric.rule_endpoints import with_endpoints_of_rules

            cluster, self.assumed = named_by_rules(cluster, rulesets, self.plugin.bridge)
            cluster, self.only_in_rules = with_endpoints_of_rules(cluster, rulesets, self.plugin)
            self.foreign = foreign_rules(rulesets)
            self.assumed += tuple(foreign_text(node, name) for node, name in self.foreign.items())
        self.cluster = cluster
        self.mode, self.release = mode, release
        self.full_tables: frozenset[str] = frozenset()
        self.address_index: AddressIndex = index_addresses(cluster)
        self.nodes: dict[str, Node] = {node.name: node for node in cluster.nodes}
        self.own_addresses = {node.name: self._own_addresses(node) for node in cluster.nodes}
        self.lans = lans_of(cluster.nodes, self.own_addresses)
        self.external: dict[str, str] = external_hosts(cluster, self.address_index)
        self.neighbours: dict[str, tuple[str, str]] = {}
        self.service_index = ServiceIndex(cluster)
        self._given = {name: with_chances(ruleset) for name, ruleset in (rulesets or {}).items()}
        self._rulesets: dict[tuple[str, Family], Ruleset] = {}
        self._hosts: dict[str, Host] = {}
        self._on_node: dict[str, Cluster] = {}
        self._pod_owners = {pod_owner.host: pod_owner for pod_owner in self.address_index.by_key.values()}
        self._plans = node_plans(cluster, self.address_index, self.plugin)
        for node in cluster.nodes:
            cards = (name for name, own in self._underlay(node) if own.address in node.internal_ips)
            self._plans[node.name] = dataclasses.replace(self._plans[node.name], underlay=next(cards, "eth0"))
        self.cni = with_networks(self.cni, cluster, self._plans)
        for node in cluster.nodes:
            for device, address in self._underlay(node):
                self.neighbours[address.address] = (node.name, device)
        for lan in self.lans:
            self.neighbours[lan.router] = (ROUTER, "eth0")
        self._bring_pods_in()
        self._given = {self._rules_host(name): ruleset for name, ruleset in self._given.items()}

    def _rules_host(self, name: str) -> str:
        """The host that given rules are for: a node, or pod/NAME, pod/NAMESPACE/NAME for those inside a pod."""
        if not name.startswith("pod/"):
            return self.node(name).name
        key = name.removeprefix("pod/")
        owner = self.address_index.by_key.get(key if "/" in key else f"default/{key}")
        if owner is None or owner.node not in self.nodes:
            raise NoSuchObject(f"there is no {name} with a network of its own", zh=f"没有拥有独立网络的 {name}")
        return owner.host

    def process_owner(self, host: str) -> tuple[int | None, int | None] | None:
        """User and group of the processes of a pod with rules of its own, as its manifest says them; None for another host."""
        if host not in self._given or host not in self._pod_owners:
            return None
        key = self._pod_owners[host].key
        found = next((pod for pod in self.cluster.pods if f"{pod.namespace}/{pod.name}" == key), None)
        return (None, None) if found is None else (found.run_as_user, found.run_as_group)

    def pod_ruleset(self, host: str) -> Ruleset | None:
        """The rules inside a pod, which only a given text tells: a mesh's, a load balancer's."""
        return self._given.get(host)

    def node(self, name: str) -> Node:
        """The node of that name; NoSuchObject with the known names."""
        found = self.nodes.get(name)
        if found is None:
            known = ", ".join(sorted(self.nodes)) or "none"
            raise NoSuchObject(
                f"there is no node {name!r}; known nodes: {known}", zh=f"没有节点 {name!r}；已知节点：{known}"
            )
        return found

    def host(self, name: str) -> Host:
        """The host of that name: a node, a pod, the router, an external host (also by its address)."""
        host = self._hosts.get(name)
        if host is None:
            host = self._make(name)
            self._hosts[name] = host
        return host

    def ruleset(self, node: str, version: int) -> Ruleset:
        """The rules on a node for IP version 4 or 6, compiled when first asked for."""
        family = FAMILY_OF_VERSION[version]
        found = self._rulesets.get((node, family))
        if found is None:
            given = self._given.get(node)
            if given is not None and given.family is family:
                found = given
            else:
                here = self.on_node(node)
                found = shared_rules(here, node, self.mode, family, self.release)
                if CNI_RULES not in here.network.without:
                    found = with_written(found, cni_rules(self.plugin, self.cni, self._plans[node], family))
                found = with_written(found, dns_cache_rules(here, node, family))
                found = with_policies(cut(here, found), here.network)
            self._rulesets[node, family] = found
        return found

    def on_node(self, node: str) -> Cluster:
        """The cluster as that node has it (engine.fabric.node_facts)."""
        found = self._on_node.get(node)
        if found is None:
            found = self._on_node[node] = cluster_on(self.cluster, node)
        return found

    def _cni_on(self, node: str) -> CNIConfig:
        here = self.on_node(node)
        if here is self.cluster:
            return self.cni
        return dataclasses.replace(self.cni, mtu=here.cni.mtu, hairpin_mode=cni_of(here).hairpin_mode)

    @functools.cached_property
    def enforcement(self) -> PolicyEnforcement | None:
        """Who enforces network policies on the nodes: as a Network document says, else who is there beside the CNI, else the
        CNI itself. Raises UnsupportedFeature for one that is not modelled."""
        told = self.cluster.network.policy_enforcement or self.cni.policies_by
        if not told:
            return self.plugin.enforcement(self.cluster.nodes)
        if told not in ENFORCEMENTS:
            raise UnsupportedFeature(
                f"network policies are enforced by {told} here, which is not modelled (a Network document's policyEnforcement"
                " may name another)",
                zh=f"此处由 {told} 执行网络策略，未建模（可用 Network 文档的 policyEnforcement 指定其他执行者）",
            )
        return ENFORCEMENTS[told]

    @functools.cached_property
    def policies(self) -> PolicyIndex:
        """The policies where a pod's door asks for them. Raises UnsupportedFeature as index_policies."""
        from engine.networkpolicy import index_policies

        kept = self.cluster
        if self.enforcement is not None and self.enforcement.cluster_policies is False:
            kept = dataclasses.replace(kept, cluster_network_policies=())
        return index_policies(kept)

    @functools.cached_property
    def has_policies(self) -> bool:
        """Whether the cluster has policies of any kind."""
        of = self.cluster
        return bool(of.network_policies or of.cluster_network_policies or of.other_policies)

    def drops_invalid(self, node: str) -> bool:
        """Whether INVALID packets are dropped at the node's pods, policies or none. Given rules say that themselves."""
        told = self.cluster.network.policy_enforcement or self.cni.policies_by
        one = ENFORCEMENTS.get(told) if told else self.plugin.enforcement(self.cluster.nodes)
        by_rules = node in self._given or CNI_RULES in self.on_node(node).network.without
        return one is not None and one.drops_invalid and not by_rules

    def given_rules(self, node: str) -> Ruleset | None:
        """The rules that were given for the node in place of what kube-proxy would write."""
        return self._given.get(node)

    def held_connections(self, host: str) -> tuple[ConntrackEntry, ...]:
        """What conntrack holds on the host before a walk: entries of that walk's own."""
        return given_connections(self.cluster, host)

    def remembered(self, host: str) -> tuple[Remembered, ...]:
        """What the host's rules and IPVS remember of clients before a walk, at which its stamps count from 0 backwards."""
        return ()

    def pod_owner_at(self, address: str) -> AddressOwner | None:
        """The pod that has the address."""
        return self.address_index.by_address.get(address)

    def owner(self, address: str) -> str | None:
        """The name of the host that has the address, None where nobody has."""
        pod_owner = self.pod_owner_at(address)
        if pod_owner is not None:
            return pod_owner.host if pod_owner.node in self.nodes else None
        if address in self.neighbours:
            return self.neighbours[address][0]
        return self.external.get(address)

    def node_of_pod_address(self, address: str) -> str | None:
        """The node whose pod network holds the address."""
        found = self.address_index.blocks.lookup(address)
        return None if found is None else found.device

    def is_of_the_world(self, address: str) -> bool:
        """Whether the address is a public one (IANA's special-purpose registries) that nothing of the cluster is near: some
        clouds give Services and pods public ranges."""
        own = address in self.external or self.on_lan(address)
        return (
            not own
            and is_public(address)
            and not any(contains(net, address) for net in own_networks(self.cluster, self.cni, self._plans.values()))
        )

    def on_lan(self, address: str) -> bool:
        return any(contains(lan.prefix, address) for lan in self.lans)

    def _make(self, name: str) -> Host:
        if name in self.nodes:
            return self._make_node(self.nodes[name])
        if name == ROUTER:
            return router_host(self.lans, self._pods_beyond(), self.cni.mtu)
        pod_owner = self._pod_owners.get(name)
        if pod_owner is not None:
            return self._make_pod(pod_owner)
        addresses = tuple(a for a, owner in self.external.items() if owner == name)
        if not addresses:
            addresses = (str(ipaddress.ip_address(name)),)
        return external_host(name, addresses)

    def _own_addresses(self, node: Node) -> tuple[str, ...]:
        """The addresses of the node's network cards: those of the API, and those that the CNI's annotations tell of."""
        told = self.plugin.underlay_addresses(self.cni, node)
        return tuple(dict.fromkeys((*node.internal_ips, *node.addresses, *told)))

    def _bring_pods_in(self) -> None:
        """Where the nodes' own network knows where pods are, a node answers there for its own (as a card's further
        addresses, or by proxy ARP): on the card that rules of the node's have the pod's packets leave by."""
        for name, plan in self._plans.items():
            rules = policy_routing(self.cluster.network.nodes.get(name, PLAIN))
            for gateway in rules.gateways() if rules is not None else ():
                self.neighbours.setdefault(gateway, (ROUTER, "eth0"))
            for pod in plan.pods if self.plugin.on_underlay else ():
                for ip in filter(self.on_lan, pod.ips):
                    card = None if rules is None else next(rules.devices_of(ip), None)
                    self.neighbours.setdefault(ip, (name, card or plan.underlay))

    def _pods_beyond(self) -> list[Route]:
        """The router's routes to pods whose addresses lie in none of the nodes' networks and which the network still knows."""
        if not self.plugin.on_underlay:
            return []
        found = []
        for plan in self._plans.values():
            for ip in (ip for pod in plan.pods for ip in pod.ips if not self.on_lan(ip)):
                version = number(ip)[0]
                via = plan.address(version)
                if via is not None:
                    found.append(Route(f"{ip}/{32 if version == 4 else 128}", "eth0", via, origin="cloud"))
        return found

    def _underlay(self, node: Node) -> list[tuple[str, InterfaceAddress]]:
        """The node's own network cards: eth0 holds the InternalIPs and what shares their networks."""
        found: list[tuple[str, InterfaceAddress]] = []
        cards = 0
        for address in self.own_addresses[node.name]:
            prefix = next((lan.prefix for lan in self.lans if contains(lan.prefix, address)), None)
            if prefix is None:
                raise UnsupportedFeature(
                    f"node {node.name}: no network holds its address {address}",
                    zh=f"节点 {node.name}：没有网络包含其地址 {address}",
                )
            device = next((d for d, other in found if other.network == prefix), None)
            if device is None and address in node.internal_ips:
                device = "eth0"
            if device is None:
                cards += 1
                device = f"eth{cards}"
            found.append((device, InterfaceAddress(address, int(prefix.rpartition("/")[2]))))
        facts = self.cluster.network.nodes.get(node.name, PLAIN)
        return named_cards(facts, found)

    def _make_node(self, node: Node) -> Host:
        plan = self._plans[node.name]
        others = [other for name, other in self._plans.items() if name != node.name]
        facts = self.cluster.network.nodes.get(node.name, PLAIN)
        cni = self._cni_on(node.name)
        wiring = self.plugin.wire_node(cni, plan, others)
        cards: dict[str, list[InterfaceAddress]] = {plan.underlay: []}
        for device, address in self._underlay(node):
            cards.setdefault(device, []).append(address)
        devices = [loopback()]
        devices += [
            Device(name, DeviceKind.ETHERNET, tuple(own), card(facts, name).mtu or cni.mtu, segment=LAN)
            for name, own in cards.items()
        ]
        check_cards(facts, node.name, cards)
        devices += [*self._kube_ipvs0(node), *dns_cache_devices(self.cluster, node.name)]
        bridged, routed = rename_bridge(
            facts, with_mtus(self.on_node(node.name).network, wiring.devices), wiring.routes
        )
        devices += bridged
        routes = [Route(a.network, name, src=a.address) for name, own in cards.items() for a in own]
        routes += without_other_defaults(
            facts,
            (
                Route(ANY[number(lan.router)[0]], name, lan.router, origin="dhcp")
                for name, own in cards.items()
                for a in own
                for lan in self.lans
                if lan.prefix == a.network
            ),
        )
        routes += [route for route in routed if self._kept(plan, route, routes)]
        sysctls = dataclasses.replace(
            node_sysctls(self.cluster, self.on_node(node.name).network, node, self.mode, self.release),
            localnet_devices=self._localnet_devices(plan, routes),
        )
        rules = policy_routing(facts)
        check_rules(rules, node.name, (device.name for device in devices))
        return make_host(node.name, HostKind.NODE, devices, routes, sysctls, rules)

    def _localnet_devices(self, plan: NodePlan, routes: list[Route]) -> frozenset[str]:
        """Where portmap sets route_localnet: on the devices that its pods are reached by (enableLocalnetRouting)."""
        facts, port_map = self.on_node(plan.name).network, self.cni.port_map
        taken_away = not facts.route_localnet or facts.without & {"route_localnet", CNI_RULES}
        if port_map is None or not port_map.snat or taken_away:
            return frozenset()
        asked = [ip for pod in plan.pods if pod.host_ports for ip in pod.ips if number(ip)[0] == 4]
        found = map(RoutingTable(routes).lookup, asked) if asked else ()
        return frozenset(route.device for route in found if route is not None)

    def _kube_ipvs0(self, node: Node) -> list[Device]:
        """kube-ipvs0, which ipvs mode gives the Services' addresses to: the cluster's mode, or that of the rules given."""
        # Without an address of the host's own the packet would be forwarded and never reach LOCAL_IN, where IPVS waits.
        if not MODES[self.mode].binds_addresses and not isinstance(self._given.get(node.name), IpvsRuleset):
            return []
        own: list[InterfaceAddress] = []
        for version in {number(a)[0] for a in node.internal_ips}:
            ruleset = self.ruleset(node.name, version)
            if isinstance(ruleset, IpvsRuleset):
                own += [InterfaceAddress(a, 32 if number(a)[0] == 4 else 128) for a in ruleset.dummy_addresses]
        return [Device("kube-ipvs0", DeviceKind.DUMMY, tuple(own), up=False)]

    def _kept(self, plan: NodePlan, route: Route, underlay: list[Route]) -> bool:
        """Whether a plugin's route is there: not taken away, and with a gateway that the node can reach on-link."""
        facts = self.on_node(plan.name).network
        remote = route.origin == self.plugin.name and route.via is not None
        if remote and "route" in facts.without:
            return False
        for node, target in facts.missing_routes:
            if node == plan.name and remote:
                gone = self._plans[target].pod_cidrs if target in self._plans else (target,)
                if route.prefix in gone:
                    return False
        # The kernel refuses a route by a gateway that is not on-link (fib_check_nh, "Nexthop has invalid gateway").
        if route.device == plan.underlay and route.via is not None:
            return any(r.via is None and contains(r.prefix, route.via) for r in underlay)
        return True

    def _make_pod(self, pod_owner: AddressOwner) -> Host:
        node = self.node(pod_owner.node or "")
        cni = self._cni_on(node.name)
        wiring = self.plugin.wire_pod(cni, self._plans[node.name], pod_owner.plan)
        return make_host(
            pod_owner.host,
            HostKind.POD,
            [loopback(), *with_mtus(self.on_node(node.name).network, wiring.devices)],
            list(wiring.routes),
            Sysctls(),
        )


_BUILT: ClusterCache[Fabric] = ClusterCache(most=4)


def build_fabric(
    cluster: Cluster,
    mode: str = "iptables",
    rulesets: Mapping[str, Ruleset] | None = None,
    release: str | None = None,
) -> Fabric:
    """The fabric of `cluster` in proxy mode `mode` of kube-proxy `release` (None: what each node reports); the same
    object for the same cluster object, mode and release as long as it is one of the last few. With `rulesets` it is
    always made anew. Raises NoSuchObject for an unknown mode."""
    wanted = mode_named(mode)
    if rulesets:
        return Fabric(cluster, wanted, rulesets, release)
    return _BUILT.get(cluster, (wanted, release), lambda: Fabric(cluster, wanted, release=release))
