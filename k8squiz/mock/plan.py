"""What a mock interview asks, in which order, and how long each question may take: drawn from a seed, once."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError, unknown
from k8squiz.kinds.interface import REGISTRY, kind
from k8squiz.kinds.tracks import DEFAULT, TRACKS, Track
from k8squiz.kinds.tracks import track as named_track

MOST_MINUTES = 480
LEAST_SECONDS = 15  # no question can be read in less
# By level, what share of the time that a question of its kind takes at level 3.
_LEVEL = {1: 0.8, 2: 0.9, 3: 1.0, 4: 1.15, 5: 1.3}
# What interviews are about: an interview of so many questions has each of them, and something broken to find, where its levels and
# kinds allow, and not only as an open question.
_CORE_TOPICS = ("dns", "network-policy")
_CORE_FROM = 6
# About a proxy mode that is deprecated since v1.35 (KEP-5495): at most one question of so many.
_FADING, _FADING_EVERY = frozenset({"ipvs", "schedulers"}), 6
# Themes are asked 1 (hardly ever) to 5 (in every round): so many steps of it weigh as much as a topic that was had.
_MOST_ASKED, _RARE = 5, 2
# How far chance reaches, in the same measure: with less of it the questions of a rare kind, level or theme are in every interview.
_LUCK = 7.0
# A topic of which only one question suits the interview would have it in every one: what that one is set back.
_LONE = 2.0
_SECONDS = 180  # of a kind that this k8squiz does not know
_Fits: TypeAlias = Callable[[QuestionMeta], bool]


_ANY = Track(Text("By topic", "按主题"), Text("every level", "所有难度"), dict.fromkeys(range(1, 6), 1))


@dataclass(frozen=True, slots=True)
class PlannedQuestion:
    """One question of the plan. `parent` is the place in the plan of the question it follows up, None for one of its
    own; `seconds` its share of the time; `question` and `seed` draw it."""

    question: str
    topic: str
    level: int
    kind: str
    seed: str
    seconds: int
    label: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class InterviewPlan:
    """A whole interview. The shares of its items add up to its minutes."""

    track: str | None
    topics: tuple[str, ...]
    minutes: int
    seed: str
    items: tuple[PlannedQuestion, ...]

    @property
    def seconds(self) -> int:
        return self.minutes * 60

    @property
    def questions(self) -> int:
        """How many there are, follow-ups apart."""
        return sum(1 for item in self.items if item.parent is None)

    def to_json(self) -> dict[str, object]:
        """Plain values; `from_json` reads them back."""
        return {**dataclasses.asdict(self), "topics": list(self.topics)}


def from_json(raw: object) -> InterviewPlan:
    """The plan that `to_json` wrote. Raises QuizError for anything else."""
    try:
        if not isinstance(raw, Mapping):
            raise TypeError(type(raw).__name__)
        items = tuple(_item(item, index) for index, item in enumerate(raw["items"]))
        track = raw["track"]
        if not items or track is not None and track not in TRACKS:
            raise ValueError(track)
        return InterviewPlan(track, tuple(map(str, raw["topics"])), int(raw["minutes"]), str(raw["seed"]), items)
    except (KeyError, TypeError, ValueError) as error:
        raise QuizError(
            f"the saved plan of this interview cannot be read: {error!r}", f"无法读取保存的面试计划：{error!r}"
        ) from error


def _item(raw: Mapping[str, Any], index: int) -> PlannedQuestion:
    """One item as it came back from the disk, which may hold anything. Raises TypeError or ValueError."""
    item = PlannedQuestion(**raw)
    words = (item.question, item.topic, item.kind, item.seed, item.label)
    numbers = (item.level, item.seconds, 0 if item.parent is None else item.parent)
    if not all(isinstance(word, str) for word in words) or not all(type(number) is int for number in numbers):
        raise TypeError(index)
    if not 1 <= item.level <= 5 or item.seconds < 0 or not (item.parent is None or 0 <= item.parent < index):
        raise ValueError(index)
    return item


def plan(
    known: Sequence[QuestionMeta],
    seed: str,
    minutes: int,
    questions: int | None = None,
    track: str | None = None,
    topics: Sequence[str] = (),
    follow_ups: Callable[[QuestionMeta], Sequence[QuestionMeta]] = lambda meta: (),
) -> InterviewPlan:
    """Draw an interview from `known`: the same arguments give the same plan.

    `questions` is how many, follow-ups apart (None: as many as the minutes hold). Raises QuizError where the bank
    cannot draw that many, or they would leave no time to read them.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise QuizError(
            f"--minutes is {minutes}: an interview lasts 1 to {MOST_MINUTES} minutes",
            f"--minutes 为 {minutes}：面试时长须为 1 到 {MOST_MINUTES} 分钟",
        )
    name = track if track is not None or topics else DEFAULT
    chosen = named_track(name) if name is not None else _ANY
    fitting = _fitting(known, chosen, topics)
    if questions is not None and not 1 <= questions <= len(fitting):
        raise QuizError(
            f"--questions is {questions}: the bank can draw 1 to {len(fitting)} different questions for this interview",
            f"--questions 为 {questions}：题库能为这场面试抽取 1 到 {len(fitting)} 道不同的题目",
        )
    drawn = _drawn(fitting, chosen, Rng("mock", seed), minutes * 60, questions, follow_ups)
    return InterviewPlan(name, tuple(topics), minutes, seed, _timed(drawn, seed, minutes * 60, follow_ups))


def _fitting(known: Sequence[QuestionMeta], track: Track, topics: Sequence[str]) -> list[QuestionMeta]:
    for topic in topics:
        if topic not in {meta.topic for meta in known}:
            raise unknown("topic", topic, (meta.topic for meta in known))
    fitting = [
        meta for meta in known
        if not meta.trivia and track.fits(meta) and _in_interviews(meta) and (not topics or meta.topic in topics)
    ]  # fmt: skip
    if not fitting:
        raise QuizError(
            f"no question fits this interview: topics {', '.join(topics) or 'any'}, levels {_levels(track)}",
            f"没有适合这场面试的题目：主题 {'、'.join(topics) or '不限'}，难度 {_levels(track)}",
        )
    return fitting


def _in_interviews(meta: QuestionMeta) -> bool:
    return meta.kind not in REGISTRY or kind(meta.kind).in_interviews


def _levels(track: Track) -> str:
    return f"{min(track.mix)}-{max(track.mix)}"


def _drawn(
    fitting: Sequence[QuestionMeta],
    track: Track,
    rng: Rng,
    seconds: int,
    questions: int | None,
    follow_ups: Callable[[QuestionMeta], Sequence[QuestionMeta]],
) -> list[QuestionMeta]:
    """One after another, each time what the interview has least of so far; easier ones first in the end, but for an open
    question that everything begins with."""
    left = rng.shuffled(fitting)
    size = Counter((meta.topic, _opens(meta)) for meta in left)
    start = {
        meta.id: _LUCK * place / len(left) + _LONE / size[meta.topic, _opens(meta)] for place, meta in enumerate(left)
    }
    wanted: list[_Fits] = [*(partial(_of_topic, topic) for topic in _CORE_TOPICS), _finds_faults]
    core = rng.shuffled(wanted)
    drawn: list[QuestionMeta] = []
    filled = 0.0
    whole = questions if questions is not None else len(fitting)
    while left and len(drawn) < whole:
        needed = _needed(left, drawn, track, core) if whole >= _CORE_FROM else ()
        # Of what has to be asked chance alone chooses: there are few, and their levels would decide.
        best = (
            min(needed, key=lambda meta: start[meta.id]) if needed
            else min(_turn(left, drawn, track), key=lambda meta: _had(meta, drawn, track) + start[meta.id])
        )  # fmt: skip
        cost = _natural(best) + sum(map(_natural, follow_ups(best)))
        if questions is None and drawn and filled + cost / 2 > seconds:
            break
        left.remove(best)
        drawn.append(best)
        filled += cost
    drawn.sort(key=lambda meta: meta.level)
    first = next((meta for meta in drawn if _opens(meta)), drawn[0])
    return [first, *(meta for meta in drawn if meta is not first)]


def _needed(
    left: Sequence[QuestionMeta], drawn: Sequence[QuestionMeta], track: Track, core: Sequence[_Fits]
) -> list[QuestionMeta]:
    """Those of `left` among which the next one has to be, since nothing of a part of the `core` was drawn yet."""
    # There are few open questions of each: were they drawn for it, the same would be in every interview.
    if _open_turn(drawn, track):
        return []
    closed = [meta for meta in left if not _opens(meta)]
    missing = (fits for fits in core if not any(map(fits, drawn)))
    return next((found for fits in missing if (found := list(filter(fits, closed)))), [])


def _turn(left: list[QuestionMeta], drawn: Sequence[QuestionMeta], track: Track) -> list[QuestionMeta]:
    """Those of `left` among which the next one is chosen: each rule holds as long as it leaves any."""
    turn = [meta for meta in left if _opens(meta) == _open_turn(drawn, track)] or left
    fading = sum(1 for meta in drawn if meta.topic in _FADING)
    if (fading + 1) * _FADING_EVERY > len(drawn) + 1:
        turn = [meta for meta in turn if meta.topic not in _FADING] or turn
    return turn


def _open_turn(drawn: Sequence[QuestionMeta], track: Track) -> bool:
    """Whether it is an open question's turn: the first one is open, and then every so many."""
    return track.open_every > 0 and len(drawn) % track.open_every == 0


def _of_topic(topic: str, meta: QuestionMeta) -> bool:
    return meta.topic == topic


def _finds_faults(meta: QuestionMeta) -> bool:
    return meta.kind in REGISTRY and kind(meta.kind).finds_faults


def _opens(meta: QuestionMeta) -> bool:
    """Whether it is an open question, with which an interview begins."""
    return meta.kind in REGISTRY and kind(meta.kind).opens


def _had(meta: QuestionMeta, drawn: Sequence[QuestionMeta], track: Track) -> float:
    """How much of this topic, its themes, kind and level there is already: the levels as the track mixes them. Of two alike
    the one that interviewers ask more often counts less."""
    # A topic may well be talked of and asked about.
    topic = sum(1.0 if _opens(other) == _opens(meta) else 0.5 for other in drawn if other.topic == meta.topic)
    theme = sum(1 for other in drawn if not set(other.themes).isdisjoint(meta.themes))
    rare = (_MOST_ASKED - track.weight(meta)) / _RARE
    kind = sum(1 for other in drawn if other.kind == meta.kind)
    level = sum(1 for other in drawn if other.level == meta.level) / track.mix[meta.level]
    return topic + theme / 2 + rare + kind + level * sum(track.mix.values()) / len(track.mix)


def _natural(meta: QuestionMeta) -> float:
    # A follow-up's cluster is known already.
    half = 0.5 if meta.id != meta.origin else 1.0
    seconds = kind(meta.kind).seconds if meta.kind in REGISTRY else _SECONDS
    return seconds * _LEVEL[meta.level] * half


def _timed(
    drawn: Sequence[QuestionMeta], seed: str, seconds: int, follow_ups: Callable[[QuestionMeta], Sequence[QuestionMeta]]
) -> tuple[PlannedQuestion, ...]:
    """The items in order, each question's follow-ups right behind it, with shares that add up to `seconds`."""
    rows: list[tuple[QuestionMeta, str, str, int | None]] = []
    for number, meta in enumerate(drawn, 1):
        place, own = len(rows), f"{seed}-{number}"
        rows.append((meta, own, str(number), None))
        for letter, follow in zip("abcd", follow_ups(meta), strict=False):
            rows.append((follow, own, f"{number}{letter}", place))
    if seconds < LEAST_SECONDS * len(rows):
        raise QuizError(
            f"--minutes {seconds // 60} leaves {len(rows)} questions and follow-ups less than {LEAST_SECONDS} seconds "
            "each; ask for more --minutes or fewer --questions",
            f"{seconds // 60} 分钟 {len(rows)} 道题（含追问），每题不足 {LEAST_SECONDS} 秒；请增加 --minutes 或减少 --questions",
        )
    spare = seconds - LEAST_SECONDS * len(rows)
    paces = [_natural(meta) for meta, *_ in rows]
    shares = [LEAST_SECONDS + int(spare * pace / sum(paces)) for pace in paces]
    shares[-1] += seconds - sum(shares)
    return tuple(
        PlannedQuestion(meta.id, meta.topic, meta.level, meta.kind, own, share, label, parent)
        for (meta, own, label, parent), share in zip(rows, shares, strict=True)
    )
