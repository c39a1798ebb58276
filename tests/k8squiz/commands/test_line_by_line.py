"""A question that answers every line: through a pipe in practice, and against a mock's clock."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence

import pytest

from k8squiz.commands.mock_dialog import Left, MockDialog
from k8squiz.locale.i18n import Lang
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion
from k8squiz.report.asjson import report_json
from k8squiz.report.build import build
from k8squiz.report.markdown import report_markdown
from k8squiz.report.page import report_page
from k8squiz.report.script import script
from k8squiz.screens.report import bench_texts, report_view
from k8squiz.terminal.console import make_console
from tests.k8squiz.commands.test_mock_dialog import Script
from tests.k8squiz.mock.table import MockJournal
from tests.k8squiz.runner import k8squiz

NAME = "nobody-answers"
PLAN = InterviewPlan(
    "senior", (), 20, "1",
    tuple(PlannedQuestion(NAME, "incidents", 2, "incident", "1", 600, label, None) for label in ("1", "2")),
)  # fmt: skip
ROOM = DrawnQuestions(PLAN)
RIGHT = ROOM.task(0).fields[0].truth.split("\n")


def practised(capsys: pytest.CaptureFixture[str], *lines: str, lang: Lang = "en") -> str:
    typed = "".join(f"{line}\n" for line in lines)
    found = k8squiz(capsys, "practice", "--question", NAME, "--seed", "1", "--lang", lang, stdin=typed)
    assert found.code == 0
    return found.out


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        pytest.param(RIGHT, "Score 100%", id="an expert's path"),
        pytest.param(["done"], "Score 0%", id="nothing done"),
        pytest.param(["flows", "", "ip link"], "Score 0%", id="the end of a pipe hands in"),
        pytest.param(["hint", *RIGHT], "Score 90%", id="a hint costs"),
        pytest.param(["exit", "back", "show", *RIGHT], "Score 100%", id="words that end nothing"),
        pytest.param(["flows", "skip"], "skipped", id="skipped"),
        pytest.param(["quit"], "No question was answered", id="left"),
        pytest.param([], "No question was answered", id="an empty pipe"),
    ],
)
def test_practice_answers_each_line(capsys: pytest.CaptureFixture[str], lines: list[str], shown: str) -> None:
    assert shown in practised(capsys, *lines)


def test_practice_shows_what_each_line_answers(capsys: pytest.CaptureFixture[str]) -> None:
    out = practised(capsys, "kubectl get endpoints", "help", "done")
    assert "$ kubectl get endpoints\nNAME " in out
    assert out.count("done hands") == 2
    assert "k8squiz incident endpoints-empty." in out
    assert "条流量中有" in practised(capsys, "flows", "done", lang="zh")


class Sat:
    """What a script of lines and waits came to; `before` is the sitting it goes on with."""

    def __init__(self, lines: Sequence[str | float], before: Sat | None = None) -> None:
        self.journal = MockJournal()
        self.journal.events += before.journal.events if before is not None else []
        keyboard, out, self.left = Script(lines), io.StringIO(), ""
        self.interview = Interview(PLAN, self.journal, lambda: keyboard.now, self.journal.events)
        standing: AnswerDraft | None = before.journal.drafts[-1] if before is not None else None
        if before is not None:
            self.interview.resume(0, standing)
        dialog = MockDialog(self.interview, ROOM, keyboard, make_console(width=80, file=out), "en")
        try:
            dialog.run(standing)
        except (EOFError, Left) as error:
            self.left = type(error).__name__
            self.interview.interrupt()
        self.out = out.getvalue()

    @property
    def given(self) -> list[object]:
        return [(sheet.graded_answer or {}).get("path") for sheet in self.interview.state.sheets]


WHOLE = "\n".join(RIGHT)


@pytest.mark.parametrize(
    ("lines", "given"),
    [
        pytest.param([*RIGHT, *RIGHT, ""], [WHOLE, WHOLE], id="both"),
        pytest.param(["flows", "skip", *RIGHT, "ip link", "done", ""], ["flows\nip link\ndone", WHOLE], id="skipped, gone on with"),
        pytest.param(["flows", "ip li", 700.0, "done", ""], ["flows", "done"], id="struck by the clock, as it stands"),
        pytest.param(["flows", "end", "end"], ["flows", None], id="ended, as it stands"),
    ],
)  # fmt: skip
def test_a_mock_takes_the_lines(lines: list[str | float], given: list[object]) -> None:
    sat = Sat(lines)
    assert (sat.left, sat.given) == ("", given)


def test_what_was_typed_is_saved_and_gone_on_with() -> None:
    first = Sat(["kubectl get endpoints", "flows"])
    assert (first.left, first.journal.drafts[-1].text) == ("EOFError", "kubectl get endpoints\nflows")
    second = Sat(["quit"], first)
    assert second.left == "Left"
    assert second.journal.drafts[-1].text == "kubectl get endpoints\nflows"
    third = Sat([*RIGHT, "done", ""], second)
    assert third.given == ["\n".join(("kubectl get endpoints", "flows", *RIGHT)), "done"]


def test_reports_show_the_lines_and_the_script_the_handout_and_the_truth() -> None:
    sat = Sat([*RIGHT, "flows", "done", ""])
    report = build(PLAN, sat.interview.state, bench=bench_texts)
    assert [question.result.score for question in report.questions] == [1.0, 0.0]
    out = io.StringIO()
    make_console(width=100, file=out).print(report_view(report, "en"))
    texts = [out.getvalue(), report_markdown(report, "en"), report_page(report, "zh"), report_json(report)]
    assert all("kubectl get endpoints" in text for text in texts)
    assert json.loads(texts[-1])
    paper = script(ROOM, "en", bench_texts)
    assert paper.index("Fails:") < paper.index("## Part 2") < paper.index("kubectl get endpoints")
    assert "the Service's selector matches no pod" in paper.partition("## Part 2")[2]
