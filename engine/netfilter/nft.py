"""What nftables has beyond the vocabulary of rules.py: named sets and maps, look-ups in them, random verdicts.

Importing this module makes the evaluator know these parts. Sources: nft(8); net/netfilter/nft_lookup.c, nft_dynset.c,
nft_numgen.c.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import ipaddress
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeAlias

from engine.errors import RuleError, UnsupportedFeature
from engine.netfilter.builtin import device_matches
from engine.netfilter.context import CONTINUE, MATCHES, TARGETS, Context, Decision
from engine.netfilter.index import LEADS_TO, PURE
from engine.netfilter.rules import Destination, Goto, Jump, Match, Source, Table, Target
from engine.packet import FiveTuple, is_ipv6
from engine.values import dataclass

# A key of a set or map, one string a component, as nft prints them: ("10.96.0.10", "udp", "53").
Key: TypeAlias = tuple[str, ...]


class LookupField(enum.StrEnum):
    """What of a packet a look-up asks for; together the fields make the key."""

    SADDR = "saddr"
    DADDR = "daddr"
    L4PROTO = "l4proto"
    DPORT = "dport"


@dataclass(frozen=True, slots=True)
class Element:
    """What a set or map holds beside the key: a comment, and in a map a verdict."""

    verdict: Target | None = None
    comment: str | None = None


@dataclasses.dataclass(slots=True)
class NamedSet:
    """A set, or with `verdicts` a map to verdicts (the kernel holds both alike, struct nft_set).

    `key_types` are nft's type names, `timeout` is in seconds, `flags` in the order nft prints them.
    """

    name: str
    key_types: tuple[str, ...]
    verdicts: bool = False
    comment: str | None = None
    flags: tuple[str, ...] = ()
    timeout: int | None = None
    size: int | None = None
    elements: dict[Key, Element] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InInterfaceIndex(Match):
    """`iif "NAME"`: the device that had this name when the rule was loaded; nft refuses a name that does not exist."""

    name: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class SetLookup(Match):
    """`ip daddr @NAME`: whether the set holds the packet's fields."""

    fields: tuple[LookupField, ...]
    set: str
    negate: bool = False


@dataclass(frozen=True, slots=True)
class AddressSet(Match):
    """`ip saddr { ... }`: an anonymous interval set. `intervals` are addresses, networks or `low-high`, sorted and
    merged as nft prints them; make it with address_set(). `side` is "src" or "dst"."""

    side: str
    intervals: tuple[str, ...]
    negate: bool = False


@dataclass(frozen=True, slots=True)
class VerdictMap(Target):
    """`... vmap @NAME`: the verdict that the map holds for the packet's fields; without one the walk goes on."""

    fields: tuple[LookupField, ...]
    map: str


@dataclass(frozen=True, slots=True)
class RandomVerdict(Target):
    """`numgen random mod N vmap { 0 : ..., 1 : ... }`: one of the N verdicts, each as likely as any other."""

    verdicts: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class SetUpdate(Target):
    """`update @NAME { ip saddr }`: puts the fields into a dynamic set, or starts their timeout anew. Not terminal."""

    set: str
    fields: tuple[LookupField, ...]


def address_set(side: str, nets: Iterable[str], negate: bool = False) -> Match:
    """What nft makes of `ip saddr { NETS }`: one net loses its braces, several are sorted and merged.

    Neighbouring and overlapping networks become one interval (nft 1.0.6, src/intervals.c).
    """
    given = list(nets)
    if not given:
        raise RuleError("an anonymous set needs an element", zh="匿名集合至少需要一个元素")
    if len(given) == 1:
        net = str(ipaddress.ip_network(given[0], strict=False))
        return Source(net, negate) if side == "src" else Destination(net, negate)
    bounds = sorted((network[0], network[-1]) for network in (_network(net) for net in given))
    merged: list[tuple[int, int]] = []
    for low, high in bounds:
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    version = 6 if is_ipv6(given[0]) else 4
    return AddressSet(side, tuple(_interval_text(low, high, version) for low, high in merged), negate)


def _network(net: str) -> tuple[int, int]:
    network = ipaddress.ip_network(net, strict=False)
    return int(network.network_address), int(network.broadcast_address)


def _interval_text(low: int, high: int, version: int) -> str:
    bits = 128 if version == 6 else 32
    make = ipaddress.IPv6Address if version == 6 else ipaddress.IPv4Address
    size = high - low + 1
    if size == 1:
        return str(make(low))
    if size & (size - 1) == 0 and low % size == 0:
        return f"{make(low)}/{bits - size.bit_length() + 1}"
    return f"{make(low)}-{make(high)}"


@functools.lru_cache(maxsize=8192)
def interval_bounds(interval: str) -> tuple[int, int, int]:
    """(IP version, first, last address) of an interval as AddressSet holds it; raises ValueError for other text."""
    low, dash, high = interval.partition("-")
    version = 6 if is_ipv6(low) else 4
    if dash:
        return version, int(ipaddress.ip_address(low)), int(ipaddress.ip_address(high))
    return version, *_network(low)


def named_set(table: Table, name: str) -> NamedSet:
    """The set or map `name` of the table; raises RuleError where it has none."""
    found = table.sets.get(name)
    if not isinstance(found, NamedSet):
        raise RuleError(
            f"table {table.name} has no set or map {name}; the kernel refuses this ruleset",
            zh=f"表 {table.name} 没有集合或映射 {name}；内核会拒绝这份规则",
        )
    return found


def key_of(fields: tuple[LookupField, ...], flow: FiveTuple) -> Key:
    """The key that a packet of this flow asks a set or map for."""
    return tuple(_FIELD_OF[field](flow) for field in fields)


_FIELD_OF: dict[LookupField, Callable[[FiveTuple], str]] = {
    LookupField.SADDR: lambda flow: flow.src,
    LookupField.DADDR: lambda flow: flow.dst,
    LookupField.L4PROTO: lambda flow: flow.protocol.value.lower(),
    LookupField.DPORT: lambda flow: str(flow.dport),
}


def _in_interface_index(match: InInterfaceIndex, context: Context) -> bool:
    return device_matches(match.name, context.in_device) != match.negate


def _asked(name: str, context: Context) -> NamedSet:
    """The set or map of a look-up, counted as one."""
    context.hash_lookups += 1
    named = named_set(context.table, name)
    if "interval" in named.flags:
        raise UnsupportedFeature(
            f"table {context.table.name}: {name} holds intervals, which named sets are not modelled with",
            zh=f"表 {context.table.name}：{name} 含有区间，命名集合的区间未建模",
        )
    return named


def _set_lookup(match: SetLookup, context: Context) -> bool:
    named, key = _asked(match.set, context), key_of(match.fields, context.skb.flow)
    return (key in named.elements or _alive(named, key, context)) != match.negate


def _dynamic(context: Context, name: str) -> dict[str, list[float]]:
    return context.recent.setdefault(f"nft {context.table.name} {name}", {})


def _alive(named: NamedSet, key: Key, context: Context) -> bool:
    """Whether a packet put `key` there and its timeout has not run out since."""
    if "dynamic" not in named.flags:
        return False
    stamps = _dynamic(context, named.name).get(" . ".join(key))
    return stamps is not None and (named.timeout is None or context.now < stamps[-1] + named.timeout)


def _address_set(match: AddressSet, context: Context) -> bool:
    context.hash_lookups += 1
    flow = context.skb.flow
    address = ipaddress.ip_address(flow.src if match.side == "src" else flow.dst)
    number = int(address)
    bounds = (interval_bounds(interval) for interval in match.intervals)
    inside = any(version == address.version and low <= number <= high for version, low, high in bounds)
    return inside != match.negate


def _verdict_map(target: VerdictMap, context: Context) -> Decision:
    element = _asked(target.map, context).elements.get(key_of(target.fields, context.skb.flow))
    return CONTINUE if element is None else _decide(element.verdict, context)


def _random_verdict(target: RandomVerdict, context: Context) -> Decision:
    context.hash_lookups += 1
    count = len(target.verdicts)
    chosen = 0 if count == 1 else context.choose((Fraction(1, count),) * count)
    return _decide(target.verdicts[chosen], context)


def _decide(verdict: Target | None, context: Context) -> Decision:
    if verdict is None or type(verdict) not in TARGETS:
        raise RuleError(
            f"table {context.table.name}: {verdict!r} is no verdict a map can hold",
            zh=f"表 {context.table.name}：{verdict!r} 不是映射可以存放的判决",
        )
    return TARGETS[type(verdict)](verdict, context)


def _set_update(target: SetUpdate, context: Context) -> Decision:
    named_set(context.table, target.set)
    context.record("UPDATE")
    _dynamic(context, target.set)[" . ".join(key_of(target.fields, context.skb.flow))] = [context.now]
    return CONTINUE


def _chains(verdicts: Iterable[Target | None]) -> Iterable[str]:
    return (verdict.chain for verdict in verdicts if isinstance(verdict, Goto | Jump))


def _map_leads_to(target: VerdictMap, table: Table) -> Iterable[str]:
    return _chains(element.verdict for element in named_set(table, target.map).elements.values())


def _random_leads_to(target: RandomVerdict, table: Table) -> Iterable[str]:
    return _chains(target.verdicts)


def register() -> None:
    """Enter nftables' parts in the evaluator's tables."""
    MATCHES.update({InInterfaceIndex: _in_interface_index, SetLookup: _set_lookup, AddressSet: _address_set})
    TARGETS.update({VerdictMap: _verdict_map, RandomVerdict: _random_verdict, SetUpdate: _set_update})
    LEADS_TO.update({VerdictMap: _map_leads_to, RandomVerdict: _random_leads_to})
    PURE.add(InInterfaceIndex)


register()
