"""The candidate's side of the table: what may be done, how long is left, and each step written to the journal first.

Nothing here knows a terminal or a disk: `clock` is any steady count of seconds, the journal anything that appends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from engine.values import dataclass
from k8squiz.bank.question import Answer, Value
from k8squiz.mock.plan import InterviewPlan
from k8squiz.mock.state import Ending, Event, InterviewState, Status, apply, replay, start

SAVE_EVERY = 2.0  # seconds between two drafts: what a power cut may cost of the clock


class Journal(Protocol):
    """Where an interview is written down. `append` returns when the event is safe, `draft` when the line is."""

    def append(self, event: Event) -> None: ...
    def draft(self, draft: AnswerDraft) -> None: ...


@dataclass(frozen=True, slots=True)
class AnswerDraft:
    """The unfinished line of field `field` of question `position`, and the clock when it stood there."""

    position: int
    field: str
    text: str
    at: float


class Interview:
    """One interview, new or taken up again from its events. Raises QuizError where they do not fit the plan."""

    def __init__(
        self, plan: InterviewPlan, journal: Journal, clock: Callable[[], float], events: Iterable[Event] = ()
    ) -> None:
        self.plan = plan
        self.state: InterviewState = replay(plan, events)
        self._journal = journal
        self._clock = clock
        self._since: float | None = None
        self._saved = 0.0
        self._standing = ("", "")

    # --- the clock ---

    @property
    def elapsed(self) -> float:
        """Seconds in front of questions so far."""
        return self.state.elapsed + (self._clock() - self._since if self._since is not None else 0.0)

    @property
    def left(self) -> float:
        """Seconds of the whole interview that are left."""
        return self.plan.seconds - self.elapsed

    def left_for(self, position: int) -> float:
        """Seconds left for a question: its share, what was saved on those handed in, less what was spent on it.

        What other open questions have not used of their shares is kept for them.
        """
        kept = 0.0
        for index, sheet in enumerate(self.state.sheets):
            if index != position and not sheet.closed:
                kept += max(0.0, self.plan.items[index].seconds - sheet.spent)
        return self.left - kept

    @property
    def position(self) -> int:
        """The question in front of the candidate."""
        if self.state.position is None:
            raise RuntimeError("no question is in front of the candidate")
        return self.state.position

    # --- what the candidate does ---

    def show(self, position: int) -> None:
        """Put a question in front of the candidate: its clock runs."""
        self._note("shown", position=position)
        self._go()

    def fill(self, field: str, value: Value) -> None:
        """A field of the question in front has been filled in."""
        self._note("filled", position=self.position, field=field, value=value)
        self._standing = ("", "")

    def hint(self) -> int:
        """Take a hint; returns its number, from 0."""
        self._note("hint", position=self.position)
        return self.state.sheets[self.position].hints - 1

    def flag(self) -> bool:
        """Flag the question in front, or take the flag away; returns whether it is flagged now."""
        on = not self.state.sheets[self.position].flagged
        self._note("flagged", position=self.position, on=on)
        return on

    def hand_in(self) -> None:
        """What has been filled in is the answer. The clock stops until the next question is shown."""
        sheet = self.state.sheets[self.position]
        self._close("answered", position=self.position, answer=dict(sheet.given), by="candidate")

    def strike(self, standing: Answer, line: str) -> None:
        """The countdown has run out: what was filled in and `standing` (the unfinished line's field, where it could
        be read) is the answer; `line` is kept as it stood."""
        answer = {**self.state.sheets[self.position].given, **standing}
        self._close("answered", position=self.position, answer=answer, by="clock", line=line)

    def skip(self) -> None:
        """Put the question aside; it comes again at the end."""
        self._close("skipped", position=self.position)

    def end(self, why: Ending) -> None:
        self._close("ended", why=why.value)

    # --- being away ---

    def interrupt(self) -> None:
        """The program has to go: stop the clock and say so, if the interview is under way."""
        if self.state == start(self.plan):
            # No question has been shown: there is nothing to come back to.
            return
        if self.state.ended is None and not self.state.noted:
            self._close("interrupted")

    def keep_line(self, field: str, text: str) -> None:
        """The unfinished answer `text` of field `field` is saved now: what stood before a command, "" for nothing."""
        self._standing, self._saved = (field, text), self.elapsed
        self._journal.draft(AnswerDraft(self.position, field, text, round(self.elapsed, 3)))

    def check(self, position: int, points: Answer) -> None:
        """The candidate has confirmed or corrected which key points were said. The interview may be over."""
        self._append(Event("checked", round(self.state.elapsed, 3), {"position": position, "points": dict(points)}))

    def resume(self, away: float, draft: AnswerDraft | None) -> None:
        """The candidate is back after `away` seconds by the wall clock. The clock goes on from the last that is known."""
        at = max(self.state.elapsed, draft.at if draft is not None else 0.0)
        self._append(Event("resumed", at, {"away": round(max(0.0, away), 1)}))

    def tick(self, field: str, line: str) -> bool:
        """Some time has passed with `line` in field `field`: it is saved now and then. True when the countdown strikes."""
        since = self.elapsed - self._saved
        if since >= SAVE_EVERY or ((field, line) != self._standing and since >= SAVE_EVERY / 4):
            self._standing, self._saved = (field, line), self.elapsed
            self._journal.draft(AnswerDraft(self.position, field, line, round(self.elapsed, 3)))
        return self.left_for(self.position) <= 0

    # --- what comes next ---

    def reachable(self, position: int) -> bool:
        """Whether a question may be shown: a follow-up waits for its parent, and there must be time for it."""
        parent = self.plan.items[position].parent
        return (parent is None or self.state.sheets[parent].closed) and self.left_for(position) > 0

    def next(self) -> int | None:
        """The next open question: in the plan's order, what was skipped behind all others; None when none is left."""
        fresh = [index for index in self._open() if self.state.sheets[index].status is Status.OPEN]
        return next(iter([*fresh, *self._open()]), None)

    def others_open(self) -> tuple[int, ...]:
        """Open questions besides the one in front."""
        return tuple(index for index in self._open() if index != self.state.position)

    def _open(self) -> list[int]:
        return [index for index, sheet in enumerate(self.state.sheets) if not sheet.closed and self.reachable(index)]

    # --- the journal ---

    def _go(self) -> None:
        self._since = self._clock()
        self._saved = self.elapsed
        self._standing = ("", "")

    def _note(self, kind: str, **body: object) -> None:
        event = Event(kind, round(self.elapsed, 3), body)
        running = self._since is not None
        self._append(event)
        if running:
            self._since = self._clock()

    def _close(self, kind: str, **body: object) -> None:
        event = Event(kind, round(self.elapsed, 3), body)
        self._since = None
        self._append(event)

    def _append(self, event: Event) -> None:
        """On disk first: what the candidate sees has been saved."""
        after = apply(self.state, event)
        self._journal.append(event)
        self.state = after
