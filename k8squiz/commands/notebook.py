"""What practice writes down: each grade at once, and when the question is due again. A disk that refuses is no end."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from rich.console import Console

from k8squiz.errors import QuizError
from k8squiz.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.prose import Prose

if TYPE_CHECKING:
    from k8squiz.store import Card, Store


class Notebook:
    """Opened when it is first needed. `until` is the interview's day (epoch seconds); cramming reschedules nothing."""

    def __init__(self, console: Console, lang: Lang, until: float | None = None, cram: bool = False) -> None:
        self._console, self._lang = console, lang
        self._until, self._cram = until, cram
        self._store: Store | None = None
        self._cards: dict[str, Card] = {}
        self.lost: list[dict[str, object]] = []
        """Grades that no disk took."""

    def store(self) -> Store:
        """The user's data; in memory, with a word about it, where the disk refuses. Raises QuizError for a file that
        is none of ours."""
        if self._store is None:
            from k8squiz.store import StoreUnavailable, open_memory, open_store

            try:
                self._store = open_store(os.environ)
            except StoreUnavailable as error:
                self._refused(error)
                self._store = open_memory()
            self._cards = self._store.cards()
        return self._store

    def cards(self) -> dict[str, Card]:
        """What is remembered of each question."""
        self.store()
        return self._cards

    def note(self, question: str, seed: str, score: float) -> None:
        """Write a grade down; on disk when this returns."""
        from k8squiz import memory
        from k8squiz.store import Review, StoreUnavailable, open_memory

        now = time.time()
        store, before = self.store(), self.cards().get(question)
        rating = memory.rating_of(score, before is not None)
        card = None if self._cram else memory.reviewed(before, question, score, now, self._until)
        review = Review(question, now, score, rating, seed)
        try:
            store.save_review(review, card)
        except StoreUnavailable as error:
            self._refused(error)
            self._store = open_memory()
            self._store.save_review(review, card)
        if card is not None:
            self._cards[question] = card
        if self._store is not None and self._store.path is None:
            self.lost.append({"question": question, "at": now, "score": score, "rating": rating, "seed": seed})

    def close(self) -> None:
        """End; offer what no disk took as a text to keep."""
        if self._store is not None:
            self._store.close()
        if self.lost:
            import json

            self._console.print(Prose(say("export", self._lang), "bold yellow"))
            kept = {"format": "k8squiz-data", "version": 1, "sessions": [], "cards": [], "reviews": self.lost}
            self._console.print(json.dumps(kept, ensure_ascii=False), soft_wrap=True)

    def _refused(self, error: QuizError) -> None:
        words = say("memory", self._lang, reason=pick(error, self._lang).rstrip(".。"))
        self._console.print(Prose(words, "bold yellow"))
