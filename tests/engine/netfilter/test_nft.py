"""nftables' own parts under evaluation: look-ups, verdict maps, random verdicts, dynamic sets, what they cost."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

from engine.errors import RuleError
from engine.hooks import Hook
from engine.netfilter.choose import every_path
from engine.netfilter.index import check_chains
from engine.netfilter.nft_parse import parse
from engine.netfilter.stack import HostNetfilter, Skb
from engine.packet import L4, FiveTuple

from .builders import CLIENT, NODE, POD, VIP, host, tcp

TABLE = """table ip t {{
	set own {{
		type ipv4_addr
		elements = {{ {node} }}
	}}

	map services {{
		type ipv4_addr . inet_proto . inet_service : verdict
		elements = {{ {vip} . tcp . 80 : goto web,
			     {vip} . tcp . 81 : drop }}
	}}

	chain in {{
		type filter hook prerouting priority dstnat - 10; policy accept;
		{rules}
	}}

	chain web {{
		{web}
	}}
}}
"""


def table(rules: str, web: str = "accept") -> HostNetfilter:
    return host(parse(TABLE.format(node=NODE, vip=VIP, rules=rules, web=web)))


@pytest.mark.parametrize(
    ("rule", "flow", "verdict"),
    [
        ("ip daddr @own drop", tcp(CLIENT, NODE), "DROP"),
        ("ip daddr @own drop", tcp(CLIENT, VIP), "ACCEPT"),
        ("ip daddr != @own drop", tcp(CLIENT, VIP), "DROP"),
        ("ip daddr . meta l4proto . th dport vmap @services", tcp(CLIENT, VIP, dport=81), "DROP"),
        ("ip daddr . meta l4proto . th dport vmap @services", tcp(CLIENT, VIP, dport=80), "ACCEPT"),
        ("ip daddr . meta l4proto . th dport vmap @services", FiveTuple(L4.UDP, CLIENT, 1, VIP, 81), "ACCEPT"),
        ("ip saddr { 1.2.3.0/24, 9.9.9.1-9.9.9.7 } drop", tcp("1.2.3.4", VIP), "DROP"),
        ("ip saddr { 1.2.3.0/24, 9.9.9.1-9.9.9.7 } drop", tcp("9.9.9.7", VIP), "DROP"),
        ("ip saddr { 1.2.3.0/24, 9.9.9.1-9.9.9.7 } drop", tcp("9.9.9.8", VIP), "ACCEPT"),
        ("ip saddr != { 1.2.3.0/24, 9.9.9.1-9.9.9.7 } drop", tcp("9.9.9.8", VIP), "DROP"),
        ('iif "eth0" drop', tcp(CLIENT, VIP), "DROP"),
        ('iif != "eth0" drop', tcp(CLIENT, VIP), "ACCEPT"),
        ('iifname "eth*" drop', tcp(CLIENT, VIP), "DROP"),
        ("ct state new drop", tcp(CLIENT, VIP), "DROP"),
        ("ct state invalid drop", tcp(CLIENT, VIP), "ACCEPT"),
        ("fib saddr type local drop", tcp(NODE, VIP), "DROP"),
    ],
)
def test_rule(rule: str, flow: FiveTuple, verdict: str) -> None:
    passage = table(rule).traverse(Hook.PREROUTING, Skb(flow), in_device="eth0")
    assert passage.verdict == verdict


def test_a_verdict_that_is_not_found_lets_the_walk_go_on() -> None:
    netfilter = table("ip daddr . meta l4proto . th dport vmap @services\n\t\tdrop")
    assert netfilter.traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP, dport=99))).verdict == "DROP"


def test_goto_out_of_a_map_does_not_come_back() -> None:
    netfilter = table("ip daddr . meta l4proto . th dport vmap @services\n\t\tdrop", web="return")
    assert netfilter.traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP))).verdict == "ACCEPT"


def test_cost_does_not_depend_on_the_size_of_a_map() -> None:
    def cost(size: int) -> tuple[int, int]:
        ruleset = parse(TABLE.format(node=NODE, vip=VIP, rules=_DISPATCH, web="accept"))
        services = ruleset.tables["t"].sets["services"]
        element = next(iter(services.elements.values()))  # type: ignore[attr-defined]
        for port in range(1000, 1000 + size):
            services.elements[(VIP, "tcp", str(port))] = element  # type: ignore[attr-defined]
        passage = host(ruleset).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP)))
        return passage.rules_evaluated, passage.hash_lookups

    assert cost(0) == cost(5000) == (2, 1)


_DISPATCH = "ip daddr . meta l4proto . th dport vmap @services"


def test_numgen_is_even() -> None:
    text = """table ip t {
	chain pre {
		type filter hook prerouting priority raw; policy accept;
		numgen random mod 3 vmap { 0 : drop, 1 : accept, 2 : goto more }
	}

	chain more {
		drop
	}
}
"""
    chances: Counter[str] = Counter()
    for probability, verdict in every_path(
        lambda choose: host(parse(text), choose).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP))).verdict
    ):
        chances[verdict] += probability  # type: ignore[assignment]
    assert chances == {"DROP": Fraction(2, 3), "ACCEPT": Fraction(1, 3)}


AFFINITY = """table ip t {
	set affinity {
		type ipv4_addr
		size 65535
		flags dynamic,timeout
		timeout 1m
	}

	chain pre {
		type filter hook prerouting priority raw; policy accept;
		ip saddr @affinity drop
		update @affinity { ip saddr }
	}
}
"""


def test_a_dynamic_set_remembers_until_its_timeout() -> None:
    netfilter = host(parse(AFFINITY))

    def at(now: float, source: str = POD) -> str:
        netfilter.now = now
        return netfilter.traverse(Hook.PREROUTING, Skb(tcp(source, VIP))).verdict

    assert [at(0), at(59), at(59, CLIENT), at(60), at(61)] == ["ACCEPT", "DROP", "ACCEPT", "ACCEPT", "DROP"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("ip daddr @nowhere drop", "no set or map nowhere"),
        ("ip daddr . meta l4proto . th dport vmap @nowhere", "no set or map nowhere"),
        ("update @nowhere { ip saddr }", "no set or map nowhere"),
        ("jump nowhere", "nowhere, which does not exist"),
    ],
)
def test_what_the_kernel_would_refuse(rule: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        table(rule).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP)))


@pytest.mark.parametrize(("net", "expected"), [("10.0.0.0/8", "DROP"), ("10.97.0.0-10.98.0.0", "ACCEPT")])
def test_a_named_set_may_hold_intervals(net: str, expected: str) -> None:
    text = TABLE.format(node=net, vip=VIP, rules="ip daddr @own drop", web="accept")
    ruleset = parse(text.replace("type ipv4_addr\n", "type ipv4_addr\n\t\tflags interval\n", 1))
    assert host(ruleset).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP))).verdict == expected


def test_a_circle_through_a_map_is_refused() -> None:
    with pytest.raises(RuleError, match="circle"):
        check_chains(parse(TABLE.format(node=NODE, vip=VIP, rules=_DISPATCH, web=_DISPATCH)))
    with pytest.raises(RuleError, match="circle"):
        check_chains(
            parse(TABLE.format(node=NODE, vip=VIP, rules="accept", web="numgen random mod 1 vmap { 0 : goto web }"))
        )


MISMATCHED = {
    "a map": ("map m {\n\t\ttype ipv4_addr . inet_service : verdict\n\t}", "ip daddr . meta mark vmap @m", "(ipv4_addr . mark) != (ipv4_addr . inet_service)"),
    "a set": ("set m {\n\t\ttype ipv4_addr\n\t}", "meta mark . th dport @m accept", "(mark . inet_service) != (ipv4_addr)"),
}  # fmt: skip


@pytest.mark.parametrize(("named", "rule", "said"), MISMATCHED.values(), ids=MISMATCHED)
def test_what_is_looked_up_has_the_types_of_the_keys(named: str, rule: str, said: str) -> None:
    text = f"table ip t {{\n\t{named}\n\n\tchain c {{\n\t\ttype filter hook prerouting priority filter; policy accept;\n\t\t{rule}\n\t}}\n}}\n"
    ruleset = parse(text, whole=True)
    with pytest.raises(RuleError, match="datatype mismatch") as caught:
        host(ruleset).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, VIP)))
    assert said in str(caught.value)
