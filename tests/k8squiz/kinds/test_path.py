"""A path typed freely: how it is read, what it earns, what it is read off."""

from __future__ import annotations

import pytest

from engine.trace import Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.interface import make_task
from k8squiz.kinds.path.fields import PathField
from k8squiz.kinds.path.steps import PathStep, device_class, path_steps
from k8squiz.world.world import World
from tests.k8squiz.fakes import ALIASES, WALK

HOSTS = ("client", "node1", "node2", "pod-b")
STEPS = path_steps(WALK, HOSTS)
FIELD = PathField("path", Text("path", "路径"), STEPS, HOSTS, ALIASES)
WHOLE = "client client > node1; node1 eth0 client > node1; node2 node1/flannel.1 > pod-b; pod-b node1/flannel.1 > pod-b"


def test_steps_are_the_devices_of_the_walk() -> None:
    assert (
        PathStep("client", "eth0", ("1.2.3.4",), ("192.168.1.10",)),
        PathStep("node1", "eth0", ("1.2.3.4",), ("192.168.1.10",)),
        PathStep("node2", "eth0", ("10.244.1.0",), ("10.244.2.8",)),
        PathStep("pod-b", "eth0", ("10.244.1.0",), ("10.244.2.8",)),
    ) == STEPS


SCORES = [
    (WHOLE, 1.0),
    (WHOLE.replace(">", "→").replace(";", "；"), 1.0),
    (WHOLE.replace("node1 eth0", "node1/eth0"), 1.0),
    (WHOLE.replace("client > node1", "1.2.3.4:9 -> 192.168.1.10:30080"), 1.0),
    # One step left out; one too many; an address wrong; a device wrong; hosts alone.
    ("client client > node1; node1 client > node1; pod-b node1/flannel.1 > pod-b", 0.75),
    (WHOLE + "; node1", 0.8),
    (WHOLE.replace("node2 node1/flannel.1", "node2 node1"), 0.9375),
    (WHOLE.replace("node1 eth0", "node1 flannel.1"), 0.6),
    ("client; node1; node2; pod-b", 0.5),
    ("pod-b; node2; node1; client", 0.071429),
]


@pytest.mark.parametrize(("typed", "score"), SCORES)
def test_a_path_is_graded_field_by_field(typed: str, score: float) -> None:
    assert FIELD.score(FIELD.read(typed)) == pytest.approx(score, abs=1e-4)


UNREADABLE = [
    "",
    "client",
    "client; nowhere",
    "client; node1 eth0 a b > node1",
    "client; node1 eth0 client >",
    "client; node1 > node2",
]


@pytest.mark.parametrize("typed", UNREADABLE)
def test_what_is_no_path_is_asked_again(typed: str) -> None:
    with pytest.raises(Unreadable):
        FIELD.read(typed)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("veth1a2b", "veth"),
        ("cali092b", "veth"),
        ("lxc1", "veth"),
        ("veth", "veth"),
        ("eth0", "eth0"),
        ("cni0", "cni0"),
    ],
)
def test_a_veth_is_a_veth(name: str, called: str) -> None:
    assert device_class(name) == called


# The question, a seed whose way goes over a tunnel, and a step of it with the outer header.
def test_the_truth_typed_back_is_right() -> None:
    for seed in range(1, 9):
        (field,) = make_task(World(draw(find("path-across-nodes"), seed))).fields
        assert isinstance(field, PathField)
        assert field.score(field.read(field.show(field.truth, False))) == 1.0


def test_a_tunnel_shows_its_outer_header() -> None:
    question = draw(find("path-across-nodes"), 5)
    (field,) = make_task(World(question)).fields
    assert isinstance(field, PathField)
    wire = [step for step in field.steps if step.device == "eth0" and step.outer]
    assert [step.outer for step in wire] == [(question.names["node1.ip"], question.names["node2.ip"])] * 2
