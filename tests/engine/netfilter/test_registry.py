"""No text is read by two parts: the order in which they stand means nothing."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.netfilter import nft_parse, registry
from engine.netfilter.part import Part
from engine.netfilter.registry import MODULES, REGISTRY
from engine.netfilter.text import dump

from .test_parts import NFTABLES, PARTS, read, ruleset


class Form(NamedTuple):
    """A form of nft's text: the kind that it is among, and whether its part is general."""

    kind: str
    general: bool
    module: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.kind} of {self.module}: {self.pattern}"

    def reads(self, text: str) -> bool:
        """As nft_parse asks: a match what a text begins with, a target all of it, or that before others."""
        if self.kind == "nft_matches":
            return re.match(self.pattern, text) is not None
        found = re.match(self.pattern, f"{text} accept")
        return re.fullmatch(self.pattern, text) is not None or (found is not None and found.end() == len(text))


def forms() -> Iterator[Form]:
    for module in MODULES:
        part: Part = importlib.import_module(module).PART
        for kind in ("nft_matches", "nft_targets"):
            for pattern, _ in getattr(part, kind):
                yield Form(kind, part.general, module.rpartition(".")[2], pattern)


FORMS = tuple(forms())
PRINTABLE = st.characters(min_codepoint=32, max_codepoint=126)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_a_form_reads_no_other_reads(form: Form) -> None:
    # What must stand behind a text is no part of it.
    alone = re.sub(r"\(\?=[^()]*\)", "", form.pattern)
    others = [one for one in FORMS if one is not form and one[:2] == form[:2]]

    @settings(max_examples=20, deadline=None, database=None, derandomize=True)
    @given(st.from_regex(alone, fullmatch=True, alphabet=PRINTABLE))
    def read_by_it_alone(text: str) -> None:
        assert [str(one) for one in others if one.reads(text)] == []

    read_by_it_alone()


def test_in_another_order_the_modules_read_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [dump(ruleset(part, NFTABLES)) for part, tools in PARTS if NFTABLES in tools]
    rules = [read(text, NFTABLES) for text in texts]
    monkeypatch.setattr(registry, "MODULES", MODULES[::-1])
    monkeypatch.setattr(nft_parse, "REGISTRY", registry._Registry())
    assert [read(text, NFTABLES) for text in texts] == rules


def test_a_general_part_reads_what_no_other_does() -> None:
    assert [part.general for part in REGISTRY.parts] == sorted(part.general for part in REGISTRY.parts)
