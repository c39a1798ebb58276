"""The plan of an interview: what a seed draws, how the time is shared, what is refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from engine.trace import Text
from k8squiz.bank.find import metas, opened
from k8squiz.bank.followup import follow_ups
from k8squiz.bank.question import QuestionMeta
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import kind
from k8squiz.kinds.tracks import TRACKS
from k8squiz.mock.plan import LEAST_SECONDS, InterviewPlan, PlannedQuestion, from_json, plan

KINDS = ("outcome", "choice", "number", "hop-order", "rewrite", "talk")
KNOWN = [
    QuestionMeta(f"{topic}-{kind}-{level}", topic, level, kind, "x.yaml")
    for topic in ("nodeport", "hairpin", "traffic-policy") for kind in KINDS for level in range(1, 6)
]  # fmt: skip


def next_ones(meta: QuestionMeta) -> Sequence[QuestionMeta]:
    """Every number question has two follow-ups, nothing else has any."""
    if meta.kind != "number":
        return ()
    return [QuestionMeta(f"{meta.id}/{name}", meta.topic, meta.level, "choice", "x.yaml") for name in ("a", "b")]


def drawn(seed: str = "1", minutes: int = 45, questions: int | None = None, **more: object) -> InterviewPlan:
    return plan(KNOWN, seed, minutes, questions, follow_ups=next_ones, **more)  # type: ignore[arg-type]


def test_the_same_seed_gives_the_same_interview() -> None:
    assert drawn("7") == drawn("7")
    assert len({drawn(str(seed)) for seed in range(20)}) == 20


@pytest.mark.parametrize("minutes", [5, 13, 45, 90])
@pytest.mark.parametrize("track", [*TRACKS, None])
def test_the_shares_are_the_whole_time(minutes: int, track: str | None) -> None:
    for seed in range(10):
        it = drawn(str(seed), minutes, track=track)
        assert sum(item.seconds for item in it.items) == minutes * 60
        assert min(item.seconds for item in it.items) >= LEAST_SECONDS


# How each is called, how many of ten questions are of which level, and whether its kinds are the simple ones.
TRACK_ROWS = {
    "junior": (Text("Junior", "初级"), {1: 3, 2: 4, 3: 3}, True),
    "senior": (Text("Senior", "高级"), {2: 2, 3: 4, 4: 3}, False),
    "expert": (Text("Expert", "专家"), {3: 3, 4: 5, 5: 3}, False),
    "cka": (Text("CKA-like", "CKA 类"), {2: 3, 3: 4, 4: 2}, False),
    "cn": (Text("Chinese interviews", "国内面试"), {1: 1, 2: 3, 3: 4, 4: 2}, False),
}


def test_the_tracks() -> None:
    assert {name: (track.title, track.mix, track.simple) for name, track in TRACKS.items()} == TRACK_ROWS
    assert list(TRACKS) == list(TRACK_ROWS)


def test_a_track_decides_levels_and_kinds() -> None:
    for seed in range(10):
        junior, expert = drawn(str(seed), track="junior"), drawn(str(seed), track="expert")
        assert {item.level for item in junior.items} <= {1, 2, 3}
        assert "rewrite" not in {item.kind for item in junior.items}
        assert {item.level for item in expert.items} <= {3, 4, 5}


@pytest.mark.parametrize("track", [name for name, track in TRACKS.items() if track.open_every])
@pytest.mark.parametrize("questions", [1, 2, 5, 9])
def test_a_track_opens_with_an_open_question_and_every_third_is_one(track: str, questions: int) -> None:
    known = metas()
    for seed in range(10):
        mains = [item.kind for item in plan(known, str(seed), 120, questions, track=track).items]
        assert mains[0] == "talk"
        assert mains.count("talk") == -(-questions // 3)


def test_a_track_of_tasks_has_its_kinds_and_themes_and_no_open_question() -> None:
    track = TRACKS["cka"]
    by_id = {meta.id: meta for meta in metas()}
    for seed in range(10):
        asked = [by_id[item.question] for item in plan(metas(), str(seed), 60, track="cka").items]
        assert all(kind(meta.kind).in_exams for meta in asked)
        assert all(not track.asked.keys().isdisjoint(meta.themes) for meta in asked)


def test_trivia_is_in_no_interview() -> None:
    trivia = {meta.id for meta in metas() if meta.trivia}
    assert len(trivia) >= 15
    for track in (*TRACKS, None):
        for seed in range(10):
            topics = () if track else ("schedulers", "ipvs")
            assert trivia.isdisjoint(
                item.question for item in plan(metas(), str(seed), 90, track=track, topics=topics).items
            )


def test_where_there_are_no_open_questions_there_are_others() -> None:
    closed = [meta for meta in KNOWN if meta.kind != "talk"]
    assert len(plan(closed, "1", 45, 6).items) == 6


def test_topics_and_kinds_are_spread() -> None:
    it = drawn("3", 90, 12)
    mains = [item for item in it.items if item.parent is None]
    for topic in ("nodeport", "hairpin", "traffic-policy"):
        assert 3 <= sum(1 for item in mains if item.topic == topic) <= 5
    assert len({item.kind for item in mains}) >= 5


@pytest.mark.parametrize("track", TRACKS)
def test_the_shipped_interviews_ask_what_interviews_are_about(track: str) -> None:
    known = metas()
    for seed in range(20):
        mains = [item for item in plan(known, str(seed), 45, track=track).items if item.parent is None]
        topics = [item.topic for item in mains]
        assert {"dns", "network-policy"} <= set(topics)
        assert not {"evidence", "incident"}.isdisjoint(item.kind for item in mains) or track == "junior"
        assert (topics.count("ipvs") + topics.count("schedulers")) * 6 <= len(mains)


@pytest.mark.parametrize("track", TRACKS)
def test_no_question_is_in_every_other_interview(track: str) -> None:
    # Over 60 seeds none is in more than a third: benchmarks/mock_spread.py.
    known, seeds = metas(), 24
    asked = Counter(item.question for seed in range(seeds) for item in plan(known, str(seed), 45, track=track).items)
    assert {name: count for name, count in asked.items() if count > seeds * 0.46} == {}


def test_a_fading_topic_is_drawn_where_it_is_asked_for() -> None:
    it = plan(metas(), "1", 45, 5, topics=("ipvs",))
    assert {item.topic for item in it.items} == {"ipvs"}


def test_of_two_alike_the_one_that_is_asked_more_often_comes_more_often() -> None:
    known = [
        QuestionMeta(f"{theme}-{number}", "services", 3, "choice", "x.yaml", themes=(theme,))
        for theme in ("sctp", "cluster-dns") for number in range(8)
    ]  # fmt: skip
    asked = Counter(plan(known, str(seed), 10, 1).items[0].question.rpartition("-")[0] for seed in range(40))
    assert asked["cluster-dns"] > 1.5 * asked["sctp"]


def test_topics_alone_take_every_level_and_no_other_topic() -> None:
    it = drawn("3", 300, topics=("hairpin",))
    assert it.track is None
    assert {item.topic for item in it.items} == {"hairpin"}
    assert {item.level for item in it.items} == {1, 2, 3, 4, 5}


def test_follow_ups_come_right_behind_their_question_and_share_its_seed() -> None:
    it = drawn("3", 120)
    for index, item in enumerate(it.items):
        if "/" in item.question:
            assert item.parent is not None
            parent = it.items[item.parent]
            assert item.question.startswith(f"{parent.question}/")
            assert (item.seed, index - item.parent) in ((parent.seed, 1), (parent.seed, 2))
            assert item.label in (f"{parent.label}a", f"{parent.label}b")
    assert sum(1 for item in it.items if item.parent is not None) >= 2


def test_harder_ones_come_later_and_get_longer() -> None:
    it = drawn("3", 60, 8)
    mains = [item for item in it.items if item.parent is None]
    assert [item.level for item in mains[1:]] == sorted(item.level for item in mains[1:])
    assert it.questions == 8

    def share(kind: str, level: int) -> float:
        return next(
            item.seconds / sum(each.seconds for each in it.items)
            for it in (drawn(str(seed), 300, track="senior") for seed in range(9))
            for item in it.items if (item.kind, item.level, item.parent) == (kind, level, None)
        )  # fmt: skip

    assert share("rewrite", 3) > share("choice", 3)
    assert share("choice", 4) > share("choice", 2)


@pytest.mark.parametrize(
    ("minutes", "questions", "more", "en", "zh"),
    [
        (0, None, {}, "--minutes is 0", "--minutes 为 0"),
        (481, None, {}, "1 to 480 minutes", "1 到 480 分钟"),
        (45, 0, {}, "--questions is 0", "--questions 为 0"),
        (45, 55, {}, "1 to 54 different questions", "1 到 54 道不同的题目"),
        (1, 9, {}, "less than 15 seconds", "不足 15 秒"),
        (45, None, {"track": "senor"}, "no such track", "没有这个面试级别"),
        (45, None, {"topics": ("hairpins",)}, "did you mean hairpin?", "hairpin"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    minutes: int, questions: int | None, more: dict[str, object], en: str, zh: str
) -> None:
    with pytest.raises(QuizError) as error:
        drawn("1", minutes, questions, **more)
    assert en in error.value.en
    assert zh in error.value.zh


def test_a_plan_survives_the_disk() -> None:
    it = drawn("3", 60, track="junior", topics=("hairpin", "nodeport"))
    assert from_json(json.loads(json.dumps(it.to_json()))) == it


GOOD = {
    "question": "a",
    "topic": "t",
    "level": 1,
    "kind": "choice",
    "seed": "1",
    "seconds": 60,
    "label": "1",
    "parent": None,
}
FRAME = {"track": "junior", "topics": [], "minutes": 1, "seed": "1"}
SPOILT = [
    {}, {"items": 7}, {"items": []}, {**FRAME, "items": [{}]}, {**FRAME, "items": [{**GOOD, "extra": 1}]},
    {**FRAME, "items": [{**GOOD, "seconds": "long"}]}, {**FRAME, "items": [{**GOOD, "parent": 0}]},
    {**FRAME, "items": [{**GOOD, "level": 9}]}, {**FRAME, "track": "guru", "items": [GOOD]},
    {**FRAME, "minutes": "x", "items": [GOOD]},
]  # fmt: skip


@pytest.mark.parametrize("raw", SPOILT, ids=range(len(SPOILT)))
def test_a_plan_that_the_disk_spoilt_is_refused(raw: Any) -> None:
    assert from_json({**FRAME, "items": [GOOD]}).items[0].label == "1"
    with pytest.raises(QuizError, match="cannot be read"):
        from_json(raw)


@pytest.mark.parametrize("track", TRACKS)
def test_the_real_bank_holds_an_interview_for_every_track(track: str) -> None:
    it = plan(metas(), "1", 45, track=track, follow_ups=lambda h: [t.meta for t in follow_ups(opened(h))])
    assert it.questions >= 4
    assert all(isinstance(item, PlannedQuestion) for item in it.items)
