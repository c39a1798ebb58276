"""Evidence: what is printed, what is asked, and what lint holds against it."""

from __future__ import annotations

import dataclasses

import pytest

from engine.faults.interface import FaultError
from engine.faults.placed import PLACED
from engine.trace import Verdict
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.bank.question import Fault, Question
from k8squiz.bank.shapes import Place
from k8squiz.errors import QuizError
from k8squiz.kinds.evidence.fields import CauseField
from k8squiz.kinds.evidence.kind import KIND
from k8squiz.kinds.evidence.transcript import ShownCommand, printed, transcript
from k8squiz.kinds.evidence.why import instead, telling
from k8squiz.kinds.interface import Task, make_task
from k8squiz.world.world import World


def broken(cause: str, at: str, seed: int = 1, source: str = "route-or-tunnel") -> Question:
    """A question of the bank with another fault: `at` is a role."""
    question = draw(find(source), seed)
    fault = Fault(cause, str(question.names.get(at, at)))
    (request,) = question.requests
    return dataclasses.replace(question, requests=(dataclasses.replace(request, fault=fault),))


def cause_of(task: Task) -> CauseField:
    field = task.fields[0]
    assert isinstance(field, CauseField)
    return field


# A cause, where it sits, how the connection from pod-c on another node to web's pod ends, and why.
ENDS = [
    ("route-missing", "{at}", Verdict.LOST, "no-such-host"),
    ("forwarding-off", "{at}", Verdict.LOST, "ip-forward-off"),
    ("tunnel-down", "{at}", Verdict.LOST, "no-such-host"),
    ("tunnel-peer-missing", "{at}", Verdict.LOST, "no-tunnel-peer"),
    ("underlay-drops", "{at}", Verdict.LOST, "underlay-drop"),
    ("selector", "web", Verdict.REJECT, "no-endpoints"),
    ("target-port", "web", Verdict.REFUSED, "nobody-listens"),
    ("not-ready", "pod-a", Verdict.REJECT, "no-endpoints"),
]


@pytest.mark.parametrize(("cause", "at", "verdict", "code"), ENDS)
def test_a_cause_breaks_the_walk(cause: str, at: str, verdict: Verdict, code: str) -> None:
    question = draw(find("route-or-tunnel"), 1)
    world = World(broken(cause, str(question.names["at"]) if at == "{at}" else at))
    (outcome,) = world.all_outcomes(world.first)
    assert outcome.verdict is verdict
    assert outcome.where is not None
    assert outcome.where.code == code


def test_every_cause_is_offered_in_every_question() -> None:
    for seed in (1, 2, 3):
        field = cause_of(make_task(World(draw(find("route-or-tunnel"), seed))))
        assert {item.key for item in field.items} == set(PLACED)


def test_what_is_printed_is_what_the_tools_print() -> None:
    question = broken("forwarding-off", "node1")
    world = World(question)
    told = printed(world.live(world.first), [ShownCommand(str(question.names["node1"]), "sysctl net.ipv4.ip_forward")])
    assert transcript(told) == f"{question.names['node1']}$ sysctl net.ipv4.ip_forward\nnet.ipv4.ip_forward = 0"


def test_a_command_that_there_is_not_is_refused() -> None:
    world = World(broken("forwarding-off", "node1"))
    with pytest.raises(QuizError, match="command not found"):
        printed(world.live(world.first), [ShownCommand("client", "frobnicate")])


def task_of(question: Question, *lines: tuple[str, str]) -> CauseField:
    ask = {"show": [{"host": str(question.names.get(host, host)), "run": run} for host, run in lines]}
    return cause_of(KIND.task(World(question), KIND.ask.read(ask, Place(question.template, ("ask",)))))


def test_evidence_that_fits_two_causes_is_objected_to() -> None:
    question = broken("selector", "web")
    flaws = [flaw.en for flaw in task_of(question, ("client", "true")).flaws()]
    assert any("prints the same as selector" in flaw for flaw in flaws)


def test_a_fault_that_breaks_nothing_is_objected_to() -> None:
    flaws = [flaw.en for flaw in task_of(broken("hairpin-off", "node1"), ("client", "true")).flaws()]
    assert any("the connection works" in flaw for flaw in flaws)


def test_a_wrong_cause_is_told_by_what_would_be_printed() -> None:
    world = World(draw(find("route-or-tunnel"), 2))
    fault = world.request(world.first).fault
    assert fault is not None and (fault.cause, fault.at) == ("forwarding-off", "kube-2")
    shown = KIND.asked(world.question).show
    told = printed(world.live(world.first), shown)
    assert "`ip route` would lack: " in instead(world, shown, told, "route-missing").en
    assert instead(world, shown, told, "hairpin-off").zh == "它不会影响这个连接。"
    gives_away = telling(world, shown, told)
    assert gives_away is not None and "net.ipv4.ip_forward = 0; were all well: net.ipv4.ip_forward = 1" in gives_away.en


@pytest.mark.parametrize(
    ("cause", "at", "said"), [("forwardng-off", "node1", "forwarding-off"), ("selector", "nope", "Service")]
)
def test_an_unknown_cause_or_place_is_named(cause: str, at: str, said: str) -> None:
    world = World(broken(cause, at))
    with pytest.raises(FaultError, match=said):
        world.live(world.first)


def test_without_a_fault_there_is_no_evidence() -> None:
    question = draw(find("route-or-tunnel"), 1)
    (request,) = question.requests
    whole = dataclasses.replace(question, requests=(dataclasses.replace(request, fault=None),))
    with pytest.raises(QuizError, match="needs a `fault`"):
        make_task(World(whole))
