"""When a question is due again: FSRS (py-fsrs) behind two functions. State in, state out; time is handed in.

A question's progress belongs to its id: what is drawn from it differs each time, and editing its text resets nothing.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

from k8squiz.bank.rng import Rng
from k8squiz.history.store import Card

if TYPE_CHECKING:
    from fsrs import Scheduler

DAY = 86400.0
# A score of at least this is rated so; a full score is easy only when it is not the first time.
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
RATINGS = ((0.5, AGAIN), (0.8, HARD), (1.0, GOOD))
_RETENTION, _RETENTION_AT_THE_END = 0.9, 0.95
_LAST_DAYS = 3
_SOON = dt.timedelta(minutes=10)


class Asked(Protocol):
    """What is known of a question without opening it."""

    @property
    def id(self) -> str: ...
    @property
    def level(self) -> int: ...


Q = TypeVar("Q", bound=Asked)


def rating_of(score: float, seen_before: bool) -> int:
    """FSRS's rating (1 again, 2 hard, 3 good, 4 easy) of a score from 0 to 1."""
    for below, rating in RATINGS:
        if score < below:
            return rating
    return EASY if seen_before else GOOD


def reviewed(card: Card | None, question: str, score: float, now: float, until: float | None = None) -> Card:
    """The card after an answer that scored `score` at `now`. With `until`, the day of the interview, it comes back
    before that day."""
    from fsrs import Card as FsrsCard
    from fsrs import Rating

    at = _time(now)
    # What py-fsrs numbers cards by is of no use here: 0 keeps the state a function of the answers alone.
    before = FsrsCard.from_dict(card.state) if card is not None else FsrsCard(card_id=0, due=at)
    after, _ = _scheduler(now, until).review_card(before, Rating(rating_of(score, card is not None)), at)
    return Card(question, after.to_dict(), after.due.timestamp(), now)


def retrievability(card: Card, now: float) -> float:
    """How likely it is, from 0 to 1, that the question would be answered well now."""
    from fsrs import Card as FsrsCard

    return float(_scheduler(now, None).get_card_retrievability(FsrsCard.from_dict(card.state), _time(now)))


def _scheduler(now: float, until: float | None) -> Scheduler:
    from fsrs import Scheduler

    days = days_left(now, until)
    near = days is not None and days <= _LAST_DAYS
    return Scheduler(
        desired_retention=_RETENTION_AT_THE_END if near else _RETENTION,
        # What was missed is due again the same day.
        learning_steps=(_SOON,), relearning_steps=(_SOON,), enable_fuzzing=False,
        maximum_interval=36500 if days is None else max(1, days),
    )  # fmt: skip


def _time(now: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(now, dt.UTC)


def days_left(now: float, until: float | None) -> int | None:
    """Whole days from `now` to the interview's day, at least 0; None without one."""
    return None if until is None else max(0, math.ceil((until - now) / DAY))


def due(cards: Mapping[str, Card], now: float) -> tuple[str, ...]:
    """The questions that are due at `now`, the longest overdue first."""
    ready = [card for card in cards.values() if card.due <= now]
    return tuple(card.question for card in sorted(ready, key=lambda card: (card.due, card.question)))


def new_share(unseen: int, count: int, now: float, until: float | None, wanted: int | None) -> int:
    """How many unseen questions to mix into a sitting of `count`: `wanted`; else so many that all have been seen by
    `until`; else a third."""
    days = days_left(now, until)
    if wanted is None:
        wanted = math.ceil(count / 3) if days is None else math.ceil(unseen / max(1, days))
    return min(unseen, wanted)


def queue(
    known: Sequence[Q],
    cards: Mapping[str, Card],
    count: int,
    now: float,
    seed: str,
    new: int | None = None,
    until: float | None = None,
    today: float | None = None,
    path: Sequence[Q] | None = None,
) -> tuple[Q, ...]:
    """What to ask in a sitting of `count`: what is due by the end of `today` (default: by now), then new material, then
    what is due soonest. More than `new` unseen ones are asked only where there is nothing else.

    New material comes in the order of `path`, or in none. Easier ones first within a sitting; the same seed and the same cards give the same sitting."""
    by_id = {meta.id: meta for meta in known}
    rng = Rng("queue", seed)
    ready = [by_id[name] for name in due(cards, now if today is None else today) if name in by_id]
    unseen = [meta for meta in path or rng.shuffled(known) if meta.id not in cards]
    fresh = unseen[: new_share(len(unseen), count, now, until, new)]
    chosen = [*ready[: max(0, count - len(fresh))], *fresh][:count]
    chosen += _soonest(by_id, cards, chosen, unseen, count - len(chosen), known_first=new is not None)
    return tuple(sorted(chosen, key=lambda meta: meta.level))


def _soonest(
    by_id: Mapping[str, Q], cards: Mapping[str, Card], chosen: Iterable[Q], unseen: Sequence[Q], room: int,
    known_first: bool,
) -> list[Q]:  # fmt: skip
    """What fills a sitting up: more that is unseen, then what is due soonest; or the other way round."""
    taken = {meta.id for meta in chosen}
    later = sorted((card for card in cards.values() if card.question in by_id), key=lambda card: card.due)
    soonest = [by_id[card.question] for card in later]
    rest = [*soonest, *unseen] if known_first else [*unseen, *soonest]
    return [meta for meta in rest if meta.id not in taken][: max(0, room)]


class Scored(Protocol):
    """A graded answer."""

    @property
    def question(self) -> str: ...
    @property
    def score(self) -> float: ...


def weakest(known: Sequence[Q], reviews: Iterable[Scored], count: int, seed: str) -> tuple[Q, ...]:
    """What to cram: the worst last answers first, then what was never asked, then what went well."""
    last = {review.question: review.score for review in reviews}
    shuffled = Rng("cram", seed).shuffled(known)
    ranked = sorted(shuffled, key=lambda meta: last.get(meta.id, 0.99))
    return tuple(ranked[:count])
