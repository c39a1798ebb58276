"""What a terminal would obey never reaches it; what is only a letter does."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from k8squiz.terminal.console import make_console
from k8squiz.terminal.sanitize import json_text, one_line, visible

CASES = [
    ("pod-a", "pod-a"),
    ("节点一 ○ é", "节点一 ○ é"),
    ("a\nb\tc", "a\nb\tc"),
    ("\x1b[2J\x1b]0;title\x07", "\\x1b[2J\\x1b]0;title\\x07"),
    ("\x9b31m", "\\x9b31m"),
    ("a\rb\x08c\x7f", "a\\x0db\\x08c\\x7f"),
    ("\u202eevil\u2066", "\\u202eevil\\u2066"),
    ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
    ("line\u2028break\u0085", "line\\u2028break\\x85"),
    ("tag\U000e0041", "tag\\U000e0041"),
    ("\udcff", "\\udcff"),
]


@pytest.mark.parametrize(("text", "shown"), CASES, ids=[ascii(text) for text, _ in CASES])
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert one_line(text) == shown.replace("\n", "\\x0a").replace("\t", "\\x09")


def test_what_python_calls_printable_no_terminal_obeys() -> None:
    printable = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert visible(f"{printable}\x1b") == f"{printable}\\x1b"


@given(st.text())
def test_nothing_is_left_to_obey(text: str) -> None:
    shown = visible(text)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert visible(shown) == shown


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_json_says_the_same(text: str) -> None:
    encoded = json_text(json.dumps({"name": text}, ensure_ascii=False))
    assert json.loads(encoded) == {"name": text}
    assert visible(encoded) == encoded


def test_the_console_lets_no_escape_through_however_it_is_nested() -> None:
    screen = io.StringIO()
    table = Table("\x1b[31mhead", title="\x9btitle")
    table.add_row("[bold]no markup[/bold] \x1b]8;;http://x\x1b\\")
    console = make_console(file=screen, width=80)
    console.print(table, "\x1b[2J")
    assert "\x1b" not in screen.getvalue()
    assert "\x9b" not in screen.getvalue()
    assert "[bold]no markup[/bold]" in screen.getvalue()
