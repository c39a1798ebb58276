"""Designs held against requirements: each in its own world, what `for` means there, and what makes a poor comparison."""

from __future__ import annotations

from typing import Any

import pytest

from engine.trace import Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.compare.ask import CompareAsk
from k8squiz.kinds.compare.designs import of_design
from k8squiz.kinds.compare.fields import DesignField
from k8squiz.kinds.compare.kind import KIND
from k8squiz.kinds.interface import make_task, shown_requests
from k8squiz.world.world import World
from tests.rows import named


def field_of(name: str, seed: int = 1) -> DesignField:
    (field,) = make_task(World(draw(find(name), seed))).fields
    assert isinstance(field, DesignField)
    return field


ASK = CompareAsk({"one": Text("1", "1"), "two": Text("2", "2")}, None, ())
FORS = {
    "its own": ({"verdict": "DROP"}, {"verdict": "DROP"}),
    "a request of its own": ({"for": "far", "verdict": "DROP"}, {"for": "one-far", "verdict": "DROP"}),
    "the other design": ({"for": "other", "verdict": "DROP"}, {"for": "two", "verdict": "DROP"}),
    "the other design's": (
        {"compare": [{"fact": "hops"}, "lt", {"fact": "hops", "for": "other-far"}]},
        {"compare": [{"fact": "hops"}, "lt", {"fact": "hops", "for": "two-far"}]},
    ),
}


@pytest.mark.parametrize(("written", "meant"), named(FORS))
def test_what_for_means_of_a_design(written: Any, meant: Any) -> None:
    assert of_design(written, "one", ASK) == meant


def test_only_the_requests_of_the_designs_are_shown() -> None:
    question = draw(find("compare-cluster-and-local"), 1)
    assert [request.name for request in shown_requests(question)] == ["cluster", "local"]
    assert set(KIND.hidden(question)) == {"cluster-pod", "local-pod", "cluster-vip", "local-vip"}


def test_so_many_requirements_are_drawn_each_of_every_design() -> None:
    field = field_of("compare-cluster-and-local")
    asked = [item.key.partition("/") for item in field.items]
    assert len(asked) == 8
    assert [design for design, _, _ in asked] == ["cluster", "local"] * 4


def test_designs_that_do_not_differ_are_a_poor_comparison() -> None:
    field = field_of("compare-cluster-and-local")
    same = tuple(item.key for item in field.items if item.key.endswith(field.items[0].key.partition("/")[2]))
    alike = DesignField(field.id, field.label, field.items, same)
    assert [flaw.en for flaw in alike.flaws()] == ["the designs do not differ in any requirement"]
