"""When a question comes back: rows of answers, and what the schedule makes of them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8squiz.bank.question import QuestionMeta
from k8squiz.history.due import DAY, due, new_share, queue, rating_of, retrievability, reviewed, weakest
from k8squiz.history.store import Card, Review
from tests.k8squiz.history.card_state import STATE

NOW = 1_790_000_000.0
KNOWN = tuple(QuestionMeta(f"q{number}", "nodeport", 1 + number % 5, "choice", "") for number in range(12))

RATED = [(0.0, 1), (0.49, 1), (0.5, 2), (0.79, 2), (0.8, 3), (0.99, 3), (1.0, 3)]


@pytest.mark.parametrize(("score", "rating"), RATED)
def test_ratings_of_a_first_answer(score: float, rating: int) -> None:
    assert rating_of(score, seen_before=False) == rating


def test_a_full_score_is_easy_from_the_second_time_on() -> None:
    assert rating_of(1.0, seen_before=True) == 4


def card(days: float, name: str = "q0", score: float = 1.0) -> Card:
    """A card last answered so many days ago."""
    return reviewed(None, name, score, NOW - days * DAY)


def test_better_answers_come_back_later() -> None:
    dues = [reviewed(card(5), "q0", score, NOW).due for score in (0.2, 0.6, 0.9, 1.0)]
    assert dues == sorted(dues)
    # What was missed the same day, what was right on another.
    assert NOW < dues[0] < NOW + 3600.0
    assert dues[-1] >= NOW + DAY


def test_the_schedule_is_a_function_of_the_answers() -> None:
    assert reviewed(card(3), "q0", 0.7, NOW) == reviewed(card(3), "q0", 0.7, NOW)


def test_nothing_is_put_off_beyond_the_interview() -> None:
    known = reviewed(reviewed(card(60), "q0", 1.0, NOW - 30 * DAY), "q0", 1.0, NOW - 1.0)
    assert known.due > NOW + 20 * DAY
    assert reviewed(known, "q0", 1.0, NOW, until=NOW + 6 * DAY).due <= NOW + 6 * DAY


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.1, 40))
def test_recall_fades_between_0_and_1(scores: list[float], gap: float) -> None:
    found: Card | None = None
    for number, score in enumerate(scores):
        found = reviewed(found, "q0", score, NOW + number * gap * DAY)
    assert found is not None
    later = [retrievability(found, found.updated + days * DAY) for days in (0, 1, 10, 100)]
    assert later == sorted(later, reverse=True)
    assert all(0 <= value <= 1 for value in later)


def test_due_first_longest_overdue_first() -> None:
    cards = {name: Card(name, STATE, NOW + shift, NOW) for name, shift in (("q1", -5), ("q2", 9), ("q3", -50))}
    assert due(cards, NOW) == ("q3", "q1")


SHARES = [  # unseen, count, days left, wanted, new
    (30, 6, None, None, 2), (1, 6, None, None, 1), (30, 6, None, 0, 0), (30, 6, None, 5, 5), (30, 6, 10, None, 3),
    (30, 6, 0, None, 30), (0, 6, 10, None, 0),
]  # fmt: skip


@pytest.mark.parametrize(("unseen", "count", "left", "wanted", "new"), SHARES)
def test_how_much_is_new(unseen: int, count: int, left: int | None, wanted: int | None, new: int) -> None:
    assert new_share(unseen, count, NOW, None if left is None else NOW + left * DAY, wanted) == new


def test_a_sitting_mixes_what_is_due_with_what_is_new() -> None:
    cards = {f"q{n}": Card(f"q{n}", STATE, NOW - 100 + n, NOW) for n in range(6)}
    found = {meta.id for meta in queue(KNOWN, cards, 6, NOW, "s")}
    assert {"q0", "q1", "q2", "q3"} < found
    assert len(found & {f"q{n}" for n in range(6, 12)}) == 2


def test_a_sitting_is_full_while_there_are_questions_and_repeats_none() -> None:
    far = {meta.id: Card(meta.id, STATE, NOW + 90 * DAY, NOW) for meta in KNOWN}
    for cards in ({}, far):
        for count in (1, 5, 12, 40):
            found = [meta.id for meta in queue(KNOWN, cards, count, NOW, "s")]
            assert len(found) == min(count, 12) == len(set(found))


def test_a_rate_of_new_ones_is_kept_while_there_is_anything_else() -> None:
    far = {f"q{n}": Card(f"q{n}", STATE, NOW + 90 * DAY, NOW) for n in range(6)}
    for new in (0, 1, 3):
        found = {meta.id for meta in queue(KNOWN, far, 6, NOW, "s", new=new)}
        assert len(found - far.keys()) == new
    assert len(queue(KNOWN, far, 12, NOW, "s", new=0)) == 12


def test_what_is_due_later_today_may_be_asked_now() -> None:
    cards = {meta.id: Card(meta.id, STATE, NOW + (5 if meta.id == "q4" else 99) * 3600, NOW) for meta in KNOWN}
    assert [meta.id for meta in queue(KNOWN, cards, 1, NOW, "s", today=NOW + 6 * 3600)] == ["q4"]


def test_the_same_seed_and_cards_give_the_same_sitting() -> None:
    cards = {"q3": card(90, "q3")}
    assert queue(KNOWN, cards, 5, NOW, "a") == queue(KNOWN, cards, 5, NOW, "a")
    assert len({queue(KNOWN, cards, 5, NOW, str(seed)) for seed in range(8)}) > 1


def test_a_question_that_left_the_bank_is_not_asked() -> None:
    cards = {"gone": Card("gone", STATE, NOW - 5, NOW)}
    assert "gone" not in {meta.id for meta in queue(KNOWN, cards, 12, NOW, "s")}


def test_cramming_asks_the_weakest_first() -> None:
    reviews = [Review("q1", 1.0, 0.9, 3, ""), Review("q2", 2.0, 0.1, 1, ""), Review("q1", 3.0, 0.3, 1, "")]
    assert [meta.id for meta in weakest(KNOWN, reviews, 2, "s")] == ["q2", "q1"]
    assert math.isclose(len(weakest(KNOWN, reviews, 99, "s")), 12)
