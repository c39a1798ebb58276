"""Scenarios: which schedulers meet a service owner's requirement, by measuring; and what makes one no question."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.errors import EngineError
from engine.ipvs import (
    SCENARIOS,
    Requirement,
    Workload,
    WorkServer,
    candidates,
    indistinguishable,
    kube_proxy_twins,
    load_scenario,
    measure,
    parse_requirements,
)

ONE = {"servers": [{"name": "a"}, {"name": "b"}], "requirements": "stickiness >= 1"}

FITTING = {
    "same-client": {"sh", "sh+sh-fallback", "mh", "mh+mh-fallback"},
    "remove-one": {"mh", "mh+mh-fallback"},
    "long-and-short": {"lc", "wlc", "lblcr", "sed", "nq"},
    "unequal-servers": {"wrr", "wlc", "lblcr", "nq", "twos", "sh+sh-port", "mh+mh-port"},
    "never-queue": {"nq"},
    "drain-one": {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "twos", "sh+sh-fallback", "mh+mh-fallback"},
    "same-client-kube-proxy": {"sh"},
    "long-and-short-kube-proxy": {"lc", "wlc", "lblcr", "sed", "nq"},
}


def test_every_named_scenario_is_told_here() -> None:
    assert FITTING.keys() == SCENARIOS.keys()


# Words of each that no other one has.
TOLD = {
    "same-client": ("The same client must always reach the same pod", "同一个客户端必须始终到达同一个 Pod"),
    "remove-one": ("When one pod goes", "移除一个 Pod 时"),
    "long-and-short": ("A few connections last a hundred times", "少数连接的时长"),
    "unequal-servers": ("The servers differ in size", "各服务器的规格不同"),
    "never-queue": ("must never queue behind a busy server", "只要还有空闲的服务器"),
    "drain-one": ("One server is drained", "一台服务器因维护而被排空"),
    "same-client-kube-proxy": ("sessionAffinity None: the same client", "sessionAffinity 为 None"),
    "long-and-short-kube-proxy": ("kube-proxy in ipvs mode: a few connections", "kube-proxy 使用 ipvs 模式：少数连接"),
}


def test_what_is_said_of_a_scenario() -> None:
    assert list(SCENARIOS) == list(TOLD)
    for name, (en, zh) in TOLD.items():
        told = SCENARIOS[name].words
        assert (en in told.en, zh in told.zh) == (True, True), name


@pytest.mark.parametrize("name", SCENARIOS)
def test_who_fits(name: str) -> None:
    scenario = SCENARIOS[name]
    assert set(scenario.fitting()) == FITTING[name]
    assert scenario.degenerate() is None
    assert scenario.words.en and scenario.words.zh


@pytest.mark.parametrize("name", SCENARIOS)
def test_twins_measure_alike_under_kube_proxy(name: str) -> None:
    scenario = SCENARIOS[name]
    without_changes = dataclasses.replace(scenario.workload, changes=())
    for twins in kube_proxy_twins():
        assert len({measure(without_changes, twin, 3, weights_all_one=True) for twin in twins}) == 1


def test_what_kube_proxy_can_choose() -> None:
    assert "mh+mh-port" in candidates("kube-proxy") and "mh" not in candidates("kube-proxy")
    assert indistinguishable("wrr", "rr") and indistinguishable("sed", "nq")
    assert not indistinguishable("wrr", "rr", "ipvs") and not indistinguishable("sh", "rr")


def test_the_same_seed_measures_the_same_and_another_one_does_not() -> None:
    workload = SCENARIOS["unequal-servers"].workload
    measure.cache_clear()
    first = measure(workload, "twos", 5)
    measure.cache_clear()
    assert first == measure(workload, "twos", 5) != measure(workload, "twos", 6)


def test_figures_of_a_workload_worked_by_hand() -> None:
    # Two servers, each at work for 1000 ms on a connection; arrivals about every 10 ms: rr sends them in turn.
    workload = Workload((WorkServer("a"), WorkServer("b")), clients=1, connections=4, gap=10, short=1000)
    measured = measure(workload, "rr")
    assert measured.connections == (("a", 2), ("b", 2))
    assert (measured.spread, measured.stickiness, measured.worst_queue, measured.refused) == (1.0, 0.0, 1, 0)
    one = measure(workload, "fo")
    assert one.connections == (("a", 0), ("b", 4))
    assert (one.spread, one.load_spread, one.stickiness, one.worst_queue) == (2.0, 2.0, 1.0, 3)
    assert one.idle_while_queued == 0.75


def test_kube_proxy_gives_everybody_weight_one() -> None:
    workload = SCENARIOS["unequal-servers"].workload
    assert measure(workload, "wrr", 0, weights_all_one=True).spread == 1.0


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("missing servers", {"requirements": "spread <= 2"}, "'servers' is missing"),
    ("unknown field", {**ONE, "schedular": "rr"}, "unknown field 'schedular'"),
    ("unknown metric", {**ONE, "requirements": "speed >= 1"}, "unknown metric 'speed'"),
    ("no bound", {**ONE, "requirements": [{"metric": "spread"}]}, "at_least or at_most"),
    ("no requirement", {**ONE, "requirements": []}, "needs a requirement"),
    ("unreadable", {**ONE, "requirements": "spread is small"}, "not of the form"),
    (
        "negative weight",
        {**ONE, "servers": [{"name": "a", "weight": -1}]},
        "weight: it must be a whole number from 0 up",
    ),
    (
        "weight of a wrong type",
        {**ONE, "servers": [{"name": "a", "weight": "big"}]},
        "weight: it must be a whole number",
    ),
    ("twice the same", {**ONE, "servers": [{"name": "a"}, {"name": "a"}]}, "a name of its own"),
    ("change of nobody", {**ONE, "changes": [{"at": 1, "action": "drain", "server": "c"}]}, "no such server"),
    ("unknown change", {**ONE, "changes": [{"at": 1, "action": "reboot", "server": "a"}]}, "reboot"),
    ("zero connections", {**ONE, "connections": 0}, "connections: it must be a whole number"),
    ("too many", {**ONE, "connections": 10**9}, "at most 10000"),
    ("dataplane", {**ONE, "dataplane": "ebpf"}, "unknown dataplane 'ebpf'"),
    ("weights", {**ONE, "dataplane": "kube-proxy", "servers": [{"name": "a", "weight": 3}]}, "every weight is 1"),
]


@pytest.mark.parametrize(("data", "message"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_scenarios_are_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        load_scenario(data)


DEGENERATE = [("stickiness >= 0", "every"), ("spread <= 0.5", "none")]


@pytest.mark.parametrize(("requirement", "who"), DEGENERATE)
def test_a_requirement_that_separates_nobody_is_refused(requirement: str, who: str) -> None:
    scenario = load_scenario({**ONE, "requirements": requirement, "connections": 20})
    assert scenario.degenerate() == who
    with pytest.raises(EngineError, match=f"{who} of the schedulers"):
        scenario.refuse_degenerate()


def test_an_unknown_scheduler_is_refused() -> None:
    with pytest.raises(EngineError, match="unknown IPVS scheduler"):
        SCENARIOS["same-client"].fits("fastest")


def test_requirements_in_words() -> None:
    assert parse_requirements("stickiness >= 1 and spread<=2.5") == (
        Requirement("stickiness", at_least=1.0),
        Requirement("spread", at_most=2.5),
    )
    assert str(Requirement("moved", 0.1, 0.5)) == "moved >= 0.1 and moved <= 0.5"
