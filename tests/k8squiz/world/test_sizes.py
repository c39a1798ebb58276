"""Questions about what so many Services cost: their figures are those of engine.cost.count, and bad sizes are told."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import NumberField
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import make_task
from k8squiz.screens.grade import bench_view
from k8squiz.screens.question import given_view
from k8squiz.terminal.console import make_console
from k8squiz.world.predicates import value_of
from k8squiz.world.subjects import needs_no_cluster
from k8squiz.world.virtual_servers import size
from k8squiz.world.world import World
from tests.k8squiz import fakes

QUESTION = """\
format_version: 1
id: a-question
topic: scale
level: 2
kind: number
title: {en: Title, zh: 标题}
cluster: {nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 1}}}}
request: {from: caller, to: web}
ask: {scale: {services: 100, endpoints: 10}, value: {figure: rules}}
prompt: {en: How many?, zh: 多少？}
explanation: {en: So., zh: 如此。}
key_points: [{en: That., zh: 那样。}]
sources: [{ref: kernel}]
"""

# 100 Services of 10 endpoints: what `k8squiz scale` prints, and tests/recordings/measured/sync-sizes.csv has of a sync.
FIGURES = [
    ("rules", 3223),
    ("full_sync", 3209 + 1110),
    ("one_endpoint", 141 + 22),
    ({"name": "rules", "mode": "ipvs"}, 29),
    ({"name": "last", "mode": "nftables"}, 13),
    ({"name": "last", "mode": "nftables", "release": "1.35"}, 14),
    ({"name": "one_endpoint", "mode": "nftables"}, 3),
    ({"name": "one_endpoint", "mode": "nftables", "release": "1.35"}, 45),
    ({"name": "one_endpoint", "mode": "ipvs"}, 2),
    ("later", 5),
    ({"name": "rules", "services": 10}, 343),
    ("chains", 1125),
    ("elements", 0),
    ({"name": "elements", "mode": "ipvs"}, 1800),
    ("first", Fraction(39, 2)),
    ("middle", Fraction(137, 2)),
    ("average", 69),
    ("last", Fraction(237, 2)),
    ("none", 111),
    ({"name": "last_lookups", "mode": "ipvs"}, 6),
]


def world(ask: str = "{services: 100, endpoints: 10}") -> World:
    text = QUESTION.replace("{services: 100, endpoints: 10}", ask)
    return World(draw(bank.parse_template(text, Path("questions/08-scale/a-question.yaml")), 1))


@pytest.mark.parametrize(("figure", "value"), FIGURES, ids=str)
def test_figures(figure: Any, value: int | Fraction) -> None:
    assert value_of({"figure": figure}, world()) == value


def test_what_lies_before_the_first_service_is_half_of_the_average() -> None:
    first, average, last = (Fraction(str(value_of({"figure": name}, world()))) for name in ("first", "average", "last"))
    assert average == (first + last) / 2
    assert last - first == 99


def test_such_a_question_shows_its_size_and_every_mode() -> None:
    asked = world()
    assert needs_no_cluster(asked.question)
    (field,) = make_task(asked).fields
    assert isinstance(field, NumberField)
    assert grade(make_task(asked), {"number": "3223"}, 0.0).score == 1.0
    for lang, words in (
        ("en", "100 ClusterIP Services of 10 ready endpoints"),
        ("zh", "100 个 ClusterIP 类型的 Service"),
    ):
        console = make_console(width=120)
        with console.capture() as shown:
            console.print(given_view(asked.question, lang), bench_view(asked, lang))  # type: ignore[arg-type]
        assert words in shown.get()
        assert "3,223" in shown.get()


BAD = [
    ("{services: 0, endpoints: 10}", "rules", "from 1 up"),
    ("{services: 5000, endpoints: 10}", "rules", "20000 in all"),
    ("{services: 10, endpoints: 1}", "rulez", "did you mean rules"),
    ("{services: 10, endpoints: 1, mode: ebpf}", "rules", "ebpf"),
]


@pytest.mark.parametrize(("ask", "figure", "words"), BAD)
def test_bad_sizes_and_figures(ask: str, figure: str, words: str) -> None:
    with pytest.raises(QuizError) as caught:
        value_of({"figure": figure}, world(ask))
    assert words in caught.value.en


def test_a_question_about_anything_else_has_no_size() -> None:
    assert size(fakes.world(ask={"value": 3}).question) is None
    with pytest.raises(QuizError, match=r"ask\.scale is missing"):
        value_of({"figure": "rules"}, World(draw(bank.find("endpoint-share"), 1)))
