"""The user's data: interviews and practice as journals, and what is remembered of each question. Nothing else writes it.

One SQLite file (WAL) in the user's data folder, or in K8SQUIZ_HOME. Every append is a transaction of its own and on disk
when the call returns. Times are seconds since the epoch, handed in. What is read is checked value by value: a file that
was damaged raises DataDamaged, and nothing but QuizError and its kinds leaves this module.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping

from k8squiz.history import check
from k8squiz.history.database import Database, DataDamaged, StoreUnavailable, check_header
from k8squiz.history.folder import FILE, data_folder
from k8squiz.history.records import Card, DraftRow, Review, Row, SessionRow

__all__ = [
    "FILE", "Card", "DataDamaged", "DraftRow", "Review", "Row", "SessionRow", "Store", "StoreUnavailable",
    "data_folder", "open_memory", "open_store", "read_store",
]  # fmt: skip


def open_store(environ: Mapping[str, str] | None = None) -> Store:
    """Open the user's data, made or brought up to date where needed.

    Raises QuizError where the file is no such database or of a newer schema (it is left untouched), StoreUnavailable
    where the disk refuses.
    """
    folder = data_folder(os.environ if environ is None else environ)
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_header(path)
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: cannot be used ({error.strerror})", f"{path}：无法使用（{error.strerror}）"
        ) from error
    return Store(path)


def read_store(environ: Mapping[str, str] | None = None) -> Store:
    """The user's data to look at: where there is none nothing is made, where nothing can be written it is read all the
    same. Raises as open_store."""
    path = data_folder(os.environ if environ is None else environ) / FILE
    try:
        there = path.exists() and path.stat().st_size > 0
    except OSError as error:
        raise StoreUnavailable(
            f"{path}: cannot be used ({error.strerror})", f"{path}：无法使用（{error.strerror}）"
        ) from error
    if not there:
        return open_memory()
    try:
        return open_store(environ)
    except StoreUnavailable:
        return Store(path, writable=False)


def read_progress(environ: Mapping[str, str] | None = None) -> tuple[tuple[Review, ...], dict[str, Card]]:
    """All answers and cards of the user's data. Raises as open_store."""
    store = read_store(environ)
    try:
        return store.reviews(), store.cards()
    finally:
        store.close()


def open_memory() -> Store:
    """A store that is gone with the process."""
    return Store(None)


class Store(Database):
    """The open data. A session's journal is only ever appended to; many processes may have it open."""

    def start(self, kind: str, seed: str, lang: str, plan: object, now: float, uid: str = "") -> int:
        """A new session's number. `plan` is what JSON can hold."""
        name = uid or f"{int(now * 1000):x}-{os.urandom(6).hex()}"
        values = (name, kind, check.moment(now), _plain(seed), lang, _dump(plan))
        statement = "INSERT INTO session (uid, kind, started, seed, lang, plan) VALUES (?, ?, ?, ?, ?, ?)"
        return self._write(lambda: int(self._db.execute(statement, values).lastrowid or 0))

    def append(self, session: int, kind: str, body: object, now: float) -> int:
        """Add an event to the journal; its number. On disk when this returns."""
        return self._write(lambda: self._add_event(session, kind, body, now))

    def _add_event(self, session: int, kind: str, body: object, now: float) -> int:
        last = self._db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE session = ?", (session,)).fetchone()[0]
        if not check.is_whole(last, 0, 2**62):
            raise self._damaged(f"the journal of session {session}")
        values = (session, last + 1, check.moment(now), kind, _dump(body))
        self._db.execute("INSERT INTO event (session, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)", values)
        return int(last) + 1

    def events(self, session: int) -> tuple[Row, ...]:
        """The journal, oldest first."""
        rows = self._read("SELECT seq, at, kind, body FROM event WHERE session = ? ORDER BY seq", session)
        return tuple(self._row(session, row) for row in rows)

    def _row(self, session: int, row: tuple[object, ...]) -> Row:
        seq, at, kind, body = row
        if not (check.is_whole(seq, 1, 2**62) and check.is_time(at) and check.is_text(kind)):
            raise self._damaged(f"event {seq!s:.20} of session {session}")
        return Row(seq, at, kind, self._loaded(body, f"event {seq} of session {session}"))

    def _loaded(self, text: object, what: str) -> object:
        try:
            return check.loaded(text)
        except ValueError as error:
            raise self._damaged(f"{what} is no JSON") from error

    def sessions(self, kind: str | None = None, unfinished: bool = False) -> tuple[SessionRow, ...]:
        """Sessions, oldest first."""
        return tuple(self.each_session(kind, unfinished))

    def each_session(self, kind: str | None = None, unfinished: bool = False) -> Iterator[SessionRow]:
        """The same one by one."""
        rows = self._each(
            "SELECT id, uid, kind, started, seed, lang, plan, ended FROM session "
            "WHERE (? IS NULL OR kind = ?) AND (ended IS NULL OR NOT ?) ORDER BY id",
            kind, kind, unfinished,
        )  # fmt: skip
        for number, uid, kind_of, started, seed, lang, plan, ended in rows:
            what = f"session {number!s:.20}"
            if not (
                (isinstance(number, int) and check.is_text(uid) and check.is_text(kind_of))
                and (check.is_text(seed) and check.is_text(lang))
                and (check.is_time(started) and (ended is None or check.is_time(ended)))
            ):
                raise self._damaged(what)
            yield SessionRow(number, uid, kind_of, started, seed, lang, self._loaded(plan, what), ended)

    def end(self, session: int, now: float) -> None:
        """The session is finished; its draft goes."""

        def work() -> int:
            self._db.execute(
                "UPDATE session SET ended = ? WHERE id = ? AND ended IS NULL", (check.moment(now), session)
            )
            return self._db.execute("DELETE FROM draft WHERE session = ?", (session,)).rowcount

        self._write(work)

    def save_draft(self, session: int, position: int, text: str, elapsed: float, now: float) -> None:
        """What stands unfinished; replaces the draft before it."""
        self._write(lambda: self._put_draft(session, DraftRow(position, text, elapsed, now)))

    def _put_draft(self, session: int, draft: DraftRow) -> int:
        values = (session, draft.position, _plain(draft.text), draft.elapsed, check.moment(draft.now))
        statement = "INSERT OR REPLACE INTO draft (session, position, text, elapsed, at) VALUES (?, ?, ?, ?, ?)"
        return self._db.execute(statement, values).rowcount

    def draft(self, session: int) -> DraftRow | None:
        rows = self._read("SELECT position, text, elapsed, at FROM draft WHERE session = ?", session)
        if not rows:
            return None
        position, text, elapsed, at = rows[0]
        if not (
            check.is_whole(position, 0, 10**6) and check.is_text(text) and check.is_time(elapsed) and check.is_time(at)
        ):
            raise self._damaged(f"the draft of session {session}")
        return DraftRow(position, text, elapsed, at)

    # What is remembered of each question.

    def cards(self) -> dict[str, Card]:
        """Question -> card."""
        found = {}
        for question, text, due, updated in self._read(
            "SELECT question, state, due, updated FROM card ORDER BY question"
        ):
            what = f"the card of {question!s:.60}"
            state = self._loaded(text, what)
            if not (
                (check.is_card(state) and check.is_text(question)) and (check.is_time(due) and check.is_time(updated))
            ):
                raise self._damaged(what)
            found[question] = Card(question, state, due, updated)
        return found

    def reviews(self) -> tuple[Review, ...]:
        """All graded answers, oldest first."""
        return tuple(self.each_review())

    def each_review(self) -> Iterator[Review]:
        """The same one by one."""
        for question, at, score, rating, seed in self._each(
            "SELECT question, at, score, rating, seed FROM review ORDER BY at, id"
        ):
            if not (
                (check.is_text(question) and check.is_text(seed))
                and (check.is_time(at) and check.is_number(score, 0, 1) and check.is_whole(rating, 1, 4))
            ):
                raise self._damaged(f"an answer to {question!s:.60}")
            yield Review(question, at, score, rating, seed)

    def save_review(self, review: Review, card: Card | None, session: int = 0, body: object = None) -> None:
        """A graded answer and what follows from it, in one transaction; the same answer twice counts once.

        Without `card` (cramming) the question's schedule stays as it is. With `session`, its journal gets `body`."""

        def work() -> int:
            made = self._db.execute(
                "INSERT OR IGNORE INTO review (question, at, score, rating, seed) VALUES (?, ?, ?, ?, ?)",
                (review.question, check.moment(review.at), review.score, review.rating, _plain(review.seed)),
            ).rowcount
            if made and card is not None:
                self._put_card(card)
            if session:
                self._add_event(session, "answered", body, review.at)
            return made

        self._write(work)

    def _put_card(self, card: Card) -> None:
        self._db.execute(
            "INSERT INTO card (question, state, due, updated) VALUES (?, ?, ?, ?) ON CONFLICT (question) DO UPDATE "
            "SET state = excluded.state, due = excluded.due, updated = excluded.updated "
            "WHERE excluded.updated > card.updated",
            (card.question, _dump(card.state), check.moment(card.due), check.moment(card.updated)),
        )

    # All of it at once: import.

    def take_in(
        self, sessions: list[tuple[SessionRow, list[Row], DraftRow | None]], cards: list[Card], reviews: list[Review]
    ) -> tuple[int, int, int]:
        """Merge exported data in one transaction: how many sessions, cards and reviews were new or newer."""
        counts = [0, 0, 0]

        def work() -> int:
            for session, rows, draft in sessions:
                counts[0] += self._take_session(session, rows, draft)
            for card in cards:
                before = self._db.total_changes
                self._put_card(card)
                counts[1] += int(self._db.total_changes > before)
            for one in reviews:
                values = (one.question, one.at, one.score, one.rating, one.seed)
                counts[2] += self._db.execute(
                    "INSERT OR IGNORE INTO review (question, at, score, rating, seed) VALUES (?, ?, ?, ?, ?)", values
                ).rowcount
            return 0

        self._write(work)
        return counts[0], counts[1], counts[2]

    def _take_session(self, session: SessionRow, rows: list[Row], draft: DraftRow | None) -> int:
        """Whether it is new, or goes on where the one that is known stops. One that went another way stays as it is."""
        found = self._read("SELECT id, ended FROM session WHERE uid = ?", session.uid)
        known, ended = found[0] if found else (None, None)
        if not isinstance(known, int):
            number = self._db.execute(
                "INSERT INTO session (uid, kind, started, seed, lang, plan) VALUES (?, ?, ?, ?, ?, ?)",
                (session.uid, session.kind, session.started, session.seed, session.lang, _dump(session.plan)),
            ).lastrowid  # fmt: skip
            before: list[Row] = []
        else:
            number, before = known, list(self.events(known))
        if rows[: len(before)] != before:
            return 0
        for row in rows[len(before) :]:
            values = (number, row.seq, row.now, row.kind, _dump(row.body))
            self._db.execute("INSERT INTO event (session, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)", values)
        longer = not found or len(rows) > len(before)
        ends = session.ended is not None and ended is None
        if ends:
            self._db.execute("UPDATE session SET ended = ? WHERE id = ?", (session.ended, number))
            self._db.execute("DELETE FROM draft WHERE session = ?", (number,))
        elif longer and draft is not None and ended is None:
            self._put_draft(number or 0, draft)
        return int(longer or ends)


def _dump(value: object) -> str:
    # In ASCII: what was typed may hold bytes that are no characters, which JSON can keep and SQLite cannot.
    return json.dumps(value, sort_keys=True)


def _plain(text: str) -> str:
    """`text` without what SQLite cannot keep: bytes that are no characters."""
    return text.encode("utf-8", "replace").decode("utf-8")
