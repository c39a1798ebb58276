"""Answers of several lines: what ends one, and what is a command behind one."""

from __future__ import annotations

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.kinds.interface import make_task
from k8squiz.kinds.talk.fields import TalkField
from k8squiz.screens.several_lines import ended, is_command, parted, read
from k8squiz.world.world import World

TALK = TalkField()
# What was typed when Enter is pressed, whether that ends it, the answer then, and the command behind it.
TYPED = [
    ("one line", False, "one line", ""),
    ("one line\n", True, "one line", ""),
    ("one\ntwo\n.", True, "one\ntwo", ""),
    ("one\n。", True, "one", ""),
    (".", True, "", ""),
    ("", True, "", ""),
    ("quit", True, "", "quit"),
    ("one\nhint", True, "one", "hint"),
    ("one\nback 3", True, "one", "back 3"),
    ("back to the node it goes", False, "back to the node it goes", ""),
    ("one\n跳过", True, "one", "跳过"),
    ("aloud", True, "aloud", ""),
    ("口述", True, "口述", ""),
    ("one\naloud", False, "one\naloud", ""),
]


@pytest.mark.parametrize(("text", "ends", "answer", "command"), TYPED)
def test_what_ends_an_answer(text: str, ends: bool, answer: str, command: str) -> None:
    assert ended(text, TALK, is_command) is ends
    assert parted(text, is_command) == (answer, command)


@pytest.mark.parametrize("line", ["spec:", "metadata:", "kind: Service", "ports:"])
def test_a_first_line_of_yaml_ends_nothing(line: str) -> None:
    (field,) = make_task(World(draw(find("write-node-port-local"), 1))).fields
    assert not ended(line, field, is_command)


def test_lines_from_a_pipe_go_on_from_what_stands() -> None:
    lines = iter(["two", "", "three"])
    assert parted(read(lambda before: next(lines), TALK, is_command, "one"), is_command) == ("one\ntwo", "")


def test_the_end_of_input_ends_an_answer_and_is_the_end_where_there_is_none() -> None:
    def over(before: str) -> str:
        raise EOFError

    assert read(over, TALK, is_command, "one") == "one"
    with pytest.raises(EOFError):
        read(over, TALK, is_command)
