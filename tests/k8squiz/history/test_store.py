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
from k8squiz.history.check import is_body
from k8squiz.history.schema_versions import APPLICATION_ID, MIGRATIONS, VERSION
from k8squiz.history.store import (
    FILE,
    Card,
    DraftRow,
    Review,
    Store,
    StoreUnavailable,
    data_folder,
    open_memory,
    open_store,
    read_store,
)
from tests.k8squiz.history.card_state import STATE
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
    store.save_review(Review("q", 5.0, 0.5, 2, "1"), Card("q", {**STATE, "step": 1}, 9.0, 5.0))
    store.save_review(Review("q", 5.0, 0.5, 2, "1"), Card("q", {**STATE, "step": 2}, 9.0, 6.0))
    store.save_review(Review("q", 4.0, 0.1, 1, "2"), Card("q", {**STATE, "step": 3}, 8.0, 4.0))
    store.save_review(Review("q", 7.0, 1.0, 3, "3"), None)
    assert [review.at for review in store.reviews()] == [4.0, 5.0, 7.0]
    assert store.cards()["q"].state == {**STATE, "step": 1}


GOLDEN = ROOT / "tests" / "golden" / "store"


def test_what_every_released_schema_left_behind_is_kept() -> None:
    assert {path.stem for path in GOLDEN.glob("*.sql")} == {f"v{version}" for version in range(1, VERSION + 1)}


@pytest.mark.parametrize("version", range(VERSION + 1))
def test_every_released_schema_grows_up(version: int, home: Path) -> None:
    """A database as that release left it, with a row in each of its tables; 0 is an empty file."""
    home.mkdir()
    old = sqlite3.connect(home / FILE)
    if version:
        old.executescript((GOLDEN / f"v{version}.sql").read_text(encoding="utf-8"))
    old.close()
    fresh = sqlite3.connect(":memory:")
    for step in MIGRATIONS:
        for statement in step:
            fresh.execute(statement)
    store = open_store()
    if version >= 1:
        assert [(s.id, s.kind, s.plan, s.ended) for s in store.sessions()] == [
            (3, "mock", {"minutes": 30}, None), (4, "practice", None, 1790000200.0),
        ]  # fmt: skip
        assert [row.body for row in store.events(3)] == [{"position": 0}, {"text": "节点"}]
        assert store.draft(3) == DraftRow(1, "half a line", 61.5, 1790000003.0)
    if version >= 2:
        assert store.cards()["endpoint-share"].due == 1790256800.0
        assert store.reviews() == (Review("endpoint-share", 1790084000.0, 1.0, 3, "8-1"),)
    store.save_review(Review("q", 1.0, 1.0, 3, "1"), Card("q", STATE, 2.0, 1.0))
    assert store.is_sound()
    store.close()
    now = sqlite3.connect(home / FILE)
    assert now.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert now.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    shape = "SELECT name, sql FROM sqlite_master ORDER BY name"
    assert now.execute(shape).fetchall() == fresh.execute(shape).fetchall()
    now.close()
    fresh.close()


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
from k8squiz.history.store import open_store
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
        bodies = [row.body for row in rows if is_body(row.body)]
        assert [body["n"] for body in bodies if body["by"] == name] == list(range(60))
    assert store.is_sound()


def test_what_was_written_outlives_a_kill() -> None:
    store = open_store()
    rng = random.Random(5)
    for _ in range(12):
        session = store.start("mock", "1", "en", {}, 1.0)
        process = writer(session, 100000, "a")
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        said = ["0", *process.stdout.read().split()]
        process.wait()
        process.stdout.close()
        kept = [row.body["n"] for row in store.events(session) if is_body(row.body)]
        assert kept == list(range(len(kept)))
        assert len(kept) >= max(map(int, said)) + 1
        assert store.is_sound()


FIRST = """
import sys
from k8squiz.history.store import open_store
sys.stdin.readline()
store = open_store()
store.append(store.start("practice", "1", "en", {}, 1.0), "answered", {}, 2.0)
"""


def test_first_starts_at_the_same_time_all_get_in() -> None:
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", FIRST], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
        )
        for _ in range(6)
    ]
    # They wait until the last of them has been loaded.
    for process in starts:
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[1] for process in starts] == [""] * 6
    store = open_store()
    assert [len(store.events(session.id)) for session in store.sessions()] == [1] * 6
    assert store.is_sound()


def test_looking_makes_nothing(home: Path) -> None:
    assert read_store().sessions() == ()
    assert not home.exists()


def test_what_cannot_be_written_can_be_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store()
    session = store.start("mock", "1", "en", {}, 1.0)
    store.close()

    def refuses(environ: object = None) -> Store:
        raise StoreUnavailable("read-only", "只读")

    monkeypatch.setattr("k8squiz.history.store.open_store", refuses)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    reading = read_store()
    assert [one.id for one in reading.sessions()] == [session]
    with pytest.raises(StoreUnavailable, match="readonly"):
        reading.append(session, "answered", {}, 2.0)
    reading.close()
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def test_bytes_that_are_no_text_are_kept_as_well_as_can_be() -> None:
    store = open_store()
    session = store.start("mock", "seed\udcff", "en", {"a": "\udcff"}, 1.0)
    store.append(session, "answered", {"line": "\udce4\x00"}, 2.0)
    store.save_draft(session, 0, "dr\udcffaft", 1.0, 2.0)
    draft = store.draft(session)
    assert draft is not None
    assert draft.text == "dr?aft"
    assert store.events(session)[0].body == {"line": "\udce4\x00"}


def test_a_damaged_value_is_told(home: Path) -> None:
    store = open_store()
    session = store.start("mock", "1", "en", {}, 1.0)
    store._db.execute("UPDATE session SET plan = '{cut o'")
    with pytest.raises(QuizError, match="damaged") as caught:
        store.sessions()
    assert "损坏" in caught.value.zh
    assert store.events(session) == ()


def test_a_home_that_is_nobody_s() -> None:
    with pytest.raises(QuizError, match="no such user"):
        open_store({"K8SQUIZ_HOME": "~nobody-of-that-name/data"})


@pytest.mark.parametrize("named", [None, "", "/data", "relative"])
def test_the_folder_is_what_platformdirs_says(named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    from platformdirs import user_data_path

    monkeypatch.delenv("K8SQUIZ_HOME")
    if named is None:
        monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_DATA_HOME", named)
    assert data_folder(os.environ) == user_data_path("k8squiz", appauthor=False)


@pytest.mark.parametrize("now", [-1e9, -0.5, 0.0, 1e11, 1e15])
def test_a_clock_that_is_wrong_leaves_data_that_can_be_read(now: float) -> None:
    store = open_memory()
    session = store.start("mock", "1", "en", {}, now)
    store.append(session, "shown", {}, now)
    store.save_draft(session, 0, "half", 1.0, now)
    store.save_review(Review("q", now, 0.5, 3, "1"), None, session, {})
    assert len(store.events(session)) == 2 and store.draft(session) is not None and len(store.reviews()) == 1
    store.end(session, now)
    assert store.sessions()[0].ended is not None
