"""What to do each day until an interview: what comes back, which themes are new, when to sit a mock interview. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from engine.values import dataclass
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.history.due import due, reviewed
from k8squiz.history.store import Card
from k8squiz.history.theme_map import ThemeState

# Reading a question, answering it and reading why.
MINUTES_A_QUESTION = 3
# How many themes a day begins, so that all have had their turn by the end; what is left of one comes on another day.
_FEWEST_THEMES, _MOST_THEMES = 3, 6
# Of a day's questions what comes back takes no more, while there is anything new.
_REPEATED = 0.6
# So many days before the interview there is a mock; with less time at hand a day is for questions alone.
_MOCK_DAYS = (1, 4, 9, 20)
_SHORTEST_MOCK, _LONGEST_MOCK = 20, 45
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StudyDay:
    """A day's work: how many questions come back, the themes of the new ones and how many those are, and the minutes of a
    mock interview (0: none)."""

    day: dt.date
    repeat: int
    themes: tuple[str, ...]
    new: int
    mock: int


def study_plan(
    path: Sequence[QuestionMeta], cards: Mapping[str, Card], themes: Sequence[ThemeState], today: dt.date, until: dt.date,
    minutes: int, zone: dt.tzinfo,
) -> tuple[StudyDay, ...]:  # fmt: skip
    """A day for each from `today` up to the one before `until`, or that one alone where the interview is today.

    `path` is the bank in the order in which what is new is asked; `minutes` is what one has each day. What comes back is
    reckoned as if all that is asked were answered well; what is missed comes back sooner, the same day."""
    memory, end = dict(cards), _midnight(until, zone)
    left = [meta for meta in path if meta.id not in memory]
    order = sorted((one for one in themes if one.all), key=lambda one: (-THEMES[one.theme].asked, one.strength))
    days = []
    day = today
    while True:
        mock = _mock((until - day).days, minutes)
        room = max(1, (minutes - mock) // MINUTES_A_QUESTION)
        at = _midnight(day, zone) - 1
        again = due(memory, at)[: int(room * _REPEATED) if left else room]
        about, fresh = _new(left, order, room - len(again), max(1, (until - day).days))
        for name in (*again, *(meta.id for meta in fresh)):
            memory[name] = reviewed(memory.get(name), name, 1.0, at, end)
        taken = {meta.id for meta in fresh}
        left = [meta for meta in left if meta.id not in taken]
        days.append(StudyDay(day, len(again), about, len(fresh), mock))
        # A theme that had its turn waits for the others.
        order = [one for one in order if one.theme not in about] + [one for one in order if one.theme in about]
        day += _DAY
        if day >= until:
            return tuple(days)


def _midnight(day: dt.date, zone: dt.tzinfo) -> float:
    """When that day ends, in epoch seconds."""
    return dt.datetime.combine(day + _DAY, dt.time(), zone).timestamp()


def _mock(days_left: int, minutes: int) -> int:
    if days_left not in _MOCK_DAYS or minutes < _SHORTEST_MOCK:
        return 0
    return min(_LONGEST_MOCK, minutes)


def _new(
    left: Sequence[QuestionMeta], order: Sequence[ThemeState], room: int, days: int
) -> tuple[tuple[str, ...], tuple[QuestionMeta, ...]]:
    """The themes of a day with `room` for so many new questions, `days` before the interview, and the questions that
    practice then asks."""
    unseen = {one.theme: sum(one.theme in meta.themes for meta in left) for one in order}
    ready = [theme for theme, count in unseen.items() if count]
    begun = min(_MOST_THEMES, max(_FEWEST_THEMES, math.ceil(len(ready) / days)))
    themes: list[str] = []
    places = 0
    for theme in ready[:begun]:
        if places < room:
            themes.append(theme)
            places += min(math.ceil(room / min(begun, len(ready))), unseen[theme])
    about = set(themes)
    return tuple(themes), tuple(meta for meta in left if about.intersection(meta.themes))[: min(room, places)]


def as_json(days: Sequence[StudyDay]) -> dict[str, object]:
    """As `plan --json` prints it."""
    return {
        "days": [
            {"day": one.day.isoformat(), "repeat": one.repeat, "themes": list(one.themes), "new": one.new, "mock_minutes": one.mock}
            for one in days
        ]
    }  # fmt: skip
