"""The answer keys of drawn questions are what they were: a key that changes is seen, and confirmed by a person.

tests/golden/keys/record.py records them anew.
"""

from __future__ import annotations

import json

import pytest

from k8squiz.bank.question import Template
from tests.golden.keys.record import KEYS, SEEDS, keys, templates

RECORDED = json.loads(KEYS.read_text(encoding="utf-8"))
TEMPLATES = templates()


def test_every_question_of_the_bank_is_recorded() -> None:
    assert set(RECORDED) == {template.meta.id for template in TEMPLATES}
    assert sum(len(of) for of in RECORDED.values()) >= 300
    assert all(tuple(of) == SEEDS for of in RECORDED.values())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.meta.id)
def test_the_key_is_the_recorded_one(template: Template) -> None:
    assert keys(template) == RECORDED[template.meta.id]
