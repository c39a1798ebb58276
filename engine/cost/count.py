"""What a mode costs: rules in the kernel, rules a packet has evaluated, lines a sync rewrites.

All counted on what is really compiled and walked; times need a real machine and are not made up here.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Collection, Iterator
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
class RulesetSize:
    """A compiled ruleset: chains, rules, elements of sets and maps, bytes of its listing."""

    chains: int
    rules: int
    elements: int
    bytes: int


@dataclass(frozen=True, slots=True)
class ModeCost:
    """One mode at one size. `first`, `middle`, `last` are the first packet of a connection to that Service, in the
    order of the rules; `none` one to no Service; `later` any later packet of the connection to the last Service."""

    mode: Mode
    services: int
    endpoints: int
    size: RulesetSize
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


def costs(mode: str, services: int, endpoints: int, release: str | None = None) -> tuple[ModeCost, UpdateCost]:
    """`mode_cost` and `update_cost` of `services` Services of `endpoints` endpoints, compiled once for both.

    `release` is kube-proxy's (None: the newest).
    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    with without_garbage_search():
        cluster = _cluster(services, endpoints)
        after = with_one_endpoint_replaced(cluster)
        wanted, common = mode_named(mode), Common(_common(services, endpoints, release))
        if wanted is Mode.IPTABLES:
            both = syncs(cluster, after, _NODE, release=release, common=common)
            ruleset, size, update = _service_by_service(*both, _met(cluster))
            return _standing(wanted, services, endpoints, cluster, ruleset, size), update
        ruleset = fresh_rules(cluster, _NODE, wanted, release=release, common=common)
        listing = str(ruleset)
        size, lines = size_of(ruleset, listing), listing.count("\n")
        # Megabytes that the next ruleset has room in.
        del listing
        update = _update(
            wanted, ruleset, lines, fresh_rules(after, _NODE, wanted, release=release, common=Common(common))
        )
        return _standing(wanted, services, endpoints, cluster, ruleset, size), update


def update_cost(mode: str, services: int, endpoints: int, release: str | None = None) -> UpdateCost:
    """Compile `services` Services of `endpoints` endpoints before and after a change and count what a sync writes.

    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    return costs(mode, services, endpoints, release)[1]


def mode_cost(mode: str, services: int, endpoints: int, release: str | None = None) -> ModeCost:
    """Compile and walk `services` ClusterIP Services of `endpoints` endpoints each in `mode`.

    Raises NoSuchObject for an unknown mode, EngineError for impossible numbers.
    """
    with without_garbage_search():
        cluster = _cluster(services, endpoints)
        wanted = mode_named(mode)
        ruleset = fresh_rules(cluster, _NODE, wanted, release=release)
        return _standing(wanted, services, endpoints, cluster, ruleset, size_of(ruleset))


def _update(mode: Mode, old: Ruleset, lines: int, new: Ruleset) -> UpdateCost:
    """`lines` are those that list `old`."""
    if not (isinstance(old, IpvsRuleset) and isinstance(new, IpvsRuleset)):
        return UpdateCost(
            mode, nftables_transaction.full_sync_lines(new, old), nftables_transaction.partial_sync_lines(new, old)
        )
    was, now = Counter(_own_lines(old, new)), Counter(_own_lines(new, old))
    gone, come = (was - now).total(), (now - was).total()
    return UpdateCost(mode, lines - gone + come, gone + come)


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


def _service_by_service(old: Sync, new: Sync, met: Collection[str]) -> tuple[Ruleset, RulesetSize, UpdateCost]:
    """iptables mode's rules after `old`, their size, and what leads to them and on to `new`. Rules that no packet to an
    address of `met` comes by are counted and let go of: ten thousand Services have 320,000."""
    family = old.around.family
    kept: dict[int, ServiceRules] = {}
    chains = rules = size = 0

    def counted() -> Iterator[tuple[ServicePortView, ServiceRules]]:
        nonlocal chains, rules, size
        for view, written in old.services():
            yield view, written
            old.around.ways.clear()
            held = view.cluster_ip in met
            if not held:
                chains += len(written.chains)
                rules += sum(len(chain.rules) for chain in written.chains)
                size += sum(len(chain_line(chain)) + 1 + len(rule_lines(chain, family)) for chain in written.chains)
            kept[id(view)] = written if held else ServiceRules(written.dispatch)

    full = first_sync(old, counted())
    ruleset = in_kernel(old, kept.values())
    # An unchanged Service's port is the same object in both.
    changed = changed_services(old, new) if old.around == new.around else frozenset(v.service.key for v in new.views)
    partial = partial_sync(
        old,
        new,
        services=((view, new.written(view) if view.service.key in changed else kept[id(view)]) for view in new.views),
    )
    standing = size_of(ruleset)
    whole = RulesetSize(standing.chains + chains, standing.rules + rules, standing.elements, standing.bytes + size)
    return ruleset, whole, UpdateCost(
        Mode.IPTABLES,
        full.rule_lines + full.chain_lines,
        partial.rule_lines + partial.chain_lines,
        full.chain_lines,
        partial.chain_lines,
    )  # fmt: skip


def _met(cluster: Cluster) -> tuple[str, str, str]:
    """The ClusterIPs of the first Service, the middle and the last."""
    addresses = [service.cluster_ips[0] for service in cluster.services] or [_NO_SERVICE]
    last = len(addresses) - 1
    return addresses[0], addresses[last // 2], addresses[last]


def _standing(
    mode: Mode, services: int, endpoints: int, cluster: Cluster, ruleset: Ruleset, size: RulesetSize
) -> ModeCost:
    first, middle, last = (packet_cost(cluster, ruleset, address) for address in _met(cluster))
    none = packet_cost(cluster, ruleset, _NO_SERVICE)
    return ModeCost(mode, services, endpoints, size, first[0], middle[0], last[0], none[0], last[1])


def size_of(ruleset: Ruleset, listing: str | None = None) -> RulesetSize:
    """Count what stands in a ruleset. In ipvs mode a virtual server and a real server are an element each.

    `listing` is its text where that is at hand."""
    chains = sum(len(table.chains) for table in ruleset.tables.values())
    rules = sum(len(chain.rules) for table in ruleset.tables.values() for chain in table.chains.values())
    elements = sum(
        len(getattr(named, "elements", ())) for table in ruleset.tables.values() for named in table.sets.values()
    )
    if isinstance(ruleset, IpvsRuleset):
        elements += sum(len(ipset.entries) for ipset in ruleset.ipsets)
        elements += sum(1 + len(service.servers) for service in ruleset.services)
    return RulesetSize(chains, rules, elements, len(str(ruleset) if listing is None else listing))


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
