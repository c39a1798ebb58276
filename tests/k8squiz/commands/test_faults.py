"""A fault in one question is told and noted, and the rest goes on; pipes, sizes and archives change nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest

from k8squiz.__main__ import main
from k8squiz.bank import find as bank
from k8squiz.bank.question import Template
from k8squiz.commands.mock_journal import recorded
from k8squiz.errors import QuizError
from k8squiz.kinds import grade as grading
from k8squiz.mock.drawn_questions import drawn
from tests.k8squiz.runner import CLUSTER, ROOT, process

Capture = pytest.CaptureFixture[str]
SECRET = "my-own-words"


class Unforeseen(Exception):
    pass


def fail_once(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """The first call of `target` raises; all others do what they did."""
    import importlib

    module, _, name = target.rpartition(".")
    original = getattr(importlib.import_module(module), name)
    left = [1]

    def instead(*args: object, **named: object) -> object:
        if left:
            left.pop()
            raise Unforeseen(SECRET)
        return original(*args, **named)

    monkeypatch.setattr(target, instead)


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(text))


# What goes wrong with the first of three questions.
FAULTS = ["k8squiz.practice.session.grade", "k8squiz.practice.session.draw", "k8squiz.practice.session.make_task",
          "k8squiz.screens.grade.grade_view", "k8squiz.commands.practice.question_view"]  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("target", FAULTS)
def test_practice_goes_on(
    target: str, language: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture, home: Path
) -> None:
    fail_once(monkeypatch, target)
    typed(monkeypatch, "A\n" * 6 + "skip\n" * 9)
    assert main(["practice", "--count", "3", "--seed", "7", "--topic", "hairpin", "--lang", language]) == 0
    out, err = capsys.readouterr()
    assert ("went wrong in this question (Unforeseen)" if language == "en" else "意外错误（Unforeseen）") in out
    assert "Traceback" not in out + err
    log = (home / "errors.log").read_text(encoding="utf-8")
    assert (
        "Unforeseen in " in log
        and "seed 7, question 1" in log
        and "practice/session.py" in log
        or "commands/practice.py" in log
    )
    assert SECRET not in log and str(ROOT) not in log and str(Path.home()) not in log
    assert ("Question 3/3" if language == "en" else "第 3/3 题") in out


def test_a_mock_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: Capture, home: Path) -> None:
    fail_once(monkeypatch, "k8squiz.commands.mock_dialog.question_view")
    typed(monkeypatch, "A\nskip\n" * 40 + "end\nend\n")
    assert main(["mock", "--questions", "3", "--seed", "3", "--minutes", "30"]) == 0
    out, err = capsys.readouterr()
    assert "went wrong in this question (Unforeseen)" in out
    assert "Traceback" not in out + err
    assert "Unforeseen in " in (home / "errors.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_grade_that_fails_does_not_count_and_is_told(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture, home: Path
) -> None:
    monkeypatch.setattr("k8squiz.mock.score.grade", lambda *args: 1 // 0 if args else grading)
    typed(monkeypatch, "A\n.\n" * 40 + "end\nend\n")
    words = ["--questions", "2", "--seed", "3", "--minutes", "30", "--topic", "hairpin"]
    assert main(["mock", *words, "--lang", language]) == 0
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert ("Question 1 (" in out and ") does not count:" in out) if language == "en" else "不计入得分：" in out
    assert "ZeroDivisionError in " in (home / "errors.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_that_is_gone_stops_neither_the_end_nor_the_report(
    language: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture, home: Path
) -> None:
    """Its file is deleted, or changed so that it draws no more, between the sitting and its end."""
    words = ["--lang", language]
    typed(monkeypatch, "A\nskip\n")
    assert main(["mock", "--questions", "2", "--seed", "3", "--minutes", "30", *words]) == 0
    drawn.cache_clear()
    gone = recorded(None).plan.items[0].question

    def find(name: str) -> Template:
        if name == gone:
            raise QuizError(f"{name}.yaml:7: it draws no more", f"{name}.yaml:7：已无法生成")
        return found(name)

    found = bank.find
    monkeypatch.setattr("k8squiz.mock.drawn_questions.find", find)
    capsys.readouterr()
    typed(monkeypatch, "end\nend\nend\n")
    assert main(["mock", "--resume", *words]) == 0
    out, err = capsys.readouterr()
    why = "it draws no more" if language == "en" else "已无法生成"
    said = f"({gone}) does not count:" if language == "en" else f"（{gone}）不计入得分："
    assert said in out and why in out and "Traceback" not in out + err
    for form in ([], ["--format", "md"], ["--format", "html"], ["--format", "json"]):
        assert main(["report", *form, *words]) == 0
        out, err = capsys.readouterr()
        assert gone in out and why in out
        assert said in err.replace("\n", "") and why in err
    drawn.cache_clear()


# Commands and the code they have with nobody reading.
HEAD = {
    "schedulers": (["schedulers"], 0),
    "trace": (["trace", CLUSTER, "--from", "client", "--to", "node/node1:30080", "--all"], 0),
    "rules": (["rules", CLUSTER, "--node", "node1"], 0),
    "questions list --json": (["questions", "list", "--json"], 0),
    "a finding of lint": (["questions", "lint", "{bad}"], 1),
}


@pytest.mark.parametrize(("words", "code"), HEAD.values(), ids=HEAD)
def test_a_reader_that_goes_away_changes_no_code(words: list[str], code: int, tmp_path: Path) -> None:
    bad = tmp_path / "bad" / "bad.yaml"
    bad.parent.mkdir()
    bad.write_text("format_version: 1\nid: bad\n", encoding="utf-8")
    command = [sys.executable, "-m", "k8squiz", *(word.format(bad=bad.parent) for word in words)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "K8SQUIZ_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=ROOT
    ) as running:
        assert running.stdout is not None and running.stderr is not None
        running.stdout.close()
        told = running.stderr.read()
        assert (running.wait(), b"Traceback" in told) == (code, False)


@pytest.mark.parametrize("columns", ["0", "00", "1", "7", "1000000", "1" + "0" * 20, "9" * 5000, "-5", "x", "²", ""])
@pytest.mark.parametrize("words", [("explain", "nodeport"), ("--help",), ("stats",)], ids=lambda words: words[0])
def test_any_columns(words: tuple[str, ...], columns: str, tmp_path: Path) -> None:
    result = process(*words, COLUMNS=columns, LINES=columns, K8SQUIZ_HOME=str(tmp_path))
    assert (result.code, result.err) == (0, "")
    assert result.out.strip()
    assert max(map(len, result.out.splitlines())) <= 500


def test_a_zipapp_finds_its_bank(tmp_path: Path) -> None:
    app = tmp_path / "app"
    for name in ("engine", "k8squiz"):
        shutil.copytree(ROOT / name, app / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "questions", app / "k8squiz" / "_questions")
    (app / "__main__.py").write_text(
        "import sys\nfrom k8squiz.__main__ import main\nsys.exit(main())\n", encoding="utf-8"
    )
    zipapp.create_archive(app, tmp_path / "k8squiz.pyz")
    environment = {
        "PATH": os.environ["PATH"],
        "K8SQUIZ_HOME": str(tmp_path / "home"),
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(tmp_path),
    }
    for words, said in (
        (["questions", "list"], "hairpin"),
        (["practice", "--count", "1", "--seed", "1"], "Seed 1"),
        (["questions", "schema"], "format_version"),
        (["explain", "hairpin"], "hairpin"),
    ):
        done = subprocess.run(
            [sys.executable, str(tmp_path / "k8squiz.pyz"), *words], capture_output=True, text=True, check=False, env=environment,
            input="skip\n", cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert said.lower() in done.stdout.lower()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("k8squiz-")]


def test_a_report_of_a_read_only_home(monkeypatch: pytest.MonkeyPatch, capsys: Capture, home: Path) -> None:
    typed(monkeypatch, "A\n" * 40 + "end\nend\n")
    assert main(["mock", "--questions", "1", "--seed", "3", "--minutes", "30"]) == 0
    from k8squiz.history import store
    from k8squiz.history.database import StoreUnavailable

    def refused(*_: object) -> None:
        raise StoreUnavailable("readonly", "只读")

    monkeypatch.setattr(store, "open_store", refused)
    capsys.readouterr()
    assert main(["report", "--format", "md"]) == 0
    assert capsys.readouterr().out.startswith("# ")


INCIDENT = ["incident", "--fault", "hairpin-off", "--seed", "3"]
ASKED = ["--question", "nobody-answers", "--seed", "1"]


@pytest.mark.parametrize(
    ("words", "target"),
    [
        pytest.param(["shell", CLUSTER], "engine.shell.runner.find_tool", id="shell"),
        pytest.param(INCIDENT, "engine.faults.run.step", id="incident"),
        pytest.param([*INCIDENT, "--script", "-", "--json"], "engine.faults.run.step", id="script"),
        pytest.param(["practice", *ASKED], "engine.faults.run.step", id="practice"),
        pytest.param(
            ["mock", "--topic", "incidents", "--questions", "2", "--seed", "3"], "engine.faults.run.step", id="mock"
        ),
    ],
)
def test_a_line_that_goes_wrong_ends_no_shell(
    words: list[str], target: str, home: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_once(monkeypatch, target)
    typed(monkeypatch, "kubectl get nodes\nkubectl get nodes\n")
    main(words)
    out, err = capsys.readouterr()
    assert (out + err).count("(Unforeseen)") == 1
    assert "Ready" in out + err and SECRET not in out + err
    assert "Unforeseen" in (home / "errors.log").read_text(encoding="utf-8")
