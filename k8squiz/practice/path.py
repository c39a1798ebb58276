"""What is asked of whoever begins: a placement that finds the level, then a path through what was not seen yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from k8squiz.bank.question import Attempt, QuestionMeta
from k8squiz.bank.rng import Rng

PLACEMENT = 5
_FIRST, _LOWEST, _HIGHEST = 2, 1, 4
# From this score on the next question is a level up, below the other one a level down.
_UP, _DOWN = 0.8, 0.5
# The mean from which a level is mastered.
_MASTERED = 0.6


def placement(known: Sequence[QuestionMeta], attempts: Sequence[Attempt], seed: str) -> QuestionMeta | None:
    """The next question of a placement: a level up after a good answer, down after a bad or no answer; of a topic that was
    not asked yet, where there is one. None where all have been asked."""
    level = _FIRST
    for attempt in attempts:
        score = attempt.grade.score if attempt.grade is not None else 0.0
        level = min(_HIGHEST, max(_LOWEST, level + (score >= _UP) - (score < _DOWN)))
    asked = {attempt.id for attempt in attempts}
    topics = {attempt.topic for attempt in attempts}
    left = Rng("placement", seed).shuffled([meta for meta in known if meta.id not in asked])
    return min(left, key=lambda meta: (abs(meta.level - level), meta.topic in topics), default=None)


def standing(scores: Mapping[str, float], known: Iterable[QuestionMeta]) -> int:
    """The highest level whose questions were answered well on the whole, by the last score of each; 0 for none."""
    by_level: dict[int, list[float]] = {}
    for meta in known:
        if meta.id in scores:
            by_level.setdefault(meta.level, []).append(scores[meta.id])
    return max((level for level, of in by_level.items() if sum(of) / len(of) >= _MASTERED), default=0)


def path(known: Sequence[QuestionMeta], level: int) -> tuple[QuestionMeta, ...]:
    """All questions in the order of the path: from `level` up, level by level, within one by the topics' numbers; what is
    below it last. `known` stands in the topics' order, as bank.find gives it."""
    topics = {topic: number for number, topic in enumerate(dict.fromkeys(meta.topic for meta in known))}
    return tuple(sorted(known, key=lambda meta: (meta.level < level, meta.level, topics[meta.topic], meta.id)))
