"""Where interviews are written down: the store's journal, and what happens when the disk will not take it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console

from engine.values import dataclass
from k8squiz.commands.mock_lock import InterviewLock
from k8squiz.errors import QuizError
from k8squiz.history.check import is_body, is_time
from k8squiz.history.records import Row
from k8squiz.history.store import DraftRow as SavedDraft
from k8squiz.history.store import SessionRow, Store, StoreUnavailable, open_store, read_store
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.mock import say
from k8squiz.mock.interview import AnswerDraft
from k8squiz.mock.plan import InterviewPlan, from_json
from k8squiz.mock.score import QuestionScore
from k8squiz.mock.state import Event, InterviewState, replay
from k8squiz.screens.prose import Prose

KIND = "mock"


class MockJournal:
    """The journal of one interview on disk. Once the disk refuses, it says so, once, and the interview goes on in memory.

    `session` is its number, 0 where it has none (yet: a `plan` that was given is written with the first event); `safe`
    whether everything so far is on disk.
    """

    def __init__(
        self,
        store: Store | None,
        session: int,
        console: Console,
        lang: Lang,
        lock: InterviewLock | None = None,
        plan: InterviewPlan | None = None,
    ) -> None:
        self._store, self.session, self._lock = store, session, lock
        self._console, self._lang, self._plan = console, lang, plan
        self.safe = session > 0 or (store is not None and plan is not None)

    def _begun(self, store: Store) -> None:
        """Write the plan down, once."""
        if self._plan is not None:
            plan, self._plan = self._plan, None
            self.session = store.start(KIND, plan.seed, self._lang, plan.to_json(), time.time())
            self._lock = InterviewLock(_path(store), self.session)

    def append(self, event: Event) -> None:
        body = {**event.body, "at": event.at}
        self._write(lambda store: store.append(self.session, event.kind, body, time.time()))

    def draft(self, draft: AnswerDraft) -> None:
        text = json.dumps([draft.field, draft.text], ensure_ascii=False)
        self._write(lambda store: store.save_draft(self.session, draft.position, text, draft.at, time.time()))

    def finish(self, results: Iterable[QuestionScore]) -> None:
        """The interview is over: what was graded says when each question is due again."""
        graded = [result for result in results if result.grade is not None and result.item.parent is None]
        if graded:
            self._write(lambda store: self._remember(store, graded))
        self._write(lambda store: store.end(self.session, time.time()))

    def _remember(self, store: Store, graded: Iterable[QuestionScore]) -> None:
        from k8squiz.history import due as memory
        from k8squiz.history.store import Review

        cards = store.cards()
        # The moment it ended: the same however often this is tried, so that nothing counts twice.
        at = max((row.now for row in store.events(self.session)), default=time.time())
        for result in graded:
            name, before = result.item.question, cards.get(result.item.question)
            rating = memory.rating_of(result.score, before is not None)
            card = memory.reviewed(before, name, result.score, at)
            store.save_review(Review(name, at, result.score, rating, result.item.seed), card)

    def close(self) -> None:
        if self._lock is not None:
            self._lock.give_up()
        if self._store is not None:
            self._store.close()

    def refused(self, error: QuizError) -> None:
        """Say that nothing is saved from here on."""
        self.safe = False
        words = say("memory", self._lang, reason=pick(error, self._lang).rstrip(".。"))
        self._console.print(Prose(words, "alarm"))

    def _write(self, write: Callable[[Store], object]) -> None:
        if self._store is None or not self.safe:
            return
        try:
            self._begun(self._store)
            write(self._store)
        except QuizError as error:
            self.refused(error)


def _path(store: Store) -> Path | None:
    """The file the data is in; None where it is in memory alone."""
    path: Path | None = getattr(store, "path", None)
    return path


def _events(rows: Iterable[Row]) -> tuple[Event, ...]:
    """The store's rows as the machine's events."""
    found = []
    for row in rows:
        if not is_body(row.body):
            raise QuizError(
                f"the journal of this interview is damaged at event {row.seq} ({row.kind!r})",
                f"这场面试的日志在第 {row.seq} 条（{row.kind!r}）处损坏",
            )
        body = dict(row.body)
        at = body.pop("at", 0.0)
        found.append(Event(row.kind, float(at) if is_time(at) else 0.0, body))
    return tuple(found)


def begin(plan: InterviewPlan, lang: Lang, console: Console) -> MockJournal:
    """A new interview's journal; nothing is written before the first event. Where the disk refuses, it is not safe.

    Raises QuizError where the file is no database, or not ours.
    """
    try:
        return MockJournal(open_store(), 0, console, lang, plan=plan)
    except StoreUnavailable as error:
        journal = MockJournal(None, 0, console, lang)
        journal.refused(error)
        return journal


@dataclass(frozen=True, slots=True)
class Waiting:
    """An interview as a list tells it: its number, when it began, its plan and state; `free` where no terminal has it open."""

    session: int
    when: str
    plan: InterviewPlan
    state: InterviewState
    finished: bool
    free: bool

    @property
    def left(self) -> float:
        return max(0.0, self.plan.seconds - self.state.elapsed)


def interviews(unfinished: bool = False) -> tuple[Waiting, ...]:
    """All interviews, oldest first; those alone that can be resumed where `unfinished`. What cannot be read is left out."""
    try:
        store = read_store()
    except QuizError:
        if unfinished:
            return ()
        raise
    found = []
    try:
        for session in store.sessions(KIND, unfinished=unfinished):
            try:
                plan = from_json(session.plan)
                state = replay(plan, _events(store.events(session.id)))
            except QuizError:
                continue
            done = session.ended is not None
            free = done or InterviewLock(_path(store), session.id).give_up()
            found.append(Waiting(session.id, _when(session), plan, state, done, free))
    finally:
        store.close()
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Taken:
    """An interview to go on with: `away` in seconds since it was last heard of, `when` it began."""

    plan: InterviewPlan
    journal: MockJournal
    events: tuple[Event, ...]
    draft: AnswerDraft | None
    away: float
    when: str


def take_up(lang: Lang, console: Console, number: int | None = None) -> Taken:
    """Interview `number`, the latest where it is None, if it is not finished. Raises QuizError where there is none."""
    store = open_store()
    waiting = store.sessions(KIND, unfinished=True)
    if number is not None:
        waiting = tuple(session for session in waiting if session.id == number)
        if not waiting:
            raise QuizError(
                f"there is no unfinished interview {number}; k8squiz mock --list shows them",
                f"没有未结束的第 {number} 场面试；k8squiz mock --list 列出全部",
            )
    if not waiting:
        raise QuizError(
            "there is no unfinished interview to resume; k8squiz mock begins one",
            "没有可以继续的面试；用 k8squiz mock 开始一场",
        )
    for session in reversed(waiting):
        lock = InterviewLock(_path(store), session.id)
        if lock.mine:
            break
    else:
        raise QuizError(
            f"interview {waiting[-1].id} is open in another terminal", f"第 {waiting[-1].id} 场面试正在另一个终端中进行"
        )
    plan = from_json(session.plan)
    rows = store.events(session.id)
    events = _events(rows)
    replay(plan, events)
    saved = store.draft(session.id)
    heard = max([session.started, *(row.now for row in rows), *([saved.now] if saved is not None else [])])
    away = max(0.0, time.time() - heard)
    return Taken(plan, MockJournal(store, session.id, console, lang, lock), events, _draft(saved), away, _when(session))


def _draft(saved: SavedDraft | None) -> AnswerDraft | None:
    if saved is None:
        return None
    try:
        field, text = json.loads(saved.text)
    except ValueError:
        field, text = "", ""
    return AnswerDraft(int(saved.position), str(field), str(text), float(saved.elapsed))


def _when(session: SessionRow) -> str:
    """When it began: local time, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(session.started))


@dataclass(frozen=True, slots=True)
class Record:
    """An interview as it stands on disk."""

    session: int
    plan: InterviewPlan
    state: InterviewState
    started: str


def recorded(number: int | None) -> Record:
    """Interview `number`, the latest where it is None. Raises QuizError where it is not there."""
    store = read_store()
    try:
        known = {session.id: session for session in store.sessions(KIND)}
        if not known:
            raise QuizError(
                "there is no interview to report on; k8squiz mock begins one",
                "还没有面试可以报告；用 k8squiz mock 开始一场",
            )
        chosen = number if number is not None else max(known)
        if chosen not in known:
            latest = ", ".join(str(each) for each in sorted(known)[-5:])
            raise QuizError(
                f"there is no interview {chosen}; the latest are {latest}", f"没有第 {chosen} 场面试；最近的有 {latest}"
            )
        session = known[chosen]
        plan = from_json(session.plan)
        return Record(chosen, plan, replay(plan, _events(store.events(chosen))), _when(session))
    finally:
        store.close()
