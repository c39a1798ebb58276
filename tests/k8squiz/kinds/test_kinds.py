"""Each kind's task, computed from ways made by hand; grading is in test_fields."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.hooks import Hook
from engine.trace import Outcome, ReasonCode, Stage, Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import AddressField, MenuField, NumberField, OrderField
from k8squiz.kinds.grade import grade
from k8squiz.kinds.hop_order.steps import distractors
from k8squiz.kinds.interface import REGISTRY, kind, make_task
from k8squiz.kinds.outcome.endings import ENDINGS
from k8squiz.world.predicates import Ambiguous
from k8squiz.world.world import World
from tests.k8squiz.fakes import DELIVERED, DROPPED, WALK, world


def test_every_kind_is_a_module_with_a_task() -> None:
    for name in REGISTRY:
        assert callable(kind(name).make)
    with pytest.raises(QuizError, match="did you mean choice"):
        kind("choise")


def order(**ask: Any) -> OrderField:
    (field,) = make_task(world(DELIVERED, kind="hop-order", ask=ask)).fields
    assert isinstance(field, OrderField)
    return field


ORDERS = [
    ({}, ["client/connect", "node1/nic", "node1/prerouting", "node1/dnat", "node1/routing", "node1/snat",
          "node1/encapsulate", "node2/decapsulate", "pod-b/socket"]),
    ({"hosts": ["node2", "pod-b"], "only": ["decapsulate", "socket", "nic"]}, ["node2/decapsulate", "pod-b/socket"]),
    ({"only": ["dnat", "snat", "routing"]}, ["node1/dnat", "node1/routing", "node1/snat"]),
    ({"only": ["connect", "dnat", "socket"], "name": True},
     ["client/dns", "client/connect", "node1/dnat", "pod-b/socket"]),
    ({"detail": "chain", "table": "nat"}, ["node1/KUBE-SERVICES", "node1/KUBE-NODEPORTS"]),
    ({"detail": "chain"}, ["node1/KUBE-SERVICES", "node1/KUBE-NODEPORTS", "node1/KUBE-SEP-", "node1/KUBE-POSTROUTING"]),
]  # fmt: skip


@pytest.mark.parametrize(("ask", "truth"), ORDERS)
def test_hop_order(ask: dict[str, Any], truth: list[str]) -> None:
    assert list(order(**ask).truth) == truth


def test_distractors_are_steps_that_do_not_happen() -> None:
    field = order(distractors=4, only=["dnat", "snat", "routing", "input"])
    extra = [item.key for item in field.items if item.key not in field.truth]
    assert len(extra) == 4
    assert not {f"{hop.host}/{hop.stage}" for hop in WALK} & set(extra)


def test_a_step_that_comes_twice_is_two_steps() -> None:
    twice = dataclasses.replace(DELIVERED, hops=(WALK[2], WALK[5], WALK[2]))
    (field,) = make_task(world(twice, kind="hop-order", ask={})).fields
    assert field.truth == ("node1/prerouting", "node1/routing", "node1/prerouting#2")


def test_ways_that_take_other_steps_are_ambiguous() -> None:
    with pytest.raises(Ambiguous):
        make_task(world(DELIVERED, DROPPED, kind="hop-order", ask={}))


def test_rewrite() -> None:
    ask = {"points": [
        {"at": {"host": "node1", "stage": "nic"}},
        {"at": {"host": "node1"}, "nth": "last"},
        {"at": {"stage": "encapsulate"}, "outer": True},
        {"at": {"stage": "dnat"}, "fields": ["dst"], "ports": True},
    ]}  # fmt: skip
    fields = make_task(world(DELIVERED, kind="rewrite", ask=ask)).fields
    assert [(field.id, field.truth) for field in fields] == [
        ("1.src", "1.2.3.4"), ("1.dst", "192.168.1.10"),
        ("2.src", "10.244.1.0"), ("2.dst", "10.244.2.8"),
        ("3.src", "192.168.1.10"), ("3.dst", "192.168.1.11"),
        ("4.dst", "10.244.2.8:8080"),
    ]  # fmt: skip
    assert isinstance(fields[0], AddressField)


# Question, seed, who is believed to see the sender's own address or the node's, the score that it earns.
BELIEFS = [
    ("hairpin-rewrites", "1", "pod", 0.6),
    ("nodeport-cross-node-rewrites", "3", "node", 0.6),
    ("rewrites-with-ipvs", "2", "client", 3.5 / 5.5),
    ("rewrites-with-ipvs", "1", "node", 3.5 / 4.5),
]


@pytest.mark.parametrize(("question", "seed", "believed", "score"), BELIEFS)
def test_what_is_rewritten_weighs_more(question: str, seed: str, believed: str, score: float) -> None:
    drawn = draw(find(question), seed)
    task = make_task(World(drawn))
    points = {field.id: field for field in task.fields}
    seen = points["2.src"].truth
    own = points["1.src"].truth
    wrong = drawn.picture.nodes[0].address if believed == "node" else own
    assert wrong != seen
    answers = {field.id: wrong if field.id in ("2.src", "3.dst") else field.truth for field in task.fields}
    assert grade(task, answers).score == pytest.approx(score)


def test_a_point_on_no_hop_is_an_error() -> None:
    with pytest.raises(QuizError, match="no hop of the walk fits"):
        make_task(world(DELIVERED, kind="rewrite", ask={"points": [{"at": {"stage": "ipvs"}}]}))


KEPT = dataclasses.replace(DELIVERED, source_seen="1.2.3.4")


def lost(code: str) -> Outcome:
    assert DROPPED.where is not None
    return dataclasses.replace(
        DROPPED, verdict=type(DROPPED.verdict).LOST, where=dataclasses.replace(DROPPED.where, code=ReasonCode(code))
    )


ENDED = [
    (DELIVERED, "delivered-rewritten", "10.244.1.0", "pod-b"),
    (KEPT, "delivered-kept", "1.2.3.4", "pod-b"),
    (DROPPED, "dropped-no-local-endpoints", "none", "node1"),
    (lost("bridge-refuses-same-port"), "lost-bridge", "none", "node1"),
    (lost("martian-source"), "lost-martian", "none", "node1"),
    (lost("no-such-host"), "lost-nowhere", "none", "node1"),
    (lost("clash"), "lost-otherwise", "none", "node1"),
]


@pytest.mark.parametrize(("way", "ending", "seen", "host"), ENDED)
def test_outcome(way: Outcome, ending: str, seen: str, host: str) -> None:
    task = make_task(world(way, kind="outcome", ask={"parts": ["ending", "host", "seen"]}))
    assert [field.truth for field in task.fields] == [(ending,), host, seen]
    menu = task.fields[0]
    assert isinstance(menu, MenuField)
    assert len(menu.items) >= 5
    assert {item.key for item in menu.items} <= set(ENDINGS)


OPTIONS = [
    {"text": {"en": "arrives", "zh": "到达"}, "when": {"verdict": "DELIVERED"}},
    {"text": {"en": "dropped", "zh": "丢弃"}, "when": {"verdict": "DROP"}},
    {"text": {"en": "seen", "zh": "看到"}, "when": {"source_seen": "10.244.1.0"}},
    {"text": {"en": "kept", "zh": "保留"}, "when": {"source_kept": True}},
]


def choice(options: list[Any], **ask: Any) -> MenuField:
    (field,) = make_task(world(DELIVERED, ask={"options": options, **ask})).fields
    assert isinstance(field, MenuField)
    return field


def test_choice_computes_what_is_right() -> None:
    assert set(choice(OPTIONS, multiple=True).truth) == {"0", "2"}
    assert choice(OPTIONS[1:], multiple=False).truth == ("1",)


@pytest.mark.parametrize("show", [2, 3])
def test_choice_always_shows_a_right_and_a_wrong_option(show: int) -> None:
    field = choice(OPTIONS, multiple=True, show=show)
    assert len(field.items) == show
    assert 0 < len(field.truth) < show


@pytest.mark.parametrize(
    ("options", "multiple"), [(OPTIONS, False), (OPTIONS[::2], True), (OPTIONS[1::2], True), (OPTIONS[1::2], False)]
)
def test_degenerate_choices_are_refused(options: list[Any], multiple: bool) -> None:
    with pytest.raises(QuizError, match="right"):
        choice(options, multiple=multiple)


def test_number() -> None:
    ask = {"value": {"fact": "rules_evaluated"}, "tolerance": "10%", "unit": {"en": "rules", "zh": "条"}}
    (field,) = make_task(world(DELIVERED, kind="number", ask=ask)).fields
    assert isinstance(field, NumberField)
    assert (field.truth, str(field.tolerance)) == ("17", "17/10")
    with pytest.raises(QuizError, match="no number"):
        make_task(world(DELIVERED, kind="number", ask={"value": {"fact": "verdict"}}))


def test_grade_is_the_weighted_mean_less_the_hints() -> None:
    task = make_task(world(DELIVERED, kind="outcome", ask={"parts": ["ending", "host", "seen"]}))
    full = {field.id: field.truth for field in task.fields}
    assert grade(task, full).score == 1.0
    assert grade(task, full, hint_cost=0.2).score == pytest.approx(0.8)
    assert grade(task, {**full, "host": "node1"}).score == pytest.approx(0.75)
    assert grade(task, {}).score == 0.0
    assert [mark.field for mark in grade(task, {**full, "host": "node1"}).differences] == ["host"]


def test_a_hook_that_is_passed_is_no_distractor() -> None:
    # In ipvs mode IPVS sits at INPUT, so INPUT is entered although nothing else happens there.
    walk = (dataclasses.replace(WALK[2], stage=Stage.IPVS, hook=Hook.INPUT),)
    keys = {step.key for step in distractors(walk, ("node1",), "stage", ())}
    assert "node1/input" not in keys
    assert {"node1/dnat", "node1/forward"} <= keys


@pytest.mark.parametrize("seed", ["1", "2", "3", "4", "5", "6"])
def test_the_line_of_the_verdict_agrees_with_the_answer(seed: str) -> None:
    """A drop is no rejection, whatever chain it happens in."""
    world = World(draw(find("addresses-that-are-no-service"), seed))
    for request in world.question.requests:
        for way in world.all_outcomes(request.name):
            reason = Text("", "") if way.where is None else way.where.reason
            assert ("rejected" in reason.en, "被拒绝" in reason.zh) == (str(way.verdict) == "REJECT",) * 2


# What one wishes for, and of whom luck decides whether they fit.
WISHES = [("spread <= 1.02, refused <= 0", []), ("spread <= 2.9", ["dh"])]


@pytest.mark.parametrize(("requirements", "near"), WISHES)
def test_a_draw_that_luck_decides_is_a_flaw(requirements: str, near: list[str]) -> None:
    load = {"servers": {"count": 3, "slots": 20}, "clients": 20, "connections": 300, "requirements": requirements}
    ask = {"scenario": load, "among": ["rr", "dh"], "show": 2}
    (field,) = make_task(world(DELIVERED, kind="scheduler", ask=ask)).fields
    assert [flaw.en.split()[3] for flaw in field.flaws()] == near
