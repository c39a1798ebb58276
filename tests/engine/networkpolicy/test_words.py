"""Selectors in the words of `kubectl -l`."""

from __future__ import annotations

import pytest

from engine.cluster.policies import LabelSelector, LabelSelectorRequirement
from engine.networkpolicy.decision import _ACTIONS
from engine.networkpolicy.words import selector_words


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        (LabelSelector(), ""),
        (LabelSelector({"app": "web", "old": ""}), "app=web,old="),
        (LabelSelector({}, (LabelSelectorRequirement("tier", "In", ("a", "b")),)), "tier in (a,b)"),
        (LabelSelector({"app": "web"}, (LabelSelectorRequirement("tier", "NotIn", ("a",)),)), "app=web,tier notin (a)"),
        (
            LabelSelector({}, (LabelSelectorRequirement("a", "Exists"), LabelSelectorRequirement("b", "DoesNotExist"))),
            "a,!b",
        ),
    ],
)
def test_selector_words(selector: LabelSelector, words: str) -> None:
    assert selector_words(selector) == words


def test_what_a_rule_of_a_tier_does_is_told() -> None:
    assert {action.name: (text.en, text.zh) for action, text in _ACTIONS.items()} == {
        "ACCEPT": ("accepts", "接受"),
        "DENY": ("denies", "拒绝"),
        "PASS": ("passes on", "交由下一层决定"),
    }
