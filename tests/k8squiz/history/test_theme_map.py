"""The map of themes and the days until an interview, from rows of answers."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.history.due import DAY, reviewed
from k8squiz.history.store import Review, open_store
from k8squiz.history.study import StudyDay, study_plan
from k8squiz.history.theme_map import Colour, theme_map
from k8squiz.terminal.width import width_of
from tests.k8squiz.runner import k8squiz

TODAY = dt.date(2026, 7, 15)
NOW = dt.datetime(2026, 7, 15, 12, tzinfo=dt.UTC).timestamp()


def meta(name: str, *themes: str) -> QuestionMeta:
    return QuestionMeta(name, "services", 1, "choice", "", themes)


KNOWN = (meta("a", "mtu"), meta("b", "mtu", "egress"), meta("c", "mtu"), meta("d", "mtu"), meta("e", "egress"))

# Scores by question just now -> the theme, and how it stands.
MAPS: dict[str, tuple[dict[str, float], str, Colour, int, int]] = {
    "nothing was seen": ({}, "mtu", Colour.UNSEEN, 0, 4),
    "the bank asks nothing of it": ({"a": 1.0}, "sctp", Colour.NOT_ASKED, 0, 0),
    "one of many is not enough": ({"a": 1.0}, "mtu", Colour.RED, 1, 4),
    "two of three": ({"a": 1.0, "b": 0.8}, "mtu", Colour.AMBER, 2, 4),
    "three good ones do, a bad one more changes nothing": ({"a": 1.0, "b": 1.0, "c": 0.9, "d": 0.0}, "mtu", Colour.GREEN, 4, 4),
    "a theme of two is known by two": ({"b": 1.0, "e": 1.0}, "egress", Colour.GREEN, 2, 2),
    "all were missed": ({"b": 0.0, "e": 0.2}, "egress", Colour.RED, 2, 2),
}  # fmt: skip


@pytest.mark.parametrize(("scores", "theme", "colour", "seen", "every"), MAPS.values(), ids=MAPS)
def test_how_a_theme_stands(scores: dict[str, float], theme: str, colour: Colour, seen: int, every: int) -> None:
    reviews = [Review(name, NOW, score, 3, "1") for name, score in scores.items()]
    cards = {name: reviewed(None, name, score, NOW) for name, score in scores.items()}
    found = theme_map(reviews, cards, KNOWN, NOW)
    assert {one.theme for one in found} == set(THEMES)
    assert [THEMES[one.theme].asked for one in found] == sorted((one.asked for one in THEMES.values()), reverse=True)
    state = next(one for one in found if one.theme == theme)
    assert (state.colour, state.seen, state.all) == (colour, seen, every)


def planned(days: int, minutes: int, seen: tuple[str, ...] = ()) -> tuple[StudyDay, ...]:
    cards = {name: reviewed(None, name, 0.0, NOW - 5 * DAY) for name in seen}
    until = TODAY + dt.timedelta(days=days)
    return study_plan(KNOWN, cards, theme_map((), cards, KNOWN, NOW), TODAY, until, minutes, dt.UTC)


# Days left, minutes a day, what was missed before -> days planned, new questions in all, days with a mock, repeats today.
PLANS: dict[str, tuple[int, int, tuple[str, ...], int, int, list[int], int]] = {
    "the interview is today": (0, 60, (), 1, 5, [], 0),
    "tomorrow": (1, 60, (), 1, 5, [0], 0),
    "five days": (5, 60, (), 5, 5, [1, 4], 0),
    "too little time for a mock": (5, 15, (), 5, 5, [], 0),
    "what was missed comes first": (2, 60, ("a", "b"), 2, 3, [1], 2),
    "what comes back leaves room for what is new": (2, 9, ("a", "b", "c", "d"), 2, 1, [], 1),
}  # fmt: skip


@pytest.mark.parametrize(("days", "minutes", "seen", "count", "new", "mocks", "repeats"), PLANS.values(), ids=PLANS)
def test_the_days(
    days: int, minutes: int, seen: tuple[str, ...], count: int, new: int, mocks: list[int], repeats: int
) -> None:
    plan = planned(days, minutes, seen)
    assert [one.day for one in plan] == [TODAY + dt.timedelta(days=each) for each in range(count)]
    assert sum(one.new for one in plan) == new
    assert [index for index, one in enumerate(plan) if one.mock] == mocks
    assert plan[0].repeat == repeats
    # What interviews ask most comes first.
    assert plan[0].themes[:1] in (("egress",), ("mtu",))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("words", [["stats", "--map"], ["plan", "--until", "DAY"]], ids=" ".join)
def test_the_pages_fit(
    words: list[str], lang: str, home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    store = open_store()
    now = dt.datetime.now(dt.UTC).timestamp()
    store.save_review(Review("hairpin-mend", now, 1.0, 3, "1"), reviewed(None, "hairpin-mend", 1.0, now))
    store.close()
    day = (dt.datetime.now().astimezone().date() + dt.timedelta(days=3)).isoformat()
    words = [word.replace("DAY", day) for word in words]
    code, out, err = k8squiz(capsys, *words, "--lang", lang)
    assert (code, err) == (0, "")
    assert max(map(width_of, out.splitlines())) <= 80
    assert "k8squiz practice" in out
    assert json.loads(k8squiz(capsys, *words, "--json").out)


BAD = {
    "no such theme": (["practice", "--about", "nodeprt-path"], "no such interview theme", "did you mean nodeport-path"),
    "a day that is none": (["plan", "--until", "2026-13-01"], "--until", "write YYYY-MM-DD"),
    "a day that is past": (["plan", "--until", "2020-01-01"], "--until", "that day is past"),
    "too far away": (["plan", "--until", "2999-01-01"], "--until", "more than 120 days away"),
    "no day": (["plan"], "Missing option", "--until"),
}


@pytest.mark.parametrize(("words", "what", "hint"), BAD.values(), ids=BAD)
def test_what_is_refused(words: list[str], what: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = k8squiz(capsys, *words)
    assert (code, out) == (2, "")
    assert what in err and hint in err
