"""The machine: what each step does to the clock, the sheets and the journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k8squiz.errors import QuizError
from k8squiz.mock.interview import AnswerDraft
from k8squiz.mock.state import Ending, Event, Interruption, Status, apply, replay, start
from tests.k8squiz.mock.table import PLAN, Table


def test_the_clock_counts_time_in_front_of_a_question_only() -> None:
    table = Table().wait(500)
    table.answer(0, 30, a="x").wait(900)
    assert table.interview.elapsed == 30
    table.interview.show(2)
    table.wait(12)
    assert table.interview.elapsed == 42
    assert table.interview.left == 558
    assert [sheet.spent for sheet in table.interview.state.sheets] == [30, 0, 0, 0]
    table.interview.skip()
    assert [sheet.spent for sheet in table.interview.state.sheets] == [30, 0, 12, 0]


# What has been done so far, and how long the candidate has for question 2 then.
LEFT: dict[str, tuple[Callable[[Table], Table], int]] = {
    "nothing yet: its own share": (lambda table: table, 180),
    "time saved on question 1 is added": (lambda table: table.answer(0, 50), 180 + 150),
    "so is what its follow-up left": (lambda table: table.answer(0, 50).answer(1, 40), 180 + 150 + 60),
    "time an open question has not used stays its own": (lambda table: skipped(table, 0, 150), 180),
    "what was spent on it before is gone": (lambda table: skipped(table, 2, 100), 80),
    "what question 1 took beyond its share is gone": (lambda table: table.answer(3, 20).answer(0, 250), 180 + 50),
}


def skipped(table: Table, position: int, seconds: float) -> Table:
    table.interview.show(position)
    table.wait(seconds)
    table.interview.skip()
    return table


@pytest.mark.parametrize("name", LEFT)
def test_time_left_for_a_question(name: str) -> None:
    before, expected = LEFT[name]
    assert before(Table()).interview.left_for(2) == expected


def test_whatever_is_done_no_one_gets_more_than_the_whole_time() -> None:
    table = Table()
    for position in (3, 0, 1, 2):
        spend = table.interview.left_for(position)
        table.answer(position, spend)
        assert table.interview.left_for(position) <= 0 or position != 2
    assert table.interview.elapsed == PLAN.seconds
    assert table.interview.left == 0


def test_when_the_countdown_strikes_what_stands_counts() -> None:
    table = Table()
    table.interview.show(0)
    table.interview.fill("a", "filled in")
    table.wait(199)
    assert not table.interview.tick("b", "half a li")
    table.wait(1)
    assert table.interview.tick("b", "half a line")
    table.interview.strike({"b": "read"}, "half a line")
    sheet = table.interview.state.sheets[0]
    assert (sheet.status, sheet.answer, sheet.line) == (
        Status.TIMED_OUT,
        {"a": "filled in", "b": "read"},
        "half a line",
    )
    assert table.interview.state.position is None


ORDER = [
    # (what is done to the question that comes next), (the question that comes then)
    ("answer", 1),  # its follow-up
    ("skip", 2),
    ("skip", 3),
    ("answer", 1),  # what was skipped comes again
    ("skip", 1),
    ("answer", 2),
    ("answer", None),
]


def test_what_comes_next() -> None:
    table, met = Table(), []
    for act, _ in ORDER:
        position = table.interview.next()
        assert position is not None
        table.interview.show(position)
        table.wait(1)
        if act == "answer":
            table.interview.hand_in()
        else:
            table.interview.skip()
        met.append(table.interview.next())
    assert met == [after for _, after in ORDER]


def test_a_follow_up_waits_for_its_question() -> None:
    table = Table()
    assert not table.interview.reachable(1)
    assert skipped(table, 0, 1).interview.next() == 2
    assert not table.interview.reachable(1)
    assert table.answer(0, 1).interview.reachable(1)


def test_an_answer_may_be_changed_and_skipping_does_not_take_it_back() -> None:
    table = Table().answer(0, 10, a="wrong")
    skipped(table, 0, 5)
    assert (table.interview.state.sheets[0].status, table.interview.state.sheets[0].answer) == (
        Status.ANSWERED, {"a": "wrong"},
    )  # fmt: skip
    table.answer(0, 5, a="right")
    sheet = table.interview.state.sheets[0]
    assert (sheet.answer, sheet.spent, sheet.visits) == ({"a": "right"}, 20, 3)


def test_flags_and_hints() -> None:
    table = Table()
    table.interview.show(0)
    assert [table.interview.hint(), table.interview.hint()] == [0, 1]
    assert [table.interview.flag(), table.interview.flag(), table.interview.flag()] == [True, False, True]
    sheet = table.interview.state.sheets[0]
    assert (sheet.hints, sheet.flagged) == (2, True)


def test_every_step_is_in_the_journal_and_replaying_it_gives_the_same_state() -> None:
    table = Table().answer(0, 30, a=("x", "y"), b="z")
    skipped(table, 2, 12.5)
    table.interview.show(3)
    table.wait(3).interview.flag()
    table.wait(4).interview.hint()
    table.interview.interrupt()
    table.interview.interrupt()
    table.interview.resume(60, None)
    table.interview.show(3)
    table.wait(2).interview.end(Ending.STOPPED)
    assert table.journal.kinds == (
        "shown filled filled answered shown skipped shown flagged hint interrupted resumed shown ended"
    )
    assert replay(PLAN, table.journal.events) == table.interview.state


def test_drafts_are_saved_when_the_line_changes_and_every_two_seconds() -> None:
    table = Table()
    table.interview.show(0)
    for step in range(12):  # half a second each
        table.wait(0.5).interview.tick("a", "ab" if step >= 3 else "")
    assert [(draft.at, draft.text) for draft in table.journal.drafts] == [
        (0.5, ""), (2.0, "ab"), (4.0, "ab"), (6.0, "ab"),
    ]  # fmt: skip


def test_after_a_kill_the_clock_goes_on_from_the_draft() -> None:
    table = Table()
    table.interview.show(0)
    table.wait(40).interview.fill("a", "x")
    again = Table(table.journal.events)
    again.interview.resume(3600.04, AnswerDraft(0, "b", "ab", 47.5))
    state = again.interview.state
    assert state.elapsed == again.interview.elapsed == 47.5
    assert state.sheets[0].spent == 47.5
    assert state.sheets[0].given == {"a": "x"}
    assert state.interruptions == (Interruption(47.5, 3600.0, 0, told=False),)


def test_an_interruption_that_was_noted_says_so() -> None:
    table = Table()
    table.interview.show(0)
    table.wait(40).interview.interrupt()
    table.wait(100)
    again = Table(table.journal.events)
    again.interview.resume(100, AnswerDraft(0, "b", "ab", 39.0))
    assert again.interview.state.interruptions == (Interruption(40.0, 100.0, 0, told=True),)


DAMAGED = {
    "unknown event": Event("sneezed", 1),
    "no position": Event("shown", 1),
    "a position that is not there": Event("shown", 1, {"position": 9}),
    "a negative one": Event("shown", 1, {"position": -1}),
    "an answer to another question": Event("answered", 1, {"position": 2, "answer": {}}),
    "an answer that is none": Event("answered", 1, {"position": 0, "answer": 7}),
    "an ending that is none": Event("ended", 1, {"why": "boredom"}),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_journal_that_cannot_be_is_refused_in_words(name: str) -> None:
    shown = apply(start(PLAN), Event("shown", 0, {"position": 0}))
    with pytest.raises(QuizError) as error:
        apply(shown, DAMAGED[name])
    assert DAMAGED[name].kind in error.value.en
    assert "损坏" in error.value.zh


def test_a_clock_that_runs_backwards_is_taken_to_stand() -> None:
    state = replay(
        PLAN, [Event("shown", 10, {"position": 0}), Event("filled", 4, {"position": 0, "field": "a", "value": "x"})]
    )
    assert (state.elapsed, state.sheets[0].spent) == (10, 0)
