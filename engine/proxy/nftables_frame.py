"""The part of kube-proxy's nftables table that is there without any Service: base chains, dispatch, empty maps.

Two releases are known. V1_30 is what v1.30 writes. V1_34 is what today's kube-proxy writes (since v1.34, and the
patch releases of v1.33): the filter chains run after DNAT, so that traffic of the node itself to an external address
is not judged by the external traffic policy; addresses of a ServiceCIDR that no Service has are dropped.
Source: pkg/proxy/nftables/proxier.go, setupNFTables; KEP-3866; kubernetes pull requests 122692, 132456.
"""

from __future__ import annotations

from engine.hooks import PRIORITY_FILTER, PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter.nft import Element, Key, LookupField, NamedSet, SetLookup, VerdictMap, address_set
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
from engine.proxy.nftables_names import TABLE
from engine.values import dataclass

CLUSTER_IPS, NODEPORT_IPS = "cluster-ips", "nodeport-ips"
SERVICE_IPS, SERVICE_NODEPORTS = "service-ips", "service-nodeports"
NO_ENDPOINT_SERVICES, NO_ENDPOINT_NODEPORTS = "no-endpoint-services", "no-endpoint-nodeports"
FIREWALL_IPS = "firewall-ips"
MARK_FOR_MASQUERADE, REJECT_CHAIN = "mark-for-masquerade", "reject-chain"

BY_ADDRESS = (LookupField.DADDR, LookupField.L4PROTO, LookupField.DPORT)
BY_PORT = (LookupField.L4PROTO, LookupField.DPORT)

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
_V1_30_CHAINS = (
    BaseChain("filter-prerouting", "filter", Hook.PREROUTING, _BEFORE_DNAT, ("firewall-check",)),
    BaseChain(
        "filter-input", "filter", Hook.INPUT, _BEFORE_DNAT, ("nodeport-endpoints-check", "service-endpoints-check")
    ),
    BaseChain("filter-forward", "filter", Hook.FORWARD, _BEFORE_DNAT, ("service-endpoints-check", "cluster-ips-check")),
    BaseChain("filter-output", "filter", Hook.OUTPUT, _BEFORE_DNAT, ("service-endpoints-check", "firewall-check")),
    BaseChain("filter-output-post-dnat", "filter", Hook.OUTPUT, _AFTER_DNAT, ("cluster-ips-check",)),
)
_V1_34_CHAINS = (
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
class Release:
    """How a release of kube-proxy writes what it wrote differently in another.

    `masquerade_by_port`: the masquerade rule of a Service names protocol and port beside the ClusterIP.
    `firewall_comments`: elements of firewall-ips carry the Service's name.
    `bridge_by_index`: DetectLocalMode BridgeInterface is `iif`, which wants the bridge to exist, not `iifname`.
    """

    base_chains: tuple[BaseChain, ...]
    masquerade_by_port: bool
    firewall_comments: bool
    bridge_by_index: bool


V1_30 = Release((*_V1_30_CHAINS, *_NAT_CHAINS), True, True, True)
V1_34 = Release((*_V1_34_CHAINS, *_NAT_CHAINS), False, False, False)


@dataclass(frozen=True, slots=True)
class FrameConfig:
    """What the frame depends on. `nodeport_addresses` None: NodePorts on every address of the node but loopback."""

    family: str
    release: Release
    masquerade_mark: int
    nodeport_addresses: tuple[str, ...] | None
    service_cidrs: tuple[str, ...]


def build_frame(config: FrameConfig) -> tuple[Table, dict[str, NamedSet]]:
    """The table without Services, and its sets and maps to be filled."""
    sets = {named.name: named for named in _sets(config)}
    chains = {chain.name: chain for chain in _chains(config)}
    return Table(TABLE, chains, sets, "rules for kube-proxy"), sets


def _sets(config: FrameConfig) -> list[NamedSet]:
    address = "ipv6_addr" if config.family == "ipv6" else "ipv4_addr"
    by_address, by_port = (address, "inet_proto", "inet_service"), ("inet_proto", "inet_service")
    sets = [NamedSet(CLUSTER_IPS, (address,), comment="Active ClusterIPs")]
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
    for base in config.release.base_chains:
        jumps = [Rule(new if base.kind == "filter" else (), Jump(chain)) for chain in base.jumps]
        chains.append(Chain(base.name, jumps, base.hook, base.priority, "ACCEPT", base.kind))
    helper = "helper for @no-endpoint-services / @no-endpoint-nodeports"
    for name in _REGULAR_CHAINS:
        chains.append(Chain(name, rules[name], comment=helper if name == REJECT_CHAIN else None))
    return chains


def _regular_rules(config: FrameConfig) -> dict[str, list[Rule]]:
    mark = config.masquerade_mark
    reject = Reject("icmp6-port-unreachable" if config.family == "ipv6" else "icmp-port-unreachable")
    said = Comment("Reject traffic to invalid ports of ClusterIPs")
    cluster_ips = [Rule((SetLookup((LookupField.DADDR,), CLUSTER_IPS), said), reject)]
    if config.service_cidrs:
        dropped = Comment("Drop traffic to unallocated ClusterIPs")
        cluster_ips.append(Rule((address_set("dst", config.service_cidrs), dropped), Drop()))
    return {
        "nodeport-endpoints-check": [
            Rule(_nodeport_destination(config), VerdictMap(BY_PORT, NO_ENDPOINT_NODEPORTS)),
        ],
        "service-endpoints-check": [Rule((), VerdictMap(BY_ADDRESS, NO_ENDPOINT_SERVICES))],
        "firewall-check": [Rule((), VerdictMap(BY_ADDRESS, FIREWALL_IPS))],
        "services": [
            Rule((), VerdictMap(BY_ADDRESS, SERVICE_IPS)),
            Rule((*_local(config), *_nodeport_destination(config)), VerdictMap(BY_PORT, SERVICE_NODEPORTS)),
        ],
        "masquerading": [
            Rule((MarkMatch(0, mark),), Return()),
            Rule((), SetMark(mark, 0)),
            Rule((), Masquerade(random_fully=True)),
        ],
        "cluster-ips-check": cluster_ips,
        MARK_FOR_MASQUERADE: [Rule((), SetMark(mark, mark))],
        REJECT_CHAIN: [Rule((), reject)],
    }


def _nodeport_destination(config: FrameConfig) -> tuple[Match, ...]:
    """NodePorts of localhost are not supported: with every address allowed, loopback is left out by name."""
    if config.nodeport_addresses is not None:
        return (SetLookup((LookupField.DADDR,), NODEPORT_IPS),)
    return (Destination("::1/128" if config.family == "ipv6" else "127.0.0.0/8", negate=True),)


def _local(config: FrameConfig) -> tuple[Match, ...]:
    return (AddressType("dst"),) if config.nodeport_addresses is None else ()
