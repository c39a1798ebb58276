"""The promise of CONTRIBUTING, for the quiz: a question kind is a folder and one line, and nobody else knows its name."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.trace import Text
from k8squiz.bank import find
from k8squiz.kinds.interface import REGISTRY, kind
from k8squiz.kinds.schema import schema_text
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
from tests.k8squiz.mock.table import MockJournal
from tests.k8squiz.runner import k8squiz

ROOT = Path(__file__).parents[1]

# A kind nobody has heard of, with a field of its own: one folder.
COIN = """
from collections.abc import Iterator

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.shapes import key, one_of, record
from k8squiz.kinds.fields import FieldBase, Turn, Unreadable
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.locale.i18n import Lang


@dataclass(frozen=True, slots=True)
class CoinField(FieldBase):
    id: str
    label: Text
    truth: str
    weight: float = 1.0

    def read(self, typed: str) -> str:
        if typed not in ("heads", "tails"):
            raise Unreadable("heads or tails", "正面或反面")
        return typed

    def score(self, value: str) -> float:
        return float(value == self.truth)

    def show(self, value: str, zh: bool) -> str:
        return {"heads": "正面", "tails": "反面"}[value] if zh else value

    def how(self, lang: Lang, listed: bool = True) -> str:
        return "heads or tails"

    def turns(self) -> Iterator[Turn]:
        yield Turn(Text("says edge", "说立着"), Text("Has never tossed one.", "从没抛过。"))


@dataclass(frozen=True, slots=True)
class CoinAsk:
    side: str = key(one_of("heads", "tails", "{side}"))


class Coin(TypedKind[CoinAsk]):
    about = Text("Call it", "猜一猜")
    example = "09-coins/which-side"
    skeleton = "ask: {side: heads}"
    seconds = 60
    one_answer = True
    for_juniors = True
    ask = record(CoinAsk)

    def task(self, world, ask):
        return Task(world.question, (CoinField("side", self.about, ask.side),))


KIND = Coin()
"""

QUESTION = """\
format_version: 1
id: which-side
topic: coins
level: 2
kind: coin
title: {en: A coin, zh: 一枚硬币}
params: {side: {choice: [heads, tails]}}
cluster: {nodes: 1, pods: {caller: node1}, services: {web: {endpoints: {node1: 1}}}}
request: {from: caller, to: web}
ask: {side: "{side}"}
prompt: {en: "Which side of the coin is up?", zh: "硬币哪一面朝上？"}
hints: [{cost: 0.1, en: Look., zh: 看一看。}]
explanation: {en: "It is {side} that is up.", zh: "朝上的是 {side} 这一面。"}
key_points: [{en: That it has two., zh: 它有两面。}]
sources: [{ref: the mint}]
"""


@pytest.fixture
def coin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A bank with one question of a made-up kind, which is registered with one line."""
    home = tmp_path / "packages" / "throw_away_coin"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text("", encoding="utf-8")
    (home / "kind.py").write_text(COIN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(home.parent))
    monkeypatch.setitem(REGISTRY, "coin", "throw_away_coin")
    bank = tmp_path / "bank"
    (bank / "09-coins").mkdir(parents=True)
    file = bank / "09-coins" / "which-side.yaml"
    file.write_text(QUESTION, encoding="utf-8")
    # schema.json is written from the kinds, by docs/question_files.py.
    (bank / "schema.json").write_text(schema_text(), encoding="utf-8")
    monkeypatch.setattr(find, "bank_folder", lambda: bank)
    monkeypatch.setattr(find, "shipped_folder", lambda: bank)
    find.schema.cache_clear()
    drawn.cache_clear()
    yield file
    find.schema.cache_clear()
    drawn.cache_clear()
    for name in [name for name in sys.modules if name.startswith("throw_away_coin")]:
        del sys.modules[name]


def sides(seed: str) -> str:
    return str(drawn("which-side", seed)[1].fields[0].truth)


def test_a_new_kind_is_shown_and_practised(
    coin: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = json.loads(k8squiz(capsys, "questions", "show", "which-side", "--seed", "1", "--answer", "--json").out)
    assert shown["answer"] == {"side": sides("1")}
    for lang in LANGS:
        assert k8squiz(capsys, "questions", "show", "which-side", "--answer", "--lang", lang).code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"edge\nhint\n{sides('1')}\n"))
    practised = k8squiz(capsys, "practice", "--question", "which-side", "--seed", "1", "--lang", "en")
    assert practised.code == 0
    assert "heads or tails" in practised.out
    assert "Score 90%" in practised.out


def test_a_new_kind_is_asked_in_an_interview_and_reported(coin: Path, tmp_path: Path) -> None:
    made = plan(find.metas(), "1", 3, 1, "junior")
    assert [item.kind for item in made.items] == ["coin"]
    now = [0.0]
    interview, questions = Interview(made, MockJournal(), lambda: now[0]), DrawnQuestions(made)
    interview.show(0)
    interview.fill("side", questions.task(0).fields[0].truth)
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
        assert "coin" in text
    assert "Has never tossed one." in script(questions, "en")


def test_a_new_kind_is_linted_and_has_a_skeleton(coin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lint([coin], 12).findings == ()
    skeleton = k8squiz(capsys, "questions", "new", "--kind", "coin", "--topic", "coins")
    assert (skeleton.code, "ask: {side: heads}" in skeleton.out) == (0, True)
    coin.write_text(QUESTION.replace('side: "{side}"', "side: edge"), encoding="utf-8")
    (finding,) = lint([coin], 3).errors
    assert finding.place == f"{coin}:10"
    assert "'edge' is not allowed" in finding.message


# --- each real kind ---

SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in (ROOT / "k8squiz").rglob("*.py")
}
# Words that are nobody's but a kind's; `choice`, `number`, `outcome`, `scheduler` and `compare` are words of the field or of predicates too.
DISTINCT = [name for name in REGISTRY if name not in ("choice", "number", "outcome", "scheduler", "path", "compare")]
# What a repair's words were called for one release, and the kind `questions new` begins with.
# A timeline of an `ask` is called as its kind is.
# What an incident's grade has for what was looked at is called evidence too, and so is a topic that interviews cover.
# An incident is drawn by a command of that name, too.
KNOWN_ELSEWHERE = {
    "repair": {"k8squiz/bank/old_words.py"},
    "timeline": {"k8squiz/world/over_time.py"},
    "evidence": {"k8squiz/locale/incident.py", "k8squiz/mock/plan.py"},
    "incident": {"k8squiz/cli/commands.py", "k8squiz/locale/examples.py", "k8squiz/locale/help.py"},
}


def home(name: str) -> str:
    return REGISTRY[name].replace(".", "/") + "/"


# The points of an answer in one's own words are confirmed after an interview, and their terms linted.
POINTS_ASKED = {"talk": {"k8squiz/commands/mock_check.py", "k8squiz/lint/terms.py", "k8squiz/screens/mock.py"}}


@pytest.mark.parametrize("name", DISTINCT)
def test_a_kind_is_named_in_its_own_home_and_the_registry_alone(name: str) -> None:
    naming = {
        path for path, text in SOURCES.items()
        if any(isinstance(node, ast.Constant) and node.value == name for node in ast.walk(ast.parse(text)))
    }  # fmt: skip
    elsewhere = {path for path in naming if not path.startswith(home(name))}
    # What a kind is called in Chinese stands in one table with the topics.
    known = {"k8squiz/locale/names.py"} | KNOWN_ELSEWHERE.get(name, set())
    assert elsewhere - known == {"k8squiz/kinds/interface.py"}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_kind_is_imported_by_its_own_home_and_its_fields_views_alone(name: str) -> None:
    importing = {
        path for path, text in SOURCES.items()
        if re.search(rf"^\s*(from|import) {re.escape(REGISTRY[name])}\b", text, re.MULTILINE)
    }  # fmt: skip
    others = {path for path in importing if not path.startswith((home(name), "k8squiz/screens/fields/"))}
    assert others == POINTS_ASKED.get(name, set())


def test_nobody_asks_which_class_a_field_is_of() -> None:
    asking = {
        path for path, text in SOURCES.items() if re.search(r"isinstance\([^()]*(\([^()]*\))?[^()]*\w+Field\b", text)
    }
    assert asking == {"k8squiz/commands/mock_check.py", "k8squiz/lint/terms.py"}


@pytest.mark.parametrize("name", REGISTRY)
def test_a_kind_says_all_that_is_asked_of_it(name: str) -> None:
    found = kind(name)
    assert isinstance(found.about, Text)
    assert (ROOT / "questions" / f"{found.example}.yaml").is_file()
    assert find.load(ROOT / "questions" / f"{found.example}.yaml").meta.kind == name
    assert found.skeleton.startswith("ask:")
    assert 15 <= found.seconds <= 1200


def test_every_field_that_has_a_view_exists() -> None:
    from k8squiz.screens.fields.views import VIEWS

    classes = {
        node.name for text in SOURCES.values() for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)
    }
    assert set(VIEWS) <= classes
    assert all(callable(importlib.import_module(module).view) for module in VIEWS.values())
