"""The first pass over an open answer: which terms occur, in which order, in either language."""

from __future__ import annotations

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, make_task
from k8squiz.kinds.talk.fields import ALOUD, LEFT_OUT, SAID, PointField, ProbeField
from k8squiz.kinds.talk.heard import heard, ways
from k8squiz.world.world import World

# What is said, the term, and whether it occurs: "yes", "no", or "order" where its words come in another order.
SAYINGS = [
    ("kube-proxy does DNAT", "DNAT", "yes"),
    ("then dnat.", "DNAT", "yes"),
    ("a DNATed packet", "DNAT", "yes"),
    ("SNAT only", "NAT", "no"),
    ("the routing decision", "rout", "yes"),
    ("it is rerouted", "rout", "no"),
    ("after DNAT comes routing", "DNAT > rout", "yes"),
    ("routing, then DNAT", "DNAT > rout", "order"),
    ("routing happens after DNAT", "DNAT > rout|after DNAT", "yes"),
    ("KUBE SVC leads to KUBE-SEP", "KUBE-SVC > KUBE-SEP", "yes"),
    ("ＤＮＡＴ 之后再路由", "DNAT > 路由", "yes"),
    ("先路由，再 DNAT", "DNAT > 路由", "order"),
    ("在DNAT之后", "DNAT 之后|DNAT之后", "yes"),
    ("it goes to 10.244.1.10", "10.244.1.1", "no"),
    ("it goes to 10.244.1.1:80", "10.244.1.1", "yes"),
    ("round-robin", "round robin", "yes"),
    ("two\nlines", "two lines", "yes"),
    ("", "DNAT", "no"),
]


@pytest.mark.parametrize(("said", "term", "expected"), SAYINGS)
def test_a_term_in_what_is_said(said: str, term: str, expected: str) -> None:
    found = heard(said, {"en": (term,)})
    assert (bool(found.found), bool(found.disordered), bool(found.missing)) == (
        expected == "yes", expected == "order", expected == "no",
    )  # fmt: skip
    assert found.whole == (expected == "yes")


def test_a_point_is_heard_in_either_language() -> None:
    terms = {"en": ("reply", "conntrack"), "zh": ("响应", "conntrack")}
    assert heard("conntrack 还原响应", terms).whole
    assert heard("conntrack undoes it for the reply", terms).whole
    assert heard("conntrack", terms).missing == ("reply",)
    assert not heard("anything", {}).whole
    # What is missing is told in the language of what was said.
    assert heard("nothing of it", terms).missing == ("reply", "conntrack")
    assert heard("不知道", terms).missing == ("响应", "conntrack")


def test_ways() -> None:
    assert ways("A > b|c d") == (("a", "b"), ("c d",))


def task() -> Task:
    return make_task(World(draw(find("nodeport-told"), "1")))


POINTS = tuple(field for field in task().fields if isinstance(field, PointField))
PROBE = next(field for field in task().fields if isinstance(field, ProbeField))
FIRST = "PREROUTING, KUBE-SVC, KUBE-SEP, DNAT. Routing comes after DNAT, so it is forwarded."


def test_what_was_left_out_is_asked_about() -> None:
    asked = PROBE.after({"talk": "it arrives"})
    assert asked is not None and asked.lead == POINTS[0].probe
    asked = PROBE.after({"talk": FIRST})
    assert asked is not None and asked.lead == POINTS[2].probe
    everything = " ".join(word for point in POINTS for term in point.terms["en"] for word in ways(term)[0])
    assert PROBE.after({"talk": everything}) is None
    aloud = PROBE.after({"talk": ALOUD})
    assert aloud is not None and aloud.lead == POINTS[0].probe
    assert PROBE.after({}) is None


GRADED = [
    ({}, 0.0),
    ({"talk": FIRST}, 2 / 6),
    ({"talk": FIRST, "probe": "KUBE-EXT marks it, it is masqueraded, the source changes"}, 3 / 6),
    ({"talk": FIRST, "point-1": LEFT_OUT}, 1 / 6),
    ({"talk": FIRST, "point-4": SAID}, 3 / 6),
    ({"talk": ALOUD}, 0.0),
    ({"talk": ALOUD, "point-1": SAID}, 1 / 6),
]


@pytest.mark.parametrize(("answer", "score"), GRADED)
def test_the_first_pass_stands_where_the_candidate_says_nothing_else(answer: dict[str, str], score: float) -> None:
    assert grade(task(), answer).score == pytest.approx(score, abs=1e-5)
