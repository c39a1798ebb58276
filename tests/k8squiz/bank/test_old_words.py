"""Words of question files that were renamed: the old ones are read, and told of with their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import bank_folder, parse_template
from k8squiz.bank.old_words import REPAIR, OldWord, renamed
from k8squiz.bank.yaml_values import Yaml
from k8squiz.lint.lint import lint
from tests.k8squiz.fakes import anything


def _with(word: str) -> tuple[Path, str]:
    """A question of the bank that has today's word."""
    for path in sorted(bank_folder().glob("*/*.yaml")):
        text = path.read_text(encoding="utf-8")
        if f"  {word}:" in text and "kind: repair" in text:
            return path, text
    raise AssertionError(word)


@pytest.mark.parametrize(("old", "new"), REPAIR.items(), ids=REPAIR)
def test_an_old_word_means_what_it_meant(old: str, new: str) -> None:
    path, text = _with(new)
    before = text.replace(f"  {new}:", f"  {old}:")
    told = parse_template(before, path).old_words
    assert {(word.old, word.new) for word in told} == {(old, new)}
    for word in told:
        line = int(word.place.rpartition(":")[2])
        assert before.splitlines()[line - 1].lstrip().startswith(f"{old}:")
    assert draw(parse_template(before, path), 1).ask == draw(parse_template(text, path), 1).ask


def test_only_a_repair_has_had_such_words() -> None:
    data: dict[str, Yaml] = {"kind": "choice", "ask": {"keep": 1}}
    assert renamed(data, {("ask", "keep"): 3}, "q.yaml") == (data, {("ask", "keep"): 3}, ())


def test_a_follow_up_is_read_alike() -> None:
    data: dict[str, Yaml] = {
        "kind": "choice",
        "ask": {},
        "then": [{"kind": "repair", "ask": {"lost": {"table": "nat"}}}],
    }
    lines = {("then", 0, "ask", "lost"): 7, ("then", 0, "ask", "lost", "table"): 8}
    result, moved, told = renamed(data, lines, "q.yaml")
    assert anything(result["then"])[0]["ask"] == {"missing_rule": {"table": "nat"}}
    assert moved == {("then", 0, "ask", "missing_rule"): 7, ("then", 0, "ask", "missing_rule", "table"): 8}
    assert told == (OldWord("q.yaml:7", "lost", "missing_rule"),)


def test_lint_says_what_it_is_called_now(tmp_path: Path) -> None:
    path = bank_folder() / "04-hairpin" / "hairpin-mend.yaml"
    text = path.read_text(encoding="utf-8")
    copy = tmp_path / "04-hairpin" / path.name
    copy.parent.mkdir()
    copy.write_text(text.replace("  missing_rule:", "  lost:"), encoding="utf-8")
    found = [finding for finding in lint([copy], seeds=1).findings if "`lost`" in finding.message]
    assert [finding.warning for finding in found] == [True]
    assert "`lost` is called `missing_rule` now" in found[0].message
    assert "`lost` 已改名为 `missing_rule`" in found[0].zh
