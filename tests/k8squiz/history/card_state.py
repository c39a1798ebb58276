"""A card's state that FSRS can go on from, for tests in which it does not matter which."""

from __future__ import annotations

from k8squiz.history.records import CardState

STATE: CardState = {
    "card_id": 0,
    "state": 2,
    "step": None,
    "stability": 3.0,
    "difficulty": 5.0,
    "due": "2026-01-01T00:00:00+00:00",
    "last_review": "2026-01-01T00:00:00+00:00",
}
