"""`-m addrtype --src-type|--dst-type TYPES [--limit-iface-in|--limit-iface-out]`; nft `fib saddr type local`, `fib daddr .
iif type local`.

Sources: net/netfilter/xt_addrtype.c (addrtype_mt_v1, match_type6), nft_fib.c; iptables 1.8.9
extensions/libxt_addrtype.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family, is_ipv6
from engine.values import dataclass

_TYPES = frozenset(
    {"UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT"}
    | {"THROW", "NAT", "XRESOLVE"}
)
# Of an IPv6 address each of these must hold if it is asked for, and then one of the others (match_type6).
_ALL_OF_V6 = frozenset({"MULTICAST", "UNICAST", "UNSPEC"})


@dataclass(frozen=True, slots=True)
class AddressType(ModelledMatch):
    """`side` is "src" or "dst", `type` one type or several with commas; with `limit` "in" or "out" an address counts as
    LOCAL only where the packet's device of that side has it."""

    side: str
    type: str = "LOCAL"
    negate: bool = False
    limit: str = ""

    pure = True

    def holds(self, context: Context) -> bool | None:
        flow = context.skb.flow
        address = flow.src if self.side == "src" else flow.dst
        if self.type == "LOCAL" and not self.limit:
            return context.is_local(address) != self.negate
        if context.routing is None:
            return None
        # The type of a route in main plays no part: inet_dev_addr_type asks the local table alone.
        device = {"in": context.in_device, "out": context.out_device}.get(self.limit)
        asked, found = set(self.type.split(",")), context.routing.address_types(address, device)
        if is_ipv6(address):
            others = asked - _ALL_OF_V6
            return (asked & _ALL_OF_V6 <= found and (not others or not others.isdisjoint(found))) != self.negate
        return (not asked.isdisjoint(found)) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        limit = f" limit-{self.limit}" if self.limit else ""
        return f" ADDRTYPE match {self.side}-type {'!' if self.negate else ''}{self.type}{limit}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m addrtype{self.option()}{self.limit_text()}"

    def option(self) -> str:
        return f"{negation(self.negate)} --{self.side}-type {self.type}"

    def limit_text(self) -> str:
        return f" --limit-iface-{self.limit}" if self.limit else ""

    def nft_text(self, ip: str) -> str:
        device = f" . {self.limit[0]}if" if self.limit else ""
        words = self.type.lower().split(",")
        types = words[0] if len(words) == 1 else f"{{ {', '.join(words)} }}"
        return f"fib {self.side[0]}addr{device} type {not_equal(self.negate)}{types}"


@dataclass(frozen=True, slots=True)
class AddressTypes(ModelledMatch):
    """Both sides in one `-m addrtype`: the rule's text has them together, the limit said once."""

    source: AddressType
    destination: AddressType

    pure = True

    def holds(self, context: Context) -> bool | None:
        for side in (self.source, self.destination):
            held = side.holds(context)
            if not held:
                return held
        return True

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m addrtype{self.source.option()}{self.destination.option()}{self.source.limit_text()}"


# As `nft -n` prints them (enum of RTN_, linux/rtnetlink.h).
_NUMBERED = {
    "1": "UNICAST",
    "2": "LOCAL",
    "3": "BROADCAST",
    "4": "ANYCAST",
    "5": "MULTICAST",
    "6": "BLACKHOLE",
    "7": "UNREACHABLE",
    "8": "PROHIBIT",
}
_LIMITS = {"--limit-iface-in": "in", "--limit-iface-out": "out"}


def _read(name: str, options: Options, family: Family) -> Matches | None:
    limits = [limit for option, limit in _LIMITS.items() if option in options]
    found = []
    for option in ("--src-type", "--dst-type"):
        if option in options:
            negate, text = options[option]
            types = (text or "").upper()
            if not set(types.split(",")) <= _TYPES:
                raise BadRule(f"{text!r} is no address type", zh=f"{text!r} 不是地址类型")
            found.append(AddressType(option[2:5], types, negate, limits[0] if limits else ""))
    if not found or len(limits) > 1 or len(options) != len(found) + len(limits):
        return None
    return (found[0] if len(found) == 1 else AddressTypes(found[0], found[1]),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    limit = {None: "", " . iif": "in", " . oif": "out"}[found[2]]
    types = ",".join(_NUMBERED.get(word, word.upper()) for word in found[4].strip("{ }").replace(" ", "").split(","))
    return AddressType("src" if found[1] == "s" else "dst", types, found[3] is not None, limit)


PART = Part(
    classes=(AddressType, AddressTypes),
    modules={"addrtype": by_options(_read)},
    nft_matches=((r"fib ([sd])addr( \. [io]if)? type (!= )?([a-z]+|[1-8](?= |$)|{ [a-z1-8, ]+ })", _read_nft),),
)
