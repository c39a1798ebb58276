"""Which release of kube-proxy a question speaks of: the bank's, or the one that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.proxy.releases import NEWEST
from k8squiz.bank import find as bank
from k8squiz.bank.draw import draw
from k8squiz.errors import QuizError
from k8squiz.world import texts
from k8squiz.world.predicates import value_of
from k8squiz.world.release import RELEASE
from k8squiz.world.world import World

QUESTION = """\
format_version: 1
id: a-question
topic: nftables
level: 2
kind: number
title: {en: Title, zh: 标题}
cluster: {nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 3}}}, proxy: {mode: nftables}RELEASE}
request: {from: caller, to: web}
values: {then: {count_rules: {node: "{node1}", chain: {prefix: endpoint-}, release: "1.35"}}}
ask: {value: {count_rules: {node: "{node1}", chain: {prefix: endpoint-}}}}
prompt: {en: "{release} and {then}", zh: "{release} 与 {then}"}
explanation: {en: So., zh: 如此。}
key_points: [{en: That., zh: 那样。}]
sources: [{ref: kernel}]
"""
SIZED = QUESTION.replace("ask: {", "ask: {scale: {services: 5, endpoints: 2, mode: nftables, release: '1.34'}, ")


def world(text: str, release: str = "") -> World:
    written = text.replace("RELEASE", f", release: {release!r}" if release else "")
    return World(draw(bank.parse_template(written, Path("questions/07-nftables/a-question.yaml")), 1))


def test_the_bank_was_read_for_the_newest_release() -> None:
    """A newer release in the engine: read the questions and stories again, then name it in k8squiz/world/release.py."""
    assert RELEASE == NEWEST


@pytest.mark.parametrize(("release", "shown", "rules"), [("", f"v{RELEASE}", 0), ("1.35", "v1.35", 6), ("1.36.2", "v1.36.2", 0)])  # fmt: skip
def test_a_question_names_its_release(release: str, shown: str, rules: int) -> None:
    asked = world(QUESTION, release)
    assert texts.prompt(asked).zh == f"{shown} 与 6"
    assert value_of(asked.question.ask["value"], asked) == rules


def test_a_size_has_a_release_of_its_own() -> None:
    asked = world(SIZED)
    assert texts.prompt(asked).en.startswith("v1.34 ")
    now, then = ({"figure": {"name": "rules", "release": release}} for release in (RELEASE, "1.34"))
    assert value_of({"figure": "rules"}, asked) == value_of(then, asked) != value_of(now, asked)


def test_a_release_that_is_not_known_is_refused() -> None:
    with pytest.raises(QuizError, match="ask.scale: there is no kube-proxy release '1.2'"):
        value_of({"figure": "rules"}, world(SIZED.replace("1.34", "1.2")))
