"""The columns of a report's tables, one row each: title, value, and the forms that have it.

A form lays out what a column says; what there is to say, and where, stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Literal, TypeAlias, TypeVar

from engine.values import dataclass
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.names import subject_name
from k8squiz.locale.report import say
from k8squiz.mock.score import ScorePart
from k8squiz.report.build import FieldLine, OptionLine
from k8squiz.report.clocktext import clock

Form: TypeAlias = Literal["json", "markdown", "html", "screen"]
T = TypeVar("T")
_TEXTS: tuple[Form, ...] = ("markdown", "html", "screen")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """`title` is a word of the report's ("" for none); `value` what stands in it, as text, or plain for JSON. `look` tells a
    form how to set it: a sign, a bar, a figure, a name to be made prominent."""

    title: str
    value: Callable[[T, Lang], object]
    forms: tuple[Form, ...] = _TEXTS
    look: Literal["text", "sign", "bar", "figure", "strong"] = "text"

    def head(self, lang: Lang) -> str:
        return say(self.title, lang) if self.title else ""


def of(form: Form, columns: Iterable[Column[T]]) -> tuple[Column[T], ...]:
    """The columns that a form has."""
    return tuple(column for column in columns if form in column.forms)


def _time(part: ScorePart, lang: Lang) -> str:
    return f"{clock(part.spent)} / {clock(part.budget)}"


def _seconds(part: ScorePart, lang: Lang) -> dict[str, float]:
    return {"budget": round(part.budget, 1), "spent": round(part.spent, 1)}


# What some of the questions together came to: those of a topic, a kind, a level.
PART: tuple[Column[ScorePart], ...] = (
    Column("name", lambda part, lang: part.name, ("json",)),
    Column("name", lambda part, lang: subject_name(part.name, lang)),
    Column("", lambda part, lang: part.score, ("html", "screen"), "bar"),
    Column("score", lambda part, lang: part.score, ("json",)),
    Column("score", lambda part, lang: f"{part.score:.0%}", _TEXTS, "figure"),
    Column("questions", lambda part, lang: part.questions, ("json", "markdown"), "figure"),
    Column("spent", lambda part, lang: clock(part.spent), ("markdown",), "figure"),
    Column("budget", lambda part, lang: clock(part.budget), ("markdown",), "figure"),
    Column("", lambda part, lang: _time(part, lang) + (" ▲" if part.spent > part.budget else ""), ("html",), "figure"),
    Column("", _time, ("screen",), "figure"),
    Column("seconds", _seconds, ("json",)),
)


def _given(field: FieldLine, lang: Lang) -> str:
    return say("blank", lang) if field.given is None else pick(field.given, lang)


# One blank: what was answered beside what is computed.
FIELD: tuple[Column[FieldLine], ...] = (
    Column("", lambda field, lang: field.score, _TEXTS, "sign"),
    Column("asked", lambda field, lang: pick(field.label, lang)),
    Column("answer", _given),
    Column("truth", lambda field, lang: pick(field.truth, lang), _TEXTS, "strong"),
)


def place(number: int, field: FieldLine) -> str:
    """An option's place in an order, or ■ where it is picked."""
    if not number:
        return "·"
    return str(number) if field.ordered else "■"


def option_columns(field: FieldLine) -> tuple[Column[OptionLine], ...]:
    """What could be picked in a field, with its place in the answer and in the truth."""
    return (
        Column("", lambda option, lang: option.letter),
        Column("option", lambda option, lang: pick(option.text, lang)),
        Column("answer", lambda option, lang: place(option.given, field), _TEXTS, "figure"),
        Column("truth", lambda option, lang: place(option.truth, field), _TEXTS, "figure"),
    )
