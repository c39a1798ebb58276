"""What no Kubernetes object holds (documents of apiVersion k8squiz.dev/v1, kind Network): a fact is one row, its field.

The row says how YAML spells the fact, which shape it has, what it is by default, which sysctls it is, and what the pages
say of it. The reader and the writer of a Network document (engine.manifests.network_facts), what a node has otherwise than
all (engine.fabric.node_facts), the lab's sysctls (engine.lab.plan) and the tables of docs/manifests.md and
questions/README.md are collected from the rows: a fact more is a row, and the place that asks for it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.packet import L4
from engine.values import dataclass

_NONE: Mapping[str, Any] = MappingProxyType({})


class Shape(enum.Enum):
    """What a fact may be, as a Network document spells it; each is read and written in engine.manifests.network_facts."""

    FLAG = enum.auto()
    NUMBER = enum.auto()
    ADDRESS_V4 = enum.auto()
    ADDRESS_V6 = enum.auto()
    ADDRESSES = enum.auto()
    OBJECT_NAME = enum.auto()
    DEVICE = enum.auto()
    PARTS = enum.auto()
    POLICY = enum.auto()
    ENFORCEMENT = enum.auto()
    MISSING_ROUTES = enum.auto()
    STALE_ENDPOINTS = enum.auto()
    UNDERLAY_DROPS = enum.auto()
    LISTENERS = enum.auto()
    SHARED_ADDRESSES = enum.auto()
    CARDS = enum.auto()
    CONNTRACK = enum.auto()
    IP_RULES = enum.auto()
    IP_ROUTES = enum.auto()
    NODES = enum.auto()


class Fact(NamedTuple):
    """A row. `name` is the fact's in YAML; a NUMBER is at least `low` and at most `high`.

    `on_node`: a single node may have it otherwise, instead of what all have, or `joined` with it. `asked`: a question may
    set it under cluster.network; the others a question says in words of its own. `sysctls` are all set where it is
    (those of net.ipv6 for IPv6 alone); where it is none, `lab` is what the lab does for it ("": nothing). `told` is what
    the pages say of it, `usual` what they say for its default where the value does not tell.
    """

    name: str
    shape: Shape
    told: str
    low: int = 0
    high: int = 0
    usual: str = ""
    on_node: bool = False
    joined: bool = False
    asked: bool = True
    sysctls: tuple[str, ...] = ()
    lab: str = ""


def fact(default: Any, *row: Any, **more: Any) -> Any:
    """A field of that default with its Fact."""
    metadata = {"fact": Fact(*row, **more)}
    if isinstance(default, Mapping):
        return dataclasses.field(default_factory=lambda: default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def facts_of(kind: type) -> Mapping[str, Fact]:
    """The rows of NetworkFacts or NodeFacts, by the name of their field, in order."""
    fields = dataclasses.fields(kind)
    return {field.name: field.metadata["fact"] for field in fields if "fact" in field.metadata}


@dataclass(frozen=True, slots=True)
class CardFacts:
    """One network card of a node, found by an `address` of its own or by its `name`; None: as on all."""

    name: str
    address: str | None = None
    mtu: int | None = None
    rp_filter: int | None = None


@dataclass(frozen=True, slots=True)
class StaleEndpoint:
    """An endpoint that is gone and that kube-proxy still has in its rules; `service` is namespace/name."""

    service: str
    address: str


@dataclass(frozen=True, slots=True)
class UnderlayDrop:
    """What the network between the nodes does not carry: `port` 0 is any, a node None any."""

    protocol: L4
    port: int = 0
    source: str | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class NodeFacts:
    """What is otherwise on one node than on all. `given` holds such fields of NetworkFacts by name, of those whose row says
    `on_node`; the others are facts that a single node alone can have (None, "" and empty: nothing is said).

    `default_route` is the card that has it, `conntrack` what `conntrack -L` printed there before the walk."""

    given: Mapping[str, Any] = dataclasses.field(default_factory=lambda: _NONE)
    default_route: str | None = fact(
        None, "defaultRoute", Shape.DEVICE, "the card that has the default route", usual="every card's", lab="ip route"
    )
    cards: tuple[CardFacts, ...] = fact(
        (), "cards", Shape.CARDS,
        "names of the network cards, found by an address of theirs; one's `mtu`, and its `rpFilter` where that is greater",
        usual="eth0, eth1, ...", lab="the link's name and MTU; no `rpFilter`",
    )  # fmt: skip
    bridge: str | None = fact(
        None, "bridge", Shape.DEVICE, "the name of the pods' bridge", usual="the CNI's (cni0)", lab="the link's name"
    )
    conntrack: str = fact(
        "", "conntrack", Shape.CONNTRACK,
        "what `conntrack -L` printed before; its NAT is repeated for its connections", usual="empty",
    )  # fmt: skip
    ip_rules: str = fact(
        "", "ipRules", Shape.IP_RULES,
        "what `ip rule` prints: tables beside main, asked by source, destination, mark or incoming card", usual="empty",
    )  # fmt: skip
    ip_routes: str = fact(
        "", "ipRoutes", Shape.IP_ROUTES, "what `ip route show table all` prints: what stands in those tables", usual="empty",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What no Kubernetes object holds; each field is a row, which says what it is.

    `missing_routes` are (node, to): a node or a network. `listeners`: namespace/name of a pod -> the ports that its
    processes listen on, whatever it declares. `shared_addresses`: an address that several pods of one node have ->
    namespace/name of the one that answers for it. `external_hosts`: name -> address. None is as usual: as the plugin or the
    cards have it.
    """

    ip_forward: bool = fact(
        True, "ipForward", Shape.FLAG, "whether nodes forward", on_node=True,
        sysctls=("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"),
    )  # fmt: skip
    bridge_nf_call_iptables: bool = fact(
        True, "bridgeNfCallIptables", Shape.FLAG, "whether bridged frames pass iptables", on_node=True,
        sysctls=("net.bridge.bridge-nf-call-iptables", "net.bridge.bridge-nf-call-ip6tables"),
    )  # fmt: skip
    rp_filter: int = fact(
        0, "rpFilter", Shape.NUMBER, "0, 1 (strict) or 2 (loose)", 0, 2, on_node=True, sysctls=("net.ipv4.conf.all.rp_filter",)
    )  # fmt: skip
    route_localnet: bool = fact(
        True, "routeLocalnet", Shape.FLAG, "false: although kube-proxy would set it",
        sysctls=("net.ipv4.conf.all.route_localnet",),
    )  # fmt: skip
    hairpin_mode: bool | None = fact(
        None, "hairpinMode", Shape.FLAG, "whether the bridge sends a frame back out of its own port",
        usual="the CNI's own", on_node=True, lab="bridge link set",
    )  # fmt: skip
    mtu: int | None = fact(
        None, "mtu", Shape.NUMBER, "of the nodes' network cards; the pods' follows", 576, 65535,
        usual="1500", on_node=True, lab="ip link set mtu",
    )  # fmt: skip
    pod_mtu: int | None = fact(
        None, "podMTU", Shape.NUMBER, "of the pods and their bridge, or routed veths", 576, 65535,
        usual="the plugin's", on_node=True, lab="ip link set mtu",
    )  # fmt: skip
    tunnel_mtu: int | None = fact(
        None,
        "tunnelMTU",
        Shape.NUMBER,
        "of the tunnel devices",
        576,
        65535,
        usual="the plugin's",
        lab="ip link set mtu",
    )
    without: frozenset[str] = fact(
        frozenset(), "without", Shape.PARTS, "parts of the dataplane to go without",
        on_node=True, joined=True, asked=False, lab="the rules left out",
    )  # fmt: skip
    forward_policy: str = fact(
        "", "forwardPolicy", Shape.POLICY, "policy of iptables' filter FORWARD: ACCEPT or DROP",
        usual="ACCEPT", on_node=True, lab="iptables-restore",
    )  # fmt: skip
    input_policy: str = fact(
        "", "inputPolicy", Shape.POLICY, "policy of iptables' filter INPUT: ACCEPT or DROP",
        usual="ACCEPT", on_node=True, lab="iptables-restore",
    )  # fmt: skip
    policy_enforcement: str | None = fact(
        None, "policyEnforcement", Shape.ENFORCEMENT, "who asks network policies: none, calico, kube-router, kindnet",
        usual="by the CNI",
    )  # fmt: skip
    client_address: str = fact(
        "1.2.3.4", "clientAddress", Shape.ADDRESS_V4, "who `--from client` is", asked=False, lab="ip address"
    )
    client_address_v6: str = fact(
        "2001:db8:ffff::4", "clientAddressV6", Shape.ADDRESS_V6, "its IPv6 address", asked=False, lab="ip address"
    )
    external_hosts: Mapping[str, str] = fact(
        _NONE,
        "externalHosts",
        Shape.ADDRESSES,
        "hosts outside the cluster by name: `{db: 203.0.113.9}`",
        lab="ip netns",
    )
    service_cidr_via: str | None = fact(
        None, "serviceCIDRVia", Shape.OBJECT_NAME, "`node1`: the router sends ClusterIPs to this node",
        usual="none", lab="ip route",
    )  # fmt: skip
    load_balancer_health_checks: bool = fact(
        True, "loadBalancerHealthChecks", Shape.FLAG, "whether the load balancer asks the healthCheckNodePort",
        lab="the node that is asked",
    )  # fmt: skip
    missing_routes: tuple[tuple[str, str], ...] = fact(
        (), "missingRoutes", Shape.MISSING_ROUTES, "routes between nodes that are not there: `[{node: node1, to: node2}]`",
        lab="ip route",
    )  # fmt: skip
    stale_endpoints: tuple[StaleEndpoint, ...] = fact(
        (), "staleEndpoints", Shape.STALE_ENDPOINTS, "endpoints that are gone and that kube-proxy still has",
        on_node=True, joined=True, lab="in the rules",
    )  # fmt: skip
    listeners: Mapping[str, frozenset[tuple[L4, int]]] = fact(
        _NONE, "listeners", Shape.LISTENERS,
        "ports that a pod's processes listen on: `[{pod: default/a, ports: [8080, 53/UDP]}]`; `ports: []`: none",
        usual="what pods declare", lab="servers started there",
    )  # fmt: skip
    shared_addresses: Mapping[str, str] = fact(
        _NONE, "sharedAddresses", Shape.SHARED_ADDRESSES,
        "an address that several pods of a node have: the one that answers: `{10.244.1.5: default/a}`",
    )  # fmt: skip
    underlay_drops: tuple[UnderlayDrop, ...] = fact(
        (), "underlayDrops", Shape.UNDERLAY_DROPS,
        "what the network between the nodes drops: a protocol (TCP, UDP, SCTP, IPIP) and a port, from and to which node",
        lab="nft, between the nodes",
    )  # fmt: skip
    tcp_mtu_probing: int = fact(
        0, "tcpMTUProbing", Shape.NUMBER,
        "net.ipv4.tcp_mtu_probing of who sends large packets: 1 where they seem lost, 2 always", 0, 2,
        lab="the sysctl on every host",
    )  # fmt: skip
    underlay_mtu: int = fact(
        0, "underlayMTU", Shape.NUMBER, "bytes that a switch between the nodes carries; 0: as the cards", 576, 65535,
        lab="nft, between the nodes",
    )  # fmt: skip
    underlay_drops_fragments: bool = fact(
        False, "underlayDropsFragments", Shape.FLAG, "whether the network between the nodes drops fragments",
        lab="nft, between the nodes",
    )  # fmt: skip
    tunnel_df: bool = fact(
        False, "tunnelDF", Shape.FLAG, "whether vxlan's outer packets have DF (`ip link add ... df set`)",
        lab="ip link add ... df set",
    )  # fmt: skip
    ip_forward_use_pmtu: bool = fact(
        False, "ipForwardUsePMTU", Shape.FLAG, "whether what is forwarded keeps to the path MTU that the node has noted",
        on_node=True, sysctls=("net.ipv4.ip_forward_use_pmtu",),
    )  # fmt: skip
    nodes: Mapping[str, NodeFacts] = fact(
        _NONE,
        "nodes",
        Shape.NODES,
        "facts of single nodes: `[{name: node1, ipForward: false}]`",
        usual="[]",
        lab="as of all",
    )
