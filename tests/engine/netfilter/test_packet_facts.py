"""What a packet is to a rule that asks for its ICMP type (RFC 792, RFC 4443)."""

from __future__ import annotations

import pytest

from engine.netfilter.packet_facts import icmp_type_of
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
