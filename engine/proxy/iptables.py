"""kube-proxy's iptables mode: the rules of one node after one full sync.

What a Service port adds is iptables_service.py; what is there without any Service iptables_frame.py.
Source: pkg/proxy/iptables/proxier.go of Kubernetes (KEP-3453 for what a later sync rewrites: partial.py; what differs
by release: releases.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cluster import Cluster, Node
from engine.netfilter.rules import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family
from engine.proxy import iptables_frame as frame
from engine.proxy.common import Common
from engine.proxy.endpoints import ServicePortView, categorize
from engine.proxy.iptables_service import ServiceRules, Surroundings, service_rules
from engine.proxy.nodeports import own_address
from engine.proxy.releases import Behaviour
from engine.values import dataclass

# Above this many endpoints (largeClusterEndpointsThreshold) the rules of endpoints carry no comments.
LARGE_CLUSTER_ENDPOINTS = 1000


@dataclass(slots=True)
class Sync:
    """Everything a full sync of `node` writes. `base` and `last` are the rules that no Service owns: (table, chain,
    rule); `last` comes after the Services'."""

    node: Node
    base: list[tuple[str, str, Rule]]
    views: tuple[ServicePortView, ...]
    last: list[tuple[str, str, Rule]]
    around: Surroundings

    def services(self) -> Iterator[tuple[ServicePortView, ServiceRules]]:
        """What each Service adds, written when it is asked for: of a large cluster it is much."""
        return ((view, self.written(view)) for view in self.views)

    def written(self, view: ServicePortView) -> ServiceRules:
        """What one of its Services adds."""
        return service_rules(view, categorize(view, self.node), self.around)


def full_sync(cluster: Cluster, node: Node, family: Family, behaviour: Behaviour, common: Common | None = None) -> Sync:
    """What a full sync writes on `node` for `family`."""
    common = Common() if common is None else common
    views = common.service_ports(cluster, family, behaviour.endpoints)
    proxy = cluster.proxy
    ports = frame.node_ports(cluster, node, family, behaviour)
    large = sum(len(view.endpoints) for view in views) > LARGE_CLUSTER_ENDPOINTS
    around = Surroundings(
        family=family,
        local=frame.local_traffic(cluster, node, family),
        node_address=own_address(node, family),
        masquerade_all=proxy.masquerade_all,
        large=large,
        counts_localhost=behaviour.counts_by_nfacct and ports.localhost,
        ways=common.ways,
    )
    return Sync(
        node,
        frame.base_rules(
            proxy.masquerade_mark,
            ports.localhost,
            drop_invalid=not (proxy.tcp_be_liberal and behaviour.knows_tcp_be_liberal),
            count_invalid=behaviour.counts_by_nfacct,
        ),
        views,
        [("nat", frame.SERVICES, rule) for rule in frame.node_port_jumps(ports, family)],
        around,
    )


def compile_iptables(
    cluster: Cluster, node: Node, family: Family, behaviour: Behaviour, common: Common | None = None
) -> Ruleset:
    """The rules in the kernel after a full sync, as iptables-save (ip6tables-save) lists them: built-in chains first,
    the others by name."""
    sync = full_sync(cluster, node, family, behaviour, common)
    return in_kernel(sync, (written for _, written in sync.services()))


def in_kernel(sync: Sync, services: Iterable[ServiceRules]) -> Ruleset:
    """The rules in the kernel after that sync, with what `services` add in their order."""
    own: dict[str, dict[str, Chain]] = {
        table: {name: Chain(name) for name in (*frame.BASE_CHAINS.get(table, ()), frame.CANARY)}
        for table in frame.TABLES
    }
    own["filter"][frame.KUBELET_FIREWALL] = Chain(frame.KUBELET_FIREWALL)
    nat = own["nat"]
    # What counts is the order within a chain: the jump to the NodePorts stands behind all Services.
    _append(own, sync.base)
    for written in services:
        _append(own, written.dispatch)
        for chain in written.chains:
            nat[chain.name] = chain
    _append(own, sync.last)
    tables = {
        table: Table(table, frame.hooked_chains(table) | {name: chains[name] for name in sorted(chains)})
        for table, chains in own.items()
    }
    return Ruleset(Backend.IPTABLES, sync.around.family, tables)


def _append(chains: dict[str, dict[str, Chain]], rules: list[tuple[str, str, Rule]]) -> None:
    for table, chain, rule in rules:
        chains[table][chain].rules.append(rule)
