"""The part of kube-proxy's nftables table that is there without any Service: base chains, dispatch, empty maps.

Source: pkg/proxy/nftables/proxier.go, setupNFTables; KEP-3866; pull request 122692 (cluster-ips-check). What differs by
release: releases.py.
"""

from __future__ import annotations

from engine.hooks import PRIORITY_FILTER, PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter.nft import (
    Element,
    Key,
    LookupField,
    MarkStatement,
    NamedSet,
    SetLookup,
    VerdictMap,
    address_set,
)
from engine.netfilter.rules import (
    AddressType,
    Chain,
    Comment,
    ConntrackState,
    Destination,
    Drop,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    Reject,
    Return,
    Rule,
    SetMark,
    Table,
)
from engine.packet import Family
from engine.proxy.nftables_names import TABLE
from engine.proxy.releases import Behaviour
from engine.values import dataclass

CLUSTER_IPS, NODEPORT_IPS = "cluster-ips", "nodeport-ips"
SERVICE_IPS, SERVICE_NODEPORTS = "service-ips", "service-nodeports"
NO_ENDPOINT_SERVICES, NO_ENDPOINT_NODEPORTS = "no-endpoint-services", "no-endpoint-nodeports"
FIREWALL_IPS, HAIRPIN_CONNECTIONS = "firewall-ips", "hairpin-connections"
MARK_FOR_MASQUERADE, REJECT_CHAIN = "mark-for-masquerade", "reject-chain"

BY_ADDRESS = (LookupField.DADDR, LookupField.L4PROTO, LookupField.DPORT)
BY_PORT = (LookupField.L4PROTO, LookupField.DPORT)
_TO_ITSELF = (LookupField.SADDR, LookupField.DADDR, LookupField.L4PROTO, LookupField.DPORT)

_BEFORE_DNAT = PRIORITY_NAT_DST - 10
_AFTER_DNAT = PRIORITY_NAT_DST + 10


@dataclass(frozen=True, slots=True)
class BaseChain:
    """A chain at a hook: its type, hook, priority, and the chains it jumps to (a filter chain for new connections)."""

    name: str
    kind: str
    hook: Hook
    priority: int
    jumps: tuple[str, ...]


# LoadBalancerSourceRanges speak of the address before DNAT, so firewall-check runs before it. A reject is possible
# only at INPUT, FORWARD and OUTPUT. cluster-ips-check wants what no Service has taken, so it runs after DNAT.
_ALL_BEFORE_DNAT = (
    BaseChain("filter-prerouting", "filter", Hook.PREROUTING, _BEFORE_DNAT, ("firewall-check",)),
    BaseChain(
        "filter-input", "filter", Hook.INPUT, _BEFORE_DNAT, ("nodeport-endpoints-check", "service-endpoints-check")
    ),
    BaseChain("filter-forward", "filter", Hook.FORWARD, _BEFORE_DNAT, ("service-endpoints-check", "cluster-ips-check")),
    BaseChain("filter-output", "filter", Hook.OUTPUT, _BEFORE_DNAT, ("service-endpoints-check", "firewall-check")),
    BaseChain("filter-output-post-dnat", "filter", Hook.OUTPUT, _AFTER_DNAT, ("cluster-ips-check",)),
)
_FILTER_AFTER_DNAT = (
    BaseChain("filter-prerouting-pre-dnat", "filter", Hook.PREROUTING, _BEFORE_DNAT, ("firewall-check",)),
    BaseChain("filter-output-pre-dnat", "filter", Hook.OUTPUT, _BEFORE_DNAT, ("firewall-check",)),
    BaseChain(
        "filter-input", "filter", Hook.INPUT, PRIORITY_FILTER, ("nodeport-endpoints-check", "service-endpoints-check")
    ),
    BaseChain(
        "filter-forward", "filter", Hook.FORWARD, PRIORITY_FILTER, ("service-endpoints-check", "cluster-ips-check")
    ),
    BaseChain(
        "filter-output", "filter", Hook.OUTPUT, PRIORITY_FILTER, ("service-endpoints-check", "cluster-ips-check")
    ),
)
# DNAT for what comes in and for what the node sends; the source of all that leaves.
_NAT_CHAINS = (
    BaseChain("nat-prerouting", "nat", Hook.PREROUTING, PRIORITY_NAT_DST, ("services",)),
    BaseChain("nat-output", "nat", Hook.OUTPUT, PRIORITY_NAT_DST, ("services",)),
    BaseChain("nat-postrouting", "nat", Hook.POSTROUTING, PRIORITY_NAT_SRC, ("masquerading",)),
)

# The chains behind the base chains in the order they are created, which is the order of the listing.
_REGULAR_CHAINS = (
    "nodeport-endpoints-check",
    "service-endpoints-check",
    "firewall-check",
    "services",
    "masquerading",
    "cluster-ips-check",
    MARK_FOR_MASQUERADE,
    REJECT_CHAIN,
)


@dataclass(frozen=True, slots=True)
class FrameConfig:
    """What the frame depends on. `nodeport_addresses` None: NodePorts on every address of the node but loopback.
    `not_local` matches all that does not come from a pod of this node, None where there is no way to tell."""

    family: Family
    behaviour: Behaviour
    masquerade_mark: int
    masquerade_all: bool
    nodeport_addresses: tuple[str, ...] | None
    service_cidrs: tuple[str, ...]
    not_local: Match | None


def build_frame(config: FrameConfig) -> tuple[Table, dict[str, NamedSet]]:
    """The table without Services, and its sets and maps to be filled."""
    sets = {named.name: named for named in _sets(config)}
    chains = {chain.name: chain for chain in _chains(config)}
    return Table(TABLE, chains, sets, "rules for kube-proxy"), sets


def _sets(config: FrameConfig) -> list[NamedSet]:
    address = "ipv6_addr" if config.family is Family.IPV6 else "ipv4_addr"
    by_address, by_port = (address, "inet_proto", "inet_service"), ("inet_proto", "inet_service")
    sets = []
    if config.behaviour.has_hairpin_set:
        # Source, destination, protocol and port of the connections that an endpoint of this node makes to itself.
        sets.append(NamedSet(HAIRPIN_CONNECTIONS, (address, *by_address), comment="service hairpin connections"))
    sets.append(NamedSet(CLUSTER_IPS, (address,), comment="Active ClusterIPs"))
    if config.nodeport_addresses is not None:
        elements: dict[Key, Element] = {(own,): Element() for own in config.nodeport_addresses}
        comment = "IPs that accept NodePort traffic"
        sets.append(NamedSet(NODEPORT_IPS, (address,), comment=comment, elements=elements))
    for name, types, comment in (
        (NO_ENDPOINT_SERVICES, by_address, "vmap to drop or reject packets to services with no endpoints"),
        (NO_ENDPOINT_NODEPORTS, by_port, "vmap to drop or reject packets to service nodeports with no endpoints"),
        (FIREWALL_IPS, by_address, "destinations that are subject to LoadBalancerSourceRanges"),
        (SERVICE_IPS, by_address, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
        (SERVICE_NODEPORTS, by_port, "NodePort traffic"),
    ):
        sets.append(NamedSet(name, types, verdicts=True, comment=comment))
    return sets


def _chains(config: FrameConfig) -> list[Chain]:
    rules = _regular_rules(config)
    new = (ConntrackState(("NEW",)),)
    chains = []
    filters = _FILTER_AFTER_DNAT if config.behaviour.filters_after_dnat else _ALL_BEFORE_DNAT
    for base in (*filters, *_NAT_CHAINS):
        # nat chains are asked for new connections alone; a filter chain must say so.
        jumps = [Rule(new if base.kind == "filter" else (), Jump(chain)) for chain in base.jumps]
        chains.append(Chain(base.name, jumps, base.hook, base.priority, "ACCEPT", base.kind))
    helper = "helper for @no-endpoint-services / @no-endpoint-nodeports"
    for name in _REGULAR_CHAINS:
        if name == MARK_FOR_MASQUERADE and config.behaviour.marks_inline:
            continue
        chains.append(Chain(name, rules[name], comment=helper if name == REJECT_CHAIN else None))
    return chains


def _regular_rules(config: FrameConfig) -> dict[str, list[Rule]]:
    mark = config.masquerade_mark
    reject = Reject("icmp6-port-unreachable" if config.family is Family.IPV6 else "icmp-port-unreachable")
    # A ClusterIP that is still there after DNAT was asked on a port that no Service has. iptables mode lets such a packet
    # go on, out by the default route.
    said = Comment("Reject traffic to invalid ports of ClusterIPs")
    cluster_ips = [Rule((SetLookup((LookupField.DADDR,), CLUSTER_IPS), said), reject)]
    if config.service_cidrs:
        # It would leave by the default route; a router that leads this network back to a node sends it in circles.
        dropped = Comment("Drop traffic to unallocated ClusterIPs")
        cluster_ips.append(Rule((address_set("dst", config.service_cidrs), dropped), Drop()))
    return {
        # One look-up each, however many Services there are: the map's verdict refuses, and without an element the packet
        # goes on.
        "nodeport-endpoints-check": [
            Rule(_nodeport_destination(config), VerdictMap(BY_PORT, NO_ENDPOINT_NODEPORTS)),
        ],
        "service-endpoints-check": [Rule((), VerdictMap(BY_ADDRESS, NO_ENDPOINT_SERVICES))],
        "firewall-check": [Rule((), VerdictMap(BY_ADDRESS, FIREWALL_IPS))],
        "services": [
            *_masquerade_cluster_ips(config),
            # Addresses before NodePorts: one of the node's own may be a Service's external IP too.
            Rule((), VerdictMap(BY_ADDRESS, SERVICE_IPS)),
            Rule((*_local(config), *_nodeport_destination(config)), VerdictMap(BY_PORT, SERVICE_NODEPORTS)),
        ],
        "masquerading": _masquerading(config),
        "cluster-ips-check": cluster_ips,
        # Where it is decided, before DNAT, the source cannot be changed yet: a bit of the mark carries the decision.
        MARK_FOR_MASQUERADE: [Rule((), SetMark(mark, mark))],
        # A map cannot hold `reject`, but it can hold a jump to it.
        REJECT_CHAIN: [Rule((), reject)],
    }


def _masquerade_cluster_ips(config: FrameConfig) -> list[Rule]:
    """Since v1.36 one rule for all ClusterIPs marks what each Service's chain marked before."""
    if not config.behaviour.marks_inline:
        return []
    to_service, mark = (
        SetLookup((LookupField.DADDR,), CLUSTER_IPS),
        SetMark(config.masquerade_mark, config.masquerade_mark),
    )
    if config.masquerade_all:
        return [Rule((to_service, Comment("masquerade all clusterIP traffic")), mark)]
    if config.not_local is None:
        return []
    # A route for the Services' network may lead to any node, and from there on to another: answers must come back here.
    said = Comment("masquerade clusterIP traffic from outside cluster")
    return [Rule((to_service, config.not_local, said), mark)]


def _masquerading(config: FrameConfig) -> list[Rule]:
    """The marked connections, and since v1.36 those of endpoints to themselves, get the node's address.

    The mark is taken off first: a tunnel's outer packet inherits it and would be masqueraded once more (issue 92035).
    """
    mark, masquerade = config.masquerade_mark, Masquerade(random_fully=True)
    if config.behaviour.marks_inline:
        rules = [Rule((MarkMatch(0, mark, negate=True), MarkStatement(mark, 0)), masquerade)]
    else:
        rules = [Rule((MarkMatch(0, mark),), Return()), Rule((), SetMark(mark, 0)), Rule((), masquerade)]
    if config.behaviour.has_hairpin_set:
        # Only what was a Service's: a pod that asks its own address directly keeps its source.
        itself = SetLookup(_TO_ITSELF, HAIRPIN_CONNECTIONS)
        rules.append(Rule((ConntrackState(("DNAT",)), itself), masquerade))
    return rules


def _nodeport_destination(config: FrameConfig) -> tuple[Match, ...]:
    """NodePorts of localhost are not supported: with every address allowed, loopback is left out by name."""
    if config.nodeport_addresses is not None:
        return (SetLookup((LookupField.DADDR,), NODEPORT_IPS),)
    return (Destination("::1/128" if config.family is Family.IPV6 else "127.0.0.0/8", negate=True),)


def _local(config: FrameConfig) -> tuple[Match, ...]:
    return (AddressType("dst"),) if config.nodeport_addresses is None else ()
