"""`-m icmp --icmp-type TYPE[/CODE]`, `-m icmp6 --icmpv6-type TYPE[/CODE]`; nft `icmp type NAME`, `icmpv6 type NAME`.

Sources: net/ipv4/netfilter/ip_tables.c and net/netfilter/xt_tcpudp.c (icmp_match), net/ipv6/netfilter/ip6_tables.c
(icmp6_match); iptables 1.8.9 extensions/libipt_icmp.c, libip6t_icmp6.c, libxt_icmp.h; RFC 792, RFC 4443.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.icmp_errors import NAMED_CODES
from engine.netfilter.ipt_words import Options, by_options, negation, number
from engine.netfilter.nft_names import TABLE_FAMILY, not_equal
from engine.netfilter.packet_facts import ANY_ICMP, ICMP_NAMES, icmp_kind_of
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import L4, Family
from engine.values import dataclass, is_decimal


@dataclass(frozen=True, slots=True)
class IcmpType(ModelledMatch):
    """`codes` are (first, last), () where every code will do; `family` is that of the table."""

    type: int
    codes: tuple[int, ...] = ()
    negate: bool = False
    family: Family = Family.IPV4

    pure = True

    def holds(self, context: Context) -> bool | None:
        skb = context.skb
        if skb.flow.protocol is not L4.ICMP:
            return False
        if self.type == ANY_ICMP and self.family is Family.IPV4:
            return not self.negate
        kind, code = icmp_kind_of(skb, self.family)
        if kind != self.type:
            return self.negate
        if not self.codes:
            return not self.negate
        return None if code is None else (self.codes[0] <= code <= self.codes[1]) is not self.negate

    def iptables_text(self, family: Family, before: Match | None) -> str:
        module, option = ("icmp", "icmp") if family is Family.IPV4 else ("icmp6", "icmpv6")
        kind = "any" if self.type == ANY_ICMP and family is Family.IPV4 else str(self.type)
        code = f"/{self.codes[0]}" if self.codes else ""
        return f" -m {module}{negation(self.negate)} --{option}-type {kind}{code}"

    def nft_text(self, ip: str) -> str:
        if self.codes:
            return Match.nft_text(self, ip)
        name = next((name for name, kind in ICMP_NAMES[self.family].items() if kind == self.type), str(self.type))
        return f"{'icmp' if self.family is Family.IPV4 else 'icmpv6'} type {not_equal(self.negate)}{name}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    option = "--icmp-type" if name == "icmp" else "--icmpv6-type"
    if options.keys() != {option} or (name == "icmp") != (family is Family.IPV4):
        return None
    negate, text = options[option]
    kind, slash, code = (text or "").partition("/")
    both = NAMED_CODES[family].get(kind) if not slash else None
    if both is not None:
        return (IcmpType(both[0], (both[1], both[1]), negate, family),)
    named = ICMP_NAMES[family].get(kind)
    if named is None and not is_decimal(kind):
        return None
    first = number(code, 255) if slash else None
    return (
        IcmpType(
            number(kind, 255) if named is None else named, () if first is None else (first, first), negate, family
        ),
    )


def _read_nft(found: re.Match[str], family: Family) -> Match:
    if (found[1] == "icmp") != (TABLE_FAMILY[family] == "ip"):
        raise BadRule(f"{found[0]!r} is of the other address family", zh=f"{found[0]!r} 属于另一个地址族")
    kind = ICMP_NAMES[family].get(found[3])
    return IcmpType(int(found[3]) if kind is None else kind, (), found[2] is not None, family)


PART = Part(
    classes=(IcmpType,),
    modules=dict.fromkeys(("icmp", "icmp6"), by_options(_read)),
    nft_matches=((r"(icmp|icmpv6) type (!= )?([a-z0-9-]+)", _read_nft),),
)
