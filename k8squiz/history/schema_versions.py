"""The database's schema, version by version. A step that was released is never edited; what changes is a step more.

tests/golden/store holds what each version left behind. STRICT tables would need a newer SQLite than Python 3.11 does.
"""

from __future__ import annotations

# "k8sq"
APPLICATION_ID = 0x6B387371

_SESSIONS_AND_JOURNALS = (
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY, uid TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, started REAL NOT NULL, seed TEXT NOT NULL,
        lang TEXT NOT NULL, plan TEXT NOT NULL, ended REAL)""",
    """CREATE TABLE event (
        session INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE, seq INTEGER NOT NULL, at REAL NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (session, seq)) WITHOUT ROWID""",
    """CREATE TABLE draft (
        session INTEGER PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE, position INTEGER NOT NULL,
        text TEXT NOT NULL, elapsed REAL NOT NULL, at REAL NOT NULL)""",
)
_MEMORY = (
    """CREATE TABLE card (
        question TEXT PRIMARY KEY, state TEXT NOT NULL, due REAL NOT NULL, updated REAL NOT NULL) WITHOUT ROWID""",
    """CREATE TABLE review (
        id INTEGER PRIMARY KEY, question TEXT NOT NULL, at REAL NOT NULL, score REAL NOT NULL, rating INTEGER NOT NULL,
        seed TEXT NOT NULL, UNIQUE (question, at, seed))""",
    "CREATE INDEX review_by_time ON review (at)",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_SESSIONS_AND_JOURNALS, _MEMORY)
VERSION = len(MIGRATIONS)
