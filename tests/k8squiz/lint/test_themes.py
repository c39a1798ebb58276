"""The themes that questions name: one table, known to the schema, and a lint that says what is amiss."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank import find as bank
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.errors import QuizError
from k8squiz.kinds.skeleton import skeleton
from k8squiz.lint.lint import lint
from k8squiz.lint.themes import over_the_bank, without_question
from tests.rows import named

GOOD = skeleton("outcome", "nodeport")
# How many there are at the least with a question; a review of the bank counts 63.
COVERED = 63


def test_the_table() -> None:
    assert len(THEMES) == 63
    assert len({theme.name for theme in THEMES.values()}) == len(THEMES)
    assert {theme.asked for theme in THEMES.values()} == {1, 2, 3, 4, 5}


def test_most_themes_have_a_question() -> None:
    assert len(THEMES) - len(without_question(bank.metas())) >= COVERED, without_question(bank.metas())


def test_every_question_of_the_bank_names_its_themes() -> None:
    assert [meta.id for meta in bank.metas() if not meta.themes] == []


WRITTEN = {
    "one": ("themes: [hairpin]\n", ("hairpin",)),
    "two": ("themes: [hairpin, dual-stack]  # both\n", ("hairpin", "dual-stack")),
    "none": ("", ()),
}


@pytest.mark.parametrize(("line", "themes"), named(WRITTEN))
def test_they_are_read_off_the_first_lines_as_out_of_the_file(
    line: str, themes: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", f"{line}title:", 1), encoding="utf-8")
    scanned = bank.scan(path)
    assert scanned is not None
    assert scanned.themes == bank.load(path).meta.themes == themes


def test_an_unknown_theme_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", "themes: [hair]\ntitle:", 1), encoding="utf-8")
    with pytest.raises(QuizError) as caught:
        bank.load(path)
    assert str(caught.value).startswith(f"{path}:7: themes.0: 'hair'"), str(caught.value)


def test_themes_that_the_list_cannot_read_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", "themes:\n- hairpin\ntitle:", 1), encoding="utf-8")
    (finding,) = lint([path], 1).findings
    assert (finding.place, finding.warning) == (f"{path}:7", True)


def meta(name: str, *themes: str) -> QuestionMeta:
    return QuestionMeta(name, "nodeport", 1, "choice", f"{name}.yaml", themes)


BANKS = {
    "all of them": ([meta("a", *THEMES)], []),
    "one theme alone": ([meta("a", *list(THEMES)[1:])], [f"1 of {len(THEMES)} themes have no question: nodeport-path"]),
    "a question without": ([meta("a", *THEMES), meta("b")], ["no `themes`"]),
    "a bank that has none": ([meta("a"), meta("b")], []),
}


@pytest.mark.parametrize(("metas", "said"), named(BANKS))
def test_what_is_said_of_a_bank(metas: list[QuestionMeta], said: list[str]) -> None:
    found = list(over_the_bank(tuple(metas)))
    assert [finding.message.startswith(words) for finding, words in zip(found, said, strict=True)] == [True] * len(said)
