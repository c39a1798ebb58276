"""Lines typed against a clock: on a (pretended) terminal, and through a real pipe."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from engine.trace import Text
from k8squiz.kinds.fields import Item, NameField, OrderField
from k8squiz.screens import clocked
from k8squiz.screens.clocked import ClockedTerminal, Piped, TimedOut, face, minutes

FIELD = NameField("name", Text("Name", "名称"), "a", ("a", "b"))
ORDER = OrderField(
    "order",
    Text("Order", "排序"),
    tuple(Item(letter, letter * 2, Text(letter, letter)) for letter in "ABC"),
    ("CC", "AA"),
)

FACES = {
    (300.0, 900.0, "en"): ("", "[question 5:00 all 15:00] "),
    (60.0, 61.0, "en"): ("bold", "[question 1:00! all 1:01] "),
    (20.0, 20.0, "zh"): ("bold reverse", "[本题 0:20!! 全程 0:20] "),
    (0.2, 0.2, "zh"): ("bold reverse", "[本题 0:01!! 全程 0:01] "),
    (-3.0, 5.0, "en"): ("bold reverse", "[question 0:00!! all 0:05] "),
}


def test_beside_a_long_prompt_the_countdown_is_short() -> None:
    prompt = "request, arriving at search-a eth0 · src> "
    assert face(300.0, 900.0, "en", prompt)[1] == "[5:00 all 15:00] "
    assert len(face(5400.0, 5400.0, "en", prompt)[1] + prompt + "10.100.100.100") < 80


@pytest.mark.parametrize("given", FACES)
def test_the_countdown_says_in_signs_what_it_says_in_colour(given: Any) -> None:
    assert face(*given) == FACES[given]


def test_minutes() -> None:
    assert [minutes(seconds) for seconds in (0, 0.01, 59.5, 61, 5400)] == ["0:00", "0:01", "1:00", "1:01", "90:00"]


@contextmanager
def terminal() -> Iterator[tuple[ClockedTerminal, Any]]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield ClockedTerminal(), keys


def never(line: str) -> bool:
    return False


def at(look: int, seen: list[str]) -> Callable[[str], bool]:
    """Strikes at the `look`th look, remembering what stood at each."""

    def tick(line: str) -> bool:
        seen.append(line)
        return len(seen) >= look

    return tick


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clocked, "_LOOK_EVERY", 0.01)


def test_a_line_is_what_was_typed() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("node1\n")
        assert keyboard.line("> ", lambda: (9, 9), never, FIELD, "en") == "node1"


def test_pasted_lines_are_one() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("\x1b[200~-t nat -A KUBE-SERVICES\n  -j KUBE-NODEPORTS\n\x1b[201~")
        keys.send_text("\n")
        typed = keyboard.line("> ", lambda: (9, 9), never, FIELD, "en")
    assert typed == "-t nat -A KUBE-SERVICES -j KUBE-NODEPORTS"


def test_the_standing_line_is_there_to_go_on_with() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("e1\n")
        assert keyboard.line("> ", lambda: (9, 9), never, FIELD, "en", "nod") == "node1"


@pytest.mark.usefixtures("quick")
def test_when_the_clock_strikes_the_line_is_handed_over_as_it_stands() -> None:
    seen: list[str] = []
    with terminal() as (keyboard, keys):
        keys.send_text("half a li")
        with pytest.raises(TimedOut) as struck:
            keyboard.line("> ", lambda: (9, 9), at(4, seen), FIELD, "en")
    assert struck.value.line == "half a li"
    assert len(seen) == 4


@pytest.mark.usefixtures("quick")
def test_what_was_picked_of_a_list_stands_too() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("ca")
        with pytest.raises(TimedOut) as struck:
            keyboard.line("> ", lambda: (9, 9), at(4, []), ORDER, "en")
    assert struck.value.line == "C A"


@pytest.mark.usefixtures("quick")
def test_beside_a_list_one_types_on_a_free_line_and_what_was_picked_stands() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("ca")
        keys.send_text("\x1b")
        keys.send_text("back 2\n")
        assert keyboard.line("> ", lambda: (9, 9), never, ORDER, "en") == "back 2"
        keys.send_text("\x1b")
        with pytest.raises(TimedOut) as struck:
            keyboard.line("> ", lambda: (9, 9), at(8, []), ORDER, "en")
    assert struck.value.line == "C A"


def test_a_list_is_taken_up_where_it_stood() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("b\r")
        assert keyboard.line("> ", lambda: (9, 9), never, ORDER, "en", "C A") == "C A B"


def test_ctrl_c_and_ctrl_d_pass() -> None:
    with terminal() as (keyboard, keys):
        keys.send_text("\x03")
        with pytest.raises(KeyboardInterrupt):
            keyboard.line("> ", lambda: (9, 9), never, FIELD, "en")
        keys.send_text("\x04")
        with pytest.raises(EOFError):
            keyboard.line("> ", lambda: (9, 9), never, FIELD, "en")


@contextmanager
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Piped, Callable[[str], Any], Callable[[], None]]]:
    """A keyboard at one end of a pipe; a way to type into the other, and to close it."""
    reading, writing = os.pipe()
    with os.fdopen(reading, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        closed: list[bool] = []

        def close() -> None:
            if not closed:
                closed.append(True)
                os.close(writing)

        yield Piped(), lambda text: os.write(writing, text.encode()), close
        close()


def test_lines_come_through_a_pipe_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with pipe(monkeypatch) as (keyboard, send, close):
        send("one\r\n二\nlast")
        close()
        assert [keyboard.line("> ", lambda: (61, 90), never, FIELD, "en") for _ in range(3)] == ["one", "二", "last"]
        with pytest.raises(EOFError):
            keyboard.line("> ", lambda: (61, 90), never, FIELD, "en")
    assert "[question 1:01 all 1:30] > one\n" in capsys.readouterr().out


@pytest.mark.usefixtures("quick")
def test_the_clock_strikes_in_a_pipe_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch) as (keyboard, send, _):
        send("half")
        with pytest.raises(TimedOut) as struck:
            keyboard.line("> ", lambda: (9, 9), at(5, []), FIELD, "en")
        assert struck.value.line == "half"
        send("whole\n")
        assert keyboard.line("> ", lambda: (9, 9), never, FIELD, "en") == "whole"


@pytest.mark.usefixtures("quick")
def test_a_silent_pipe_is_waited_for_without_a_busy_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe(monkeypatch) as (keyboard, send, _):
        threading.Timer(0.2, lambda: send("late\n")).start()
        seen: list[str] = []
        began = time.process_time()
        assert keyboard.line("> ", lambda: (9, 9), at(10_000, seen), FIELD, "en") == "late"
        assert time.process_time() - began < 0.15
        assert len(seen) < 60
