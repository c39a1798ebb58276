"""An interview that was sat: a few real questions, some answered well, some not, with hostile things typed in."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import cache

from k8squiz.kinds.fields import Field, MenuField, NumberField, OrderField
from k8squiz.kinds.incident.fields import IncidentField
from k8squiz.kinds.talk.fields import PointField, ProbeField, TalkField
from k8squiz.kinds.talk.heard import ways
from k8squiz.kinds.write.fields import WriteField
from k8squiz.mock.drawn_questions import DrawnQuestions
from k8squiz.mock.interview import Interview
from k8squiz.mock.plan import InterviewPlan, PlannedQuestion
from k8squiz.mock.state import Ending, InterviewState
from k8squiz.report.build import InterviewReport, build
from tests.k8squiz.mock.table import MockJournal

HOSTILE = "<script>alert(1)</script> \x1b[31m | `x` & \u202egood"


def _item(name: str, topic: str, level: int, kind: str, label: str, parent: int | None = None) -> PlannedQuestion:
    return PlannedQuestion(name, topic, level, kind, f"9-{label[0]}", 100, label, parent)


PLAN = InterviewPlan(
    "senior", (), 10, "9",
    (
        _item("local-policy-ending", "traffic-policy", 3, "outcome", "1"),
        _item("local-policy-ending/now-cluster", "traffic-policy", 3, "outcome", "1a", 0),
        _item("nodeport-forward-order", "nodeport", 2, "hop-order", "2"),
        _item("hairpin-what-breaks", "hairpin", 4, "choice", "3"),
        _item("endpoint-share", "traffic-policy", 2, "number", "4"),
        _item("nodeport-cross-node-rewrites", "nodeport", 3, "rewrite", "5"),
    ),
)  # fmt: skip


def spoken(drawn_questions: DrawnQuestions, position: int) -> str:
    """What says every key point of an open question: the first way of each of their terms, and no more."""
    points = [field for field in drawn_questions.task(position).fields if isinstance(field, PointField)]
    return " ".join(word for point in points for term in point.terms["en"] for word in ways(term)[0])


def lines_of(drawn_questions: DrawnQuestions, position: int, open_ones: Sequence[Field] | None = None) -> list[str]:
    """What to type to answer a question rightly; `open_ones` are the fields that are left."""
    fields = drawn_questions.task(position).fields if open_ones is None else open_ones
    asked = [field for field in fields if not (field.self_checked or isinstance(field, ProbeField))]
    return [line for field in asked for line in _typed(drawn_questions, position, field)]


def _typed(drawn_questions: DrawnQuestions, position: int, field: Field) -> Iterator[str]:
    """A field's truth as it is typed. A number exactly: as it is shown it may be rounded."""
    if isinstance(field, TalkField):
        yield from (*textwrap.wrap(spoken(drawn_questions, position), 80), ".")
    elif isinstance(field, WriteField):
        # What may stand there already is made unreadable, and asked for anew.
        yield from ("}{", ".", *field.truth.splitlines(), ".")
    elif isinstance(field, IncidentField):
        yield from field.truth.splitlines()
    else:
        yield str(field.truth) if isinstance(field, NumberField) else field.show(field.truth, False).split(" (")[0]


def sit(truth: bool = False) -> InterviewState:
    """Six questions: right, half right, wrong order, struck by the clock, skipped, not reached. All right with `truth`."""
    now = [0.0]
    interview = Interview(PLAN, MockJournal(), lambda: now[0])
    drawn_questions = DrawnQuestions(PLAN)
    for position in range(len(PLAN.items)):
        fields = drawn_questions.task(position).fields
        if not truth and position == 5:
            break
        interview.show(position)
        now[0] += 40
        for field in fields:
            value = field.truth
            if not truth and isinstance(field, OrderField):
                interview.hint()
                value = tuple(reversed(value))
            elif not truth and position == 1 and isinstance(field, MenuField):
                value = (next(item.key for item in field.items if item.key not in field.truth),)
            if truth or position not in (3, 4):
                interview.fill(field.id, value)
        if not truth and position == 3:
            interview.flag()
            interview.strike({}, HOSTILE)
        elif not truth and position == 4:
            interview.interrupt()
            interview.resume(600, None)
            interview.show(4)
            interview.skip()
        else:
            interview.hand_in()
    interview.end(Ending.DONE if truth else Ending.STOPPED)
    return interview.state


@cache
def report(truth: bool = False) -> InterviewReport:
    return build(PLAN, sit(truth), 7, "2026-11-23 20:00")
