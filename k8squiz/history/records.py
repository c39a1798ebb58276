"""What the user's data consists of: sessions and their journals, drafts, cards, reviews. Times are epoch seconds."""

from __future__ import annotations

from typing import Any

from engine.values import dataclass


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
