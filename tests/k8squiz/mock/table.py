"""A short interview to test the machine on: three questions and a follow-up, a clock one turns by hand."""

from __future__ import annotations

from collections.abc import Sequence

from k8squiz.mock.interview import AnswerDraft, Interview
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion
from k8squiz.mock.state import Event


def item(name: str, seconds: int, label: str, parent: int | None = None, level: int = 2) -> PlannedQuestion:
    return PlannedQuestion(name, "nodeport", level, "choice", f"5-{label}", seconds, label, parent)


# 10 minutes: 1 (200 s), 1a (100 s), 2 (180 s), 3 (120 s).
PLAN = InterviewPlan(
    "junior", (), 10, "5",
    (item("one", 200, "1"), item("one/more", 100, "1a", 0), item("two", 180, "2"), item("three", 120, "3", level=5)),
)  # fmt: skip


class MockJournal:
    """A journal in memory."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.drafts: list[AnswerDraft] = []

    def append(self, event: Event) -> None:
        self.events.append(event)

    def draft(self, draft: AnswerDraft) -> None:
        self.drafts.append(draft)

    @property
    def kinds(self) -> str:
        return " ".join(event.kind for event in self.events)


class Table:
    """An interview with its journal and its clock: `wait` turns the clock."""

    def __init__(self, events: Sequence[Event] = ()) -> None:
        self.now = 1000.0
        self.journal = MockJournal()
        self.journal.events += events
        self.interview = Interview(PLAN, self.journal, lambda: self.now, events)

    def wait(self, seconds: float) -> Table:
        self.now += seconds
        return self

    def answer(self, position: int, seconds: float, **fields: object) -> Table:
        self.interview.show(position)
        self.wait(seconds)
        for field, value in fields.items():
            self.interview.fill(field, value)
        self.interview.hand_in()
        return self
