"""The table of cells, driven by keys as a terminal sends them."""

from __future__ import annotations

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from engine.trace import Text
from k8squiz.kinds.fields import AddressField
from k8squiz.locale.i18n import Lang
from k8squiz.screens.cells import Cells, ask, is_table, lines
from k8squiz.terminal.width import width_of

NAMES = {"client": "1.2.3.4", "node1": "10.0.0.1", "node1/cni0": "10.244.1.1", "api-a": "10.244.1.5"}
POINTS = (
    Text("request, arriving at node1 eth0", "去程，到达 node1 eth0"),
    Text("reply, at client eth0", "回程，到达 client eth0"),
)
LABELS = {"src": Text("src", "源"), "dst": Text("dst", "目的")}
FIELDS = tuple(
    AddressField(f"{number}.{name}", LABELS[name], "10.0.0.1", NAMES, row=point)
    for number, point in enumerate(POINTS, 1) for name in ("src", "dst")
)  # fmt: skip
UP, DOWN, LEFT, RIGHT, TAB, BACKTAB, BACKSPACE = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C", "\t", "\x1b[Z", "\x7f"
ADDRESSES = ("1.2.3.4", "10.0.0.1", "10.244.1.1", "10.244.1.5")


def typed(keys: str, cells: Cells | None = None, lang: Lang = "en") -> tuple[str | None, Cells]:
    cells = cells or Cells(FIELDS, lang)
    with create_pipe_input() as terminal:
        terminal.send_text(keys)
        return ask(cells, lang, input=terminal, output=DummyOutput()), cells


HANDED_IN = {
    "cell by cell": "client\rnode1\rnode1/cni0\rapi-a\r\r",
    "with tabs": f"client{TAB}node1{TAB}node1/cni0{TAB}api-a\r\r",
    "names completed": f"cl{TAB}\rnode1\rnode1/{TAB}\rap{TAB}\r\r",
    "in full width": "ｃｌｉｅｎｔ\r１０。０．０．１\rnode1／cni0\rapi-a\r\r",
    "by arrows": f"client{DOWN}node1/cni0{RIGHT}api-a{UP}node1\r\r",
    "mended": f"x{BACKSPACE}client\rnode2\r{BACKSPACE}1\rnode1/cni0\rapi-a\r\r",
    "looked over and changed": f"client\rnode1\rnode1/cni0\rclient\r{UP}{DOWN}\x15api-a\r\r",
    "pasted": "\x1b[200~1.2.3.4\x1b[201~\rnode1\rnode1/cni0\rapi-a\r\r",
}


@pytest.mark.parametrize("keys", HANDED_IN.values(), ids=HANDED_IN)
def test_what_is_handed_in(keys: str) -> None:
    answer, cells = typed(keys)
    assert answer == ""
    assert tuple(cells.values[field.id] for field in FIELDS) == ADDRESSES


def test_it_is_looked_over_before_it_is_handed_in() -> None:
    cells = Cells(FIELDS, "en")
    for text in ("client", "node1", "node1/cni0", "api-a"):
        cells.type(text)
        assert not cells.reviewing
        assert not cells.enter()
    assert cells.reviewing
    assert "look it over" in "".join(text for _, text in lines(cells, "en"))
    assert cells.enter()


def test_what_is_no_address_is_told_and_the_cell_stays() -> None:
    with pytest.raises(KeyboardInterrupt):
        typed("nodeX\r\x03", cells := Cells(FIELDS, "zh"))
    assert cells.cursor == 0
    assert "既不是地址" in cells.note
    assert cells.values == {}


COMMANDS = [("?", "hint"), ("？", "hint"), ("client\rskip\r", "skip"), ("跳过\r", "跳过"), ("\x1b", None)]


@pytest.mark.parametrize(("keys", "answer"), COMMANDS)
def test_commands(keys: str, answer: str | None) -> None:
    found, cells = typed(keys)
    assert found == answer
    assert cells.text == ""


def test_what_stood_there_before_stands_there_again() -> None:
    cells = Cells(FIELDS, "en")
    cells.given({"1.src": "1.2.3.4", "1.dst": "10.0.0.1"})
    assert cells.texts[:2] == ["1.2.3.4", "10.0.0.1"]
    assert typed("node1/cni0\rapi-a\r\r", cells)[0] == ""
    assert len(cells.values) == 4


def test_each_value_is_heard_of_once() -> None:
    heard: list[tuple[str, object]] = []
    typed(
        "client\rnode1\rnode1/cni0\rapi-a\r\r",
        Cells(FIELDS, "en", lambda field, value: heard.append((field.id, value))),
    )
    assert heard == [(field.id, value) for field, value in zip(FIELDS, ADDRESSES, strict=True)]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_table_fits(lang: Lang, columns: int) -> None:
    cells = Cells(FIELDS, lang)
    for text in ("client", "node1:30080", "node1/cni0", "api-a"):
        cells.type(text)
        cells.enter()
    shown = "".join(text for _, text in lines(cells, lang, columns)).splitlines()
    assert max(map(width_of, shown)) <= max(columns, 80)
    assert any("client" in line and "node1:30080" in line for line in shown)


def test_a_table_is_several_fields_each_of_a_point() -> None:
    assert is_table(FIELDS)
    assert not is_table(FIELDS[:1])
    assert not is_table((*FIELDS, AddressField("x", LABELS["src"], "1.1.1.1", NAMES)))
