"""The user's data: interviews and practice as journals, and what is remembered of each question. Nothing else writes it.

One SQLite file (WAL) in the user's data folder, or in K8SQUIZ_HOME. Every append is a transaction of its own and on disk
when the call returns. Times are seconds since the epoch, handed in.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import sys
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from engine.values import dataclass
from k8squiz.errors import QuizError
from k8squiz.history.schema_versions import APPLICATION_ID, MIGRATIONS, VERSION

FILE = "k8squiz.db"
_MAGIC = b"SQLite format 3\x00"
_BUSY_SECONDS = 10.0


class StoreUnavailable(QuizError):
    """The disk will not take it: read-only, full, locked for too long. What is asked goes on in memory."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One sitting: `kind` is "mock" or "practice", `ended` None while it is not finished."""

    id: int
    uid: str
    kind: str
    started: float
    seed: str
    lang: str
    plan: Any
    ended: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a session's journal. `seq` counts from 1."""

    seq: int
    now: float
    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class DraftRow:
    """The unfinished line in front of question `position`, and the clock when it was saved."""

    position: int
    text: str
    elapsed: float
    now: float


@dataclass(frozen=True, slots=True)
class Card:
    """What the scheduler knows of a question (`state`, its own JSON) and when it is due."""

    question: str
    state: Any
    due: float
    updated: float


@dataclass(frozen=True, slots=True)
class Review:
    """One graded answer: `score` from 0 to 1, `rating` from 1 (again) to 4 (easy)."""

    question: str
    at: float
    score: float
    rating: int
    seed: str


def data_folder(environ: Mapping[str, str]) -> Path:
    """Where the data lies: K8SQUIZ_HOME, else the platform's folder for user data. Raises QuizError."""
    if environ.get("K8SQUIZ_HOME"):
        try:
            return Path(environ["K8SQUIZ_HOME"]).expanduser()
        except RuntimeError:
            raise QuizError(
                f"K8SQUIZ_HOME is {environ['K8SQUIZ_HOME']!r}: there is no such user",
                f"K8SQUIZ_HOME 为 {environ['K8SQUIZ_HOME']!r}：没有这个用户",
            ) from None
    if sys.platform == "linux" and "ANDROID_ROOT" not in environ and environ.get("HOME", "").startswith("/"):
        # What platformdirs says too (a test holds the two together), without the time that importing it takes.
        named = environ.get("XDG_DATA_HOME", "")
        return (Path(named) if named.startswith("/") else Path(environ["HOME"], ".local", "share")) / "k8squiz"
    from platformdirs import user_data_path

    return user_data_path("k8squiz", appauthor=False)


def open_store(environ: Mapping[str, str] | None = None) -> Store:
    """Open the user's data, made or brought up to date where needed.

    Raises QuizError where the file is no such database or of a newer schema (it is left untouched), StoreUnavailable
    where the disk refuses.
    """
    folder = data_folder(os.environ if environ is None else environ)
    path = folder / FILE
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_header(path)
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


def open_memory() -> Store:
    """A store that is gone with the process."""
    return Store(None)


def _check_header(path: Path) -> None:
    """Look at a file before SQLite does, which would write to it (a journal, a switch to WAL)."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with path.open("rb") as stream:
        head = stream.read(100)
    if not head.startswith(_MAGIC):
        raise QuizError(
            f"{path}: this is no database; move it away, or set K8SQUIZ_HOME to another folder",
            f"{path}：不是数据库文件；请把它移走，或用 K8SQUIZ_HOME 指定其他目录",
        )


class Store:
    """The open data. A session's journal is only ever appended to; many processes may have it open."""

    def __init__(self, path: Path | None, writable: bool = True) -> None:
        self.path = path
        # Where nobody can write nobody is writing, and SQLite need not look for a log it could not make.
        name = ":memory:" if path is None else f"{path.absolute().as_uri()}?{'' if writable else 'mode=ro&immutable=1'}"
        with _told(path):
            self._db = sqlite3.connect(name, uri=path is not None, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._check()
                if writable:
                    self._prepare()
            except BaseException:
                self._db.close()
                raise
        # Whoever forgets to close it: Python 3.13 complains of a connection that is dropped open.
        weakref.finalize(self, self._db.close)

    def _check(self) -> None:
        """Refuse what is not ours before anything is written."""
        version = self._number("PRAGMA user_version")
        owner = self._number("PRAGMA application_id")
        if owner != APPLICATION_ID and (version or owner or self._number("SELECT count(*) FROM sqlite_master")):
            raise QuizError(
                f"{self.path}: a database of another program; move it away, or set K8SQUIZ_HOME to another folder",
                f"{self.path}：是其他程序的数据库；请把它移走，或用 K8SQUIZ_HOME 指定其他目录",
            )
        if version > VERSION:
            raise QuizError(
                f"{self.path}: written by a newer k8squiz (schema {version}, this one knows {VERSION}); update k8squiz",
                f"{self.path}：由更新版本的 k8squiz 写入（模式版本 {version}，本程序支持到 {VERSION}）；请升级 k8squiz",
            )

    def _prepare(self) -> None:
        self._to_wal()
        self._db.execute("PRAGMA synchronous = FULL")
        # On macOS fsync does not reach the disk's platter; elsewhere this changes nothing.
        self._db.execute("PRAGMA fullfsync = ON")
        self._db.execute("PRAGMA foreign_keys = ON")
        if self._number("PRAGMA user_version") < VERSION:
            self._migrate()

    def _to_wal(self) -> None:
        """Two first starts may meet here, and the change of the journal's mode does not always wait for a lock."""
        give_up = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def _number(self, statement: str) -> int:
        return int(self._db.execute(statement).fetchone()[0])

    def _migrate(self) -> None:
        with self._writing():
            # Another process may have been first, and of another release.
            self._check()
            for step in MIGRATIONS[self._number("PRAGMA user_version") :]:
                for statement in step:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction that has the right to write from its start."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk makes SQLite roll back by itself.
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _write(self, work: Callable[[], int]) -> int:
        with _told(self.path), self._writing():
            return work()

    def _read(self, statement: str, *values: object) -> list[Any]:
        with _told(self.path):
            return self._db.execute(statement, values).fetchall()

    def close(self) -> None:
        self._db.close()

    # Sessions and their journals.

    def start(self, kind: str, seed: str, lang: str, plan: Any, now: float, uid: str = "") -> int:
        """A new session's number. `plan` is what JSON can hold."""
        name = uid or f"{int(now * 1000):x}-{os.urandom(6).hex()}"
        values = (name, kind, now, _plain(seed), lang, _dump(plan))
        statement = "INSERT INTO session (uid, kind, started, seed, lang, plan) VALUES (?, ?, ?, ?, ?, ?)"
        return self._write(lambda: int(self._db.execute(statement, values).lastrowid or 0))

    def append(self, session: int, kind: str, body: Any, now: float) -> int:
        """Add an event to the journal; its number. On disk when this returns."""
        return self._write(lambda: self._add_event(session, kind, body, now))

    def _add_event(self, session: int, kind: str, body: Any, now: float) -> int:
        last = self._db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE session = ?", (session,)).fetchone()[0]
        values = (session, last + 1, now, kind, _dump(body))
        self._db.execute("INSERT INTO event (session, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)", values)
        return int(last) + 1

    def events(self, session: int) -> tuple[Row, ...]:
        """The journal, oldest first."""
        rows = self._read("SELECT seq, at, kind, body FROM event WHERE session = ? ORDER BY seq", session)
        return tuple(Row(seq, at, kind, _load(body)) for seq, at, kind, body in rows)

    def sessions(self, kind: str | None = None, unfinished: bool = False) -> tuple[SessionRow, ...]:
        """Sessions, oldest first."""
        rows = self._read(
            "SELECT id, uid, kind, started, seed, lang, plan, ended FROM session "
            "WHERE (? IS NULL OR kind = ?) AND (ended IS NULL OR NOT ?) ORDER BY id",
            kind, kind, unfinished,
        )  # fmt: skip
        return tuple(
            SessionRow(number, uid, kind_of, started, seed, lang, _load(plan), ended)
            for number, uid, kind_of, started, seed, lang, plan, ended in rows
        )

    def end(self, session: int, now: float) -> None:
        """The session is finished; its draft goes."""

        def work() -> int:
            self._db.execute("UPDATE session SET ended = ? WHERE id = ? AND ended IS NULL", (now, session))
            return self._db.execute("DELETE FROM draft WHERE session = ?", (session,)).rowcount

        self._write(work)

    def save_draft(self, session: int, position: int, text: str, elapsed: float, now: float) -> None:
        """What stands unfinished; replaces the draft before it."""
        self._write(lambda: self._put_draft(session, DraftRow(position, text, elapsed, now)))

    def _put_draft(self, session: int, draft: DraftRow) -> int:
        values = (session, draft.position, _plain(draft.text), draft.elapsed, draft.now)
        statement = "INSERT OR REPLACE INTO draft (session, position, text, elapsed, at) VALUES (?, ?, ?, ?, ?)"
        return self._db.execute(statement, values).rowcount

    def draft(self, session: int) -> DraftRow | None:
        rows = self._read("SELECT position, text, elapsed, at FROM draft WHERE session = ?", session)
        return DraftRow(*rows[0]) if rows else None

    # What is remembered of each question.

    def cards(self) -> dict[str, Card]:
        """Question -> card."""
        rows = self._read("SELECT question, state, due, updated FROM card ORDER BY question")
        return {question: Card(question, _load(state), due, updated) for question, state, due, updated in rows}

    def reviews(self) -> tuple[Review, ...]:
        """All graded answers, oldest first."""
        rows = self._read("SELECT question, at, score, rating, seed FROM review ORDER BY at, id")
        return tuple(Review(*row) for row in rows)

    def save_review(self, review: Review, card: Card | None, session: int = 0, body: Any = None) -> None:
        """A graded answer and what follows from it, in one transaction; the same answer twice counts once.

        Without `card` (cramming) the question's schedule stays as it is. With `session`, its journal gets `body`."""

        def work() -> int:
            made = self._db.execute(
                "INSERT OR IGNORE INTO review (question, at, score, rating, seed) VALUES (?, ?, ?, ?, ?)",
                (review.question, review.at, review.score, review.rating, _plain(review.seed)),
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
            (card.question, _dump(card.state), card.due, card.updated),
        )

    # All of it at once: export, import.

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
        known = next((one for one in self.sessions() if one.uid == session.uid), None)
        if known is None:
            number = self._db.execute(
                "INSERT INTO session (uid, kind, started, seed, lang, plan) VALUES (?, ?, ?, ?, ?, ?)",
                (session.uid, session.kind, session.started, session.seed, session.lang, _dump(session.plan)),
            ).lastrowid  # fmt: skip
            before: list[Row] = []
        else:
            number, before = known.id, list(self.events(known.id))
        if rows[: len(before)] != before:
            return 0
        for row in rows[len(before) :]:
            values = (number, row.seq, row.now, row.kind, _dump(row.body))
            self._db.execute("INSERT INTO event (session, seq, at, kind, body) VALUES (?, ?, ?, ?, ?)", values)
        longer = known is None or len(rows) > len(before)
        ends = session.ended is not None and (known is None or known.ended is None)
        if ends:
            self._db.execute("UPDATE session SET ended = ? WHERE id = ?", (session.ended, number))
            self._db.execute("DELETE FROM draft WHERE session = ?", (number,))
        elif longer and draft is not None and (known is None or known.ended is None):
            self._put_draft(number or 0, draft)
        return int(longer or ends)

    def is_sound(self) -> bool:
        """SQLite's own integrity check."""
        return bool(self._read("PRAGMA integrity_check")[0][0] == "ok")


def _dump(value: Any) -> str:
    # In ASCII: what was typed may hold bytes that are no characters, which JSON can keep and SQLite cannot.
    return json.dumps(value, sort_keys=True)


def _load(text: str) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise QuizError(
            f"your data is damaged: {str(text)[:40]!r} is no JSON; `k8squiz data path` says where it lies",
            f"数据已损坏：{str(text)[:40]!r} 不是 JSON；`k8squiz data path` 显示数据所在位置",
        ) from error


def _plain(text: str) -> str:
    """`text` without what SQLite cannot keep: bytes that are no characters."""
    return text.encode("utf-8", "replace").decode("utf-8")


# What SQLite says, and what that means.
_REASONS = {
    "full": ("the disk is full", "磁盘已满"),
    "readonly": ("it is readonly", "只读"),
    "unable to open": ("it cannot be opened for writing", "无法以写入方式打开"),
    "locked": ("another program has been holding it for too long", "被其他程序占用过久"),
    "disk I/O": ("the disk reports an error, or is full", "磁盘报告错误，或已满"),
}


@contextlib.contextmanager
def _told(path: Path | None) -> Iterator[None]:
    """SQLite's complaints as errors for a person."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        place = path or "memory"
        if isinstance(error, (sqlite3.OperationalError, sqlite3.InternalError)):
            en, zh = next((words for part, words in _REASONS.items() if part in str(error)), (str(error), str(error)))
            raise StoreUnavailable(f"{place}: cannot be used ({en})", f"{place}：无法使用（{zh}）") from error
        raise QuizError(
            f"{place}: this is no database, or a damaged one ({error}); move it away, or set K8SQUIZ_HOME elsewhere",
            f"{place}：不是数据库，或已损坏（{error}）；请把它移走，或用 K8SQUIZ_HOME 指定其他目录",
        ) from error
