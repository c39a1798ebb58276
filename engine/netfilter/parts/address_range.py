"""`-m iprange --src-range FIRST-LAST --dst-range FIRST-LAST`; nft `ip saddr FIRST-LAST`.

Sources: net/netfilter/xt_iprange.c (iprange_mt4, iprange_mt6); iptables 1.8.9 extensions/libxt_iprange.c.
"""

from __future__ import annotations

import ipaddress
import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.parts.addresses import address_number, check_family
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class AddressRange(ModelledMatch):
    """`side` is "src" or "dst"; `first` and `last` belong to it."""

    side: str
    first: str
    last: str
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        flow = context.skb.flow
        number = address_number(flow.src if self.side == "src" else flow.dst)
        return (address_number(self.first) <= number <= address_number(self.last)) != self.negate

    def iptables_text(self, family: Family, before: Match | None) -> str:
        option = f"{negation(self.negate)} --{self.side}-range {self.first}-{self.last}"
        # Both ranges of one -m iprange are two matches here.
        same = isinstance(before, AddressRange) and (before.side, self.side) == ("src", "dst")
        return option if same else f" -m iprange{option}"

    def nft_text(self, ip: str) -> str:
        return f"{ip} {self.side[0]}addr {not_equal(self.negate)}{self.first}-{self.last}"


def _range(side: str, text: str, negate: bool) -> AddressRange:
    first, dash, last = text.partition("-")
    try:
        ends = ipaddress.ip_address(first), ipaddress.ip_address(last if dash else first)
    except ValueError:
        raise BadRule(f"{text!r} is no range of addresses", zh=f"{text!r} 不是地址范围") from None
    return AddressRange(side, str(ends[0]), str(ends[1]), negate)


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if not options or not options.keys() <= {"--src-range", "--dst-range"}:
        return None
    sides = [option for option in ("--src-range", "--dst-range") if option in options]
    return tuple(_range(option[2:5], options[option][1] or "", options[option][0]) for option in sides)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    check_family(found, found[1], family)
    return _range("src" if found[2] == "s" else "dst", found[4], found[3] is not None)


PART = Part(
    classes=(AddressRange,),
    modules={"iprange": by_options(_read)},
    nft_matches=((r"(ip6?) ([sd])addr (!= )?([0-9a-f.:]+-[0-9a-f.:]+)", _read_nft),),
)
