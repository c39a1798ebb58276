"""The re-orderable list, driven by keys as a terminal sends them."""

from __future__ import annotations

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from engine.trace import Text
from k8squiz.kinds.fields import Item, OrderField
from k8squiz.locale.i18n import Lang
from k8squiz.locale.typed import plain
from k8squiz.screens import clocked
from k8squiz.screens.reorder import COMMANDS, Order, ask, lines
from k8squiz.terminal.width import width_of

FIELD = OrderField(
    "o", Text("order", "排序"), tuple(Item(letter, letter, Text(f"step {letter}", f"步骤 {letter}")) for letter in "ABCD"),
    ("C", "A"),
)  # fmt: skip
UP, DOWN, LEFT, RIGHT, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\x7f"

TYPED = [
    ("ca\r", "C A"),
    ("CA\r", "C A"),
    (" " + DOWN + " \r", "A B"),
    (UP + " \r", "D"),
    ("abc" + BACKSPACE + "\r", "A B"),
    ("abca\r", "B C"),
    ("abc" + LEFT + "\r", "A C B"),
    ("abc" + LEFT + LEFT + LEFT + "\r", "C A B"),
    ("ab" + UP + RIGHT + "\r", "B A"),
    ("\ra\r", "A"),
    ("a?", "hint"),
    ("ａ？", "hint"),
    ("ｃＡ\r", "C A"),
    ("31\r", "C A"),
    ("C\u6211a\r", "C A"),
    ("\u63d0\u793a", "\u63d0\u793a"),
    ("\u8df3\u8fc7", "\u8df3\u8fc7"),
    ("\x1b[200~D, a\x1b[201~\r", "D A"),
]


@pytest.mark.parametrize(("typed", "answer"), TYPED)
def test_keys(typed: str, answer: str) -> None:
    with create_pipe_input() as keys:
        keys.send_text(typed)
        assert ask(Order(4), FIELD, "en", input=keys, output=DummyOutput()) == answer


def test_what_was_picked_stays_picked_while_a_hint_is_read() -> None:
    order = Order(4)
    with create_pipe_input() as keys:
        keys.send_text("cb?")
        assert ask(order, FIELD, "zh", input=keys, output=DummyOutput()) == "hint"
        keys.send_text("\r")
        assert ask(order, FIELD, "zh", input=keys, output=DummyOutput()) == "C B"


@pytest.mark.parametrize(("key", "error"), [("\x03", KeyboardInterrupt), ("\x04", EOFError)])
def test_leaving(key: str, error: type[BaseException]) -> None:
    with create_pipe_input() as keys:
        keys.send_text(key)
        with pytest.raises(error):
            ask(Order(4), FIELD, "en", input=keys, output=DummyOutput())


def test_the_list_shows_numbers_of_what_is_picked() -> None:
    order = Order(4, picked=[2, 0])
    shown = "".join(text for _, text in lines(order, FIELD, "en"))
    assert "› 2  A  step A" in shown
    assert "  1  C  step C" in shown
    assert "  ·  B  step B" in shown


@pytest.mark.parametrize("typed", ["我", "Ｚ", "你好", "x"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_character_that_picks_nothing_is_told(lang: Lang, typed: str) -> None:
    order = Order(4)
    with create_pipe_input() as keys:
        keys.send_text(typed + "\x03")
        with pytest.raises(KeyboardInterrupt):
            ask(order, FIELD, lang, input=keys, output=DummyOutput())
    shown = "".join(text for _, text in lines(order, FIELD, lang))
    assert f"“{plain(typed).casefold()}”" in shown
    assert "A" in shown and "D" in shown and "esc" in shown
    assert max(map(width_of, shown.splitlines())) <= 80
    order.toggle(1)
    assert "“" not in "".join(text for _, text in lines(order, FIELD, lang))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("commands", [COMMANDS, clocked._BESIDE_A_LIST])
def test_what_the_keys_do_fits_a_terminal(lang: Lang, commands: str) -> None:
    shown = "".join(text for _, text in lines(Order(4), FIELD, lang, commands))
    assert commands in shown
    assert max(map(width_of, shown.splitlines())) <= 80
