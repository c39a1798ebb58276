"""Names of table rows: what stands between the brackets of a test's id says the fact, not that it is the third.

`pytest_make_parametrize_id` in conftest.py asks `told` for every value that has no `ids=` of its own; `named` is for tables
whose rows need a sentence. tests/test_rows.py sees to it that no row goes without.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence, Set
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest

from engine.cluster import EndpointSlice, Node, Pod, Service, SliceEndpoint
from engine.trace import Outcome, Text

LONGEST = 60

# What the builders fill in alike in every row: what tells rows apart stands in the other fields.
_ALIKE: dict[type, frozenset[str]] = {
    Service: frozenset({"namespace", "name", "cluster_ips", "ports", "selector"}),
    EndpointSlice: frozenset({"namespace", "name", "service", "address_type", "ports"}),
    SliceEndpoint: frozenset({"pod"}),
    Pod: frozenset({"namespace", "labels", "ports"}),
    Node: frozenset({"addresses", "pod_cidrs"}),
}


def named(rows: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The rows of a table as pytest parameters, each with its name as id."""
    return [pytest.param(*row, id=name) for name, row in rows.items()]


def told(value: object) -> str | None:
    """A parameter in at most LONGEST characters, on one line. None where pytest's own word for it does: numbers, truth
    values, enums, classes and functions are called by their names."""
    if isinstance(value, Enum | bool | int | float | type) or value is None:
        return None
    text = _text(value)
    if text is None:
        return None
    # The middle goes: documents begin alike, and what the row is about tends to stand last.
    return text if len(text) <= LONGEST else f"{text[:22]}...{text[25 - LONGEST :]}"


def _text(value: object) -> str | None:
    if isinstance(value, Text):
        return value.en
    if isinstance(value, Outcome):
        return f"{value.verdict} {value.where.code if value.where else value.source_seen}"
    if isinstance(value, str | bytes):
        return _line(value.decode("latin-1") if isinstance(value, bytes) else value)
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, Mapping):
        return _all((f"{_part(key)}={_part(content)}" for key, content in value.items()), "{}")
    if isinstance(value, Set):
        return _all(sorted(map(_part, value)), "{}")
    if isinstance(value, Sequence):
        return _all(map(_part, value), "()")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    return type(value).__name__ if type(value).__repr__ is object.__repr__ else None


def _line(text: str) -> str | None:
    """Several lines as one. What is white space and nothing else is left to pytest, which writes it with escapes."""
    line = " ".join(text.split()) if "\n" in text.strip() else text.strip("\n")
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in line) or None


def _all(parts: Any, empty: str) -> str:
    return ",".join(parts) or empty


def _part(value: object) -> str:
    if isinstance(value, Enum):
        return value.name
    return _text(value) or getattr(value, "__name__", None) or str(value)


def _fields(value: Any) -> str:
    """The class and what it holds that is not the default; the text of those that have one of their own."""
    if "__str__" in vars(type(value)):
        return str(value)
    found = []
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        if content == default or field.name in _ALIKE.get(type(value), ()):
            continue
        required = default is dataclasses.MISSING
        found.append(
            _part(content) if required else field.name if content is True else f"{field.name}={_part(content)}"
        )
    return f"{type(value).__name__}({','.join(found)})" if found else type(value).__name__
