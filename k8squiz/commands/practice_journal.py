"""What practice writes down: each grade at once, and when the question is due again. A disk that refuses is no end."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.practice import say
from k8squiz.screens.prose import Prose
from k8squiz.terminal.console import print_machine
from k8squiz.terminal.files import write_text

if TYPE_CHECKING:
    from k8squiz.bank.question import Attempt
    from k8squiz.history.store import Card, Review, Store
    from k8squiz.screens.practice import Keyboard


class PracticeJournal:
    """The user's data while practising, in memory, with a word about it, where the disk refuses.

    `seed` is the sitting's, `until` the interview's day (epoch seconds); cramming reschedules nothing. Raises QuizError
    where what lies there is not ours to write to.
    """

    def __init__(self, console: Console, lang: Lang, seed: str, until: float | None = None, cram: bool = False) -> None:
        from k8squiz.history.store import StoreUnavailable, open_memory, open_store

        self._console, self._lang, self._seed = console, lang, seed
        self._until, self._cram = until, cram
        self._session = 0
        self.store: Store
        self.cards: dict[str, Card]
        """What is remembered of each question."""
        try:
            self.store = open_store(os.environ)
            self.cards = self.store.cards()
        except StoreUnavailable as error:
            self._refused(error)
            self.store = open_memory()
            self.cards = {}

    def note(self, attempt: Attempt) -> None:
        """Write an answer, or that there was none, down; on disk when this returns."""
        from k8squiz.history.store import open_memory

        now = time.time()
        try:
            self._write(attempt, now)
        except QuizError as error:
            self._refused(error)
            self.store.close()
            self.store, self._session = open_memory(), 0
            self._write(attempt, now)

    def _write(self, attempt: Attempt, now: float) -> None:
        if not self._session:
            # A sitting that nothing was answered in leaves no trace.
            self._session = self.store.start("practice", self._seed, self._lang, {"cram": self._cram}, now)
        body = {"question": attempt.id, "seed": attempt.seed, "hints": attempt.hints}
        if attempt.grade is None:
            self.store.append(self._session, "skipped", body, now)
            return
        score = attempt.grade.score
        review, card = self._reviewed(attempt.id, attempt.seed, score, now)
        self.store.save_review(review, card, self._session, {**body, "answer": dict(attempt.answer), "score": score})
        if card is not None:
            self.cards[attempt.id] = card

    def _reviewed(self, question: str, seed: str, score: float, now: float) -> tuple[Review, Card | None]:
        from k8squiz.history import due as memory
        from k8squiz.history.store import Review

        before = self.cards.get(question)
        card = None if self._cram else memory.reviewed(before, question, score, now, self._until)
        return Review(question, now, score, memory.rating_of(score, before is not None), seed), card

    def close(self, keyboard: Keyboard | None = None) -> None:
        """End. What no disk took is written where the candidate says; without a terminal to ask at, it is printed."""
        if self._session:
            if self.store.path is None:
                self._offer(keyboard)
            else:
                self._end()
        self.store.close()

    def _end(self) -> None:
        from k8squiz.history.store import StoreUnavailable

        try:
            self.store.end(self._session, time.time())
        except StoreUnavailable as error:
            self._console.print(Prose(pick(error, self._lang), "notice"))

    def _offer(self, keyboard: Keyboard | None) -> None:
        from k8squiz.history.export import exported

        while keyboard is not None and keyboard.interactive:
            try:
                name = keyboard.line(say("export-to", self._lang)).strip()
            except (EOFError, KeyboardInterrupt):
                break
            if not name:
                break
            try:
                write_text(Path(name), exported(self.store))
            except QuizError as error:
                self._console.print(Prose(pick(error, self._lang), "notice"))
                continue
            self._console.print(Prose(say("exported", self._lang, path=name)))
            return
        self._console.print(Prose(say("export", self._lang), "alarm"))
        # Not through the console: it would wrap, and what it makes visible is no JSON any more.
        sys.stdout.flush()
        print_machine(exported(self.store, indent=None))

    def _refused(self, error: QuizError) -> None:
        words = say("memory", self._lang, reason=pick(error, self._lang).rstrip(".。"))
        self._console.print(Prose(words, "alarm"))
