"""Every row of every table has a name that says what it is about."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from typing import Any

import pytest

from engine.cluster import Service, ServicePort
from engine.packet import L4
from engine.trace import Text
from tests.rows import LONGEST, named, told

WEB = Service("default", "web", ports=(ServicePort("", L4.TCP, 80, 8080),))


@dataclasses.dataclass(frozen=True)
class Plain:
    required: int
    optional: str = "none"
    said: bool = False


class Opaque:
    pass


@pytest.mark.parametrize(
    ("value", "name"),
    named(
        {
            "a number is called as pytest calls it": (8080, None),
            "nothing too": (None, None),
            "an enum too": (L4.TCP, None),
            "a class too": (Plain, None),
            "a fraction": (Fraction(1, 3), "1/3"),
            "a text": ("-A INPUT -j DROP", "-A INPUT -j DROP"),
            "lines": ("a:\n  - b\n", "a: - b"),
            "a line with its end": ("quit\n", "quit"),
            "a control character is shown": ("\x1b[31mred", "\\x1b[31mred"),
            "white space is left to pytest's escapes": ("\n", None),
            "no text": ("", None),
            "a long text loses its middle": ("a" * 40 + "b" * 40, "a" * 22 + "..." + "b" * 35),
            "a mapping": ({"type": "NodePort", "port": 80}, "type=NodePort,port=80"),
            "an empty one": ({}, "{}"),
            "a list": (["10.0.0.0/8", None, L4.UDP], "10.0.0.0/8,None,UDP"),
            "an empty list": ((), "()"),
            "a set is sorted": (frozenset({"b", "a"}), "a,b"),
            "a value of defaults": (Plain(1), "Plain(1)"),
            "what is no default": (Plain(1, "some", True), "Plain(1,optional=some,said)"),
            "what all Services share is left out": (WEB, "Service"),
            "what tells a Service apart": (dataclasses.replace(WEB, type="NodePort"), "Service(type=NodePort)"),
            "a text in two languages": (Text("bridge", "网桥"), "bridge"),
            "an object without words of its own": ([Opaque()], "Opaque"),
        }
    ),
)
def test_what_a_value_is_called(value: object, name: str | None) -> None:
    assert told(value) == name
    assert name is None or len(name) <= LONGEST


def test_a_row_may_bear_a_name() -> None:
    (row,) = named({"the first Service": ("10.0.0.0", 80)})
    assert (row.id, row.values) == ("the first Service", ("10.0.0.0", 80))


def test_no_row_of_this_run_is_called_by_its_number(request: pytest.FixtureRequest) -> None:
    """Looks at all tests that were collected, so that the whole suite sees to the whole suite."""
    tables = [(item.nodeid, call) for item in request.session.items if (call := getattr(item, "callspec", None))]
    assert [nodeid for nodeid, call in tables if numbered(call.id, call.params)] == []


def numbered(name: str, parameters: dict[str, Any]) -> bool:
    """Whether pytest had no better name than argument and position, or a function without a name."""
    by_number = any(
        re.fullmatch(rf"{re.escape(argument)}\d+", part) and part != value
        for argument, value in parameters.items()
        for part in name.split("-")
    )
    return by_number or "<lambda>" in name or " object at 0x" in name
