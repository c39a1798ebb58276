"""What kube-proxy's iptables mode writes whatever the Services are: base chains, the jumps to them, marks, NodePorts.

Source: pkg/proxy/iptables/proxier.go (iptablesJumpChains, syncProxyRules) and pkg/proxy/util/iptables/traffic.go of
Kubernetes; what differs by release: releases.py.
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node
from engine.hooks import IPTABLES_PRIORITY
from engine.netfilter.parts.addresses import host_net, matches_everything
from engine.netfilter.rules import (
    Accept,
    AddressType,
    Chain,
    Comment,
    ConntrackState,
    Destination,
    Drop,
    InInterface,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    NfacctCounter,
    Return,
    Rule,
    SetMark,
    Source,
)
from engine.proxy.nodeports import node_port_addresses, of_family
from engine.proxy.releases import Behaviour
from engine.values import dataclass

SERVICES = "KUBE-SERVICES"
EXTERNAL_SERVICES = "KUBE-EXTERNAL-SERVICES"
NODE_PORTS = "KUBE-NODEPORTS"
POSTROUTING = "KUBE-POSTROUTING"
MARK_MASQ = "KUBE-MARK-MASQ"
FORWARD = "KUBE-FORWARD"
PROXY_FIREWALL = "KUBE-PROXY-FIREWALL"
KUBELET_FIREWALL = "KUBE-FIREWALL"
CANARY = "KUBE-PROXY-CANARY"

# The tables in the order in which the kernel mostly came to list them; nothing depends on it.
TABLES = ("nat", "mangle", "filter")
# The chains that each sync declares anew, in kube-proxy's order.
BASE_CHAINS: dict[str, tuple[str, ...]] = {
    "filter": (SERVICES, EXTERNAL_SERVICES, FORWARD, NODE_PORTS, PROXY_FIREWALL),
    "nat": (SERVICES, NODE_PORTS, POSTROUTING, MARK_MASQ),
}

_NEW = ConntrackState(("NEW",))
_PORTALS = Comment("kubernetes service portals")
_EXTERNAL_PORTALS = Comment("kubernetes externally-visible service portals")
_FIREWALL = Comment("kubernetes load balancer firewall")
FORWARDING = Comment("kubernetes forwarding rules")

# Built-in chain -> jump, in the order kube-proxy makes sure of them at the start. Each is put before those made
# earlier, so they are met in the reverse of this order.
JUMPS: tuple[tuple[str, str, Rule], ...] = (
    ("filter", "INPUT", Rule((_NEW, _EXTERNAL_PORTALS), Jump(EXTERNAL_SERVICES))),
    ("filter", "FORWARD", Rule((_NEW, _EXTERNAL_PORTALS), Jump(EXTERNAL_SERVICES))),
    ("filter", "INPUT", Rule((Comment("kubernetes health check service ports"),), Jump(NODE_PORTS))),
    ("filter", "FORWARD", Rule((_NEW, _PORTALS), Jump(SERVICES))),
    ("filter", "OUTPUT", Rule((_NEW, _PORTALS), Jump(SERVICES))),
    ("filter", "FORWARD", Rule((FORWARDING,), Jump(FORWARD))),
    ("filter", "INPUT", Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL))),
    ("filter", "OUTPUT", Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL))),
    ("filter", "FORWARD", Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL))),
    ("nat", "OUTPUT", Rule((_PORTALS,), Jump(SERVICES))),
    ("nat", "PREROUTING", Rule((_PORTALS,), Jump(SERVICES))),
    ("nat", "POSTROUTING", Rule((Comment("kubernetes postrouting rules"),), Jump(POSTROUTING))),
    # kubelet makes the same two; kube-proxy does not take them away when it cleans up.
    ("filter", "INPUT", Rule((), Jump(KUBELET_FIREWALL))),
    ("filter", "OUTPUT", Rule((), Jump(KUBELET_FIREWALL))),
)


@dataclass(frozen=True, slots=True)
class LocalTraffic:
    """How rules tell traffic from this node's own pods (detectLocalMode): by source network or by device."""

    local: Source | InInterface
    not_local: Source | InInterface

    @property
    def matches(self) -> tuple[Match, ...]:
        """`local` as a rule holds it: nothing where it is every address."""
        return source(self.local.net) if isinstance(self.local, Source) else (self.local,)


def local_traffic(cluster: Cluster, node: Node, family: str) -> LocalTraffic | None:
    """None where there is no way to tell: then nothing is masqueraded for coming from elsewhere."""
    proxy = cluster.proxy
    match proxy.detect_local_mode:
        case "BridgeInterface":
            name = proxy.bridge_interface
        case "InterfaceNamePrefix":
            name = proxy.interface_name_prefix + "+" if proxy.interface_name_prefix else ""
        case mode:
            cidrs = node.pod_cidrs if mode == "NodeCIDR" else proxy.cluster_cidrs
            net = next((cidr for cidr in cidrs if of_family(cidr, family)), None)
            return None if net is None else LocalTraffic(Source(net), Source(net, negate=True))
    return LocalTraffic(InInterface(name), InInterface(name, negate=True)) if name else None


def source(net: str) -> tuple[Match, ...]:
    """`-s NET`, which is nothing at all where NET is every address."""
    return () if matches_everything(net) else (Source(net),)


@dataclass(frozen=True, slots=True)
class NodePorts:
    """The addresses that take NodePorts: all (`match_all`) or those listed. `localhost` says whether 127.0.0.1 does
    (localhostNodePorts; IPv6 never does)."""

    match_all: bool
    addresses: tuple[str, ...]
    localhost: bool


def node_ports(cluster: Cluster, node: Node, family: str, behaviour: Behaviour) -> NodePorts:
    """nodePortAddresses and localhostNodePorts for one family."""
    listed = node_port_addresses(cluster, node, family, behaviour)
    localhost = cluster.proxy.localhost_node_ports and listed.ipv4_loopback
    parsed = sorted(map(ipaddress.ip_address, listed.addresses), key=int)
    addresses = tuple(str(own) for own in parsed if localhost or not own.is_loopback)
    return NodePorts(listed.match_all, addresses, localhost)


def built_in_chains(table: str) -> dict[str, Chain]:
    """The table's built-in chains with kube-proxy's jumps, policy ACCEPT."""
    chains = {
        hook.value: Chain(hook.value, [], hook, priority, "ACCEPT", table)
        for (name, hook), priority in IPTABLES_PRIORITY.items()
        if name == table
    }
    for name, chain, rule in JUMPS:
        if name == table:
            chains[chain].rules.insert(0, rule)
    return chains


def base_rules(
    mark: int, localhost_node_ports: bool, drop_invalid: bool, count_invalid: bool
) -> list[tuple[str, str, Rule]]:
    """The rules of the chains that do not depend on Services: (table, chain, rule)."""
    kubelet = Rule(
        (
            Source("127.0.0.0/8", negate=True),
            Destination("127.0.0.0/8"),
            Comment("block incoming localnet connections"),
            ConntrackState(("RELATED", "ESTABLISHED", "DNAT"), negate=True),
        ),
        Drop(),
    )
    rules = [
        ("nat", POSTROUTING, Rule((MarkMatch(mark, mark, negate=True),), Return())),
        ("nat", POSTROUTING, Rule((), SetMark(mark, 0))),
        (
            "nat",
            POSTROUTING,
            Rule((Comment("kubernetes service traffic requiring SNAT"),), Masquerade(random_fully=True)),
        ),
        ("nat", MARK_MASQ, Rule((), SetMark(mark, mark))),
    ]
    if localhost_node_ports:
        rules.append(("filter", KUBELET_FIREWALL, kubelet))
    if drop_invalid:
        counted = (NfacctCounter("ct_state_invalid_dropped_pkts"),) if count_invalid else ()
        rules.append(("filter", FORWARD, Rule((ConntrackState(("INVALID",)), *counted), Drop())))
    conntrack = (Comment("kubernetes forwarding conntrack rule"), ConntrackState(("RELATED", "ESTABLISHED")))
    rules.append(("filter", FORWARD, Rule((FORWARDING, MarkMatch(mark, mark)), Accept())))
    rules.append(("filter", FORWARD, Rule(conntrack, Accept())))
    return rules


def node_port_jumps(ports: NodePorts, family: str) -> list[Rule]:
    """The last rule(s) of nat KUBE-SERVICES: to KUBE-NODEPORTS."""
    comment = Comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
    if not ports.match_all:
        return [Rule((Destination(host_net(address)), comment), Jump(NODE_PORTS)) for address in ports.addresses]
    matches: tuple[Match, ...] = (comment, AddressType("dst"))
    if family == "ipv6":
        matches = (Destination("::1/128", negate=True), *matches)
    elif not ports.localhost:
        matches = (Destination("127.0.0.0/8", negate=True), *matches)
    return [Rule(matches, Jump(NODE_PORTS))]
