"""The iptables rules around kube-proxy's virtual servers: they only mark, filter and masquerade, and are few.

Source: pkg/proxy/ipvs/proxier.go of Kubernetes v1.30 (iptablesJumpChain, writeIptablesRules, acceptIPVSTraffic,
syncProxyRules). All of it is held against what kube-proxy v1.30.5 wrote (tests/conformance/test_ipvs_rules.py). Chains
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
from engine.packet import L4, Family
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
# By built-in chain, in the order in which they stand: kube-proxy makes them one after the other and puts each before the
# rules that are there (iptablesJumpChain).
_JUMPS: dict[tuple[str, Hook], tuple[tuple[str, str], ...]] = {
    # Who is to be masqueraded is decided before IPVS takes the packet, at INPUT or OUTPUT after the nat table: by then
    # the Service's address is still its destination.
    ("nat", Hook.PREROUTING): (("KUBE-SERVICES", "kubernetes service portals"),),
    ("nat", Hook.OUTPUT): (("KUBE-SERVICES", "kubernetes service portals"),),
    # What IPVS sends on passes POSTROUTING, so the mark is acted on there.
    ("nat", Hook.POSTROUTING): (("KUBE-POSTROUTING", "kubernetes postrouting rules"),),
    ("filter", Hook.INPUT): (
        # A Service's address is the node's own, so packets for it come to INPUT, and so would those for the node's other
        # ports by that address: the first chain keeps these away. It stands first, before IPVS.
        ("KUBE-IPVS-FILTER", "kubernetes ipvs access filter"),
        # loadBalancerSourceRanges, at the last place where the packet still shows the load balancer's address ...
        ("KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"),
        # The health check's port must be reachable whatever the node's own firewall says after this.
        ("KUBE-NODE-PORT", "kubernetes health check rules"),
    ),
    ("filter", Hook.FORWARD): (
        # ... and where a load balancer's address is routed through, not held.
        ("KUBE-PROXY-FIREWALL", "kube-proxy firewall rules"),
        # Answers, which are forwarded, pass a FORWARD policy of DROP by this.
        ("KUBE-FORWARD", "kubernetes forwarding rules"),
    ),
    # What the node itself sends never meets INPUT; it is looked at once IPVS has had it.
    ("filter", Hook.OUTPUT): (("KUBE-IPVS-OUT-FILTER", "kubernetes ipvs access filter"),),
}
_DD = ("dst", "dst")
_MARK = Jump("KUBE-MARK-MASQ")


@dataclass(frozen=True, slots=True)
class Frame:
    """What the rules depend on besides the sets' entries.

    `off_cluster` are the matches of kube-proxy's "not local" (empty: it cannot tell), `blocked` the load balancer
    addresses (protocol, address, port) that the node itself may not use.
    """

    family: Family
    mark: int
    masquerade_all: bool
    off_cluster: tuple[Match, ...]
    blocked: tuple[tuple[L4, str, int], ...]


def build_tables(frame: Frame, ipsets: Mapping[str, IpSet]) -> dict[str, Table]:
    """The nat and filter tables. `ipsets` are by their IPv4 names; the tables' own sets by the kernel's."""
    by_name = {ipset.name: ipset for ipset in ipsets.values()}
    tables = {name: _empty_table(name, by_name) for name in ("nat", "filter")}
    for (table, hook), jumps in _JUMPS.items():
        tables[table].chains[hook.value].rules += [Rule((Comment(comment),), Jump(chain)) for chain, comment in jumps]
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
        # A process that speaks from a loopback address speaks to one: no Service is there (localhost has no NodePorts).
        loopback = "127.0.0.0/8" if self.frame.family is Family.IPV4 else "::1/128"
        self.nat("KUBE-SERVICES", [Source(loopback)], Return())

    def set_rules(self) -> None:
        """The rules that come with a set: without entries the set is there and its rule is not (isEmpty)."""
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
                # The pod may stand on another node, and its answer has to come back by this one.
                matches = [*self.frame.off_cluster, *matches]
            else:
                # The node's process speaks from the address on kube-ipvs0, which every other node holds too.
                matches = [comment, self.match(sets.CLUSTER_IP, ("src", "dst"))]
        self.nat("KUBE-SERVICES", matches, _MARK)

    def external_ips(self) -> None:
        for name, marks in ((sets.EXTERNAL_IP, True), (sets.EXTERNAL_IP_LOCAL, False)):
            if not self.has(name):
                continue
            base: list[Match] = [Comment(sets.SETS[name][1]), self.match(name, _DD)]
            if marks:
                # Whoever comes by an external IP: the answer has to go back by the node that was spoken to. Policy
                # Local is there to keep the client's address.
                self.nat("KUBE-SERVICES", base, _MARK)
            # From off the machine, neither from a bridge port nor from a process of the node: on to IPVS, past the rest
            # of the chain.
            outside = [PhysdevIsIn(negate=True), AddressType("src", negate=True)]
            self.nat("KUBE-SERVICES", [*base, *outside], Accept())
            # An external IP that the node has for its own, as kube-ipvs0 gives it to it: the same.
            self.nat("KUBE-SERVICES", [*base, AddressType("dst")], Accept())

    def services_tail(self) -> None:
        # The sets of node ports hold ports, no addresses: any address of the node will do, kube-ipvs0's among them.
        self.nat("KUBE-SERVICES", [AddressType("dst")], Jump("KUBE-NODE-PORT"))
        # Other people's nat rules must not take what IPVS is to have (acceptIPVSTraffic); so it stands last.
        for name in (sets.CLUSTER_IP, sets.LOAD_BALANCER):
            if self.has(name):
                self.nat("KUBE-SERVICES", [self.match(name, _DD)], Accept())

    def nat_frame(self) -> None:
        mark = self.frame.mark
        # Only policy Cluster comes so far: Local's rule, if any, stands before and returns.
        self.nat("KUBE-LOAD-BALANCER", [], _MARK)
        self.nat("KUBE-POSTROUTING", [MarkMatch(mark, mark, negate=True)], Return())
        # The mark has done its work; a packet that goes through the stack once more must not be masqueraded twice.
        self.nat("KUBE-POSTROUTING", [], SetMark(mark, 0))
        # A port drawn at random, so that connections set up side by side do not race for the same one.
        masquerade = Masquerade(random_fully=True)
        self.nat("KUBE-POSTROUTING", [Comment("kubernetes service traffic requiring SNAT")], masquerade)
        # The mark's bit is set and the others are left to their owners.
        self.nat("KUBE-MARK-MASQ", [], SetMark(mark, mark))

    def filter_frame(self) -> None:
        mark = self.frame.mark
        # Whoever stands in no range: those in one have returned before.
        self.filter("KUBE-SOURCE-RANGES-FIREWALL", [], Drop())
        length = "32" if self.frame.family is Family.IPV4 else "128"
        # The node speaks to a load balancer's address from that very address, which stands in no range: what stands
        # for it is whether the ranges hold the node's own address.
        for protocol, address, port in self.frame.blocked:
            blocked = [Source(f"{address}/{length}"), IpvsService(protocol, address, port)]
            self.filter("KUBE-IPVS-OUT-FILTER", blocked, Drop())
        # What comes for a Service is forwarded even under a FORWARD policy of DROP (Docker's), and so are its answers.
        self.filter("KUBE-FORWARD", [Comment("kubernetes forwarding rules"), MarkMatch(mark, mark)], Accept())
        established = [Comment("kubernetes forwarding conntrack rule"), ConntrackState(("RELATED", "ESTABLISHED"))]
        self.filter("KUBE-FORWARD", established, Accept())
        # kube-proxy's own health check of a Service with policy Local, which load balancers ask.
        health = [Comment(sets.SETS[sets.HEALTH_CHECK][1]), self.match(sets.HEALTH_CHECK, ("dst",))]
        self.filter("KUBE-NODE-PORT", health, Accept())
        # Ports that a Service has at its address, and the health check's, go on to IPVS or to kube-proxy; any other of
        # an address on kube-ipvs0 would reach the node's own processes (kubernetes 72236).
        for name in (sets.LOAD_BALANCER, sets.CLUSTER_IP, sets.EXTERNAL_IP, sets.EXTERNAL_IP_LOCAL):
            self.filter("KUBE-IPVS-FILTER", [self.match(name, _DD)], Return())
        self.filter("KUBE-IPVS-FILTER", [self.match(sets.HEALTH_CHECK, ("dst",))], Return())
        # New ones alone: an answer to what the node itself sent from such an address must come in.
        reject = Reject("icmp-port-unreachable" if self.frame.family is Family.IPV4 else "icmp6-port-unreachable")
        held = [ConntrackState(("NEW",)), self.match(sets.IPVS_IPS, ("dst",))]
        self.filter("KUBE-IPVS-FILTER", held, reject)
