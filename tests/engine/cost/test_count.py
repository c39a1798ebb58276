"""What the cost model counts, against the text that is really compiled, the walk, and what was measured."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from fractions import Fraction

import pytest

from engine import compile_rules
from engine.cost.count import CostFigures, costs, mode_cost, packet_cost, update_cost, with_one_endpoint_replaced
from engine.cost.sizes import NODES, synthetic_cluster

MODES = ("iptables", "ipvs", "nftables")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("services", [0, 1, 7, 40])
def test_counts_are_those_of_the_listing(mode: str, services: int) -> None:
    cost = mode_cost(mode, services, 3)
    text = str(compile_rules(synthetic_cluster(services, 3), NODES[0], mode))
    assert cost.size.bytes == len(text)
    lines = text.splitlines()
    if mode == "nftables":
        # A rule is a line inside a chain that is neither the chain's own line, nor its comment, nor its hook.
        inside = re.findall(r"^\tchain \S+ \{\n(.*?)^\t\}", text, re.MULTILINE | re.DOTALL)
        rules = [
            line for body in inside for line in body.splitlines() if not line.strip().startswith(("comment", "type"))
        ]
        assert (cost.size.chains, cost.size.rules) == (len(inside), len(rules))
        return
    chains = [line for line in lines if line.startswith(":")]
    ipvs = [line for line in lines if line.startswith("-A ") and line.split()[1] in ("-t", "-u")]
    assert cost.size.chains == len(chains)
    assert cost.size.rules == len([line for line in lines if line.startswith("-A ")]) - len(ipvs)


@pytest.mark.parametrize("mode", MODES)
def test_the_average_is_the_mean_over_all_services(mode: str) -> None:
    cluster = synthetic_cluster(9, 2)
    ruleset = compile_rules(cluster, NODES[0], mode)
    found = [packet_cost(cluster, ruleset, service.cluster_ips[0])[0] for service in cluster.services]
    average = mode_cost(mode, 9, 2).average
    assert average.rules == sum((cost.rules for cost in found), Fraction(0)) / 9
    assert average.lookups == sum((cost.lookups for cost in found), Fraction(0)) / 9


def test_a_service_more_is_a_rule_more_for_the_last_in_iptables_mode_alone() -> None:
    more = {mode: mode_cost(mode, 30, 2).last.rules - mode_cost(mode, 20, 2).last.rules for mode in MODES}
    assert more == {"iptables": 10, "ipvs": 0, "nftables": 0}


@pytest.mark.parametrize("mode", MODES)
def test_later_packets_pay_the_same_whatever_the_number_of_services(mode: str) -> None:
    assert mode_cost(mode, 50, 2).later == mode_cost(mode, 5, 2).later


# Measured on kube-proxy v1.30.5's own code: lines of all kinds, and those that declare a chain.
WRITTEN = [
    ("iptables", 100, 3209 + 1110, 1110, 141 + 22, 22),
    ("iptables", 1000, 32009 + 11010, 11010, 1040 + 21, 21),
    ("nftables", 100, 4671, 0, None, 0),
    ("nftables", 1000, 46071, 0, None, 0),
]


@pytest.mark.parametrize(("mode", "services", "full", "chains", "partial", "partial_chains"), WRITTEN)
def test_lines_written(
    mode: str, services: int, full: int, chains: int, partial: int | None, partial_chains: int
) -> None:
    cost = update_cost(mode, services, 10, release="1.30")
    assert (cost.full, cost.full_chains) == (full, chains)
    if partial is not None:
        assert (cost.partial, cost.partial_chains) == (partial, partial_chains)


def test_one_endpoint_is_two_changes_to_ipvs() -> None:
    assert update_cost("ipvs", 20, 4).partial == 2


@pytest.mark.parametrize("mode", MODES)
def test_what_is_counted_once_is_what_is_compiled_twice(mode: str) -> None:
    before = synthetic_cluster(7, 3)
    after = with_one_endpoint_replaced(before)
    old, new = (str(compile_rules(cluster, NODES[0], mode)).splitlines() for cluster in (before, after))
    cost, update = costs(mode, 7, 3)
    assert (cost, update) == (mode_cost(mode, 7, 3), update_cost(mode, 7, 3))
    assert cost.size.bytes == sum(len(line) + 1 for line in old)
    if mode == "ipvs":
        differing = (Counter(old) - Counter(new)).total() + (Counter(new) - Counter(old)).total()
        assert (update.full, update.partial) == (len(new), differing)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("services", [0, 1, 7])
@pytest.mark.parametrize("parts", [("contents", "packets", "update"), ("update", "packets", "contents")], ids=" ".join)
def test_parts_are_the_same_in_any_order(mode: str, services: int, parts: tuple[str, ...]) -> None:
    cost, update = costs(mode, services, 3)
    figures = CostFigures(mode, services, 3)
    found = {name: getattr(figures, name) for name in parts}
    assert found["update"] == update
    assert dataclasses.astuple(found["contents"]) == dataclasses.astuple(cost.size)[:3]
    assert dataclasses.astuple(found["packets"]) == dataclasses.astuple(cost)[:5]
