"""What a packet is to a rule that asks for its ICMP type and code (RFC 792, RFC 4443)."""

from __future__ import annotations

import pytest

from engine.netfilter.icmp_errors import NAMED_CODES, error_kind
from engine.netfilter.packet_facts import ANY_ICMP, ICMP_NAMES, icmp_kind_of
from engine.netfilter.skb import Segment, Skb
from engine.packet import L4, Family, FiveTuple

PING = FiveTuple(L4.ICMP, "1.2.3.4", 7, "10.244.1.5", 0)
KINDS = {
    "echo request": (Skb(PING), (8, 0), (128, 0)),
    "echo reply": (Skb(PING, segment=Segment.ANSWER), (0, 0), (129, 0)),
    "an error of which no more is told": (Skb(PING, error_about=PING.reply()), (3, None), (1, None)),
    "port unreachable": (Skb(PING, error_about=PING.reply(), error_kind=(3, 3)), (3, 3), (3, 3)),
    "a TCP segment": (Skb(PING, segment=Segment.DATA), (None, None), (None, None)),
}


@pytest.mark.parametrize(("skb", "ipv4", "ipv6"), KINDS.values(), ids=KINDS)
def test_type_and_code(skb: Skb, ipv4: tuple[int, int], ipv6: tuple[int, int]) -> None:
    assert (icmp_kind_of(skb, Family.IPV4), icmp_kind_of(skb, Family.IPV6)) == (ipv4, ipv6)


# RFC 792, RFC 1812 5.2.7.1, RFC 4443.
ERRORS = {
    "icmp-net-unreachable": (Family.IPV4, (3, 0)), "icmp-host-unreachable": (Family.IPV4, (3, 1)),
    "icmp-proto-unreachable": (Family.IPV4, (3, 2)), "icmp-prot-unreachable": (Family.IPV4, (3, 2)),
    "icmp-port-unreachable": (Family.IPV4, (3, 3)), "icmp-fragmentation-needed": (Family.IPV4, (3, 4)),
    "icmp-net-prohibited": (Family.IPV4, (3, 9)), "icmp-host-prohibited": (Family.IPV4, (3, 10)),
    "icmp-admin-prohibited": (Family.IPV4, (3, 13)), "icmp6-no-route": (Family.IPV6, (1, 0)),
    "icmp6-adm-prohibited": (Family.IPV6, (1, 1)), "icmp6-admin-prohibited": (Family.IPV6, (1, 1)),
    "icmp6-addr-unreachable": (Family.IPV6, (1, 3)), "icmp6-port-unreachable": (Family.IPV6, (1, 4)),
    "icmp6-policy-fail": (Family.IPV6, (1, 5)), "icmp6-reject-route": (Family.IPV6, (1, 6)),
    "icmp6-fragmentation-needed": (Family.IPV6, (2, 0)), "tcp-reset": (Family.IPV4, None),
}  # fmt: skip


@pytest.mark.parametrize(("word", "family", "kind"), [(word, *of) for word, of in ERRORS.items()], ids=ERRORS)
def test_what_an_error_is_by_its_word(word: str, family: Family, kind: tuple[int, int] | None) -> None:
    assert error_kind(word, family) == kind


# iptables 1.8.9, `iptables -p icmp -h`, `ip6tables -p icmpv6 -h`: the names that stand under a type.
CODES = {
    Family.IPV4: "3 network-unreachable host-unreachable protocol-unreachable port-unreachable fragmentation-needed "
    "source-route-failed network-unknown host-unknown - network-prohibited host-prohibited TOS-network-unreachable "
    "TOS-host-unreachable communication-prohibited host-precedence-violation precedence-cutoff, 5 network-redirect "
    "host-redirect TOS-network-redirect TOS-host-redirect, 11 ttl-zero-during-transit ttl-zero-during-reassembly, "
    "12 ip-header-bad required-option-missing",
    Family.IPV6: "1 no-route communication-prohibited beyond-scope address-unreachable port-unreachable failed-policy "
    "reject-route, 3 ttl-zero-during-transit ttl-zero-during-reassembly, 4 bad-header unknown-header-type unknown-option",
}


@pytest.mark.parametrize("family", Family)
def test_names_of_type_and_code(family: Family) -> None:
    listed = [(int(row.split()[0]), row.split()[1:]) for row in CODES[family].split(", ")]
    assert NAMED_CODES[family] == {
        name: (kind, code) for kind, names in listed for code, name in enumerate(names) if name != "-"
    }


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
