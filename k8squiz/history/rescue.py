"""What can still be read of a damaged database: record by record, each checked, the rest counted.

Nothing of the file is changed or deleted: it is copied to be read, and then renamed.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from engine.values import dataclass
from k8squiz.history import check
from k8squiz.history.export import FORMAT, FORMAT_VERSION
from k8squiz.history.records import CardData, EventData, ReviewData, SessionData

# A row as SQLite gave it: nothing in it is known to be what it should be.
_Record: TypeAlias = tuple[object, ...]
_SIDE_FILES = ("-wal", "-journal")
# Each table's columns, and its order: read from the front, and, where that breaks off, from the back.
_TABLES = {
    "session": ("id, uid, kind, started, seed, lang, plan, ended", "id"),
    "event": ("session, seq, at, kind, body", "session {0}, seq"),
    "draft": ("session, position, text, elapsed, at", "session"),
    "card": ("question, state, due, updated", "question"),
    "review": ("question, at, score, rating, seed, id", "id"),
}


@dataclass(frozen=True, slots=True)
class Rescued:
    """`text` is an export of what could be read; `records` how many that are, `lost` how many could not be read or made
    no sense (as far as that can be told)."""

    text: str
    records: int
    lost: int


def rescued(path: Path) -> Rescued:
    """What can be read of the database at `path`. Raises OSError where the file itself cannot be read."""
    with tempfile.TemporaryDirectory(prefix="k8squiz-") as folder:
        copy = Path(folder, path.name)
        shutil.copyfile(path, copy)
        for end in _SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path.with_name(path.name + end), copy.with_name(copy.name + end))
        tables = {name: list(_rows(copy, name)) for name in _TABLES}
    return _put_together(tables)


def _rows(copy: Path, table: str) -> Iterator[_Record]:
    columns, order = _TABLES[table]
    seen: set[_Record] = set()
    for way in ("ASC", "DESC"):
        whole = True
        with contextlib.suppress(sqlite3.Error, UnicodeDecodeError), contextlib.closing(sqlite3.connect(copy)) as db:
            # Bytes that are no text must not end the reading: what holds them is refused one by one below.
            db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            whole = False
            for row in _each(db.execute(f"SELECT {columns} FROM {table} ORDER BY {order.format(way)} {way}")):  # noqa: S608 - names of ours
                if row not in seen:
                    seen.add(row)
                    yield row
            whole = True
        if whole:
            return


def _each(cursor: sqlite3.Cursor) -> Iterator[_Record]:
    while (row := cursor.fetchone()) is not None:
        yield row


def _put_together(tables: dict[str, list[_Record]]) -> Rescued:
    sessions: dict[object, SessionData] = {}
    lost = 0
    for number, uid, kind, started, seed, lang, plan, ended in tables["session"]:
        found = _json(plan)
        if not (
            (found is not _NOTHING and check.is_text(uid) and check.is_text(kind))
            and (check.is_text(seed) and check.is_text(lang))
            and (check.is_time(started) and (ended is None or check.is_time(ended)))
        ):
            lost += 1
            continue
        sessions[number] = {
            "uid": uid, "kind": kind, "started": started, "seed": seed, "lang": lang, "plan": found, "ended": ended,
            "events": [], "draft": None,
        }  # fmt: skip
    lost += _journals(tables["event"], sessions)
    for number, position, text, elapsed, at in tables["draft"]:
        if (
            (check.is_whole(position, 0, 10**6) and check.is_text(text) and check.is_time(elapsed))
            and check.is_time(at)
            and number in sessions
        ):
            sessions[number]["draft"] = {"position": position, "text": text, "elapsed": elapsed, "at": at}
        else:
            lost += 1
    cards = list(_cards(tables["card"]))
    reviews = list(_reviews(tables["review"]))
    lost += len(tables["card"]) - len(cards) + len(tables["review"]) - len(reviews)
    data = {
        "format": FORMAT, "version": FORMAT_VERSION, "sessions": list(sessions.values()), "cards": cards, "reviews": reviews,
    }  # fmt: skip
    records = len(cards) + len(reviews) + sum(1 + len(one["events"]) for one in sessions.values())
    return Rescued(json.dumps(data, indent=1) + "\n", records, lost)


def _journals(rows: list[_Record], sessions: dict[object, SessionData]) -> int:
    """Give each session its events up to the first that is missing or makes no sense: what follows it cannot be told.
    How many were left out."""
    by_session: dict[object, dict[int, EventData]] = {}
    lost = 0
    for number, seq, at, kind, text in rows:
        body = _json(text)
        if check.is_whole(seq, 1, 2**62) and check.is_time(at) and check.is_text(kind) and not check.body_flaw(body):
            by_session.setdefault(number, {})[seq] = {"seq": seq, "at": at, "kind": kind, "body": body}
        else:
            lost += 1
    for number, events in by_session.items():
        kept = sessions.get(number, {"events": []})["events"]
        while len(kept) + 1 in events:
            kept.append(events[len(kept) + 1])
        lost += len(events) - (len(kept) if number in sessions else 0)
    return lost


def _cards(rows: list[_Record]) -> Iterator[CardData]:
    for question, text, due, updated in rows:
        state = _json(text)
        if check.is_card(state) and check.is_text(question) and check.is_time(due) and check.is_time(updated):
            yield {"question": question, "state": state, "due": due, "updated": updated}


def _reviews(rows: list[_Record]) -> Iterator[ReviewData]:
    for question, at, score, rating, seed, _ in rows:
        if (
            (check.is_text(question) and check.is_text(seed))
            and (check.is_time(at) and check.is_number(score, 0, 1))
            and check.is_whole(rating, 1, 4)
        ):
            yield {"question": question, "at": at, "score": score, "rating": rating, "seed": seed}


_NOTHING = object()


def _json(text: object) -> object:
    try:
        return check.loaded(text)
    except ValueError:
        return _NOTHING
