"""Selectors in the words of `kubectl -l`."""

from __future__ import annotations

import pytest

from engine.cluster.policies import LabelSelector, LabelSelectorRequirement
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
