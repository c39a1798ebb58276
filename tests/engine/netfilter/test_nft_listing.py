"""A real node's `nft list ruleset`: what else stands in it than kube-proxy's table, and what it does to a packet."""

from __future__ import annotations

import pytest

from engine.errors import RuleError, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter.nft_parse import parse, read_listing
from engine.netfilter.nft_text import dump, rule_text
from engine.netfilter.parts.reject import Reject
from engine.netfilter.parts.statement import OpaqueStatement, OtherFamily
from engine.netfilter.skb import UNTRACKED
from engine.netfilter.stack import HostNetfilter, Skb
from engine.network.host_routing import HostRouting
from engine.packet import L4, Family, FiveTuple
from tests.engine.netfilter.builders import CLIENT, NODE, POD
from tests.engine.netfilter.test_real_rules import HOST

# A rule as nft 1.0.6 prints it, of iptables-nft's tables among them; and as it is printed again.
SPELT = [
    ("fib daddr type local counter packets 0 bytes 0 jump MINE", "fib daddr type local counter jump MINE"),
    ("fib daddr . iif type != local counter packets 0 bytes 0 return", "fib daddr . iif type != local counter return"),
    (" counter packets 5 bytes 300 accept", "counter accept"),
    ("meta mark set mark or 0x4000", "meta mark set meta mark | 0x00004000"),
    ("counter packets 0 bytes 0 meta mark set mark xor 0x4000", "counter meta mark set meta mark ^ 0x00004000"),
    ("meta mark set mark and 0xfffffffc xor 0x1", "meta mark set meta mark & 0xfffffffc ^ 0x00000001"),
    ("meta mark & 0x00004000 != 0x00004000  counter packets 0 bytes 0 return", "meta mark & 0x00004000 != 0x00004000 counter return"),
    ("meta mark set meta mark & 0xfffff000 | 0x00000111", "meta mark set meta mark & 0xfffff000 ^ 0x00000111"),
    ("ct mark set ct mark & 0xfffff000 | 0x00000111", "ct mark set ct mark & 0xfffff000 ^ 0x00000111"),
    ("meta mark set ct mark and 0x80", "meta mark set ct mark & 0x00000080"),
    ("ct mark set ct mark or 0x80", "ct mark set ct mark | 0x00000080"),
    ("ct mark set mark", "ct mark set meta mark"),
    ("ct mark and 0xf == 0x1 counter packets 0 bytes 0", "ct mark & 0x0000000f == 0x00000001 counter"),
    ("counter packets 0 bytes 0 ct mark set ct mark | 0x00000080 accept", "counter ct mark set ct mark | 0x00000080 accept"),
    ("meta random & 2147483647 < 1073741824 return", "meta random & 2147483647 < 1073741824 return"),
    ("ct state { established, related } accept", "ct state established,related accept"),
    ("ct state vmap { established : accept, invalid : drop }", "ct state vmap { established : accept, invalid : drop }"),
    ('iifname vmap { "lo" : accept, "eth*" : jump MINE }', 'iifname vmap { "lo" : accept, "eth*" : jump MINE }'),
    ("meta l4proto tcp tcp dport { 80, 443 } accept", "meta l4proto tcp tcp dport { 80, 443 } accept"),
    ('iifname { "a", "b" } tcp dport != { 22, 80-90 } drop', 'iifname { "a", "b" } tcp dport != { 22, 80-90 } drop'),
    ("ip saddr . tcp dport { 10.0.0.0/8 . 80 } drop", "ip saddr . tcp dport { 10.0.0.0/8 . 80 } drop"),
    ("ip saddr 10.0.0.1-10.0.0.9 drop", "ip saddr 10.0.0.1-10.0.0.9 drop"),
    ("tcp flags syn / fin,syn,rst,ack accept", "tcp flags & (fin | syn | rst | ack) == syn accept"),
    ("reject with icmpx admin-prohibited", "reject with icmpx admin-prohibited"),
    ("reject with icmp type host-prohibited", "reject with icmp host-prohibited"),
    ("redirect to :15001", "redirect to :15001"),
    ("dnat ip to 10.0.0.1:80", "dnat to 10.0.0.1:80"),
    ("masquerade to :1024-65535 random,fully-random", "masquerade to :1024-65535 random,fully-random"),
    ('limit rate 3/minute log prefix "abc" drop', 'limit rate 3/minute log prefix "abc" drop'),
    ("log group 100", "log group 100"),
    ("counter packets 0 bytes 0 tcp option maxseg size set rt mtu", "counter tcp option maxseg size set rt mtu"),
    ("icmp type { echo-request, echo-reply } accept", "icmp type { echo-request, echo-reply } accept"),
    ("fib saddr . mark . iif oif 0 drop", "fib saddr . mark . iif oif missing drop"),
    # As `nft -n` prints them.
    ("fib daddr type 2 counter packets 0 bytes 0 jump MINE", "fib daddr type local counter jump MINE"),
    ("fib daddr . iif type != { 2, 3 } drop", "fib daddr . iif type != { local, broadcast } drop"),
    ("ct state 0x8 drop", "ct state new drop"),
    ("ct state 0x2,0x4 accept", "ct state established,related accept"),
    ("ct state { 0x2, 0x4 } accept", "ct state established,related accept"),
    ("ct status 0x20 accept", "ct status dnat accept"),
    ("ct state != 0x1 accept", "ct state != invalid accept"),
    ("reject with icmpx 3", "reject with icmpx admin-prohibited"),
    ("reject with icmp 10", "reject with icmp host-prohibited"),
    ("reject with icmp 3", "reject"),
    ("tcp flags 0x2 / 0x1,0x2,0x4,0x10 drop", "tcp flags & (fin | syn | rst | ack) == syn drop"),
]  # fmt: skip
# What is kept as it stood from where nothing reads it.
KEPT = [
    ("meta l4proto tcp xt match recent counter packets 0 bytes 0 return", "xt match recent counter packets 0 bytes 0 return"),
    ("meta l4proto udp queue num 101 bypass", "queue num 101 bypass"),
    ('tcp dport 80 tproxy to :15001 accept', "tproxy to :15001 accept"),
    ("ct count over 5 drop", "ct count over 5 drop"),
    ("counter packets 0 bytes 0 ct status dnat counter packets 0 bytes 0 drop", "ct status dnat counter packets 0 bytes 0 drop"),
]  # fmt: skip


def listing(*rules: str, hook: str = "forward", kind: str = "filter", head: str = "ip filter", more: str = "") -> str:
    priority = {"nat": "dstnat"}.get(kind, "filter")
    lines = "\n".join(f"\t\t{rule}" for rule in rules)
    base = f"type {kind} hook {hook} priority {priority}; policy accept;"
    return f"table {head} {{\n{more}\tchain BASE {{\n\t\t{base}\n{lines}\n\t}}\n\n\tchain MINE {{\n\t}}\n}}\n"


def netfilter(text: str, family: Family = Family.IPV4) -> HostNetfilter:
    ruleset = parse(text, family, whole=True, file="saved.txt")
    return HostNetfilter("node1", ruleset, HOST.is_local, lambda weights: 0, routing=HostRouting(HOST))


def verdict(text: str, hook: Hook = Hook.FORWARD, **more: object) -> str:
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 40000, POD, 80), **more)  # type: ignore[arg-type]
    return netfilter(text).traverse(hook, skb, in_device="eth0", out_device="cni0").verdict


@pytest.mark.parametrize(("given", "printed"), SPELT, ids=[given for given, _ in SPELT])
def test_a_rule_is_read_as_nft_prints_it(given: str, printed: str) -> None:
    found = parse(listing(given)).tables["filter"].chains["BASE"].rules[0]
    assert not isinstance(found.target, OpaqueStatement)
    assert rule_text(found, Family.IPV4) == printed
    assert parse(listing(printed)).tables["filter"].chains["BASE"].rules[0] == found


@pytest.mark.parametrize(("given", "rest"), KEPT, ids=[given for given, _ in KEPT])
def test_what_is_not_understood_refuses_only_the_packet_that_reaches_it(given: str, rest: str) -> None:
    assert parse(listing(given)).tables["filter"].chains["BASE"].rules[0].target == OpaqueStatement(rest)
    assert verdict(listing("ip daddr != 10.244.0.0/16 " + given)) == "ACCEPT"
    with pytest.raises(UnsupportedFeature) as refused:
        verdict(listing(given.replace("udp", "tcp"), head="ip filter"))
    assert str(refused.value).startswith("saved.txt:4: ") and rest in str(refused.value)


@pytest.mark.parametrize("line", ["frobnicate", "tcp dport 80 frobnicate", "10.0.0.1 drop"])
def test_what_no_nft_prints_is_an_error_with_its_line(line: str) -> None:
    with pytest.raises(RuleError, match="^saved.txt:4: "):
        parse(listing(line), file="saved.txt")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (('iifname vmap { "eth*" : drop }',), "DROP"),
        (("ct state vmap { new : drop }",), "DROP"),
        (("ct state vmap { established : drop }",), "ACCEPT"),
        (("tcp dport { 443, 80-90 } drop",), "DROP"),
        (("tcp dport != { 443, 80-90 } drop",), "ACCEPT"),
        (("udp dport != 53 drop",), "ACCEPT"),
        (("ip saddr . tcp dport { 1.2.3.0/24 . 80 } drop",), "DROP"),
        (("meta nfproto ipv4 drop",), "DROP"),
        (("icmp type != echo-request drop",), "ACCEPT"),
        (("limit rate over 5/second drop",), "ACCEPT"),
        (("counter packets 1 bytes 2 meta mark set 0x5", "meta mark 0x5 drop"), "DROP"),
        (("ip daddr @own drop",), "DROP"),
        (("ip saddr @own drop",), "ACCEPT"),
        (("iifname @cards reject with icmpx admin-prohibited",), "REJECT"),
        (("ip daddr . tcp dport @ports drop",), "DROP"),
        (("iifname vmap @jumps",), "DROP"),
        # As `nft -n` prints them.
        (("meta nfproto 2 drop",), "DROP"),
        (("meta nfproto 10 drop",), "ACCEPT"),
        (("meta protocol 0x0800 drop",), "DROP"),
        (("ct state vmap { 0x8 : drop, 0x2 : accept }",), "DROP"),
        (("meta l4proto . th dport vmap { 6 . 80 : drop }",), "DROP"),
        (("ip daddr . meta l4proto . th dport vmap @numbered",), "DROP"),
    ],
)
def test_what_a_rule_does(rules: tuple[str, ...], expected: str) -> None:
    sets = (
        "\tset own {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\telements = { 10.244.0.0/16, 192.168.1.1-192.168.1.9 }\n\t}\n\n"
        '\tset cards {\n\t\ttype ifname\n\t\telements = { "eth0",\n\t\t\t     "eth1" }\n\t}\n\n'
        "\tset ports {\n\t\ttypeof ip daddr . tcp dport\n\t\tflags interval\n\t\telements = { 10.244.0.0/16 . 80-90 }\n\t}\n\n"
        "\tmap numbered {\n\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n"
        f"\t\telements = {{ {POD} . 6 . 80 : drop, {POD} . 17 . 53 : accept }}\n\t}}\n\n"
        '\tmap jumps {\n\t\ttype ifname : verdict\n\t\telements = { "lo" : accept, * : drop }\n\t}\n\n'
    )
    host = netfilter(listing(*rules, more=sets))
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 40000, POD, 80), state="NEW")
    assert host.traverse(Hook.FORWARD, skb, in_device="eth0", out_device="cni0").verdict == expected


def test_an_inet_table_is_both_families_own() -> None:
    text = listing(
        "ip6 saddr fd00::1 drop", "meta nfproto ipv6 drop", "reject with icmpx port-unreachable", head="inet f"
    )
    found = read_listing(text).rulesets
    kinds = {family: found[family].tables["inet f"].chains["BASE"].rules for family in found}
    assert kinds[Family.IPV4][0].matches == (OtherFamily("ip6 saddr fd00::1 drop"),)
    assert kinds[Family.IPV6][0].target is not None
    rejects = [rule_text(kinds[family][2], family) for family in found]
    assert rejects == ["reject with icmpx port-unreachable"] * 2
    assert [rules[2].target for rules in kinds.values()] == [
        Reject("icmp-port-unreachable", "port-unreachable"),
        Reject("icmp6-port-unreachable", "port-unreachable"),
    ]
    assert dump(found[Family.IPV4]) == dump(found[Family.IPV6]) == text
    assert verdict(text) == "REJECT"


@pytest.mark.parametrize(
    "line", ["reject with icmpv6 no-route", "dnat ip6 to fd00::1", "icmpv6 type { echo-request } drop"]
)
def test_a_statement_of_the_other_family_asks_for_it_too(line: str) -> None:
    """nft puts the family before it and does not print that."""
    assert verdict(listing(line, head="inet f")) == "ACCEPT"


def test_tables_that_see_no_packet_of_the_walk_are_passed_over() -> None:
    text = "table bridge filter {\n\tchain c {\n\t\tether type arp drop\n\t}\n}\n" + listing("drop")
    found = read_listing(text)
    assert (found.skipped, list(found.rulesets)) == (["bridge filter"], [Family.IPV4])


def test_handles_and_warnings_are_no_rules() -> None:
    text = (
        "# Warning: table ip nat is managed by iptables-nft, do not touch!\n"
        "table ip nat { # handle 1\n\tchain BASE { # handle 2\n\t\ttype filter hook forward priority filter; policy drop;\n"
        "\t\ttcp dport 80 accept # handle 3\n\t}\n}\n"
    )
    assert verdict(text) == "ACCEPT"


def test_an_accept_ends_its_own_chain_and_a_drop_all() -> None:
    first = listing("accept", head="ip a")
    later = listing("drop", head="inet firewalld").replace("priority filter", "priority filter + 10")
    assert verdict(first + later) == "DROP"
    assert verdict(listing("drop", head="ip a") + later.replace("drop", "accept")) == "DROP"


def test_of_one_priority_the_chain_made_last_is_called_first() -> None:
    """Measured on Linux 6.18 with two tables that DNAT one packet."""
    tables = [
        listing(f"dnat to {to}", hook="prerouting", kind="nat", head=f"ip {name}")
        for name, to in (("a", POD), ("b", "10.244.1.9"))
    ]
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 40000, NODE, 80))
    netfilter("".join(tables)).traverse(Hook.PREROUTING, skb, in_device="eth0")
    assert skb.flow.dst == "10.244.1.9"


def test_notrack_and_zones_are_statements() -> None:
    skb = Skb(FiveTuple(L4.TCP, CLIENT, 40000, POD, 80))
    text = listing("tcp dport 80 notrack", hook="prerouting").replace("priority filter", "priority raw")
    netfilter(text).traverse(Hook.PREROUTING, skb)
    assert skb.state == UNTRACKED
