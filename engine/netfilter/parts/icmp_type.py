"""`-m icmp --icmp-type TYPE[/CODE]`, `-m icmp6 --icmpv6-type TYPE[/CODE]`; nft `icmp type NAME`, `icmpv6 type NAME`.

Sources: net/ipv4/netfilter/ip_tables.c and net/netfilter/xt_tcpudp.c (icmp_match), net/ipv6/netfilter/ip6_tables.c
(icmp6_match); iptables 1.8.9 extensions/libipt_icmp.c, libip6t_icmp6.c, libxt_icmp.h; RFC 792, RFC 4443.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation, number
from engine.netfilter.nft_names import TABLE_FAMILY, not_equal
from engine.netfilter.part import BadRule, Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.netfilter.skb import Segment, Skb
from engine.packet import L4
from engine.values import dataclass

_ANY = 255
# Names as iptables and nft print or take them, with the type's number.
_NAMES = {
    "ipv4": {
        "any": _ANY, "echo-reply": 0, "pong": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
        "echo-request": 8, "ping": 8, "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11,
        "ttl-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15,
        "info-reply": 16, "address-mask-request": 17, "address-mask-reply": 18,
    },
    "ipv6": {
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
        "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
        "mld-listener-done": 132, "router-solicitation": 133, "nd-router-solicit": 133, "router-advertisement": 134,
        "nd-router-advert": 134, "neighbour-solicitation": 135, "neighbor-solicitation": 135, "nd-neighbor-solicit": 135,
        "neighbour-advertisement": 136, "neighbor-advertisement": 136, "nd-neighbor-advert": 136, "redirect": 137,
        "nd-redirect": 137, "mld2-listener-report": 143,
    },
}  # fmt: skip
_UNREACHABLE = {"ipv4": 3, "ipv6": 1}
_ECHO = {"ipv4": {Segment.OPEN: 8, Segment.ANSWER: 0}, "ipv6": {Segment.OPEN: 128, Segment.ANSWER: 129}}


@dataclass(frozen=True, slots=True)
class IcmpType(ModelledMatch):
    """`codes` are (first, last), () where every code will do; `family` is that of the table."""

    type: int
    codes: tuple[int, ...] = ()
    negate: bool = False
    family: str = "ipv4"

    pure = True

    def holds(self, context: Context) -> bool | None:
        skb = context.skb
        if skb.flow.protocol is not L4.ICMP:
            return False
        if self.type == _ANY and self.family == "ipv4":
            return not self.negate
        if _type_of(skb, self.family) != self.type:
            return self.negate
        # An error's code is what it was sent for, which the packet does not carry along here.
        return not self.negate if not self.codes else None

    def iptables_text(self, family: str, before: Match | None) -> str:
        module, option = ("icmp", "icmp") if family == "ipv4" else ("icmp6", "icmpv6")
        kind = "any" if self.type == _ANY and family == "ipv4" else str(self.type)
        code = f"/{self.codes[0]}" if self.codes else ""
        return f" -m {module}{negation(self.negate)} --{option}-type {kind}{code}"

    def nft_text(self, ip: str) -> str:
        if self.codes:
            return Match.nft_text(self, ip)
        name = next((name for name, kind in _NAMES[self.family].items() if kind == self.type), str(self.type))
        return f"{'icmp' if self.family == 'ipv4' else 'icmpv6'} type {not_equal(self.negate)}{name}"


def _type_of(skb: Skb, family: str) -> int | None:
    """The errors of a walk are all of one type: destination unreachable."""
    return _UNREACHABLE[family] if skb.error_about is not None else _ECHO[family].get(skb.segment)


def _read(name: str, options: Options, family: str) -> Matches | None:
    option = "--icmp-type" if name == "icmp" else "--icmpv6-type"
    if options.keys() != {option} or (name == "icmp") != (family == "ipv4"):
        return None
    negate, text = options[option]
    kind, slash, code = (text or "").partition("/")
    named = _NAMES[family].get(kind)
    # Names that mean a type and a code together (port-unreachable) are printed by no iptables-save.
    if named is None and not kind.isdigit():
        return None
    first = number(code, 255) if slash else None
    return (
        IcmpType(
            number(kind, 255) if named is None else named, () if first is None else (first, first), negate, family
        ),
    )


def _read_nft(found: re.Match[str], family: str) -> Match:
    if (found[1] == "icmp") != (TABLE_FAMILY[family] == "ip"):
        raise BadRule(f"{found[0]!r} is of the other address family", zh=f"{found[0]!r} 属于另一个地址族")
    kind = _NAMES[family].get(found[3])
    return IcmpType(int(found[3]) if kind is None else kind, (), found[2] is not None, family)


PART = Part(
    classes=(IcmpType,),
    modules=dict.fromkeys(("icmp", "icmp6"), by_options(_read)),
    nft_matches=((r"(icmp|icmpv6) type (!= )?([a-z0-9-]+)", _read_nft),),
)
