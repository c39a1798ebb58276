"""nft `ip saddr { ... }`: an anonymous interval set in the rule itself.

Sources: nft(8); net/netfilter/nft_lookup.c, nft_set_rbtree.c; nftables 1.0.6 src/intervals.c.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Iterable

from engine.errors import RuleError
from engine.netfilter.context import Context
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import ModelledMatch, Part
from engine.netfilter.parts.addresses import Destination, Source, check_family
from engine.netfilter.ruleset import Match
from engine.packet import Family, is_ipv6
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class AddressSet(ModelledMatch):
    """`intervals` are addresses, networks or `low-high`, sorted and merged as nft prints them; make it with
    address_set(). `side` is "src" or "dst"."""

    side: str
    intervals: tuple[str, ...]
    negate: bool = False

    def holds(self, context: Context) -> bool:
        # nft_lookup.c asks the set once, however many intervals it has; not pure, because the look-up is counted.
        context.hash_lookups += 1
        flow = context.skb.flow
        address = ipaddress.ip_address(flow.src if self.side == "src" else flow.dst)
        number = int(address)
        bounds = (interval_bounds(interval) for interval in self.intervals)
        inside = any(version == address.version and low <= number <= high for version, low, high in bounds)
        return inside != self.negate

    def nft_text(self, ip: str) -> str:
        return f"{ip} {self.side[0]}addr {not_equal(self.negate)}{{ {', '.join(self.intervals)} }}"


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


def _read_nft(found: re.Match[str], family: Family) -> Match:
    check_family(found, found[1], family)
    intervals = tuple(found[4].strip("{ }").split(", "))
    for interval in intervals:
        interval_bounds(interval)
    return AddressSet("src" if found[2] == "saddr" else "dst", intervals, found[3] is not None)


PART = Part(classes=(AddressSet,), nft_matches=((r"(ip6?) ([sd]addr) (!= )?({[^}]*})", _read_nft),))
