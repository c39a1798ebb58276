"""The promise of CONTRIBUTING, in questions: a CNI plugin, a scheduler, a fact and a stage that are registered with a line each are drawn, shown, practised, asked in an interview, reported and linted (tests/throw_away.py has them)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cni import PLUGINS
from engine.ipvs.registry import SCHEDULERS
from k8squiz.bank import find
from k8squiz.kinds.fields import MenuField, OrderField
from k8squiz.kinds.schema import schema_text
from k8squiz.kinds.stages import STAGES
from k8squiz.lint.lint import lint
from k8squiz.locale.i18n import LANGS
from k8squiz.mock.drawn_questions import DrawnQuestions, drawn
from k8squiz.mock.interview import Interview
from k8squiz.mock.plan import plan
from k8squiz.mock.state import Ending
from k8squiz.report.asjson import report_json
from k8squiz.report.build import build
from k8squiz.report.markdown import report_markdown
from k8squiz.report.page import report_page
from k8squiz.report.script import script
from k8squiz.screens.report import report_view
from k8squiz.terminal.console import make_console
from k8squiz.world.facts import FACTS
from tests.k8squiz.mock.table import MockJournal
from tests.k8squiz.runner import k8squiz
from tests.throw_away import COIN, QUESTIONS, First, Throwaway, question_file

# What of its throw-away member is seen where a question is shown.
SEEN = {"which-side-is-up": "gate0", "where-it-is-tossed": "a coin is tossed", "who-is-always-first": "throwaway"}


@pytest.fixture
def bank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A bank of nothing but QUESTIONS, while all throw-away members are there."""
    monkeypatch.setitem(PLUGINS, "throwaway", Throwaway())
    monkeypatch.setitem(SCHEDULERS, First.name, First)
    monkeypatch.setitem(FACTS, "coin", lambda world, request, outcome: "heads")
    monkeypatch.setitem(STAGES, COIN.name, COIN)
    folder = tmp_path / "bank" / "09-coins"
    folder.mkdir(parents=True)
    for name in QUESTIONS:
        (folder / f"{name}.yaml").write_text(question_file(name), encoding="utf-8")
    (folder.parent / "schema.json").write_text(schema_text(), encoding="utf-8")
    monkeypatch.setattr(find, "bank_folder", lambda: folder.parent)
    monkeypatch.setattr(find, "shipped_folder", lambda: folder.parent)
    for cache in (find.schema, drawn):
        cache.cache_clear()
    yield folder
    for cache in (find.schema, drawn):
        cache.cache_clear()


def typed(name: str, seed: str) -> str:
    """The right answer as it is typed."""
    (field,) = drawn(name, seed)[1].fields
    assert isinstance(field, MenuField | OrderField)
    letters = {str(item.key): item.letter for item in field.items}
    return " ".join(letters[key] for key in field.truth)


@pytest.mark.parametrize("name", QUESTIONS)
def test_it_is_shown_and_practised(
    name: str, bank: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [k8squiz(capsys, "questions", "show", name, "--seed", "1", "--answer", "--lang", lang) for lang in LANGS]
    assert [one.code for one in shown] == [0, 0]
    assert SEEN[name] in shown[0].out
    told = k8squiz(capsys, "questions", "show", name, "--seed", "1", "--answer", "--json").out
    assert json.loads(told)["id"] == name
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{typed(name, '1')}\n"))
    practised = k8squiz(capsys, "practice", "--question", name, "--seed", "1", "--lang", "en")
    assert practised.code == 0
    assert "Score 100%" in practised.out


def test_they_are_asked_in_an_interview_and_reported(bank: Path) -> None:
    made = plan(find.metas(), "1", 30, 3, "senior")
    assert {item.kind for item in made.items} == {"choice", "hop-order", "scheduler"}
    interview, questions = Interview(made, MockJournal(), lambda: 0.0), DrawnQuestions(made)
    for position in range(len(made.items)):
        interview.show(position)
        for field in questions.task(position).fields:
            interview.fill(field.id, field.truth)
        interview.hand_in()
    interview.end(Ending.DONE)
    report = build(made, interview.state)
    assert report.total == 1.0
    console = make_console(width=100, file=io.StringIO())
    console.print(report_view(report, "en"))
    for text in (
        report_json(report),
        report_markdown(report, "en"),
        report_page(report, "zh"),
        script(questions, "en"),
    ):
        assert "throwaway" in text


def test_they_are_linted(bank: Path) -> None:
    assert [str(finding) for finding in lint([bank], 3).findings] == []
