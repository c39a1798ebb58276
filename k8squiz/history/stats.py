"""What the reviews say: streak, retention, what is due, strength by topic, the weakest points. Pure; time handed in."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.values import dataclass
from k8squiz.bank.question import QuestionMeta
from k8squiz.history.due import due, retrievability
from k8squiz.history.store import Card, Review

_RETENTION_DAYS = 30
_RECALLED = 0.5
_LAST = 3
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Strength:
    """A topic: questions seen of all there are, and how well all of them would be answered now (0 to 1): the last score
    of each, by the chance that it is still remembered; 0 for what was never seen."""

    topic: str
    seen: int
    all: int
    strength: float


@dataclass(frozen=True, slots=True)
class Weak:
    """A question and the mean score of its last answers."""

    question: str
    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Stats:
    """`streak` in days up to today (yesterday counts until today is over); `retention` the share of repeated questions
    answered at least half right in the last thirty days, None without any; `calendar` answers by day."""

    answers: int
    streak: int
    retention: float | None
    due_today: tuple[str, ...]
    unseen: int
    topics: tuple[Strength, ...]
    calendar: tuple[tuple[dt.date, int], ...]
    weakest: tuple[Weak, ...]


def stats(
    reviews: Sequence[Review], cards: Mapping[str, Card], known: Sequence[QuestionMeta], now: float, zone: dt.tzinfo
) -> Stats:
    """All figures at `now`; days are those of `zone`. Questions that left the bank count as answered, not as due."""
    today = dt.datetime.fromtimestamp(now, zone).date()
    days = Counter(dt.datetime.fromtimestamp(review.at, zone).date() for review in reviews)
    ids = {meta.id for meta in known}
    midnight = dt.datetime.combine(today + dt.timedelta(days=1), dt.time(), zone).timestamp()
    return Stats(
        answers=len(reviews),
        streak=_streak(days, today),
        retention=_retention(reviews, now),
        due_today=tuple(name for name in due(cards, midnight - 1) if name in ids),
        unseen=len(ids - cards.keys()),
        topics=tuple(_topics(reviews, cards, known, now)),
        calendar=_calendar(days, today),
        weakest=_weakest(reviews, known),
    )


def _streak(days: Mapping[dt.date, int], today: dt.date) -> int:
    day = today if days.get(today) else today - dt.timedelta(days=1)
    length = 0
    while days.get(day):
        length += 1
        day -= dt.timedelta(days=1)
    return length


def _retention(reviews: Sequence[Review], now: float) -> float | None:
    seen: set[str] = set()
    recalled = []
    for review in reviews:
        if review.question in seen and review.at >= now - _RETENTION_DAYS * 86400:
            recalled.append(review.score >= _RECALLED)
        seen.add(review.question)
    return sum(recalled) / len(recalled) if recalled else None


def _topics(
    reviews: Sequence[Review], cards: Mapping[str, Card], known: Sequence[QuestionMeta], now: float
) -> Iterable[Strength]:
    by_topic: dict[str, list[str]] = {}
    for meta in known:
        by_topic.setdefault(meta.topic, []).append(meta.id)
    kept = remembered(reviews, cards, now)
    for topic, own in by_topic.items():
        yield Strength(
            topic, sum(name in kept for name in own), len(own), sum(kept.get(name, 0.0) for name in own) / len(own)
        )


def remembered(reviews: Sequence[Review], cards: Mapping[str, Card], now: float) -> dict[str, float]:
    """How well each question that was seen would be answered at `now`, from 0 to 1: its last score by the chance that it
    is still remembered."""
    last = {review.question: review.score for review in reviews}
    return {name: retrievability(card, now) * last.get(name, 0.0) for name, card in cards.items()}


def _calendar(days: Mapping[dt.date, int], today: dt.date) -> tuple[tuple[dt.date, int], ...]:
    """Whole weeks, Monday first, up to today."""
    first = today - dt.timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    return tuple(
        (first + dt.timedelta(days=offset), days.get(first + dt.timedelta(days=offset), 0))
        for offset in range((today - first).days + 1)
    )


def _weakest(reviews: Sequence[Review], known: Sequence[QuestionMeta]) -> tuple[Weak, ...]:
    topics = {meta.id: meta.topic for meta in known}
    scores: dict[str, list[float]] = {}
    for review in reviews:
        if review.question in topics:
            scores.setdefault(review.question, []).append(review.score)
    means = {name: sum(of[-_LAST:]) / len(of[-_LAST:]) for name, of in scores.items()}
    weak = sorted((name for name in means if means[name] < 1.0), key=lambda name: (means[name], name))
    return tuple(Weak(name, topics[name], means[name]) for name in weak[:3])


def as_json(found: Stats) -> dict[str, object]:
    """As `stats --json` prints it."""
    return {
        "answers": found.answers,
        "streak_days": found.streak,
        "retention": found.retention,
        "due_today": list(found.due_today),
        "unseen": found.unseen,
        "topics": [
            {"topic": one.topic, "seen": one.seen, "all": one.all, "strength": round(one.strength, 4)}
            for one in found.topics
        ],
        "calendar": {day.isoformat(): count for day, count in found.calendar if count},
        "weakest": [{"question": w.question, "topic": w.topic, "score": round(w.score, 4)} for w in found.weakest],
    }
