"""What kube-proxy's iptables mode writes whatever the Services are: base chains, the jumps to them, marks, NodePorts.

Source: pkg/proxy/iptables/proxier.go (iptablesJumpChains, syncProxyRules) and pkg/proxy/util/iptables/traffic.go of
Kubernetes; what differs by release: releases.py.
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node
from engine.netfilter.built_in import built_in_chains
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
from engine.packet import Family, family_of
from engine.proxy.nodeports import node_port_addresses
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

# (Table, built-in chain) -> its jumps in the order in which they stand, the reverse of the order in which kube-proxy makes
# sure of them at the start: each is put before those made earlier.
JUMPS: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("filter", "INPUT"): (
        # kubelet makes this and that of OUTPUT too; kube-proxy does not take them away when it cleans up.
        Rule((), Jump(KUBELET_FIREWALL)),
        # A balancer's address may be bound to the node, and anybody may ask it: all three ways are watched.
        Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL)),
        # Health checks end at the node itself.
        Rule((Comment("kubernetes health check service ports"),), Jump(NODE_PORTS)),
        # External addresses may be the node's own or lie beyond it. Only new connections are refused, and the rest need
        # not walk so long a list.
        Rule((_NEW, _EXTERNAL_PORTALS), Jump(EXTERNAL_SERVICES)),
    ),
    ("filter", "FORWARD"): (
        Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL)),
        # Every packet, not only new ones: the host may drop what is forwarded.
        Rule((FORWARDING,), Jump(FORWARD)),
        # No node has a ClusterIP: what goes to one passes on, or starts at OUTPUT.
        Rule((_NEW, _PORTALS), Jump(SERVICES)),
        Rule((_NEW, _EXTERNAL_PORTALS), Jump(EXTERNAL_SERVICES)),
    ),
    ("filter", "OUTPUT"): (
        Rule((), Jump(KUBELET_FIREWALL)),
        Rule((_NEW, _FIREWALL), Jump(PROXY_FIREWALL)),
        Rule((_NEW, _PORTALS), Jump(SERVICES)),
    ),
    # The only two hooks that can change a destination: what the node gets, and what it sends. nat sees new connections
    # alone, without being asked to.
    ("nat", "PREROUTING"): (Rule((_PORTALS,), Jump(SERVICES)),),
    ("nat", "OUTPUT"): (Rule((_PORTALS,), Jump(SERVICES)),),
    # And the one that changes the source of all that leaves.
    ("nat", "POSTROUTING"): (Rule((Comment("kubernetes postrouting rules"),), Jump(POSTROUTING)),),
}


@dataclass(frozen=True, slots=True)
class LocalTraffic:
    """How rules tell traffic from this node's own pods (detectLocalMode): by source network or by device."""

    local: Source | InInterface
    not_local: Source | InInterface

    @property
    def matches(self) -> tuple[Match, ...]:
        """`local` as a rule holds it: nothing where it is every address."""
        return source(self.local.net) if isinstance(self.local, Source) else (self.local,)


def local_traffic(cluster: Cluster, node: Node, family: Family) -> LocalTraffic | None:
    """None where there is no way to tell: then nothing is masqueraded for coming from elsewhere."""
    proxy = cluster.proxy
    match proxy.detect_local_mode:
        case "BridgeInterface":
            name = proxy.bridge_interface
        case "InterfaceNamePrefix":
            name = proxy.interface_name_prefix + "+" if proxy.interface_name_prefix else ""
        case mode:
            cidrs = node.pod_cidrs if mode == "NodeCIDR" else proxy.cluster_cidrs
            net = next((cidr for cidr in cidrs if family_of(cidr) is family), None)
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


def node_ports(cluster: Cluster, node: Node, family: Family, behaviour: Behaviour) -> NodePorts:
    """nodePortAddresses and localhostNodePorts for one family."""
    listed = node_port_addresses(cluster, node, family, behaviour)
    localhost = cluster.proxy.localhost_node_ports and listed.ipv4_loopback
    parsed = sorted(map(ipaddress.ip_address, listed.addresses), key=int)
    addresses = tuple(str(own) for own in parsed if localhost or not own.is_loopback)
    return NodePorts(listed.match_all, addresses, localhost)


def hooked_chains(table: str) -> dict[str, Chain]:
    """The table's built-in chains with kube-proxy's jumps."""
    chains = built_in_chains(table)
    for (name, chain), jumps in JUMPS.items():
        if name == table:
            chains[chain].rules[:0] = jumps
    return chains


def base_rules(
    mark: int, localhost_node_ports: bool, drop_invalid: bool, count_invalid: bool
) -> list[tuple[str, str, Rule]]:
    """The rules of the chains that do not depend on Services: (table, chain, rule)."""
    # route_localnet, which NodePorts on 127.0.0.1 need, would let a neighbour on the Ethernet speak to 127.0.0.1 of this
    # node (CVE-2020-8558, issue 90259). DNAT: answers to a NodePort asked on 127.0.0.1 come from elsewhere.
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
        # A tunnel's outer packet inherits the mark and would be masqueraded once more (issue 92035).
        ("nat", POSTROUTING, Rule((), SetMark(mark, 0))),
        # A random port: two connections that get the same one would clash at confirmation and lose a packet.
        (
            "nat",
            POSTROUTING,
            Rule((Comment("kubernetes service traffic requiring SNAT"),), Masquerade(random_fully=True)),
        ),
        # Where it is decided, before DNAT, the source cannot be changed yet: a bit of the mark carries the decision.
        ("nat", MARK_MASQ, Rule((), SetMark(mark, mark))),
    ]
    if localhost_node_ports:
        rules.append(("filter", KUBELET_FIREWALL, kubelet))
    if drop_invalid:
        # What conntrack finds out of window is not translated back: the client would get it from a stranger and reset
        # the connection (issue 74839).
        counted = (NfacctCounter("ct_state_invalid_dropped_pkts"),) if count_invalid else ()
        rules.append(("filter", FORWARD, Rule((ConntrackState(("INVALID",)), *counted), Drop())))
    conntrack = (Comment("kubernetes forwarding conntrack rule"), ConntrackState(("RELATED", "ESTABLISHED")))
    # A host whose FORWARD drops by default (Docker's) would else stop the first packet of a NodePort's connection ...
    rules.append(("filter", FORWARD, Rule((FORWARDING, MarkMatch(mark, mark)), Accept())))
    # ... and, as only that one is marked, all that follow it in both directions.
    rules.append(("filter", FORWARD, Rule(conntrack, Accept())))
    return rules


def node_port_jumps(ports: NodePorts, family: Family) -> list[Rule]:
    """The last rule(s) of nat KUBE-SERVICES: to KUBE-NODEPORTS."""
    comment = Comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain")
    if not ports.match_all:
        # Last, for an address of the node may be a Service's external IP too, with a rule of its own above.
        return [Rule((Destination(host_net(address)), comment), Jump(NODE_PORTS)) for address in ports.addresses]
    matches: tuple[Match, ...] = (comment, AddressType("dst"))
    # IPv6 has no route_localnet: nothing could come back from beyond ::1.
    if family is Family.IPV6:
        matches = (Destination("::1/128", negate=True), *matches)
    elif not ports.localhost:
        matches = (Destination("127.0.0.0/8", negate=True), *matches)
    return [Rule(matches, Jump(NODE_PORTS))]
