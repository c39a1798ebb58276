"""The predicate language: what is true of a way, of all ways, of the rules."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.errors import QuizError
from k8squiz.world.predicates import Ambiguous, holds, value_of
from k8squiz.world.world import World
from tests.k8squiz.fakes import DELIVERED, DROPPED, world

ONE = world(DELIVERED, others={"after": (DROPPED,)})
BOTH = world(DELIVERED, DROPPED)

TRUTHS: list[tuple[Any, bool]] = [
    ({"verdict": "DELIVERED"}, True),
    ({"verdict": "DROP"}, False),
    ({"verdict": "DELIVERED", "masqueraded": True}, True),
    ({"verdict": "DELIVERED", "masqueraded": False}, False),
    ({"source_seen": "10.244.1.0"}, True),
    ({"source_kept": False}, True),
    ({"destination_port": 8080}, True),
    ({"destination_port": "8080"}, True),
    ({"endpoint": "pod-b", "endpoint_node": "node2"}, True),
    ({"nodes": 2}, True),
    ({"encapsulation": "vxlan", "overhead": 50, "path_mtu": 1450}, True),
    ({"rules_evaluated": {"gt": 16, "lt": 18}}, True),
    ({"rules_evaluated": {"in": [1, 17]}}, True),
    ({"rules_evaluated": {"ne": 17}}, False),
    ({"code": None}, True),
    ({"passes": {"host": "node1", "stage": "dnat"}}, True),
    ({"passes": {"host": "node2", "stage": "dnat"}}, False),
    ({"passes": {"chain": {"prefix": "KUBE-SEP-"}}}, True),
    ({"passes": {"src": "10.244.1.0", "dst": "10.244.2.8"}}, True),
    ({"reply_passes": {"host": "pod-b"}}, True),
    ({"reply_passes": {"host": "node1"}}, False),
    ({"not": {"verdict": "DROP"}}, True),
    ({"any": [{"verdict": "DROP"}, {"masqueraded": True}]}, True),
    ({"all": [{"verdict": "DROP"}, {"masqueraded": True}]}, False),
    ({"for": "after", "verdict": "DROP", "code": "no-local-endpoints", "died_in": "KUBE-EXTERNAL-SERVICES"}, True),
    ({"verdict": "DELIVERED", "not": {"for": "after", "verdict": "DELIVERED"}}, True),
    ({"rule": {"node": "node1", "chain": "KUBE-SVC-A", "text": {"contains": "KUBE-SEP-Y"}}}, True),
    ({"rule": {"node": "node1", "table": "filter", "text": {"contains": "DROP"}}}, False),
    ({"entry": {"node": "node1", "set": "KUBE-CLUSTER-IP", "text": {"prefix": "10.96.0.10,"}}}, True),
    ({"entry": {"node": "node1", "set": "KUBE-LOOP-BACK"}}, False),
    ({"compare": [{"fact": "rules_evaluated"}, "gt", {"fact": "rules_evaluated", "for": "after"}]}, True),
]


@pytest.mark.parametrize(("predicate", "truth"), TRUTHS)
def test_predicates(predicate: Any, truth: bool) -> None:
    assert holds(predicate, ONE) is truth


def test_what_a_tunnel_leaves_is_left_of_the_mtu_that_there_is() -> None:
    jumbo = World(draw(find("what-the-tunnel-leaves"), 1))
    cni = jumbo.cluster(jumbo.first).cni
    assert cni.mtu == 9000
    assert value_of({"fact": "path_mtu"}, jumbo) == 8950


OF_BOTH: list[tuple[Any, bool]] = [
    ({"ways": 2}, True),
    ({"some": {"verdict": "DROP"}}, True),
    ({"every": {"verdict": "DROP"}}, False),
    ({"chance": {"verdict": "DROP"}, "is": "2/3"}, True),
    ({"chance": {"verdict": "DROP"}, "is": {"gt": "0.7"}}, False),
    ({"verdict": {"in": ["DROP", "DELIVERED"]}}, True),
]


@pytest.mark.parametrize(("predicate", "truth"), OF_BOTH)
def test_predicates_over_all_ways(predicate: Any, truth: bool) -> None:
    assert holds(predicate, BOTH) is truth


@pytest.mark.parametrize("predicate", [{"verdict": "DROP"}, {"not": {"masqueraded": True}}])
def test_ways_that_disagree_are_ambiguous(predicate: Any) -> None:
    with pytest.raises(Ambiguous):
        holds(predicate, BOTH)


VALUES: list[tuple[Any, Any]] = [
    (5, 5),
    ({"fact": "rules_evaluated"}, 17),
    ({"fact": "rules_evaluated", "for": "after"}, 9),
    ({"count_rules": {"node": "node1", "table": "nat"}}, 2),
    ({"count_chains": {"node": "node1"}}, 1),
    ({"count_entries": {"node": "node1", "set": "real-servers"}}, 2),
    ({"count_entries": {"node": "node1", "text": {"contains": "10.244.2.8"}}}, 1),
    ({"count_hops": {"host": "node1", "stage": "prerouting"}}, 2),
    ({"add": [1, {"fact": "overhead"}]}, 51),
    ({"subtract": [1500, {"fact": "overhead"}, 1]}, 1449),
    ({"multiply": [3, "{n}".replace("{n}", "4")]}, 12),
    ({"divide": [1, 3]}, Fraction(1, 3)),
    ({"percent": {"divide": [1, 4]}}, 25),
    ({"round": {"divide": [5, 2]}}, 3),
    ({"chance": {"verdict": "DELIVERED"}}, 1),
]


@pytest.mark.parametrize(("value", "result"), VALUES)
def test_values(value: Any, result: Any) -> None:
    assert value_of(value, ONE) == result


def test_chance_is_exact() -> None:
    assert value_of({"chance": {"verdict": "DELIVERED"}}, BOTH) == Fraction(1, 3)


BROKEN: list[tuple[Any, str]] = [
    ({"verdickt": "DROP"}, "no such fact"),
    ({"compare": [1, "about", 2]}, "is none of"),
    ({"rules_evaluated": {"gt": "many"}}, "is not a number"),
]


@pytest.mark.parametrize(("predicate", "words"), BROKEN)
def test_broken_predicates(predicate: Any, words: str) -> None:
    with pytest.raises(QuizError, match=words):
        holds(predicate, ONE)


def test_broken_values() -> None:
    for value in ({"divide": [1, 0]}, {"nothing": 1}):
        with pytest.raises(QuizError):
            value_of(value, ONE)
    with pytest.raises(Ambiguous):
        value_of({"fact": "rules_evaluated"}, BOTH)


# The network and its MTU as a question draws them -> what is left for the pod's packet.
LEFT = {
    ("flannel/vxlan", 1500): 1450, ("flannel/vxlan", 9000): 8950, ("flannel/vxlan", 1450): 1400,
    ("flannel/host-gw", 9000): 9000, ("flannel/host-gw", 1450): 1450, ("calico/ipip", 8950): 8930,
}  # fmt: skip


def test_what_is_left_of_the_mtu_is_left_of_the_networks_own() -> None:
    template, seen = find("what-the-tunnel-leaves"), set()
    for seed in range(80):
        question = draw(template, seed)
        row = (question.names["backend"], int(str(question.names["mtu"])))
        if row in LEFT:
            assert value_of({"fact": "path_mtu"}, World(question)) == LEFT[row], row
            seen.add(row)
    assert seen == LEFT.keys()
