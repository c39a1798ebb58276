"""A damaged database: one message that says what to do, and a rescue that loses nothing that can still be read."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path

import pytest

from k8squiz.errors import QuizError
from k8squiz.history.database import DataDamaged
from k8squiz.history.due import reviewed
from k8squiz.history.export import exported
from k8squiz.history.rescue import rescued
from k8squiz.history.store import FILE, Review, open_store
from tests.k8squiz.runner import k8squiz

NOW = 1_790_000_000.0
Capture = pytest.CaptureFixture[str]


def filled(answers: int = 40) -> None:
    store = open_store()
    session = store.start("mock", "7", "en", {"items": []}, NOW, uid="u1")
    for at in range(answers):
        store.append(session, "answered", {"at": float(at), "text": "节点" * 20}, NOW + at)
        question = f"q{at % 7}"
        card = reviewed(store.cards().get(question), question, 0.7, NOW + at * 3600)
        store.save_review(Review(question, NOW + at * 3600, 0.7, 3, str(at)), card)
    store.save_draft(session, 1, "half", 5.0, NOW)
    store.close()


def spoil(home: Path, *statements: str) -> None:
    with sqlite3.connect(home / FILE) as db:
        for statement in statements:
            db.execute(statement)


# What stands where it should not -> what the message names.
SPOILT = {
    "a card without its step": ("UPDATE card SET state = json_remove(state, '$.step') WHERE question = 'q0'", "the card of q0"),
    "a card that is no object": ("UPDATE card SET state = '[1]' WHERE question = 'q0'", "the card of q0"),
    "a card with a date that is none": ("UPDATE card SET state = json_set(state, '$.due', '2026-13-01') WHERE question = 'q0'", "the card of q0"),
    "a card due at no time": ("UPDATE card SET due = 1e300 WHERE question = 'q0'", "the card of q0"),
    "a review at no time": ("UPDATE review SET at = 1e14 WHERE question = 'q1'", "an answer to q1"),
    "a review whose score is text": ("UPDATE review SET score = 'good' WHERE question = 'q1'", "an answer to q1"),
    "an event that is no JSON": ("UPDATE event SET body = '{cut o' WHERE seq = 3", "event 3 of session 1"),
    "an event with bytes for text": ("UPDATE event SET kind = x'ff00' WHERE seq = 3", "event 3 of session 1"),
    "bytes that are no text": ("UPDATE session SET lang = CAST(x'fffe' AS TEXT)", "Could not decode"),
    "a plan too deep to read": (f"UPDATE session SET plan = '{'[' * 5000}{']' * 5000}'", "session 1"),
    "a draft at no question": ("UPDATE draft SET position = 'x'", "the draft of session 1"),
    "a table is gone": ("DROP TABLE review", "no such table"),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "what"), SPOILT.values(), ids=SPOILT)
def test_one_message_and_a_rescue(statement: str, what: str, home: Path, capsys: Capture) -> None:
    filled()
    spoil(home, statement)
    told = k8squiz(capsys, "data", "export")
    assert told.code == 2
    assert what in told.err and "`k8squiz data rescue`" in told.err and "Traceback" not in told.err
    saved = k8squiz(capsys, "data", "rescue")
    assert saved.code == 0 and "records saved" in saved.out
    for command in (("stats",), ("data", "export")):
        assert k8squiz(capsys, *command).code == 0
    assert len([path for path in home.glob(f"{FILE}.damaged-*") if not path.name.endswith("-wal")]) == 1
    text = json.loads(next(home.glob("rescued-*.json")).read_text(encoding="utf-8"))
    assert len(text["cards"]) >= 6
    assert len(text["reviews"]) >= 34 or "review" in statement


def test_what_is_not_damaged_is_left_alone(home: Path, capsys: Capture) -> None:
    filled(5)
    before = (home / FILE).read_bytes()
    assert k8squiz(capsys, "data", "rescue").out.endswith("nothing is damaged.\n")
    assert k8squiz(capsys, "data", "rescue", "--lang", "zh").out.endswith("没有损坏。\n")
    assert [path.name for path in home.iterdir() if "rescue" in path.name or "damaged" in path.name] == []
    assert len((home / FILE).read_bytes()) == len(before)


def test_an_event_that_is_gone_ends_its_journal_there(home: Path) -> None:
    filled(10)
    spoil(home, "DELETE FROM event WHERE seq = 4", "UPDATE card SET due = 'x' WHERE question = 'q0'")
    found = rescued(home / FILE)
    events = json.loads(found.text)["sessions"][0]["events"]
    assert [event["seq"] for event in events] == [1, 2, 3]
    assert found.lost == 7
    assert found.records == 1 + 3 + 6 + 10


@pytest.mark.parametrize("seed", range(60))
def test_random_damage_is_our_own_error_or_none(seed: int, home: Path, capsys: Capture) -> None:
    """Bytes, blocks and cuts at random: every command answers or says what to do, and the rescue begins anew."""
    filled(30)
    rng, path = random.Random(seed), home / FILE
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw = bytearray(path.read_bytes())
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(raw))
        size = rng.choice([1, 1, 4, 100, 4096])
        raw[at : at + size] = bytes(rng.randrange(256) for _ in range(size)) if rng.random() < 0.7 else bytes(size)
    path.write_bytes(bytes(raw[: rng.randrange(len(raw)) if rng.random() < 0.2 else len(raw)]))
    for side in ("-wal", "-shm"):
        path.with_name(FILE + side).unlink(missing_ok=True)
    sound = True
    for words in (("stats",), ("data", "export"), ("report",)):
        answer = k8squiz(capsys, *words)
        assert answer.code in (0, 2)
        assert "Traceback" not in answer.err
        sound = sound and answer.code == 0
    if k8squiz(capsys, "data", "rescue").code == 0:
        assert k8squiz(capsys, "stats").code == 0
        try:
            store = open_store()
        except QuizError as error:  # pragma: no cover - the failure is the message
            pytest.fail(str(error))
        exported(store)
        store.close()


def test_errors_of_the_store_are_kinds_of_our_own() -> None:
    assert issubclass(DataDamaged, QuizError)
