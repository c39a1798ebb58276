"""One connection's first packet through netfilter with 10 to 10000 Services: the time stays, the rules counted grow.

Run: python -m pytest benchmarks/bench_netfilter.py --benchmark-enable
"""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from engine.hooks import Hook
from engine.netfilter.choose import seeded
from engine.netfilter.rules import (
    AddressType,
    Backend,
    Chain,
    ConntrackState,
    Destination,
    DestinationNat,
    DestinationPort,
    Jump,
    MarkMatch,
    Masquerade,
    Protocol,
    Return,
    Rule,
    Ruleset,
    SetMark,
    Source,
    StatisticRandom,
    Table,
)
from engine.netfilter.stack import HostNetfilter, Skb
from engine.packet import L4, FiveTuple

ENDPOINTS = 10


def address(first: int, number: int) -> str:
    return f"{first}.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def ruleset(services: int) -> Ruleset:
    """The shape of kube-proxy's rules: a dispatch rule a Service, a chain a Service, a chain an endpoint."""
    chains = {
        "PREROUTING": Chain("PREROUTING", [Rule((), Jump("SERVICES"))], policy="ACCEPT"),
        "POSTROUTING": Chain(
            "POSTROUTING",
            [
                Rule((MarkMatch(0x4000, 0x4000, negate=True),), Return()),
                Rule((), SetMark(0x4000, 0)),
                Rule((), Masquerade(random_fully=True)),
            ],
            policy="ACCEPT",
        ),
        "MARK": Chain("MARK", [Rule((), SetMark(0x4000, 0x4000))]),
    }
    dispatch = []
    for number in range(services):
        to_service = (
            Destination(f"{address(10, number)}/32"),
            Protocol(L4.TCP),
            DestinationPort(L4.TCP, 80, 80),
        )
        dispatch.append(Rule(to_service, Jump(f"SVC{number}")))
        rules = [Rule((Source("10.244.0.0/16", negate=True), *to_service), Jump("MARK"))]
        for endpoint in range(ENDPOINTS):
            name = f"SEP{number}-{endpoint}"
            left = ENDPOINTS - endpoint
            chance = (StatisticRandom(Fraction(1, left)),) if left > 1 else ()
            rules.append(Rule(chance, Jump(name)))
            target = DestinationNat(address(100, number * ENDPOINTS + endpoint), 8080)
            chains[name] = Chain(name, [Rule((Protocol(L4.TCP),), target)])
        chains[f"SVC{number}"] = Chain(f"SVC{number}", rules)
    dispatch.append(Rule((AddressType("dst"),), Return()))
    chains["SERVICES"] = Chain("SERVICES", dispatch)
    external = [
        Rule((Destination(f"{address(20, n)}/32"), DestinationPort(L4.TCP, 80, 80)), Return()) for n in range(services)
    ]
    filter_table = {
        "FORWARD": Chain("FORWARD", [Rule((ConntrackState(("NEW",)),), Jump("EXTERNAL"))], policy="ACCEPT"),
        "EXTERNAL": Chain("EXTERNAL", external),
    }
    tables = {"nat": Table("nat", chains), "filter": Table("filter", filter_table)}
    return Ruleset(Backend.IPTABLES, "ipv4", tables)


def first_packet(rules: Ruleset, destination: str) -> int:
    """Walk one packet through a new host; the number of rules the kernel would have evaluated."""
    netfilter = HostNetfilter("node1", rules, lambda a: a == "192.168.1.10", seeded(1))
    skb = Skb(FiveTuple(L4.TCP, "1.2.3.4", 40000, destination, 80))
    return sum(
        netfilter.traverse(hook, skb, masquerade_address=lambda: "192.168.1.10").rules_evaluated
        for hook in (Hook.PREROUTING, Hook.FORWARD, Hook.POSTROUTING)
    )


@pytest.mark.parametrize("services", [10, 100, 1000, 10000])
def test_first_packet(benchmark, services):
    rules = ruleset(services)
    first_packet(rules, address(10, services - 1))
    evaluated = benchmark(first_packet, rules, address(10, services - 1))
    assert evaluated >= 2 * services


def test_time_does_not_grow_with_the_number_of_services():
    """The middle of many walks each, at most 1.5 times as long with 10000 Services as with 10."""
    middles = []
    for services in (10, 10000):
        rules = ruleset(services)
        times = []
        for _ in range(200):
            start = time.perf_counter()
            first_packet(rules, address(10, services - 1))
            times.append(time.perf_counter() - start)
        middles.append(sorted(times)[100])
    assert middles[1] <= 1.5 * middles[0]
