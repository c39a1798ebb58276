"""What iptables' and nft's rules ask of a packet alike: whether a device has a name, of which type an ICMP packet is.

Sources: x_tables.h (ifname_compare_aligned), net/ipv4/netfilter/ip_tables.c (nulldevname); RFC 792, RFC 4443; iptables
1.8.9 extensions/libxt_icmp.h; nftables 1.0.6 src/proto.c.
"""

from __future__ import annotations

from typing import TypeAlias

from engine.netfilter.skb import Segment, Skb
from engine.packet import Family

# What a packet has of a field that nft names (nft_fields): an address as (version, number), a port or mark, a word.
Value: TypeAlias = tuple[int, int] | int | str | None

ANY_ICMP = 255
# Names as iptables and nft print or take them, with the type's number.
ICMP_NAMES = {
    Family.IPV4: {
        "any": ANY_ICMP, "echo-reply": 0, "pong": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5,
        "echo-request": 8, "ping": 8, "router-advertisement": 9, "router-solicitation": 10, "time-exceeded": 11,
        "ttl-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14, "info-request": 15,
        "info-reply": 16, "address-mask-request": 17, "address-mask-reply": 18,
    },
    Family.IPV6: {
        "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4,
        "echo-request": 128, "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131,
        "mld-listener-done": 132, "router-solicitation": 133, "nd-router-solicit": 133, "router-advertisement": 134,
        "nd-router-advert": 134, "neighbour-solicitation": 135, "neighbor-solicitation": 135, "nd-neighbor-solicit": 135,
        "neighbour-advertisement": 136, "neighbor-advertisement": 136, "nd-neighbor-advert": 136, "redirect": 137,
        "nd-redirect": 137, "mld2-listener-report": 143,
    },
}  # fmt: skip
_UNREACHABLE = {Family.IPV4: 3, Family.IPV6: 1}
_ECHO = {Family.IPV4: {Segment.OPEN: 8, Segment.ANSWER: 0}, Family.IPV6: {Segment.OPEN: 128, Segment.ANSWER: 129}}


def device_matches(pattern: str, device: str | None) -> bool:
    """iptables' trailing + and nft's trailing * stand for any suffix. Where a hook has no such device the name is
    empty (ip_tables.c nulldevname), which only a bare + or * matches."""
    if pattern.endswith(("+", "*")):
        return (device or "").startswith(pattern[:-1])
    return device == pattern


def icmp_kind_of(skb: Skb, family: Family) -> tuple[int | None, int | None]:
    """Type and code of an ICMP packet, None each where nothing in the model tells."""
    if skb.error_about is not None:
        return skb.error_kind or (_UNREACHABLE[family], None)
    kind = _ECHO[family].get(skb.segment)
    return kind, None if kind is None else 0
