"""The score: a pure function of answers and hints; a better answer never scores less."""

from __future__ import annotations

import dataclasses
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.trace import Text
from k8squiz.bank.question import Question
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import NameField
from k8squiz.kinds.interface import Task
from k8squiz.mock.score import Score, score, study, weight
from k8squiz.mock.state import AnswerSheet, InterviewState, Status, start
from tests.k8squiz.mock.table import PLAN

NAMES = ("right", "wrong", "worse")
FIELDS = tuple(
    NameField(name, Text(name, name), "right", NAMES, weight=size) for name, size in (("a", 1.0), ("b", 3.0))
)
TASKS = (Task(cast(Question, None), FIELDS),) * len(PLAN.items)
COSTS = ((0.1, 0.2),) * len(PLAN.items)


def scored(*sheets: AnswerSheet) -> Score:
    rest = (AnswerSheet(),) * (len(PLAN.items) - len(sheets))
    return score(PLAN, InterviewState((*sheets, *rest)), TASKS, COSTS)


def sheet(a: str | None, b: str | None, hints: int = 0) -> AnswerSheet:
    answer = {key: value for key, value in (("a", a), ("b", b)) if value is not None}
    return AnswerSheet(Status.ANSWERED, answer=answer, hints=hints)


# Levels 2, 2 (a follow-up), 2, 5: weights 1.25, 0.625, 1.25, 2, together 5.125.
SCORES = {
    "nothing answered": ((), 0.0),
    "the first one right": ((sheet("right", "right"),), 1.25 / 5.125),
    "half of it": ((sheet("right", None),), 1.25 / 4 / 5.125),
    "right with a hint": ((sheet("right", "right", 1),), 1.25 * 0.9 / 5.125),
    "right with both hints": ((sheet("right", "right", 2),), 1.25 * 0.7 / 5.125),
    "the first and its follow-up": ((sheet("right", "right"), sheet("right", "right")), 1.875 / 5.125),
    "everything": ((sheet("right", "right"),) * 4, 1.0),
    "struck by the clock": ((dataclasses.replace(sheet("right", "right"), status=Status.TIMED_OUT),), 1.25 / 5.125),
    "filled in and never handed in": ((AnswerSheet(Status.SKIPPED, given={"a": "right"}),), 1.25 / 4 / 5.125),
    "handed in, and begun to change": ((dataclasses.replace(sheet("right", None), given={"a": "wrong"}),), 1.25 / 4 / 5.125),
}  # fmt: skip


@pytest.mark.parametrize("name", SCORES)
def test_score(name: str) -> None:
    sheets, total = SCORES[name]
    assert scored(*sheets).total == pytest.approx(total, abs=1e-6)


def test_what_cannot_be_graded_counts_for_nothing_either_way() -> None:
    """The last question, of weight 2, cannot be drawn any more."""
    state = InterviewState((sheet("right", "right"), *(AnswerSheet(),) * 2, sheet("wrong", "wrong")))
    found = score(PLAN, state, (*TASKS[:3], QuizError("gone", "没有了")), COSTS)
    assert found.total == pytest.approx(1.25 / 3.125, abs=1e-6)
    assert [result.flaw is None for result in found.results] == [True, True, True, False]
    assert PLAN.items[3].question not in {name for names in study(found).values() for name in names}


def test_weights() -> None:
    assert [weight(item) for item in PLAN.items] == [1.25, 0.625, 1.25, 2.0]


SHEETS = st.builds(sheet, st.sampled_from([None, *NAMES]), st.sampled_from([None, *NAMES]), st.integers(0, 2))
INTERVIEWS = st.lists(SHEETS, min_size=4, max_size=4)


@given(INTERVIEWS, st.data())
def test_a_better_answer_never_scores_less(sheets: list[AnswerSheet], data: st.DataObject) -> None:
    better = list(sheets)
    for index in data.draw(st.sets(st.integers(0, 3), min_size=1)):
        old = sheets[index]
        fixed = data.draw(st.sets(st.sampled_from(["a", "b"])))
        answer = {**(old.answer or {}), **dict.fromkeys(fixed, "right")}
        better[index] = dataclasses.replace(old, answer=answer, hints=data.draw(st.integers(0, old.hints)))
    before, after = scored(*sheets), scored(*better)
    assert after.total >= before.total
    assert all(new.score >= old.score for new, old in zip(after.results, before.results, strict=True))


@given(INTERVIEWS, st.floats(0, 900), st.booleans())
def test_time_and_flags_change_nothing(sheets: list[AnswerSheet], spent: float, flagged: bool) -> None:
    slower = [dataclasses.replace(each, spent=spent, flagged=flagged, visits=7) for each in sheets]
    assert scored(*slower).total == scored(*sheets).total


def test_what_to_study_is_what_was_missed_the_weakest_topic_first() -> None:
    assert study(scored(*(sheet("right", "right"),) * 4)) == {}
    assert study(scored(sheet("right", "right"), sheet("right", "wrong"))) == {"nodeport": ("two", "three", "one/more")}


def test_an_interview_not_begun_is_worth_nothing() -> None:
    assert score(PLAN, start(PLAN), TASKS, COSTS).total == 0.0
