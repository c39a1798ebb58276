"""`k8squiz` alone at a terminal: how it stands, and the one next step, which Enter takes."""

from __future__ import annotations

import datetime as dt
import os
import time

from k8squiz.locale.i18n import Lang

_HELP = frozenset({"h", "?", "help", "帮助"})


def run(lang: Lang) -> int | None:
    """Show streak, what is due, the path and the next step; Enter starts it, all else leaves. None where the commands are
    asked for."""
    from k8squiz.bank.find import metas, without_trivia
    from k8squiz.history.stats import stats
    from k8squiz.history.store import read_store
    from k8squiz.practice.path import path, standing
    from k8squiz.screens.home import NextStep, home_view
    from k8squiz.terminal.console import make_console

    known = without_trivia(metas())
    store = read_store(os.environ)
    try:
        reviews, cards = store.reviews(), store.cards()
        unfinished = store.sessions("mock", unfinished=True)
    finally:
        store.close()
    zone = dt.datetime.now().astimezone().tzinfo or dt.UTC
    found = stats(reviews, cards, known, time.time(), zone)
    level = standing({review.question: review.score for review in reviews}, known)
    ahead = next((meta for meta in path(known, level) if meta.id not in cards), None)
    step = (
        NextStep.RESUME if unfinished
        else NextStep.PLACEMENT if not cards
        else NextStep.REPEAT if found.due_today
        else NextStep.PATH
    )  # fmt: skip
    make_console().print(home_view(found, step, ahead, lang))
    try:
        typed = input().strip().lower()
    except EOFError:
        return 0
    if typed in _HELP:
        return None
    if typed:
        return 0
    return _take(step, lang)


def _take(step: object, lang: Lang) -> int:
    from k8squiz.screens.home import NextStep

    if step is NextStep.RESUME:
        from k8squiz.commands.mock import run as mock

        return mock(lang, resume=True)
    from k8squiz.commands.practice import run as practice

    return practice(lang)
