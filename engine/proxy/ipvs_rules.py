"""The iptables rules around kube-proxy's virtual servers: they only mark, filter and masquerade, and are few.

Source: pkg/proxy/ipvs/proxier.go of Kubernetes v1.30 (iptablesJumpChain, writeIptablesRules, acceptIPVSTraffic). Chains
stand in the order of iptables-save (legacy): built-in ones first, the others by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.hooks import IPTABLES_PRIORITY, Hook
from engine.netfilter.ipset import IpSet
from engine.netfilter.rules import (
    Accept,
    AddressType,
    Chain,
    Comment,
    ConntrackState,
    Drop,
    IpvsService,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    PhysdevIsIn,
    Protocol,
    Reject,
    Return,
    Rule,
    SetMark,
    SetMatch,
    Source,
    Table,
    Target,
)
from engine.packet import L4
from engine.proxy import ipvs_sets as sets
from engine.values import dataclass

_BUILT_IN = {
    "nat": (Hook.PREROUTING, Hook.INPUT, Hook.OUTPUT, Hook.POSTROUTING),
    "filter": (Hook.INPUT, Hook.FORWARD, Hook.OUTPUT),
}
_CHAINS = {
    "nat": ("KUBE-LOAD-BALANCER", "KUBE-MARK-MASQ", "KUBE-NODE-PORT", "KUBE-POSTROUTING", "KUBE-SERVICES"),
    "filter": (
        "KUBE-FORWARD",
        "KUBE-IPVS-FILTER",
        "KUBE-IPVS-OUT-FILTER",
        "KUBE-NODE-PORT",
        "KUBE-PROXY-FIREWALL",
        "KUBE-SOURCE-RANGES-FIREWALL",
    ),
}
# kube-proxy prepends its jumps one after the other, so the last one stands first.
_JUMPS: tuple[tuple[str, Hook, str, str], ...] = (
    ("nat", Hook.PREROUTING, "KUBE-SERVICES", "kubernetes service portals"),
    ("nat", Hook.OUTPUT, "KUBE-SERVICES", "kubernetes service portals"),
    ("nat", Hook.POSTROUTING, "KUBE-POSTROUTING", "kubernetes postrouting rules"),
    ("filter", Hook.INPUT, "KUBE-IPVS-FILTER", "kubernetes ipvs access filter"),
    ("filter", Hook.INPUT, "KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"),
    ("filter", Hook.INPUT, "KUBE-NODE-PORT", "kubernetes health check rules"),
    ("filter", Hook.FORWARD, "KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"),
    ("filter", Hook.FORWARD, "KUBE-FORWARD", "kubernetes forwarding rules"),
    ("filter", Hook.OUTPUT, "KUBE-IPVS-OUT-FILTER", "kubernetes ipvs access filter"),
)
_DD = ("dst", "dst")
_MARK = Jump("KUBE-MARK-MASQ")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the rules depend on besides the sets' entries.

    `off_cluster` are the matches of kube-proxy's "not local" (empty: it cannot tell), `blocked` the load balancer
    addresses (protocol, address, port) that the node itself may not use.
    """

    family: str
    mark: int
    masquerade_all: bool
    off_cluster: tuple[Match, ...]
    blocked: tuple[tuple[L4, str, int], ...]


def build_tables(frame: Frame, ipsets: Mapping[str, IpSet]) -> dict[str, Table]:
    """The nat and filter tables. `ipsets` are by their IPv4 names; the tables' own sets by the kernel's."""
    by_name = {ipset.name: ipset for ipset in ipsets.values()}
    tables = {name: _empty_table(name, by_name) for name in ("nat", "filter")}
    for table, hook, chain, comment in _JUMPS:
        tables[table].chains[hook.value].rules.append(Rule((Comment(comment),), Jump(chain)))
    writer = _Writer(frame, ipsets, tables)
    writer.services_head()
    writer.set_rules()
    writer.cluster_ips()
    writer.external_ips()
    writer.services_tail()
    writer.nat_frame()
    writer.filter_frame()
    return tables


def _empty_table(name: str, ipsets: Mapping[str, IpSet]) -> Table:
    chains = {
        hook.value: Chain(hook.value, hook=hook, priority=IPTABLES_PRIORITY[name, hook], policy="ACCEPT", kind=name)
        for hook in _BUILT_IN[name]
    }
    chains.update({chain: Chain(chain) for chain in _CHAINS[name]})
    return Table(name, chains, sets=ipsets)


class _Writer:
    def __init__(self, frame: Frame, ipsets: Mapping[str, IpSet], tables: Mapping[str, Table]) -> None:
        self.frame = frame
        self.ipsets = ipsets
        self.tables = tables

    def nat(self, chain: str, matches: Iterable[Match], target: Target) -> None:
        self.tables["nat"].chains[chain].rules.append(Rule(tuple(matches), target))

    def filter(self, chain: str, matches: Iterable[Match], target: Target) -> None:
        self.tables["filter"].chains[chain].rules.append(Rule(tuple(matches), target))

    def match(self, name: str, sides: tuple[str, ...]) -> SetMatch:
        return SetMatch(sets.set_name(name, self.frame.family), sides)

    def has(self, name: str) -> bool:
        return not sets.is_empty(self.ipsets[name])

    def services_head(self) -> None:
        loopback = "127.0.0.0/8" if self.frame.family == "ipv4" else "::1/128"
        self.nat("KUBE-SERVICES", [Source(loopback)], Return())

    def set_rules(self) -> None:
        for rule in sets.SET_RULES:
            if not self.has(rule.name):
                continue
            protocol = [Protocol(rule.protocol)] if rule.protocol else []
            matches = [*protocol, Comment(sets.SETS[rule.name][1]), self.match(rule.name, rule.sides)]
            (self.nat if rule.table == "nat" else self.filter)(rule.chain, matches, rule.target)

    def cluster_ips(self) -> None:
        """Which traffic to ClusterIPs is masqueraded: all, or what comes from off the cluster, or, where kube-proxy
        cannot tell, what the node itself sends (its source is then the ClusterIP, which kube-ipvs0 holds)."""
        if not self.has(sets.CLUSTER_IP):
            return
        comment = Comment(sets.SETS[sets.CLUSTER_IP][1])
        matches: list[Match] = [comment, self.match(sets.CLUSTER_IP, _DD)]
        if not self.frame.masquerade_all:
            if self.frame.off_cluster:
                matches = [*self.frame.off_cluster, *matches]
            else:
                matches = [comment, self.match(sets.CLUSTER_IP, ("src", "dst"))]
        self.nat("KUBE-SERVICES", matches, _MARK)

    def external_ips(self) -> None:
        for name, marks in ((sets.EXTERNAL_IP, True), (sets.EXTERNAL_IP_LOCAL, False)):
            if not self.has(name):
                continue
            base: list[Match] = [Comment(sets.SETS[name][1]), self.match(name, _DD)]
            if marks:
                self.nat("KUBE-SERVICES", base, _MARK)
            outside = [PhysdevIsIn(negate=True), AddressType("src", negate=True)]
            self.nat("KUBE-SERVICES", [*base, *outside], Accept())
            self.nat("KUBE-SERVICES", [*base, AddressType("dst")], Accept())

    def services_tail(self) -> None:
        self.nat("KUBE-SERVICES", [AddressType("dst")], Jump("KUBE-NODE-PORT"))
        for name in (sets.CLUSTER_IP, sets.LOAD_BALANCER):
            if self.has(name):
                self.nat("KUBE-SERVICES", [self.match(name, _DD)], Accept())

    def nat_frame(self) -> None:
        mark = self.frame.mark
        self.nat("KUBE-LOAD-BALANCER", [], _MARK)
        self.nat("KUBE-POSTROUTING", [MarkMatch(mark, mark, negate=True)], Return())
        self.nat("KUBE-POSTROUTING", [], SetMark(mark, 0))
        masquerade = Masquerade(random_fully=True)
        self.nat("KUBE-POSTROUTING", [Comment("kubernetes service traffic requiring SNAT")], masquerade)
        self.nat("KUBE-MARK-MASQ", [], SetMark(mark, mark))

    def filter_frame(self) -> None:
        mark = self.frame.mark
        self.filter("KUBE-SOURCE-RANGES-FIREWALL", [], Drop())
        length = "32" if self.frame.family == "ipv4" else "128"
        for protocol, address, port in self.frame.blocked:
            blocked = [Source(f"{address}/{length}"), IpvsService(protocol, address, port)]
            self.filter("KUBE-IPVS-OUT-FILTER", blocked, Drop())
        self.filter("KUBE-FORWARD", [Comment("kubernetes forwarding rules"), MarkMatch(mark, mark)], Accept())
        established = [Comment("kubernetes forwarding conntrack rule"), ConntrackState(("RELATED", "ESTABLISHED"))]
        self.filter("KUBE-FORWARD", established, Accept())
        health = [Comment(sets.SETS[sets.HEALTH_CHECK][1]), self.match(sets.HEALTH_CHECK, ("dst",))]
        self.filter("KUBE-NODE-PORT", health, Accept())
        for name in (sets.LOAD_BALANCER, sets.CLUSTER_IP, sets.EXTERNAL_IP, sets.EXTERNAL_IP_LOCAL):
            self.filter("KUBE-IPVS-FILTER", [self.match(name, _DD)], Return())
        self.filter("KUBE-IPVS-FILTER", [self.match(sets.HEALTH_CHECK, ("dst",))], Return())
        reject = Reject("icmp-port-unreachable" if self.frame.family == "ipv4" else "icmp6-port-unreachable")
        held = [ConntrackState(("NEW",)), self.match(sets.IPVS_IPS, ("dst",))]
        self.filter("KUBE-IPVS-FILTER", held, reject)
