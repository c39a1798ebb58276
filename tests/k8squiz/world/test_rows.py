"""Every fact, comparison, operator and value of the language of question files, said a second time."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import Any

import pytest

from engine.packet import L4, FiveTuple
from engine.trace import ConntrackView
from k8squiz.world.comparisons import COMPARISONS, match
from k8squiz.world.facts import CONNTRACK_FACTS, FACTS, HOP_FACTS, conntrack_fact, fact, hop_fact
from k8squiz.world.predicates import OPERATORS, VALUES, fits, value_of
from tests.k8squiz.fakes import DELIVERED, DROPPED, WALK, world

ONE, DEAD = world(DELIVERED), world(DROPPED)

# Each fact of the way that is delivered, and of the one that is dropped.
FACT_ROWS: dict[str, tuple[object, object]] = {
    "verdict": ("DELIVERED", "DROP"),
    "code": (None, "no-local-endpoints"),
    "died_on": (None, "node1"),
    "died_in": (None, "KUBE-EXTERNAL-SERVICES"),
    "died_at": (None, None),
    "direction": (None, "request"),
    "stalls": ("none", "none"),
    "stalls_on": ("none", "none"),
    "destination": ("10.244.2.8:8080", "192.168.1.10:30080"),
    "destination_ip": ("10.244.2.8", "192.168.1.10"),
    "destination_port": (8080, 30080),
    "endpoint": ("pod-b", ""),
    "endpoint_node": ("node2", ""),
    "source_seen": ("10.244.1.0", None),
    "source_kept": (False, False),
    "masqueraded": (True, False),
    "masqueraded_by": ("kube-proxy", "none"),
    "nodes": (2, 1),
    "encapsulation": ("vxlan", "none"),
    "overhead": (50, 0),
    "path_mtu": (1450, 1500),
    "rules_evaluated": (17, 9),
    "hash_lookups": (0, 0),
    "hops": (10, 3),
    "ways": (1, 1),
}


@pytest.mark.parametrize("name", FACTS)
def test_a_fact(name: str) -> None:
    found = (fact(name, ONE, "request", DELIVERED), fact(name, DEAD, "request", DROPPED))
    assert found == FACT_ROWS[name]
    assert [type(one) for one in found] == [type(one) for one in FACT_ROWS[name]]


def test_no_fact_is_untold() -> None:
    assert list(FACT_ROWS) == list(FACTS)


HOP_ROWS = dict(zip(HOP_FACTS, (
    "node1", "eth0", "encapsulate", None, None, None, None, "10.244.1.0", "10.244.2.8", WALK[7].mark, "vxlan",
), strict=True))  # fmt: skip


@pytest.mark.parametrize("name", HOP_FACTS)
def test_a_fact_of_a_hop(name: str) -> None:
    assert hop_fact(name, WALK[7]) == HOP_ROWS[name]


# What is found, what is wanted of it, whether it is met.
COMPARED: dict[str, list[tuple[object, Any, bool]]] = {
    "eq": [(3, 3, True), (3, 4, False)],
    "ne": [(3, 3, False), (3, 4, True)],
    "gt": [(3, 2, True), (3, 3, False), (3, 4, False)],
    "ge": [(3, 2, True), (3, 3, True), (3, 4, False)],
    "lt": [(3, 2, False), (3, 3, False), (3, 4, True)],
    "le": [(3, 2, False), (3, 3, True), (3, 4, True)],
    "contains": [("KUBE-SEP-X", "SEP", True), ("KUBE-SEP-X", "KUBE", True), ("KUBE-SEP-X", "SVC", False)],
    "prefix": [("KUBE-SEP-X", "SEP", False), ("KUBE-SEP-X", "KUBE", True)],
    "in": [(3, [1, 3], True), (3, [1, 2], False)],
}


def test_no_comparison_is_untold() -> None:
    assert list(COMPARED) == list(COMPARISONS)


@pytest.mark.parametrize("name", COMPARED)
def test_a_comparison(name: str) -> None:
    for found, wanted, met in COMPARED[name]:
        assert match(found, {name: wanted}) is met  # type: ignore[arg-type]


TWO = world(DELIVERED, DROPPED)
# A predicate that holds of the delivered way, and one that does not; of DELIVERED and DROPPED together for some and every.
OPERATED: dict[str, tuple[Any, Any]] = {
    "passes": ({"stage": "dnat"}, {"host": "pod-b", "stage": "connect"}),
    "reply_passes": ({"host": "pod-b", "stage": "connect"}, {"stage": "dnat"}),
    "rule": ({"node": "node1", "chain": "KUBE-SVC-A"}, {"node": "node1", "chain": "KUBE-SVC-Z"}),
    "entry": ({"node": "node1", "set": "KUBE-CLUSTER-IP"}, {"node": "node1", "set": "KUBE-SVC-A"}),
    "all": ([{"verdict": "DELIVERED"}, {"nodes": 2}], [{"verdict": "DELIVERED"}, {"nodes": 3}]),
    "any": ([{"verdict": "DROP"}, {"nodes": 2}], [{"verdict": "DROP"}, {"nodes": 3}]),
    "not": ({"verdict": "DROP"}, {"verdict": "DELIVERED"}),
    "some": ({"verdict": "DROP"}, {"verdict": "LOST"}),
    "every": ({"rules_evaluated": {"gt": 8}}, {"verdict": "DELIVERED"}),
    "chance": ({"verdict": "DROP"}, {"verdict": "LOST"}),
    "compare": ([1, "lt", 2], [2, "lt", 1]),
}


def test_no_operator_is_untold() -> None:
    assert {*OPERATED, "conntrack", "lookup"} == set(OPERATORS)


@pytest.mark.parametrize("name", OPERATED)
def test_an_operator(name: str) -> None:
    holds, fails = OPERATED[name]
    assert fits({name: holds}, TWO, "request", DELIVERED)
    assert not fits({name: fails}, TWO, "request", DELIVERED)


VALUED: dict[str, tuple[Any, object]] = {
    "fact": ("rules_evaluated", 17),
    "chance": ({"verdict": "DELIVERED"}, Fraction(1)),
    "count_rules": ({"node": "node1", "chain": "KUBE-SVC-A"}, 2),
    "count_chains": ({"node": "node1", "chain": "KUBE-SVC-A"}, 1),
    "count_entries": ({"node": "node1", "set": "real-servers"}, 2),
    "count_hops": ({"host": "node1", "stage": "prerouting"}, 2),
    "add": ([7, 2, 1], Fraction(10)),
    "subtract": ([7, 2, 1], Fraction(4)),
    "multiply": ([7, 2, 1], Fraction(14)),
    "divide": ([7, 2], Fraction(7, 2)),
    "percent": (0.5, Fraction(50)),
    "round": (2.5, Fraction(3)),
}
HISTORY = world(ask={"ipvs": {"scheduler": "rr", "servers": {"a": 1, "b": 1}, "steps": ["connect 3"]}})
SIZE = world(ask={"scale": {"services": 100, "endpoints": 10}})


@pytest.mark.parametrize("name", VALUED)
def test_a_value(name: str) -> None:
    given, found = VALUED[name]
    assert value_of({name: given}, ONE) == found


def test_the_values_of_a_history_and_of_a_size() -> None:
    assert value_of({"picked": 1}, HISTORY) == value_of({"picked": "last"}, HISTORY) != value_of({"picked": 2}, HISTORY)
    assert value_of({"taken": "a"}, HISTORY) == 3 - value_of({"taken": "b"}, HISTORY)  # type: ignore[operator]
    assert value_of({"figure": "rules"}, SIZE) == 3223
    assert set(VALUES) == {*VALUED, "picked", "taken", "figure", "lookup", "over_time"}


ENTRY = ConntrackView(
    "node1",
    FiveTuple(L4.TCP, "1.2.3.4", 9, "192.168.1.10", 30080),
    FiveTuple(L4.TCP, "10.244.2.8", 8080, "10.244.1.0", 7),
    "ESTABLISHED",
    True,
)
ENTRY_ROWS = {
    "host": "node1", "src": "1.2.3.4:9", "dst": "192.168.1.10:30080", "reply_src": "10.244.2.8:8080",
    "reply_dst": "10.244.1.0:7", "state": "ESTABLISHED", "replied": True, "src_ip": "1.2.3.4", "dst_ip": "192.168.1.10",
    "reply_src_ip": "10.244.2.8", "reply_dst_ip": "10.244.1.0",
}  # fmt: skip
TRACKED = dataclasses.replace(DELIVERED, conntrack=(ENTRY,))


def test_the_facts_of_a_conntrack_entry() -> None:
    assert {name: conntrack_fact(name, ENTRY) for name in CONNTRACK_FACTS} == ENTRY_ROWS
    assert fits({"conntrack": {"reply_dst": "10.244.1.0:7"}}, world(TRACKED), "request", TRACKED)
    assert not fits({"conntrack": {"host": "node2"}}, world(TRACKED), "request", TRACKED)
