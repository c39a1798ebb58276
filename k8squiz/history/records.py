"""What the user's data consists of: sessions and their journals, drafts, cards, reviews. Times are epoch seconds."""

from __future__ import annotations

from typing import TypedDict

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
    plan: object
    ended: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a session's journal. `seq` counts from 1."""

    seq: int
    now: float
    kind: str
    body: object


@dataclass(frozen=True, slots=True)
class DraftRow:
    """The unfinished line in front of question `position`, and the clock when it was saved."""

    position: int
    text: str
    elapsed: float
    now: float


class CardState(TypedDict):
    """What FSRS goes on from, as py-fsrs writes it: fsrs.card.CardDict."""

    card_id: int
    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due: str
    last_review: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """What the scheduler knows of a question (`state`, its own JSON) and when it is due."""

    question: str
    state: CardState
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


class EventData(TypedDict):
    """A Row as an export has it."""

    seq: int
    at: float
    kind: str
    body: object


class DraftData(TypedDict):
    """A DraftRow as an export has it."""

    position: int
    text: str
    elapsed: float
    at: float


class SessionData(TypedDict):
    """A session as an export has it, with its journal and the draft that lies open."""

    uid: str
    kind: str
    started: float
    seed: str
    lang: str
    plan: object
    ended: float | None
    events: list[EventData]
    draft: DraftData | None


class CardData(TypedDict):
    """A Card as an export has it."""

    question: str
    state: CardState
    due: float
    updated: float


class ReviewData(TypedDict):
    """A Review as an export has it."""

    question: str
    at: float
    score: float
    rating: int
    seed: str
