"""What a value of the user's data may be: asked of what is imported before it is kept, and of what is read from disk."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping
from typing import NoReturn, TypeGuard

from k8squiz.bank.limits import DEEPEST_DATA
from k8squiz.history.records import CardState

# Epoch seconds: the year 5138. What calendars can show ends soon after.
LATEST = 1e11


def is_text(value: object) -> TypeGuard[str]:
    """Text that SQLite and UTF-8 can keep."""
    return isinstance(value, str) and not any("\ud800" <= char <= "\udfff" for char in value)


def is_number(value: object, low: float = 0.0, high: float = LATEST) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def is_whole(value: object, low: int, high: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_time(value: object) -> TypeGuard[float]:
    """Epoch seconds that calendars can show."""
    return is_number(value, 0.0, LATEST)


def moment(now: float) -> float:
    """The time that a clock tells, or the nearest that calendars can show: one that was never set may stand before 1970."""
    return min(max(now, 0.0), LATEST)


def json_flaw(value: object) -> str:
    """What is wrong with a value that JSON brought: too deep, or a number that is none; empty where it is sound."""
    pending: list[tuple[object, int]] = [(value, 1)]
    while pending:
        one, depth = pending.pop()
        if depth > DEEPEST_DATA:
            return "deep"
        if isinstance(one, dict):
            pending += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            pending += [(inner, depth + 1) for inner in one]
        elif isinstance(one, float) and not math.isfinite(one):
            return "number"
    return ""


def body_flaw(body: object) -> str:
    """The first field of an event's body that no journal could have; empty where it is sound. A body is an object, and
    its `at` (seconds of an interview) a number."""
    if not isinstance(body, Mapping):
        return "body"
    return "" if "at" not in body or is_time(body["at"]) else "body.at"


def is_body(body: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a journal could have it as an event's body."""
    return not body_flaw(body)


_UNDER_REVIEW = 2


def card_flaw(state: object) -> str:
    """The first field of a card's state that FSRS could not go on with; empty where it is sound."""
    if not isinstance(state, Mapping):
        return "state"
    fits: dict[str, Callable[[object], bool]] = {
        "card_id": lambda value: is_whole(value, 0, 2**62), "state": lambda value: is_whole(value, 1, 3),
        "stability": lambda value: is_number(value, 0.001, 1e6), "difficulty": lambda value: is_number(value, 1, 10),
        "due": _is_date, "last_review": _is_date,
        # A card that is being learnt stands at one of the steps; one under review at none.
        "step": lambda value: is_whole(value, 0, 99) or value is None and state.get("state") == _UNDER_REVIEW,
    }  # fmt: skip
    return next((name for name, fit in fits.items() if name not in state or not fit(state[name])), "")


def is_card(state: object) -> TypeGuard[CardState]:
    """Whether FSRS can go on from it."""
    return not card_flaw(state)


def _is_date(value: object) -> bool:
    """A time in UTC, in years that calendars can go on from."""
    if not isinstance(value, str):
        return False
    try:
        found = dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return found.utcoffset() == dt.timedelta(0) and 1970 <= found.year <= 5138


def loaded(text: object) -> object:
    """JSON text as a value. Raises ValueError for what is none, too deep, or holds numbers that are none."""
    if not isinstance(text, str | bytes):
        raise ValueError("this is no text")
    try:
        value: object = json.loads(text, parse_constant=_refused)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    if json_flaw(value):
        raise ValueError(json_flaw(value))
    return value


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")
