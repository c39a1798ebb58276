"""`k8squiz plan`: what to do each day until the interview."""

from __future__ import annotations

import datetime as dt
import os
import time

from k8squiz.errors import QuizError
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console, print_json

MOST_DAYS = 120


def run(lang: Lang, until: str, minutes: int, track: str | None = None, json: bool = False) -> int:
    """Print the days up to `until` (YYYY-MM-DD), `minutes` each, with what a `track` asks, as a page or as JSON. Raises QuizError for a day that is
    none, past, or too far away."""
    from k8squiz.bank.find import metas, without_trivia
    from k8squiz.commands.practice import day_of
    from k8squiz.history.store import read_progress
    from k8squiz.history.study import as_json, study_plan
    from k8squiz.history.theme_map import theme_map
    from k8squiz.kinds.tracks import of_track
    from k8squiz.practice.path import path, standing

    day_of(until)
    day, now = dt.date.fromisoformat(until.strip()), time.time()
    zone = dt.datetime.now().astimezone().tzinfo or dt.UTC
    today = dt.datetime.fromtimestamp(now, zone).date()
    if (day - today).days > MOST_DAYS:
        raise QuizError(
            f"--until {until}: that is more than {MOST_DAYS} days away", f"--until {until}：距今超过 {MOST_DAYS} 天"
        )
    reviews, cards = read_progress(os.environ)
    known = of_track(without_trivia(metas()), track)
    way = path(known, standing({review.question: review.score for review in reviews}, known))
    days = study_plan(way, cards, theme_map(reviews, cards, known, now), today, day, minutes, zone)
    if json:
        print_json(as_json(days), indent=1)
        return 0
    from k8squiz.screens.study import plan_view

    make_console().print(plan_view(days, day, track, lang))
    return 0
