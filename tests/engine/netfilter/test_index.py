"""The index is only a short cut: verdict, addresses, marks, events and counts are those of trying every rule."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RuleError
from engine.hooks import Hook
from engine.netfilter.choose import Choose, every_path, seeded
from engine.netfilter.index import check_chains, index_of
from engine.netfilter.rules import (
    Accept,
    AddressType,
    Comment,
    Destination,
    DestinationNat,
    DestinationPort,
    Drop,
    Goto,
    Jump,
    MarkMatch,
    Protocol,
    Return,
    Rule,
    Ruleset,
    SetMark,
    Source,
    StatisticRandom,
    Target,
)
from engine.netfilter.stack import HostNetfilter, Skb
from engine.packet import L4, FiveTuple
from tests.breadth import breadth
from tests.rows import named

from .builders import CLIENT, NODE, VIP, host, iptables, rule, tcp

ADDRESSES = ["10.96.0.1", "10.96.0.2", NODE]
PORTS = [80, 81, 443]
PROTOCOLS = [L4.TCP, L4.UDP]

Chains = dict[str, list[Rule]]
Found = tuple[tuple[Any, ...], FiveTuple, int]

matches = st.one_of(
    st.builds(Destination, st.sampled_from([f"{a}/32" for a in ADDRESSES] + ["10.96.0.0/16"]), st.booleans()),
    st.builds(
        lambda protocol, low, high, negate: DestinationPort(protocol, min(low, high), max(low, high), negate),
        st.sampled_from(PROTOCOLS),
        st.sampled_from(PORTS),
        st.sampled_from(PORTS),
        st.booleans(),
    ),
    st.builds(Source, st.sampled_from([f"{CLIENT}/32", "10.244.0.0/16"]), st.booleans()),
    st.builds(Protocol, st.sampled_from(PROTOCOLS), st.booleans()),
    st.builds(MarkMatch, st.sampled_from([0, 1]), st.just(1), st.booleans()),
    st.builds(AddressType, st.just("dst")),
    st.just(Comment("a comment")),
    st.just(StatisticRandom(Fraction(1, 3))),
)


@st.composite
def rulesets(draw: st.DrawFn) -> Chains:
    """Chains that only lead to later ones, so that there are no circles."""
    names = ["PREROUTING", "A", "B", "C"]
    chains: Chains = {}
    for number, name in enumerate(names):
        targets: list[st.SearchStrategy[Target | None]] = [
            st.none(),
            st.just(Return()),
            st.just(Accept()),
            st.just(Drop()),
        ]
        targets += [st.just(SetMark(1, 1)), st.just(DestinationNat("10.244.1.5", 8080))]
        for later in names[number + 1 :]:
            targets += [st.just(Jump(later)), st.just(Goto(later))]
        rules = st.builds(
            lambda found, target: rule(*found, *([target] if target else [])),
            st.lists(matches, max_size=3),
            st.one_of(targets),
        )
        chains[name] = draw(st.lists(rules, max_size=6))
    return chains


flows = st.builds(
    lambda protocol, src, dst, dport: FiveTuple(protocol, src, 40000, dst, dport),
    st.sampled_from(PROTOCOLS),
    st.sampled_from([CLIENT, "10.244.1.9"]),
    st.sampled_from([*ADDRESSES, "8.8.8.8"]),
    st.sampled_from([*PORTS, 9999]),
)


@settings(max_examples=breadth(120), deadline=None)
@given(rulesets(), flows)
def test_indexed_evaluation_equals_trying_every_rule(chains: Chains, flow: FiveTuple) -> None:
    ruleset = iptables(nat=chains)

    def outcomes(indexed: bool) -> list[tuple[Fraction, Found]]:
        def run(choose: Choose) -> Found:
            netfilter = HostNetfilter("node1", ruleset, lambda a: a == NODE, choose, indexed=indexed)
            skb = Skb(flow)
            passage = netfilter.traverse(Hook.PREROUTING, skb)
            return dataclasses.astuple(passage), skb.flow, skb.mark

        return list(every_path(run))

    fast, plain = outcomes(True), outcomes(False)
    assert fast == plain
    assert sum(probability for probability, _ in fast) == 1


def services(count: int) -> Ruleset:
    return iptables(
        nat={
            "PREROUTING": [rule(Jump("SERVICES"))],
            "SERVICES": [
                *(
                    rule(
                        Destination(f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32"),
                        Protocol(L4.TCP),
                        DestinationPort(L4.TCP, 80, 80),
                        Jump("SVC"),
                    )
                    for i in range(count)
                ),
                rule(AddressType("dst"), Jump("NODEPORTS")),
            ],
            "NODEPORTS": [
                rule(Protocol(L4.TCP), DestinationPort(L4.TCP, 30000 + i, 30000 + i), Jump("SVC")) for i in range(count)
            ],
            "SVC": [rule(DestinationNat("10.244.1.5", 8080))],
        }
    )


@pytest.mark.parametrize(
    ("destination", "port", "evaluated"),
    named(
        {
            "first Service": ("10.0.0.0", 80, 1 + 1 + 1),
            "one in the middle": ("10.0.0.49", 80, 1 + 50 + 1),
            "last Service": ("10.0.0.99", 80, 1 + 100 + 1),
            "its address, another port": ("10.0.0.99", 81, 1 + 101),
            "an address of no Service": (VIP, 80, 1 + 101),
            "a node port": (NODE, 30010, 1 + 101 + 11 + 1),
            "a port below the node ports": (NODE, 29999, 1 + 101 + 100),
        }
    ),
)
def test_rules_evaluated_counts_every_rule_the_kernel_would_look_at(
    destination: str, port: int, evaluated: int
) -> None:
    passage = host(services(100)).traverse(Hook.PREROUTING, Skb(tcp(CLIENT, destination, dport=port)))
    assert passage.rules_evaluated == evaluated


def test_an_index_follows_rules_that_are_added_and_lists_that_are_replaced() -> None:
    ruleset = iptables(filter={"INPUT": [rule(Protocol(L4.UDP), Drop())]})
    chain = ruleset.tables["filter"].chains["INPUT"]

    def verdict() -> str:
        return host(ruleset, seeded(1)).traverse(Hook.INPUT, Skb(tcp(CLIENT, NODE))).verdict

    assert verdict() == "ACCEPT"
    chain.rules.append(rule(Drop()))
    assert verdict() == "DROP"
    chain.rules = [rule(Accept()), rule(Drop())]
    assert verdict() == "ACCEPT"


def test_a_rule_whose_chance_is_drawn_before_its_port_is_looked_at_is_always_tried() -> None:
    chain = iptables(nat={"A": [rule(StatisticRandom(Fraction(1, 2)), DestinationPort(L4.TCP, 80, 80))]})
    index = index_of(chain.tables["nat"].chains["A"])
    assert list(index.positions(tcp(CLIENT, VIP, dport=81))) == [0]


@pytest.mark.parametrize(
    ("match", "address"),
    [
        (Destination("10.96.0.1/32"), "10.96.0.1"),
        (Destination("10.96.0.1"), "10.96.0.1"),
        (Destination("fd00::1/128"), "fd00::1"),
        (Destination("fd00::/32"), None),
        (Destination("10.96.0.0/16"), None),
        (Destination("10.96.0.1/32", negate=True), None),
    ],
)
def test_the_one_address_a_destination_stands_for(match: Destination, address: str | None) -> None:
    assert match.index_key() == address


@pytest.mark.parametrize(
    ("chains", "message"),
    named(
        {
            "a jump and a goto in a circle": ({"A": [rule(Jump("B"))], "B": [rule(Goto("A"))]}, "A -> B -> A"),
            "a built-in chain that jumps to itself": ({"INPUT": [rule(Jump("INPUT"))]}, "INPUT -> INPUT"),
            "a chain that is not there": ({"A": [rule(Jump("GONE"))]}, "GONE, which does not exist"),
            "two ways to one chain are no circle": (
                {"INPUT": [rule(Jump("A")), rule(Jump("B")), rule(Drop())], "A": [rule(Jump("B"))], "B": []},
                None,
            ),
        }
    ),
)
def test_circles_are_found_before_any_packet_comes(chains: Chains, message: str | None) -> None:
    ruleset = iptables(filter=chains)
    if message is None:
        check_chains(ruleset)
    else:
        with pytest.raises(RuleError, match=message):
            check_chains(ruleset)
