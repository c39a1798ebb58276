"""A timeline's drawing, what is asked of it, and what is said of a wrong answer."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from typing import Any

import pytest

from engine.timeline.connections import Attempt, Chance, Fate
from engine.timeline.pods import SigtermAnswer
from engine.trace import Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.bank.question import Question
from k8squiz.errors import QuizError
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import causes_of, make_task
from k8squiz.kinds.timeline.drawing import drawing
from k8squiz.kinds.timeline.why import failures_told
from k8squiz.terminal.width import width_of
from k8squiz.world.over_time import changed, figure
from k8squiz.world.predicates import Ambiguous
from k8squiz.world.timeline_forms import (
    ChecksForm,
    ConnectionForm,
    LifecycleForm,
    PodForm,
    PortsForm,
    StopForm,
    TableForm,
    TimelineForm,
)
from k8squiz.world.world import World

NEW = ConnectionForm("new", every=500, until=4_000)
DRAWN = [
    pytest.param(
        TimelineForm((NEW, ConnectionForm("kept", opened=1_000, every=1_000, until=4_000, lasts=300, reuses=True)),
                     (PodForm(("a", "b"), deleted=2_000),), stops=(StopForm("node1", 3_000),)),
        [
            "seconds           0             1             2             3             4",
            "a                 ----------------------------|deleted",
            "b                 ----------------------------|deleted",
            "kube-proxy node1  ------------------------------------------|stops",
            "new               o      o      o      o      o      o      o      o",
            "kept                            o-------------o-------------o",
            "",
            "new: every 0.5 s, each its own connection",
            "kept: every 1 s, one connection; takes 0.3 s",
            "pods: no preStop; on SIGTERM exits; terminationGracePeriodSeconds 30",
            "lags: EndpointSlice 0 s; kube-proxy 0 s",
        ],
        id="pods, kube-proxies and connections",
    ),
    pytest.param(
        TimelineForm(
            (dataclasses.replace(NEW, max_age=2_000, timeout=500),), (PodForm(("a",), created=1_000),),
            lifecycle=LifecycleForm(1_000, None, 5_000, 40_000, SigtermAnswer.DRAINS), checks=ChecksForm(2_000, 2, 1),
        ),
        [
            "seconds  0               1               2               3               4",
            "a                        |created-----------------------------------------",
            "new      o       o       o       o       o       o       o       o",
            "",
            "new: every 0.5 s, each its own connection; max age 2 s; client timeout 0.5 s",
            "pods: listens after 1 s; no readiness probe",
            "lags: EndpointSlice 0 s; kube-proxy 0 s",
            "health checks: every 2 s; unhealthy after 2; healthy after 1",
        ],
        id="what a file may say besides",
    ),
    pytest.param(
        TimelineForm((ConnectionForm("new", every=2_000, until=6_000),),
                     (PodForm(("a",), unready=1_000, vanishes=1_000), PodForm(("b",), created=1_000, deleted=5_500))),
        [
            "seconds  0         1         2         3         4         5         6",
            "a        ----------|node loses power, unready",
            "b                  |created------------------------------deleted|",
            "new      o                   o                   o",
            "",
            "new: every 2 s, each its own connection",
            "pods: listens after 0 s; probe passes 0 s later; no preStop;",
            "  on SIGTERM exits; terminationGracePeriodSeconds 30",
            "lags: EndpointSlice 0 s; kube-proxy 0 s",
        ],
        id="two things at one moment, one at the right edge",
    ),
    pytest.param(
        PortsForm(600, 200),
        [
            "new connections: 600 per second, for 200 s, each open 0 s",
            "ports: MASQUERADE on the node, 1024-65535",
            "destinations (address and port): 1; node addresses to masquerade to: 1",
        ],
        id="ports",
    ),
    pytest.param(
        TableForm(1000, 400, 10, 60, entries=3),
        [
            "net.netfilter.nf_conntrack_max = 1000",
            "entries that stay (long connections, ASSURED): 400",
            "new connections: 10 per second, for 60 s, each open 0 s",
            "each: 3 of this node's entries, ASSURED",
        ],
        id="a table",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("form", "lines"), DRAWN)
def test_it_is_drawn(form: TimelineForm | PortsForm | TableForm, lines: list[str]) -> None:
    assert drawing(form, "en").splitlines() == lines
    chinese = drawing(form, "zh").splitlines()
    assert max(map(width_of, (*lines, *chinese))) <= 76
    # Names of fields and of programs stay as they are; nothing else is English.
    left = re.sub(r"[\w-]+\.[\w.]+|[A-Z]\w*|kube-proxy|preStop|[a-z]+[A-Z]\w+|\bs\b", "", "\n".join(chinese))
    names = {name for pod in getattr(form, "pods", ()) for name in pod.pods} | {
        one.name for one in getattr(form, "connections", ())
    }
    assert set(re.findall(r"[a-z]{4,}", left)) <= {"node"} | names | {
        word for name in names for word in re.findall(r"[a-z]+", name)
    }


def asking(name: str, **ask: Any) -> Question:
    """A question of the bank with other values in its `ask`."""
    drawn = draw(find(name), 1)
    return dataclasses.replace(drawn, ask={**drawn.ask, **ask})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lifecycle.prestop": 1}, "set: there is no prestop"),
        ({"pods.7.deleted": 1}, "set: there is no 7"),
        ({"lifecycle.preStop": "soon"}, "must be a number of seconds, not 'soon'"),
        ({"lags.kubeProxy": -1}, "must be seconds, to the millisecond"),
        ({"rollout.strategy": "Canary", "rollout.old": ["a"], "rollout.new": ["b"]}, "'Canary' is not allowed"),
    ],
)
def test_a_change_that_means_nothing_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(QuizError, match=said) as error:
        changed(asking("rollout-without-prestop"), change)
    assert "rollout-without-prestop.yaml:" in error.value.en
    assert error.value.zh != error.value.en


def test_knobs_that_help_alike_are_refused() -> None:
    knob = {"text": {"en": "a", "zh": "甲"}, "set": {"lifecycle.terminationGracePeriodSeconds": 60}}
    with pytest.raises(Ambiguous, match="no single knob leaves the fewest failures"):
        make_task(World(asking("rollout-without-prestop", knobs=[knob, {**knob, "text": {"en": "b", "zh": "乙"}}])))


def test_more_requests_than_can_be_followed_are_refused() -> None:
    world = World(asking("rollout-without-prestop"))
    with pytest.raises(QuizError, match="requests; at most 400 are followed"):
        figure(world, "failures", {"connections.0.every": 0.001})


@pytest.mark.parametrize(
    ("of", "change", "value"),
    [
        ("requests", {}, 30),
        ("failures", {"lifecycle.preStop": 9}, 0),
        ("failures", {"lags.kubeProxy": 0}, 0),
        # The whole of it, a fifth of which each goes to one of as many pods.
        ("failures", {"lags.kubeProxy": 1}, Fraction(5, 6)),
    ],
)
def test_figures(of: str, change: dict[str, Any], value: Fraction) -> None:
    assert figure(World(draw(find("rollout-without-prestop"), 1)), of, change) == value


FORMS = {"rollout-without-prestop": "timeline", "ports-to-one-destination": "ports", "a-full-conntrack-table": "table"}


@pytest.mark.parametrize(("question", "word"), FORMS.items())
def test_a_form_is_read_by_its_word(question: str, word: str) -> None:
    forms = {"timeline": TimelineForm, "ports": PortsForm, "table": TableForm}
    found, form = changed(draw(find(question), 1), {})
    assert (found, type(form)) == (word, forms[word])


def test_each_wrong_part_has_its_computed_cause() -> None:
    world = World(draw(find("rollout-without-prestop"), 1))
    task = make_task(world)
    number, knob = task.fields
    wrong = next(item for item in knob.options if item.key not in knob.truth)
    graded = grade(task, {number.id: number.read("99"), knob.id: knob.read(wrong.letter)})
    first, *others = causes_of(world, task, graded)
    assert "without an answer" in first.text.en
    assert "rules still send there" in first.text.en
    assert {cause.part for cause in others} == {wrong.key, *knob.truth}
    assert all("fail with it" in cause.text.en and "现状" in cause.text.zh for cause in others)


# What a client hears of a request that fails.
FATES = {
    Fate.REFUSED: ("refused", "被拒绝"),
    Fate.NO_ANSWER: ("without an answer", "无响应"),
    Fate.RESET: ("cut off", "中断"),
    Fate.HANGS: ("left hanging", "一直等待"),
}


@pytest.mark.parametrize("fate", [fate for fate in Fate if fate is not Fate.ANSWERED])
def test_a_failure_is_told_by_what_the_client_hears(fate: Fate) -> None:
    en, zh = FATES[fate]
    chance = Chance(Fraction(1, 2), fate, "shop/a", Text("why", "原因"))
    assert failures_told([Attempt("c", 2000, (chance,))]) == Text(f"2 s: 0.5 {en} (why)", f"2 s：0.5 个{zh}（原因）")
