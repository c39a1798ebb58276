"""README.md, schema.json and the program agree on the vocabulary of question files."""

from __future__ import annotations

import pytest

from docs.question_files import TABLES, written
from k8squiz.bank.find import bank_folder, schema
from k8squiz.bank.params import WAYS
from k8squiz.kinds.interface import REGISTRY
from k8squiz.kinds.outcome.parts import PARTS
from k8squiz.kinds.schema import schema_text
from k8squiz.kinds.stages import STAGES
from k8squiz.world.comparisons import COMPARISONS
from k8squiz.world.facts import FACTS, TOLD
from k8squiz.world.predicates import OPERATORS, VALUES
from tests.k8squiz.fakes import anything

README = (bank_folder() / "README.md").read_text(encoding="utf-8")
DEFINITIONS = schema()["$defs"]


def asks(kind: str) -> dict[str, object]:
    found = [
        part["then"]["properties"]["ask"]
        for part in schema()["allOf"]
        if part["if"]["properties"]["kind"]["const"] == kind
    ]
    properties: dict[str, object] = anything(found[0]["properties"])
    return properties


def test_the_kinds_are_the_same_everywhere() -> None:
    assert set(REGISTRY) == set(schema()["properties"]["kind"]["enum"])
    for name in REGISTRY:
        assert f"**{name}**" in README
        assert f"| {name} | [" in README


def test_facts_and_operators() -> None:
    properties = set(DEFINITIONS["predicate"]["properties"])
    assert properties == {*FACTS, *OPERATORS, "for", "is"}
    values = DEFINITIONS["value"]["anyOf"][2]["properties"]
    assert set(values) == {*VALUES, "for"}
    assert set(values["fact"]["enum"]) == set(FACTS)
    comparisons = DEFINITIONS["match"]["anyOf"][1]["properties"]
    assert set(comparisons) == set(COMPARISONS)


@pytest.mark.parametrize("word", [*FACTS, *OPERATORS, *VALUES, *WAYS, *STAGES, *COMPARISONS, *schema()["properties"]])
def test_the_readme_tells_every_word(word: str) -> None:
    if word == "dns":
        pytest.skip("no walk begins with a look-up yet")
    assert f"`{word}`" in README or f"{word}:" in README or f" {word} " in README or f"{word}," in README


def test_the_parts_of_an_outcome() -> None:
    assert set(PARTS) == set(asks("outcome")["parts"]["items"]["enum"])  # type: ignore[index]


def test_every_field_of_ask_is_told() -> None:
    for name in REGISTRY:
        for field in asks(name):
            assert f"{field}:" in README or f"`{field}`" in README, (name, field)


def test_the_schema_and_the_tables_are_those_that_the_types_write() -> None:
    """`python docs/question_files.py` writes them anew."""
    assert (bank_folder() / "schema.json").read_text(encoding="utf-8") == schema_text()
    for page in TABLES:
        assert page.read_text(encoding="utf-8") == written(page)


def test_the_told_facts_are_all_there_are() -> None:
    assert [name for names, _ in TOLD for name in names] == list(FACTS)
