"""What a packet is to a rule that asks for its ICMP type (RFC 792, RFC 4443)."""

from __future__ import annotations

import pytest

from engine.netfilter.packet_facts import ANY_ICMP, ICMP_NAMES, icmp_type_of
from engine.netfilter.skb import Segment, Skb
from engine.packet import L4, Family, FiveTuple

PING = FiveTuple(L4.ICMP, "1.2.3.4", 7, "10.244.1.5", 0)
TYPES = {
    "echo request": (Skb(PING), 8, 128),
    "echo reply": (Skb(PING, segment=Segment.ANSWER), 0, 129),
    "unreachable": (Skb(PING, error_about=PING.reply()), 3, 1),
}


@pytest.mark.parametrize(("skb", "ipv4", "ipv6"), TYPES.values(), ids=TYPES)
def test_an_icmp_type(skb: Skb, ipv4: int, ipv6: int) -> None:
    assert (icmp_type_of(skb, Family.IPV4), icmp_type_of(skb, Family.IPV6)) == (ipv4, ipv6)


# Type by type, what iptables and nft call it: RFC 792 and RFC 950; RFC 4443, 2710, 4861 and 3810.
NAMES = {
    Family.IPV4: {
        ANY_ICMP: "any",
        0: "echo-reply pong",
        3: "destination-unreachable",
        4: "source-quench",
        5: "redirect",
        8: "echo-request ping",
        9: "router-advertisement",
        10: "router-solicitation",
        11: "time-exceeded ttl-exceeded",
        12: "parameter-problem",
        13: "timestamp-request",
        14: "timestamp-reply",
        15: "info-request",
        16: "info-reply",
        17: "address-mask-request",
        18: "address-mask-reply",
    },
    Family.IPV6: {
        1: "destination-unreachable",
        2: "packet-too-big",
        3: "time-exceeded",
        4: "parameter-problem",
        128: "echo-request",
        129: "echo-reply",
        130: "mld-listener-query",
        131: "mld-listener-report",
        132: "mld-listener-done",
        133: "nd-router-solicit router-solicitation",
        134: "nd-router-advert router-advertisement",
        135: "nd-neighbor-solicit neighbor-solicitation neighbour-solicitation",
        136: "nd-neighbor-advert neighbor-advertisement neighbour-advertisement",
        137: "nd-redirect redirect",
        143: "mld2-listener-report",
    },
}


@pytest.mark.parametrize("family", Family)
def test_the_names_of_a_type(family: Family) -> None:
    types = set(ICMP_NAMES[family].values())
    found = {type_: " ".join(sorted(n for n, t in ICMP_NAMES[family].items() if t == type_)) for type_ in types}
    assert found == NAMES[family]
