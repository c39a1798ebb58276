"""The database: what it keeps, how it grows up, what it refuses, and that no kill takes anything from it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from k8squiz.errors import QuizError
from k8squiz.schemas import APPLICATION_ID, MIGRATIONS, VERSION
from k8squiz.store import FILE, Card, Review, StoreUnavailable, open_memory, open_store
from tests.k8squiz.runner import ROOT


def test_a_journal_is_read_back_as_it_was_written(home: Path) -> None:
    store = open_store()
    first, second = store.start("mock", "7", "zh", {"n": 2}, 1.5), store.start("practice", "8", "en", None, 2.5)
    assert [store.append(first, "answered", {"text": "节点 \x00"}, 3.0), store.append(first, "skipped", [1], 4.0)] == [
        1,
        2,
    ]
    assert store.append(second, "answered", None, 5.0) == 1
    store.save_draft(first, 3, "half a li", 61.5, 6.0)
    store.save_draft(first, 3, "half a line", 66.5, 7.0)
    store.close()
    again = open_store()
    assert [(row.seq, row.now, row.kind, row.body) for row in again.events(first)] == [
        (1, 3.0, "answered", {"text": "节点 \x00"}),
        (2, 4.0, "skipped", [1]),
    ]
    assert [(s.id, s.kind, s.seed, s.lang, s.plan) for s in again.sessions("mock")] == [
        (first, "mock", "7", "zh", {"n": 2})
    ]
    draft = again.draft(first)
    assert draft is not None
    assert (draft.position, draft.text, draft.elapsed, draft.now) == (3, "half a line", 66.5, 7.0)
    again.end(first, 9.0)
    assert again.draft(first) is None
    assert [s.id for s in again.sessions(unfinished=True)] == [second]
    assert again.is_sound()


def test_the_same_answer_twice_counts_once_and_an_older_card_does_not_win() -> None:
    store = open_memory()
    store.save_review(Review("q", 5.0, 0.5, 2, "1"), Card("q", {"v": "new"}, 9.0, 5.0))
    store.save_review(Review("q", 5.0, 0.5, 2, "1"), Card("q", {"v": "twice"}, 9.0, 6.0))
    store.save_review(Review("q", 4.0, 0.1, 1, "2"), Card("q", {"v": "old"}, 8.0, 4.0))
    store.save_review(Review("q", 7.0, 1.0, 3, "3"), None)
    assert [review.at for review in store.reviews()] == [4.0, 5.0, 7.0]
    assert store.cards()["q"].state == {"v": "new"}


@pytest.mark.parametrize("version", range(VERSION))
def test_every_released_schema_grows_up(version: int, home: Path) -> None:
    """A database as that release left it, with a row in each of its tables."""
    home.mkdir()
    old = sqlite3.connect(home / FILE)
    for step in MIGRATIONS[:version]:
        for statement in step:
            old.execute(statement)
    if version >= 1:
        old.execute(
            "INSERT INTO session (uid, kind, started, seed, lang, plan) VALUES ('u', 'mock', 1, 's', 'en', '{}')"
        )
        old.execute("INSERT INTO event VALUES (1, 1, 2, 'answered', '{\"a\": 1}')")
        old.execute("INSERT INTO draft VALUES (1, 0, 'x', 3, 4)")
    if version:
        old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute(f"PRAGMA user_version = {version}")
    old.commit()
    old.close()
    store = open_store()
    if version >= 1:
        assert [row.body for row in store.events(1)] == [{"a": 1}]
        assert store.draft(1) is not None
    store.save_review(Review("q", 1.0, 1.0, 3, "1"), Card("q", {}, 2.0, 1.0))
    store.close()
    assert sqlite3.connect(home / FILE).execute("PRAGMA user_version").fetchone() == (VERSION,)


def test_a_newer_schema_is_refused_and_left_untouched(home: Path) -> None:
    open_store().close()
    database = sqlite3.connect(home / FILE)
    database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    before = (home / FILE).read_bytes()
    with pytest.raises(QuizError, match="newer k8squiz") as caught:
        open_store()
    assert "更新版本" in caught.value.zh
    assert (home / FILE).read_bytes() == before


def test_what_is_no_database(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_text("dear diary")
    with pytest.raises(QuizError, match="no database"):
        open_store()
    assert (home / FILE).read_text() == "dear diary"
    (home / FILE).unlink()
    other = sqlite3.connect(home / FILE)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.commit()
    other.close()
    with pytest.raises(QuizError, match="another program"):
        open_store()
    (home / FILE).write_bytes(b"SQLite format 3\x00" + os.urandom(5000))
    with pytest.raises(QuizError):
        open_store()


def test_a_disk_that_refuses(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match="cannot be used"):
        open_store({"K8SQUIZ_HOME": str(tmp_path / "file" / "below")})
    with pytest.raises(StoreUnavailable):
        open_store({"K8SQUIZ_HOME": "/proc/1/nowhere"})
    store = open_store()
    store._db.execute("PRAGMA max_page_count = 1")

    def fill() -> None:
        for _ in range(1000):
            store.start("mock", "1", "en", "x" * 5000, 1.0)

    with pytest.raises(StoreUnavailable, match="full"):
        fill()
    assert store.is_sound()


WRITER = """
import sys, time
from k8squiz.store import open_store
store = open_store()
session = int(sys.argv[1]) or store.start("mock", "1", "en", {}, time.time())
for number in range(int(sys.argv[2])):
    store.append(session, "answered", {"by": sys.argv[3], "n": number}, time.time())
    print(number, flush=True)
"""


def writer(session: int, count: int, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(session), str(count), name], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_two_processes_at_once_lose_nothing() -> None:
    store = open_store()
    session = store.start("mock", "1", "en", {}, 1.0)
    processes = [writer(session, 60, name) for name in ("a", "b")]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    for process in processes:
        assert process.stdout is not None
        process.stdout.close()
    rows = store.events(session)
    assert [row.seq for row in rows] == list(range(1, 121))
    for name in ("a", "b"):
        assert [row.body["n"] for row in rows if row.body["by"] == name] == list(range(60))
    assert store.is_sound()


def test_what_was_written_outlives_a_kill() -> None:
    store = open_store()
    dice = random.Random(5)
    for _ in range(12):
        session = store.start("mock", "1", "en", {}, 1.0)
        process = writer(session, 100000, "a")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        said = ["0", *process.stdout.read().split()]
        process.wait()
        process.stdout.close()
        kept = [row.body["n"] for row in store.events(session)]
        assert kept == list(range(len(kept)))
        assert len(kept) >= max(map(int, said)) + 1
        assert store.is_sound()
