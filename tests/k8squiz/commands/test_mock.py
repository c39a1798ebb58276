"""`k8squiz mock` and `k8squiz report` whole, through a pipe: what is asked, saved, resumed, reported, refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k8squiz.bank.find import metas
from k8squiz.commands.mock import follow_up_headings
from k8squiz.commands.mock_journal import recorded
from k8squiz.errors import QuizError
from k8squiz.history.store import open_store
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion, from_json, plan
from tests.k8squiz.mock.answered import lines_of
from tests.k8squiz.runner import ROOT, Result, k8squiz, process

FILE = "k8squiz.db"


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "home")


class Program:
    """The program run in this process on a data folder of its own."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.home, self._capsys, self._patch = home, capsys, patch
        patch.setenv("K8SQUIZ_HOME", str(home))
        patch.setenv("COLUMNS", "80")

    def __call__(self, *words: str, typed: str = "", lang: str = "en") -> Result:
        self._patch.setattr("sys.stdin", io.StringIO(typed))
        return k8squiz(self._capsys, *words, "--lang", lang)


@pytest.fixture
def program(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Program:
    return Program(tmp_path / "home", capsys, monkeypatch)


def mock(home: str, *words: str, typed: str = "", lang: str = "en") -> Result:
    return process("mock", *words, "--lang", lang, stdin=typed, K8SQUIZ_HOME=home)


def right(seed: str = "4") -> list[list[str]]:
    """What to type to answer the questions of TWO, a list of lines a question."""
    drawn_questions = DrawnQuestions(plan(metas(), seed, 10, 2, follow_ups=follow_up_headings))
    return [lines_of(drawn_questions, position) for position in range(len(drawn_questions.plan.items))]


TWO = ("--questions", "2", "--minutes", "10", "--seed", "4")


def of_every_kind() -> InterviewPlan:
    """An interview with one question of each kind."""
    first = {meta.kind: meta for meta in reversed(metas())}.values()
    items = [
        PlannedQuestion(meta.id, meta.topic, meta.level, meta.kind, "1", 600, str(number), None)
        for number, meta in enumerate(first, 1)
    ]
    return InterviewPlan("senior", (), 300, "1", tuple(items))


def test_a_right_answer_of_every_kind_is_taken_through_a_pipe(home: str, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_questions = DrawnQuestions(of_every_kind())
    monkeypatch.setenv("K8SQUIZ_HOME", home)
    store = open_store()
    store.start("mock", "1", "en", drawn_questions.plan.to_json(), time.time())
    store.close()
    lines = [
        line for position in range(len(drawn_questions.plan.items)) for line in lines_of(drawn_questions, position)
    ]
    done = mock(home, "--resume", typed="\n".join((*lines, "end", "")))
    assert done.code == 0, done.err
    state = recorded(None).state
    assert state.ended is not None
    results = drawn_questions.score(state).results
    assert {each.item.kind: each.grade and each.grade.raw for each in results} == {
        each.item.kind: 1.0 for each in results
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_interview_through_a_pipe(home: str, lang: str) -> None:
    began = mock(home, *TWO, typed="quit\n", lang=lang)
    assert began.code == 0
    opening, *rest = right()
    typed = "\n".join(["list", "flag", *opening, *[line for lines in rest for line in lines]]) + "\n"
    done = mock(home, "--resume", typed=typed, lang=lang)
    assert (done.code, done.err) == (0, "")
    assert ("Score " if lang == "en" else "得分 ") in done.out
    assert "\x1b" not in done.out
    # What is typed to a pipe is echoed behind its prompt.
    assert max(len(line) for line in done.out.splitlines() if "[" not in line) <= 90
    told = process("report", "--format", "json", K8SQUIZ_HOME=home)
    report = json.loads(told.out)
    assert (report["ended"], report["session"]) == ("done", 1)
    assert [question["score"] for question in report["questions"]] == [1.0] * len(report["questions"])
    assert report["questions"][0]["kind"] == "talk"
    assert report["questions"][0]["flagged"]
    assert report["interruptions"][0]["told"]


ANYTHING = [
    "",
    "A and C",
    "all",
    "33,33%",
    "3333%",
    "-t nat -I PREROUTING -j ACCEPT",
    "-j MASQUERADE",
    "spec: null",
    "node1",
    "\x1b[2J",
    "0.0.0.0/0",
]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_whatever_is_typed_the_interview_goes_on(program: Program, lang: str) -> None:
    words = ("mock", "--topic", "hairpin", "--questions", "5", "--seed", "5")
    result = program(*words, typed="\n".join([*ANYTHING, "skip"] * 30) + "\nend\nend\n", lang=lang)
    assert (result.code, result.err) == (0, "")
    assert not any(sign in result.out for sign in ("went wrong", "意外错误", "Traceback"))


def test_what_was_asked_is_remembered_as_practice_is(program: Program) -> None:
    program("mock", *TWO, typed="quit\n")
    program("mock", "--resume", typed="\n".join(line for lines in right() for line in lines) + "\n")
    store = open_store({"K8SQUIZ_HOME": str(program.home)})
    asked = [item.question for item in from_json(store.sessions("mock")[0].plan).items if item.parent is None]
    assert sorted(store.cards()) == sorted(asked)
    assert {review.score for review in store.reviews()} == {1.0}
    store.close()


def test_deleting_one_s_data_leaves_nothing(program: Program) -> None:
    program("mock", *TWO, typed="quit\n")
    assert program("data", "delete", "--yes").code == 0
    assert list(program.home.iterdir()) == []


def test_cut_off_between_the_end_and_the_last_words(program: Program) -> None:
    program("mock", *TWO, typed="quit\n")
    store = open_store({"K8SQUIZ_HOME": str(program.home)})
    store.append(1, "ended", {"why": "stopped", "at": 0.0}, 2e9)
    store.close()
    done = program("mock", "--resume")
    assert (done.code, done.err) == (0, "")
    assert "The interview is over" not in program("mock", "--resume").out
    assert "Score 0%" in done.out


def test_the_same_seed_asks_the_same(program: Program) -> None:
    typed = "skip\nend\nend\n"
    first, again, other = (program("mock", *TWO[:-1], seed, typed=typed).out for seed in ("4", "4", "5"))
    assert first.replace("report 1", "report 2") == again
    assert other != again


def refuse(name: str, patch: pytest.MonkeyPatch) -> None:
    """A question of that name cannot be drawn any more."""
    drawn = DrawnQuestions._drawn

    def refusing(drawn_questions: DrawnQuestions, position: int) -> Any:
        if drawn_questions.plan.items[position].question == name:
            raise QuizError("ambiguous", "有歧义")
        return drawn(drawn_questions, position)

    patch.setattr(DrawnQuestions, "_drawn", refusing)


def planned(program: Program) -> list[str]:
    """The questions of the latest interview."""
    store = open_store({"K8SQUIZ_HOME": str(program.home)})
    begun = from_json(store.sessions("mock")[-1].plan)
    store.close()
    return [item.question for item in begun.items]


def test_an_interview_does_not_begin_with_a_question_that_cannot_be_drawn(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("mock", *TWO, typed="quit\n")
    first = planned(program)
    refuse(first[0], monkeypatch)
    program("mock", *TWO, typed="quit\n")
    second = planned(program)
    assert first[0].partition("/")[0] not in {name.partition("/")[0] for name in second}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_question_that_cannot_be_drawn_is_told_of_and_counts_for_nothing(
    program: Program, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    program("mock", *TWO, typed="quit\n")
    typed = "\n".join([*[line for lines in right() for line in lines], *[""] * 5])
    refuse(planned(program)[-1], monkeypatch)
    told = "cannot be asked: ambiguous" if lang == "en" else "无法提问：有歧义"
    done = program("mock", *TWO, typed=typed, lang=lang)
    assert (done.code, done.err) == (0, "")
    assert told in done.out
    assert "100%" in done.out
    reported = program("report", "--format", "json", lang=lang)
    assert reported.code == 0
    question = json.loads(reported.out)["questions"][-1]
    assert question["weight"] == 0.0
    assert question["prompt"]["en"].endswith("does not count: ambiguous")


def test_the_first_question_is_asked_before_the_others_are_solved(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    solved: list[int] = []
    drawn = DrawnQuestions._drawn

    def counting(drawn_questions: DrawnQuestions, position: int) -> Any:
        solved.append(position)
        return drawn(drawn_questions, position)

    monkeypatch.setattr(DrawnQuestions, "_drawn", counting)
    program("mock", "--seed", "4", typed="quit\n")
    assert set(solved) == {0}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_reports(program: Program, tmp_path: Path, lang: str) -> None:
    program("mock", *TWO, typed="end\nend\n")
    shown = program("report", lang=lang)
    assert (shown.code, shown.err) == (0, "")
    assert ("How it is scored" if lang == "en" else "评分规则") in shown.out
    assert program("report", "--format", "md", lang=lang).out.startswith("# ")
    for name, start in (("r.html", "<!doctype html>"), ("r.md", "# "), ("r.json", "{")):
        path = tmp_path / name
        done = program("report", "1", "--out", str(path), lang=lang)
        assert (done.code, done.err) == (0, "")
        assert path.read_text(encoding="utf-8").startswith(start)


def test_a_script_for_an_interviewer(program: Program, tmp_path: Path) -> None:
    path = tmp_path / "script.md"
    assert program("mock", *TWO, "--interviewer", str(path)).code == 0
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# Interview script")
    assert not program.home.exists()
    program("mock", *TWO, "--interviewer", str(path))
    assert path.read_text(encoding="utf-8") == text


def no_database(program: Program) -> None:
    program.home.mkdir()
    (program.home / FILE).write_text("This is a letter to a friend, and it is longer than a header.", encoding="utf-8")


def newer(program: Program) -> None:
    program("mock", *TWO, typed="quit\n")
    with contextlib.closing(sqlite3.connect(program.home / FILE)) as database:
        database.execute("PRAGMA user_version = 99")


def one_interview(program: Program) -> None:
    program("mock", *TWO, typed="end\nend\n")


def nothing(program: Program) -> None:
    pass


# Words, what there is before, what is said in English, in Chinese.
BAD = {
    "no minutes": (["mock", "--minutes", "0"], nothing, "--minutes is 0", "--minutes 为 0"),
    "minutes that are none": (["mock", "--minutes", "long"], nothing, "not a valid integer", "不是整数"),
    "too many questions": (["mock", "--questions", "999"], nothing, "--questions is 999", "--questions 为 999"),
    "no questions": (["mock", "--questions", "0"], nothing, "--questions is 0", "--questions 为 0"),
    "no time for them": (["mock", "--questions", "9", "--minutes", "1"], nothing, "less than 15 seconds", "不足 15 秒"),
    "no such track": (["mock", "--track", "guru"], nothing, "no such track: 'guru'", "没有这个面试级别：'guru'"),
    "no such topic": (["mock", "--topic", "dns-sec"], nothing, "no such topic", "没有这个主题"),
    "nothing to resume": (["mock", "--resume"], nothing, "no unfinished interview", "没有可以继续的面试"),
    "nothing left to resume": (["mock", "--resume"], one_interview, "no unfinished interview", "没有可以继续的面试"),
    "resume and a plan": (["mock", "--resume", "--minutes", "9"], nothing, "leave out --minutes", "请去掉 --minutes"),
    "no database": (["mock"], no_database, "this is no database", "不是数据库"),
    "no database to report on": (["report"], no_database, "this is no database", "不是数据库"),
    "a newer database": (["mock"], newer, "newer k8squiz", "更新版本"),
    "nothing to report": (["report"], nothing, "no interview to report on", "还没有面试可以报告"),
    "no such session": (["report", "7"], one_interview, "there is no interview 7", "没有第 7 场面试"),
    "no such format": (["report", "--format", "pdf"], one_interview, "'pdf'", "'pdf'"),
    "a file of no format": (["report", "--out", "x.pdf"], one_interview, ".md, .html or .json", ".md、.html 或 .json"),
    "a file that cannot be": (["report", "--out", "no/such/x.md"], one_interview, "cannot be written", "无法写入"),
    "a script of no format": (["mock", "--interviewer", "x.doc"], nothing, "name a .md file", "请指定 .md 文件"),
    "a script that cannot be": (["mock", "--interviewer", "no/such/x.md"], nothing, "cannot be written", "无法写入"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_message_and_2(program: Program, name: str) -> None:
    words, before, en, zh = BAD[name]
    before(program)
    for lang, said in (("en", en), ("zh", zh)):
        done = program(*words, lang=lang)
        assert (done.code, done.out) == (2, ""), done.err
        assert said in done.err


# --- being interrupted, in real time ---


@contextlib.contextmanager
def sitting(home: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "K8SQUIZ_HOME": home,
        "LC_ALL": "C.UTF-8",
        "K8SQUIZ_LANG": "en",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "k8squiz", "mock", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    ) as running:  # fmt: skip
        yield running


def heard(running: subprocess.Popen[str], word: str) -> str:
    """What it prints until `word`."""
    assert running.stdout is not None
    text = ""
    while not text.endswith(word):
        char = running.stdout.read(1)
        assert char, text
        text += char
    return text


def left(text: str) -> int:
    """Seconds of the whole interview that a prompt says are left."""
    minutes, seconds = re.findall(r"all (\d+):(\d\d)\]", text)[-1]
    return int(minutes) * 60 + int(seconds)


ENDS = {"kill -9": (signal.SIGKILL, -9, False), "a closed terminal": (signal.SIGHUP, 129, True),
        "being told to go": (signal.SIGTERM, 143, True), "Ctrl-C": (signal.SIGINT, 130, True)}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_whatever_ends_it_resume_goes_on_with_the_clock_right(home: str, name: str) -> None:
    number, code, told = ENDS[name]
    with sitting(home, "--minutes", "10", "--questions", "2", "--seed", "4") as running:
        heard(running, "all 10:00] ")
        began = time.monotonic()
        time.sleep(2.4)
        running.send_signal(number)
        assert running.wait(10) == code
        spent = time.monotonic() - began
    again = mock(home, "--resume", typed="quit\n")
    assert again.code == 0
    assert abs(left(again.out) - (600 - spent)) <= 5
    report = json.loads(process("report", "--format", "json", K8SQUIZ_HOME=home).out)
    assert report["interruptions"][0]["told"] is told


def test_an_interview_sits_in_one_terminal_at_a_time(home: str) -> None:
    with sitting(home, *TWO) as running:
        heard(running, "all 10:00] ")
        busy = mock(home, "--resume")
        assert (busy.code, busy.out) == (2, "")
        assert "open in another terminal" in busy.err
        other = mock(home, *TWO, typed="quit\n")
        assert other.code == 0 and "not finished" not in other.out
        running.kill()
    assert mock(home, "--resume", typed="quit\n").code == 0


def test_where_nothing_can_be_saved_it_goes_on_and_offers_a_file(tmp_path: Path) -> None:
    # A folder that cannot be: read-only and full disks refuse in the same way.
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    out = tmp_path / "report.md"
    done = mock(str(blocked / "home"), *TWO, typed=f"end\nend\nx.pdf\n{out}\n")
    assert done.code == 0, done.err
    assert "The interview goes on in memory" in " ".join(done.out.split())
    assert "name a .md, .html or .json file" in " ".join(done.out.split())
    assert out.read_text(encoding="utf-8").startswith("# Mock interview: report")
    out.unlink()
    done = mock(str(blocked / "home"), *TWO, typed=f"quit\n{out}\n")
    assert "could not be saved" in done.out
    assert "Not finished yet" in out.read_text(encoding="utf-8")
