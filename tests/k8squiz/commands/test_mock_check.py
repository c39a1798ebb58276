"""An open question in an interview, whole: several lines, the follow-up, the points confirmed; unfinished ones."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from k8squiz.commands.mock_check import turned_over
from tests.k8squiz.runner import ROOT, process

TURNED = [
    ("", ()), ("  ", ()), ("2", (2,)), ("2 5", (2, 5)), ("2,5", (2, 5)), ("2，5、1", (2, 5, 1)), ("3 3", (3,)),
    ("0", None), ("7", None), ("two", None), ("-1", None), ("２", (2,)),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "numbers"), TURNED)
def test_the_points_that_are_turned_over(typed: str, numbers: tuple[int, ...] | None) -> None:
    assert turned_over(typed, 6) == numbers


WORDS = ("mock", "--topic", "nodeport", "--questions", "1", "--minutes", "10", "--seed", "4")


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "home")


SAID = {
    "en": (
        "PREROUTING: KUBE-SVC, KUBE-SEP, DNAT.\nRouting comes after DNAT.\n\nIt is masqueraded\n.\n\n1\n\n",
        "You said:",
    ),
    "zh": ("PREROUTING：KUBE-SVC、KUBE-SEP、DNAT。\n之后路由，转发。\n\n做 MASQUERADE\n.\n\n1\n\n", "你的回答："),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_open_question_through_a_pipe(home: str, lang: str) -> None:
    typed, said = SAID[lang]
    done = process(*WORDS, "--lang", lang, stdin=typed, K8SQUIZ_HOME=home, COLUMNS="80")
    assert (done.code, done.err) == (0, "")
    assert said in done.out
    assert ("Asked:" if lang == "en" else "追问：") in done.out
    # The first point was heard, and the candidate turned it over.
    assert len(re.findall(r"^✓ 1 ", done.out, re.MULTILINE)) == 1
    assert len(re.findall(r"^✗ 1 ", done.out, re.MULTILINE)) == 1
    report = process("report", "--lang", lang, K8SQUIZ_HOME=home, COLUMNS="80")
    assert "KUBE-SVC" in report.out


def test_a_report_keeps_back_what_can_still_be_asked(home: str) -> None:
    words = ("mock", "--topic", "hairpin", "--questions", "2", "--minutes", "10", "--seed", "9")
    process(*words, stdin="aloud\naloud\nquit\n", K8SQUIZ_HOME=home)
    report = process("report", K8SQUIZ_HOME=home, COLUMNS="80")
    assert "Question 1 " in report.out
    assert "Question 2 " not in report.out
    assert "Kept back until it is over: 1" in " ".join(report.out.split())


def test_an_unfinished_interview_is_listed_and_told_of_and_taken_up_by_number(home: str) -> None:
    for _ in range(2):
        began = process(*WORDS, stdin="quit\n", K8SQUIZ_HOME=home)
        assert "mock --resume" in began.out
    assert "Interview 1 of" in process(*WORDS, stdin="quit\n", K8SQUIZ_HOME=home).out
    listed = process("mock", "--list", K8SQUIZ_HOME=home).out
    assert listed.count("unfinished") == 3
    ended = process("mock", "--resume", "1", stdin="end\nend\n", K8SQUIZ_HOME=home)
    assert ended.code == 0 and "Score" in ended.out
    listed = process("mock", "--list", K8SQUIZ_HOME=home).out
    assert listed.count("unfinished") == 2 and " finished" in listed
    assert process("mock", "--resume", "1", K8SQUIZ_HOME=home).code == 2
    assert process("mock", "1", K8SQUIZ_HOME=home).code == 2


# --- at a terminal ---


class Terminal:
    """The program at a pseudo-terminal of 80x24; `until` waits for a word on the screen."""

    def __init__(self, home: str, *words: str) -> None:
        import pty

        master, slave = pty.openpty()
        subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=slave, check=True)
        environment = {
            **os.environ, "PYTHONPATH": str(ROOT), "K8SQUIZ_HOME": home, "LC_ALL": "C.UTF-8", "K8SQUIZ_LANG": "en",
            "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "EDITOR": "true",
        }  # fmt: skip
        self.running = subprocess.Popen(
            [sys.executable, "-m", "k8squiz", *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=ROOT,
        )
        os.close(slave)
        self._master, self.seen = master, ""

    def until(self, word: str, seconds: float = 20.0) -> str:
        deadline, start = time.monotonic() + seconds, len(self.seen)
        while word not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.seen[start:]):
            assert time.monotonic() < deadline, f"{word!r} is not in {self.seen[start:]!r}"
            if select.select([self._master], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self._master, 65536).decode("utf-8", "replace")
                except OSError:
                    break
        return self.seen[start:]

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def close(self) -> int:
        code = self.running.wait(20)
        os.close(self._master)
        return code


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX'")
def test_an_interview_at_a_terminal_left_and_resumed(home: str) -> None:
    first = Terminal(home, *WORDS)
    first.until("Enter begins")
    first.type("q\r")
    first.until("Nothing was begun")
    assert first.close() == 0
    assert "There is no interview yet" in process("mock", "--list", K8SQUIZ_HOME=home).out

    second = Terminal(home, *WORDS)
    second.until("Enter begins")
    second.type("\r")
    second.until("Your answer>")
    second.type("PREROUTING, DNAT\rthen routing\rquit\r")
    second.until("To go on")
    assert second.close() == 0

    third = Terminal(home, *WORDS)
    third.until("does neither>")
    third.type("\r")
    # What stood there stands there again, and goes on.
    third.until("then routing")
    third.type("\r\r")
    third.until("The follow-up>")
    third.type("KUBE-SVC and KUBE-SEP\r.\r")
    third.until("end>")
    third.type("\r")
    third.until("turn over")
    third.type("1\r")
    third.until("turn over")
    third.type("\r")
    third.until("full report")
    assert third.close() == 0
