"""What a mode costs: rules in the kernel, rules a packet has evaluated, lines a sync rewrites.

All counted on what is really compiled and walked; times need a real machine and are not made up here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction

from engine.cluster import Cluster, Mode
from engine.cost.sizes import NODES, synthetic_cluster
from engine.hooks import Hook
from engine.netfilter.choose import Choose, every_path
from engine.netfilter.ipt_text import chain_line, dump_iptables, rule_lines
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ipvsadm_text import save_service
from engine.netfilter.rules import Ruleset
from engine.netfilter.stack import HostNetfilter, Passage, Skb
from engine.packet import L4, FiveTuple
from engine.proxy import nftables_transaction
from engine.proxy.common import Common
from engine.proxy.endpoints import ServicePortView
from engine.proxy.garbage import without_garbage_search
from engine.proxy.interface import find_node, fresh_rules, mode_named
from engine.proxy.iptables import Sync, in_kernel
from engine.proxy.iptables_service import ServiceRules
from engine.proxy.partial import changed_services, first_sync, partial_sync, syncs
from engine.values import dataclass
from engine.walk.one_node import local_addresses, passages

_NODE = NODES[0]
# A pod of that node that backs no Service, and an address that no Service has.
_CLIENT = "10.128.0.2"
_NO_SERVICE = "198.51.100.7"
_DEVICE = "cni0"
# The last address of the pods' network, which no synthetic cluster gives to an endpoint.
_REPLACEMENT = "10.255.255.254"
# One mode after the other is asked about the same one.
_cluster = functools.lru_cache(maxsize=1)(synthetic_cluster)


@functools.lru_cache(maxsize=1)
def _common(services: int, endpoints: int, release: str | None) -> Common:
    """What the rules of that cluster have in common in all modes: its Service ports."""
    return Common()


@dataclass(frozen=True, slots=True)
class PacketCost:
    """What one packet has looked at on its node: rules one by one, and set or map or hash look-ups.

    Means over the endpoints that may be drawn, exact."""

    rules: Fraction
    lookups: Fraction


@dataclass(frozen=True, slots=True)
class RulesetContents:
    """A compiled ruleset: chains, rules, elements of sets and maps."""

    chains: int
    rules: int
    elements: int


@dataclass(frozen=True, slots=True)
class RulesetSize(RulesetContents):
    """And bytes of its listing."""

    bytes: int


@dataclass(frozen=True, slots=True)
class PacketCosts:
    """`first`, `middle`, `last` are the first packet of a connection to that Service, in the order of the rules; `none` one
    to no Service; `later` any later packet of the connection to the last Service."""

    first: PacketCost
    middle: PacketCost
    last: PacketCost
    none: PacketCost
    later: PacketCost

    @property
    def average(self) -> PacketCost:
        """The mean over all Services: each that stands before adds the same, so it lies halfway from first to last."""
        return PacketCost((self.first.rules + self.last.rules) / 2, (self.first.lookups + self.last.lookups) / 2)


@dataclass(frozen=True, slots=True)
class ModeCost(PacketCosts):
    """One mode at one size."""

    mode: Mode
    services: int
    endpoints: int
    size: RulesetSize


@dataclass(frozen=True, slots=True)
class UpdateCost:
    """Lines written by a full sync, and by the sync after one endpoint was replaced by another.

    iptables and nftables: lines handed to iptables-restore and nft. ipvs: lines by which what stands in the kernel
    differs (real servers, ipset entries, rules): each is one netlink message or less."""

    mode: Mode
    full: int
    partial: int
    full_chains: int = 0
    partial_chains: int = 0
    """How many of the lines declare a chain (iptables)."""


class CostFigures:
    """What costs() tells, in parts that are worked out when they are first asked for. Its rules are held as long as it is.

    `release` is kube-proxy's (None: the newest). Raises NoSuchObject for an unknown mode, EngineError for impossible
    numbers."""

    def __init__(self, mode: str, services: int, endpoints: int, release: str | None = None) -> None:
        self.mode = mode_named(mode)
        self.release = release
        self._cluster = _cluster(services, endpoints)
        self._common = Common(_common(services, endpoints, release))

    @functools.cached_property
    def ruleset(self) -> Ruleset:
        return fresh_rules(self._cluster, _NODE, self.mode, release=self.release, common=self._common)

    @functools.cached_property
    def contents(self) -> RulesetContents:
        return contents_of(self.ruleset)

    @functools.cached_property
    def packets(self) -> PacketCosts:
        return _packets(self._cluster, self.ruleset)

    @functools.cached_property
    def listed(self) -> tuple[int, int]:
        """Bytes and lines of the listing, which itself is megabytes that the next ruleset has room in."""
        listing = str(self.ruleset)
        return len(listing), listing.count("\n")

    @functools.cached_property
    def update(self) -> UpdateCost:
        after = with_one_endpoint_replaced(self._cluster)
        if self.mode is Mode.IPTABLES:
            with without_garbage_search():
                was, now = syncs(self._cluster, after, _NODE, release=self.release, common=self._common)
                return _iptables_update(was, now, was.services())
        old = self.ruleset
        new = fresh_rules(after, _NODE, self.mode, release=self.release, common=Common(self._common))
        if isinstance(old, IpvsRuleset) and isinstance(new, IpvsRuleset):
            return _ipvs_update(old, self.listed[1], new)
        full, partial = (
            nftables_transaction.full_sync_lines(new, old),
            nftables_transaction.partial_sync_lines(new, old),
        )
        return UpdateCost(self.mode, full, partial)


def costs(mode: str, services: int, endpoints: int, release: str | None = None) -> tuple[ModeCost, UpdateCost]:
    """`mode_cost` and `update_cost` of `services` Services of `endpoints` endpoints, compiled once for both.

    `release` is kube-proxy's (None: the newest).
    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    with without_garbage_search():
        if mode_named(mode) is Mode.IPTABLES:
            return _service_by_service(services, endpoints, release)
        figures = CostFigures(mode, services, endpoints, release)
        return _mode_cost(figures, services, endpoints), figures.update


def update_cost(mode: str, services: int, endpoints: int, release: str | None = None) -> UpdateCost:
    """Compile `services` Services of `endpoints` endpoints before and after a change and count what a sync writes.

    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    with without_garbage_search():
        return CostFigures(mode, services, endpoints, release).update


def mode_cost(mode: str, services: int, endpoints: int, release: str | None = None) -> ModeCost:
    """Compile and walk `services` ClusterIP Services of `endpoints` endpoints each in `mode`.

    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    with without_garbage_search():
        return _mode_cost(CostFigures(mode, services, endpoints, release), services, endpoints)


def _mode_cost(figures: CostFigures, services: int, endpoints: int) -> ModeCost:
    contents = figures.contents
    size = RulesetSize(contents.chains, contents.rules, contents.elements, figures.listed[0])
    return _with_packets(figures.packets, figures.mode, services, endpoints, size)


def _with_packets(packets: PacketCosts, mode: Mode, services: int, endpoints: int, size: RulesetSize) -> ModeCost:
    each = packets.first, packets.middle, packets.last, packets.none, packets.later
    return ModeCost(*each, mode, services, endpoints, size)


def _ipvs_update(old: IpvsRuleset, lines: int, new: IpvsRuleset) -> UpdateCost:
    """`lines` are those that list `old`."""
    was, now = Counter(_own_lines(old, new)), Counter(_own_lines(new, old))
    gone, come = (was - now).total(), (now - was).total()
    return UpdateCost(Mode.IPVS, lines - gone + come, gone + come)


def _own_lines(ruleset: IpvsRuleset, other: IpvsRuleset) -> Iterator[str]:
    """The lines that list what is not the same object or value in `other`."""
    theirs = frozenset(other.services)
    for service in ruleset.services:
        if service not in theirs:
            yield from save_service(service)
    for one, another in zip(ruleset.ipsets, other.ipsets, strict=True):
        if one != another:
            yield from one.save()
    if ruleset.tables != other.tables:
        yield from dump_iptables(ruleset).splitlines()


def _service_by_service(services: int, endpoints: int, release: str | None) -> tuple[ModeCost, UpdateCost]:
    """costs() in iptables mode. Rules that no packet comes by that is counted are let go of: ten thousand Services have
    320,000."""
    cluster = _cluster(services, endpoints)
    common = Common(_common(services, endpoints, release))
    old, new = syncs(cluster, with_one_endpoint_replaced(cluster), _NODE, release=release, common=common)
    family, met = old.around.family, _met(cluster)
    standing: list[ServiceRules] = []
    chains = rules = size = 0

    def counted() -> Iterator[tuple[ServicePortView, ServiceRules]]:
        nonlocal chains, rules, size
        for view, written in old.services():
            yield view, written
            old.around.ways.clear()
            if view.cluster_ip in met:
                standing.append(written)
                continue
            chains += len(written.chains)
            rules += sum(len(chain.rules) for chain in written.chains)
            size += sum(len(chain_line(chain)) + 1 + len(rule_lines(chain, family)) for chain in written.chains)
            standing.append(ServiceRules(written.dispatch))

    update = _iptables_update(old, new, counted())
    ruleset = in_kernel(old, standing)
    held = size_of(ruleset)
    whole = RulesetSize(held.chains + chains, held.rules + rules, held.elements, held.bytes + size)
    return _with_packets(_packets(cluster, ruleset), Mode.IPTABLES, services, endpoints, whole), update


def _iptables_update(old: Sync, new: Sync, services: Iterable[tuple[ServicePortView, ServiceRules]]) -> UpdateCost:
    """What `old` writes, whose `services` these are, and what leads from there to `new`."""
    dispatch: dict[int, ServiceRules] = {}

    def noted() -> Iterator[tuple[ServicePortView, ServiceRules]]:
        for view, written in services:
            yield view, written
            # Of a Service that the change leaves alone the shared chains' rules are written again, its own are not.
            dispatch[id(view)] = ServiceRules(written.dispatch)

    full = first_sync(old, noted())
    # An unchanged Service's port is the same object in both.
    changed = changed_services(old, new) if old.around == new.around else frozenset(v.service.key for v in new.views)
    partial = partial_sync(
        old,
        new,
        services=(
            (view, new.written(view) if view.service.key in changed else dispatch[id(view)]) for view in new.views
        ),
    )
    return UpdateCost(
        Mode.IPTABLES,
        full.rule_lines + full.chain_lines,
        partial.rule_lines + partial.chain_lines,
        full.chain_lines,
        partial.chain_lines,
    )


def _met(cluster: Cluster) -> tuple[str, str, str]:
    """The ClusterIPs of the first Service, the middle and the last."""
    addresses = [service.cluster_ips[0] for service in cluster.services] or [_NO_SERVICE]
    last = len(addresses) - 1
    return addresses[0], addresses[last // 2], addresses[last]


def _packets(cluster: Cluster, ruleset: Ruleset) -> PacketCosts:
    first, middle, last = (packet_cost(cluster, ruleset, address) for address in _met(cluster))
    none = packet_cost(cluster, ruleset, _NO_SERVICE)
    return PacketCosts(first[0], middle[0], last[0], none[0], last[1])


def contents_of(ruleset: Ruleset) -> RulesetContents:
    """Count what stands in a ruleset. In ipvs mode a virtual server and a real server are an element each."""
    tables = ruleset.tables.values()
    chains = sum(len(table.chains) for table in tables)
    rules = sum(len(chain.rules) for table in tables for chain in table.chains.values())
    elements = sum(len(getattr(named, "elements", ())) for table in tables for named in table.sets.values())
    if isinstance(ruleset, IpvsRuleset):
        elements += sum(len(ipset.entries) for ipset in ruleset.ipsets)
        elements += sum(1 + len(service.servers) for service in ruleset.services)
    return RulesetContents(chains, rules, elements)


def size_of(ruleset: Ruleset) -> RulesetSize:
    """contents_of, and the bytes of its listing."""
    contents = contents_of(ruleset)
    return RulesetSize(contents.chains, contents.rules, contents.elements, len(str(ruleset)))


def packet_cost(cluster: Cluster, ruleset: Ruleset, destination: str, port: int = 80) -> tuple[PacketCost, PacketCost]:
    """The cost of the first packet from a pod of node1 to `destination`, and of a later one of the connection."""
    node = find_node(cluster, _NODE)
    bound = ruleset.dummy_addresses if isinstance(ruleset, IpvsRuleset) else ()
    is_local = local_addresses(node, bound)
    flow = FiveTuple(L4.TCP, _CLIENT, 40000, destination, port)

    def run(choose: Choose) -> tuple[tuple[int, int], tuple[int, int]]:
        netfilter = HostNetfilter(node.name, ruleset, is_local, choose)
        skb = Skb(flow)
        first = _add(list(passages(netfilter, skb, _DEVICE, is_local, node)))
        _reply(netfilter, skb.flow.reply())
        return first, _add(list(passages(netfilter, Skb(flow), _DEVICE, is_local, node)))

    totals = [Fraction(0)] * 4
    for probability, (first, later) in every_path(run):
        for position, figure in enumerate((*first, *later)):
            totals[position] += probability * figure
    return PacketCost(totals[0], totals[1]), PacketCost(totals[2], totals[3])


def _reply(netfilter: HostNetfilter, flow: FiveTuple) -> None:
    """An answer passes, so that the connection counts as established."""
    skb = Skb(flow)
    netfilter.traverse(Hook.PREROUTING, skb, in_device="eth0")
    netfilter.traverse(Hook.FORWARD, skb, in_device="eth0", out_device=_DEVICE)
    netfilter.traverse(Hook.POSTROUTING, skb, out_device=_DEVICE)


def _add(seen: list[Passage]) -> tuple[int, int]:
    return sum(passage.rules_evaluated for passage in seen), sum(passage.hash_lookups for passage in seen)


def with_one_endpoint_replaced(cluster: Cluster) -> Cluster:
    """The cluster once one endpoint of its first Service has given way to another: the change an update is measured by.

    A cluster without endpoints comes back as it is."""
    if not cluster.slices or not cluster.slices[0].endpoints:
        return cluster
    head, *rest = cluster.slices
    *kept, gone = head.endpoints
    changed = dataclasses.replace(head, endpoints=(*kept, dataclasses.replace(gone, addresses=(_REPLACEMENT,))))
    return dataclasses.replace(cluster, slices=(changed, *rest))
