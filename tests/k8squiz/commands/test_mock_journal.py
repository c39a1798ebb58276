"""The journal on disk: what is written comes back; a disk that refuses is told of once and stops nothing."""

from __future__ import annotations

import io
from typing import Any, cast

import pytest

from k8squiz.commands.mock_journal import MockJournal, begin, interviews, recorded, take_up
from k8squiz.commands.mock_lock import InterviewLock
from k8squiz.errors import QuizError
from k8squiz.history.store import Store, StoreUnavailable, open_store
from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.state import Ending, Event
from k8squiz.terminal.console import make_console
from tests.k8squiz.mock.table import PLAN


class Failing:
    """A store whose disk is full after `good` writes."""

    path = None

    def __init__(self, good: int) -> None:
        self.left, self.kinds = good, list[str]()

    def _write(self, kind: str) -> None:
        if self.left == 0:
            raise StoreUnavailable("x.db: cannot be used (disk is full)", "x.db：无法使用（磁盘已满）")
        self.left -= 1
        self.kinds.append(kind)

    def append(self, session: int, kind: str, body: Any, now: float) -> int:
        self._write(kind)
        return len(self.kinds)

    def save_draft(self, *_: Any) -> None:
        self._write("draft")

    def end(self, session: int, now: float) -> None:
        self._write("end")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("good", range(6))
def test_a_disk_that_fills_up_is_told_of_once_and_the_interview_goes_on(good: int) -> None:
    store, out, now = Failing(good), io.StringIO(), [0.0]
    journal = MockJournal(cast(Store, store), 1, make_console(width=300, file=out), "en")
    interview = Interview(PLAN, journal, lambda: now[0])
    interview.show(0)
    interview.fill("a", "x")
    now[0] += 3
    interview.tick("b", "line")
    interview.hand_in()
    interview.end(Ending.STOPPED)
    journal.finish(())
    assert store.kinds == ["shown", "filled", "draft", "answered", "ended", "end"][:good]
    assert out.getvalue().count("disk is full") == 1
    assert "goes on in memory" in out.getvalue()
    assert not journal.safe
    assert interview.state.sheets[0].answer == {"a": "x"}


@pytest.fixture
def home(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("K8SQUIZ_HOME", str(tmp_path / "home"))


@pytest.mark.usefixtures("home")
def test_what_is_written_comes_back() -> None:
    console = make_console(file=io.StringIO())
    journal = begin(PLAN, "en", console)
    assert (interviews(), journal.safe, journal.session) == ((), True, 0)
    events = [
        Event("shown", 0.0, {"position": 0}),
        Event("filled", 2.5, {"position": 0, "field": "a", "value": ["x", "y"]}),
    ]
    for event in events:
        journal.append(event)
    journal.draft(AnswerDraft(0, "b", "une ligne\x1b“ ”", 4.25))
    journal.close()
    taken = take_up("en", console)
    assert (taken.plan, taken.events, taken.draft) == (
        PLAN,
        tuple(events),
        AnswerDraft(0, "b", "une ligne\x1b“ ”", 4.25),
    )
    assert 0 <= taken.away < 60
    taken.journal.finish(())
    taken.journal.close()
    assert recorded(None).state.sheets[0].given == {"a": ("x", "y")}
    assert interviews(unfinished=True) == ()
    assert [one.finished for one in interviews()] == [True]


@pytest.mark.usefixtures("home")
def test_a_journal_that_is_damaged_is_refused_in_words() -> None:
    journal = begin(PLAN, "en", make_console(file=io.StringIO()))
    journal.append(Event("answered", 1.0, {"position": 3, "answer": {}}))
    journal.close()
    with pytest.raises(QuizError, match="the journal of this interview is damaged"):
        take_up("en", make_console(file=io.StringIO()))
    store = open_store()
    store.start("mock", "1", "en", {"items": "?"}, 0.0)
    store.close()
    with pytest.raises(QuizError, match="saved plan"):
        take_up("en", make_console(file=io.StringIO()))


@pytest.mark.usefixtures("home")
def test_nothing_is_saved_before_the_first_question_is_shown() -> None:
    console = make_console(file=io.StringIO())
    begin(PLAN, "en", console).close()
    assert interviews() == ()
    journal = begin(PLAN, "en", console)
    journal.append(Event("shown", 0.0, {"position": 0}))
    assert [(one.session, one.finished, one.free) for one in interviews()] == [(journal.session, False, True)]
    journal.close()


@pytest.mark.usefixtures("home")
def test_each_of_several_that_are_unfinished_can_be_taken_up() -> None:
    console = make_console(file=io.StringIO())
    for position in (0, 2):
        journal = begin(PLAN, "en", console)
        journal.append(Event("shown", 0.0, {"position": position}))
        journal.close()
    assert [take_up("en", console, number).events[0].body["position"] for number in (1, 2, None)] == [0, 2, 2]
    with pytest.raises(QuizError, match="no unfinished interview 3"):
        take_up("en", console, 3)


def test_a_seat_without_a_file_is_free(tmp_path: Any) -> None:
    assert InterviewLock(None, 1).mine
    assert InterviewLock(tmp_path / "k8squiz.db", 1).mine
    assert InterviewLock(tmp_path / "no" / "such" / "k8squiz.db", 1).mine
