"""Scripted sittings at a pseudo terminal: suspending, a terminal that can nothing, a full-width keyboard."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.k8squiz.sitting import Sitting

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no pseudo terminals")


@contextmanager
def sitting(home: Path, *words: str, **environment: str) -> Iterator[Sitting]:
    found = Sitting(words, str(home), environment)
    try:
        yield found
    finally:
        found.end()


def seconds_left(printed: str) -> int:
    minutes, seconds = re.findall(r"all (\d+):(\d\d)", printed)[-1]
    return 60 * int(minutes) + int(seconds)


def test_suspending_stops_the_clock_of_an_interview(tmp_path: Path) -> None:
    with sitting(tmp_path, "mock", "--seed", "3", "--questions", "2", "--track", "junior") as at:
        at.until("Enter begins")
        at.send("\r")
        at.until("all ")
        before, seen = seconds_left("all " + at.for_a_while(1.5)), time.monotonic()
        at.send("\x1a")
        at.until("Stopped")
        awake = time.monotonic() - seen
        at.for_a_while(5)
        seen = time.monotonic()
        at.send("fg\n")
        after = seconds_left(at.for_a_while(2))
        awake += time.monotonic() - seen
        # The five in between are not counted. Shown are whole seconds, on a busy machine late ones.
        assert awake - 3 <= before - after <= awake + 1


@pytest.mark.parametrize("question", ["nodeport-forward-order", "what-local-changes"], ids=["a list", "a line"])
def test_suspending_practice(question: str, tmp_path: Path) -> None:
    with sitting(tmp_path, "practice", "--question", question, "--seed", "1") as at:
        at.until("skip")
        at.for_a_while(1)
        at.send("\x1a")
        at.until("Stopped")
        at.send("fg\n")
        at.for_a_while(1)
        at.send("\x03")
        at.until("No question was answered.")


def test_a_dumb_terminal_gets_lines(tmp_path: Path) -> None:
    with sitting(tmp_path, "practice", "--question", "nodeport-forward-order", "--seed", "1", TERM="dumb") as at:
        page = at.until("answer> ")
        assert "↑↓" not in page
        assert " A node1:" in page
        at.send("？\n")
        at.until("Hint (costs")
        at.send("Ｊ，Ｇ，Ｆ\n")
        graded = at.until("left-0")
        assert "Score" in graded
        # The terminal shows what is typed: it is not printed once more.
        assert graded.count("Ｊ，Ｇ，Ｆ") == 1


def test_a_chinese_keyboard_at_the_list_of_steps(tmp_path: Path) -> None:
    words = ("practice", "--question", "nodeport-forward-order", "--seed", "1", "--lang", "zh")
    with sitting(tmp_path, *words) as at:
        at.until("回车提交")
        at.send("我")
        at.until("“我” 不起作用")
        at.send("？")
        at.until("提示（扣")
        at.until("回车提交")
        at.send("ｊｇ\r")
        at.until("得分")


def test_a_table_of_cells_is_looked_over_and_handed_in(tmp_path: Path) -> None:
    words = ("practice", "--question", "nodeport-cross-node-rewrites", "--seed", "1")
    with sitting(tmp_path, *words) as at:
        at.until("enter takes what stands there")
        at.send("client\rworker1\r")
        at.send("？")
        at.until("Hint (costs")
        at.until("enter takes what stands there")
        at.send("client\torders-a\r")
        at.send("orders-a\rclient\rworker1\rclient\r")
        at.until("look it over")
        at.send("\r")
        # More than 24 lines: the rest comes with Enter.
        graded = at.until("Enter ↓")
        assert "Score" in graded
        assert "(blank)" not in graded
