"""The answer keys of drawn questions are what they were: a key that changes is seen, and confirmed by a person.

tests/golden/keys/record.py records them anew.
"""

from __future__ import annotations

import functools
import json

import pytest

from k8squiz.bank.question import Template
from k8squiz.kinds.grade import grade
from tests.golden.keys.record import KEYS, SEEDS, keys, tasks, templates

RECORDED = json.loads(KEYS.read_text(encoding="utf-8"))


@functools.cache
def by_id() -> dict[str, Template]:
    return {template.meta.id: template for template in templates()}


def test_every_question_of_the_bank_is_recorded() -> None:
    assert set(RECORDED) == set(by_id())
    assert sum(len(of) for of in RECORDED.values()) >= 300
    assert all(tuple(of) == SEEDS for of in RECORDED.values())


@pytest.mark.parametrize("name", RECORDED)
def test_the_key_is_the_recorded_one_and_earns_everything(name: str) -> None:
    drawn = tasks(by_id()[name])
    assert keys(drawn) == RECORDED[name]
    first = drawn[SEEDS[0]]
    assert grade(first, {field.id: field.truth for field in first.fields}).score == 1.0
