"""What an interview's journal says: a pure fold of events. The same events give the same state, on every machine.

shown -> (filled | hint | flagged)* -> answered | skipped | shown elsewhere;  any time: interrupted, resumed, ended; checked, for each talk, once it is over

Each event carries `at`, the seconds spent in front of questions so far; between two events that time belongs to the
question that was in front of the candidate.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import Any

from engine.values import dataclass
from k8squiz.bank.question import Answer, Value
from k8squiz.errors import QuizError
from k8squiz.mock.plan import InterviewPlan


class Status(enum.Enum):
    OPEN = "open"
    SKIPPED = "skipped"
    ANSWERED = "answered"
    TIMED_OUT = "struck"  # the clock took what stood


class Ending(enum.Enum):
    DONE = "done"  # every question was dealt with
    STOPPED = "stopped"  # the candidate ended it
    CLOCK = "clock"  # the time was up


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal. `body` holds plain values only."""

    kind: str
    at: float
    body: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerSheet:
    """One question's answer sheet. `given` are the fields filled in so far; `answer` is what was handed in last, None where
    nothing was; `line` what stood unfinished when the clock struck; `spent` seconds in front of it; `checked` whether the
    candidate has gone through its key points."""

    status: Status = Status.OPEN
    spent: float = 0.0
    hints: int = 0
    flagged: bool = False
    visits: int = 0
    given: Answer = dataclasses.field(default_factory=dict)
    answer: Answer | None = None
    line: str = ""
    checked: bool = False

    @property
    def graded_answer(self) -> Answer | None:
        """What is graded: what was handed in, else what has been filled in; None where there is nothing."""
        return self.answer if self.answer is not None else self.given or None

    @property
    def closed(self) -> bool:
        return self.status in (Status.ANSWERED, Status.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Interruption:
    """The candidate was away for `away` seconds by the wall clock, `at` seconds into the interview, in front of
    question `position`. `told`: the program had the time to note that it ended."""

    at: float
    away: float
    position: int | None
    told: bool


@dataclass(frozen=True, slots=True)
class InterviewState:
    """`position` is the question in front of the candidate; `elapsed` the seconds in front of questions so far."""

    sheets: tuple[AnswerSheet, ...]
    position: int | None = None
    elapsed: float = 0.0
    ended: Ending | None = None
    interruptions: tuple[Interruption, ...] = ()
    noted: bool = False  # an `interrupted` that no `resumed` has followed yet


def start(plan: InterviewPlan) -> InterviewState:
    return InterviewState(tuple(AnswerSheet() for _ in plan.items))


def replay(plan: InterviewPlan, events: Iterable[Event]) -> InterviewState:
    """The state after `events`. Raises QuizError where they cannot be the journal of `plan`."""
    state = start(plan)
    for event in events:
        state = apply(state, event)
    return state


def apply(state: InterviewState, event: Event) -> InterviewState:
    """The state after one more event. Raises QuizError for an event that is none, or that cannot come here."""
    try:
        fold = _FOLDS[event.kind]
        return fold(_waited(state, event.at), event)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise QuizError(
            f"the journal of this interview is damaged at {event.kind!r}: {error!r}",
            f"这场面试的日志在 {event.kind!r} 处损坏：{error!r}",
        ) from error


def _waited(state: InterviewState, at: float) -> InterviewState:
    """Time passed until `at`; it belongs to the question in front. A clock that runs backwards is taken to stand."""
    passed = max(0.0, at - state.elapsed)
    state = dataclasses.replace(state, elapsed=state.elapsed + passed)
    if state.position is None:
        return state
    return _sheet(state, state.position, spent=state.sheets[state.position].spent + passed)


def _sheet(state: InterviewState, position: int, **changes: Any) -> InterviewState:
    if position < 0:
        raise IndexError(position)
    sheets = list(state.sheets)
    sheets[position] = dataclasses.replace(sheets[position], **changes)
    return dataclasses.replace(state, sheets=tuple(sheets))


def _shown(state: InterviewState, event: Event) -> InterviewState:
    position = int(event.body["position"])
    state = _sheet(state, position, visits=state.sheets[position].visits + 1)
    return dataclasses.replace(state, position=position)


def _here(state: InterviewState, event: Event) -> tuple[int, AnswerSheet]:
    position = int(event.body["position"])
    if position != state.position:
        raise ValueError(f"question {position} was not in front of the candidate")
    return position, state.sheets[position]


def _filled(state: InterviewState, event: Event) -> InterviewState:
    position, sheet = _here(state, event)
    given = {**sheet.given, str(event.body["field"]): _value(event.body["value"])}
    return _sheet(state, position, given=given)


def _value(raw: Value) -> Value:
    """A field's value as it came back from JSON: its tuples are lists there."""
    return tuple(raw) if isinstance(raw, list) else raw


def _hint(state: InterviewState, event: Event) -> InterviewState:
    position, sheet = _here(state, event)
    return _sheet(state, position, hints=sheet.hints + 1)


def _flagged(state: InterviewState, event: Event) -> InterviewState:
    return _sheet(state, int(event.body["position"]), flagged=bool(event.body["on"]))


def _answered(state: InterviewState, event: Event) -> InterviewState:
    position, _ = _here(state, event)
    answer = {str(field): _value(value) for field, value in event.body["answer"].items()}
    status = Status.TIMED_OUT if event.body.get("by") == "clock" else Status.ANSWERED
    line = str(event.body.get("line", ""))
    state = _sheet(state, position, status=status, answer=answer, given=answer, line=line)
    return dataclasses.replace(state, position=None)


def _skipped(state: InterviewState, event: Event) -> InterviewState:
    position, sheet = _here(state, event)
    # An answer that was handed in before stays handed in.
    state = _sheet(state, position, status=sheet.status if sheet.closed else Status.SKIPPED)
    return dataclasses.replace(state, position=None)


def _interrupted(state: InterviewState, event: Event) -> InterviewState:
    return dataclasses.replace(state, noted=True)


def _resumed(state: InterviewState, event: Event) -> InterviewState:
    entry = Interruption(state.elapsed, max(0.0, float(event.body["away"])), state.position, state.noted)
    return dataclasses.replace(state, interruptions=(*state.interruptions, entry), noted=False)


def _ended(state: InterviewState, event: Event) -> InterviewState:
    return dataclasses.replace(state, ended=Ending(event.body["why"]), position=None)


def _checked(state: InterviewState, event: Event) -> InterviewState:
    position = int(event.body["position"])
    given = state.sheets[position].graded_answer
    if given is None:
        raise ValueError(f"question {position} was not answered")
    answer = {**given, **{str(field): _value(value) for field, value in event.body["points"].items()}}
    return _sheet(state, position, answer=answer, given=answer, checked=True)


_FOLDS = {
    "shown": _shown, "filled": _filled, "hint": _hint, "flagged": _flagged, "answered": _answered, "skipped": _skipped,
    "interrupted": _interrupted, "resumed": _resumed, "ended": _ended, "checked": _checked,
}  # fmt: skip
