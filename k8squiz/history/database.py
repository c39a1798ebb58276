"""The SQLite file itself: opened, checked, brought up to date; transactions; what SQLite complains of as our own errors."""

from __future__ import annotations

import contextlib
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from k8squiz.errors import QuizError
from k8squiz.history.schema_versions import APPLICATION_ID, MIGRATIONS, VERSION

_MAGIC = b"SQLite format 3\x00"
_BUSY_SECONDS = 10.0


class StoreUnavailable(QuizError):
    """The disk will not take it: read-only, full, locked for too long. What is asked goes on in memory."""


class DataDamaged(QuizError):
    """What lies on the disk is not what k8squiz wrote there; the message says what to do."""


def damaged(path: Path | None, what: str) -> DataDamaged:
    """The one message for damaged data. `what` says what was found."""
    place = path or "memory"
    # SQLite quotes the bytes it could not decode.
    what = " ".join(what.partition(" with text ")[0].split())
    return DataDamaged(
        f"{place}: your data is damaged ({what}); `k8squiz data rescue` saves what can be read and begins anew",
        f"{place}：数据已损坏（{what}）；`k8squiz data rescue` 保存能读出的内容并重新开始",
    )


def check_header(path: Path) -> None:
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


class Database:
    """The open file (None: in memory). Raises QuizError and its kinds, nothing of sqlite3's."""

    def __init__(self, path: Path | None, writable: bool = True) -> None:
        self.path = path
        # Where nobody can write nobody is writing, and SQLite need not look for a log it could not make.
        name = ":memory:" if path is None else f"{path.absolute().as_uri()}?{'' if writable else 'mode=ro&immutable=1'}"
        with told(path):
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
        with told(self.path), self._writing():
            return work()

    def _read(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with told(self.path):
            return self._db.execute(statement, values).fetchall()

    def _each(self, statement: str, *values: object) -> Iterator[tuple[object, ...]]:
        """The rows one by one, so that a large table is never in memory as a whole."""
        with told(self.path):
            cursor = self._db.execute(statement, values)
        while True:
            with told(self.path):
                row = cursor.fetchone()
            if row is None:
                return
            yield row

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """All that is read inside is of one moment, whatever others write meanwhile."""
        with told(self.path):
            self._db.execute("BEGIN")
        try:
            yield
        finally:
            with told(self.path):
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    def _damaged(self, what: str) -> DataDamaged:
        return damaged(self.path, what)

    def close(self) -> None:
        self._db.close()

    def is_sound(self) -> bool:
        """SQLite's own integrity check."""
        return bool(self._read("PRAGMA integrity_check")[0][0] == "ok")


# What SQLite says, and what that means.
_REASONS = {
    "full": ("the disk is full", "磁盘已满"),
    "readonly": ("it is readonly", "只读"),
    "unable to open": ("it cannot be opened for writing", "无法以写入方式打开"),
    "locked": ("another program has been holding it for too long", "被其他程序占用过久"),
    "disk I/O": ("the disk reports an error, or is full", "磁盘报告错误，或已满"),
}


@contextlib.contextmanager
def told(path: Path | None) -> Iterator[None]:
    """SQLite's complaints as errors for a person."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.InternalError) as error:
        said = str(error)
        if any(part in said for part in _DAMAGED):
            raise damaged(path, said) from error
        place = path or "memory"
        en, zh = next((words for part, words in _REASONS.items() if part in said), (said, said))
        raise StoreUnavailable(f"{place}: cannot be used ({en})", f"{place}：无法使用（{zh}）") from error
    except (sqlite3.Error, sqlite3.Warning, UnicodeDecodeError) as error:
        # sqlite3 raises UnicodeDecodeError where SQLite's own message quotes bytes that are no text.
        raise damaged(path, str(error) if isinstance(error, sqlite3.Error) else "bytes that are no text") from error


# What SQLite says of a file whose pages or schema contradict themselves.
_DAMAGED = ("malformed", "not a database", "Could not decode", "no such table", "no such column", "corrupt")
