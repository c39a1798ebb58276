"""Questions of kind talk: said in one's own words, checked point by point."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank.draw import draw
from k8squiz.bank.find import find, parse_template
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.grade import grade
from k8squiz.kinds.interface import Task, make_task
from k8squiz.kinds.talk.fields import LEFT_OUT, SAID, PointField, TalkField
from k8squiz.world.world import World
from tests.k8squiz.fakes import anything
from tests.k8squiz.runner import k8squiz

NAME = "hairpin-told"


def task() -> Task:
    return make_task(World(draw(find(NAME), "1")))


CHECKED = [(0, 0.0), (1, 0.2), (3, 0.6), (5, 1.0)]


@pytest.mark.parametrize(("said", "score"), CHECKED)
def test_the_score_is_the_share_of_points_said(said: int, score: float) -> None:
    asked = task()
    points = [field.id for field in asked.fields if isinstance(field, PointField)]
    answer = {"talk": "DNAT, mark, masquerade"} | {
        name: SAID if index < said else LEFT_OUT for index, name in enumerate(points)
    }
    assert grade(asked, answer).score == pytest.approx(score)


def test_what_is_said_carries_no_score_of_its_own() -> None:
    assert grade(task(), {"talk": "everything there is to say"}).score == 0.0


WORDS = [("y", SAID), ("Yes", SAID), ("是", SAID), ("n", LEFT_OUT), ("没有", LEFT_OUT)]


@pytest.mark.parametrize(("typed", "value"), WORDS)
def test_how_a_point_is_checked(typed: str, value: str) -> None:
    field = next(field for field in task().fields if isinstance(field, PointField))
    assert field.read(typed) == value


def test_what_is_no_answer() -> None:
    talk, _, point, *_ = task().fields
    for field, typed in ((talk, "  "), (point, "perhaps"), (point, "")):
        with pytest.raises(Unreadable):
            field.read(typed)
    assert isinstance(talk, TalkField)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("json", [False, True])
def test_the_points_are_not_told_beforehand(lang: str, json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["questions", "show", NAME, "--seed", "1", "--lang", lang, *(["--json"] if json else [])]
    point = next(field for field in task().fields if isinstance(field, PointField))
    text = point.label.zh if lang == "zh" else point.label.en
    first = text[:12]
    assert first not in k8squiz(capsys, *words).out
    assert first in k8squiz(capsys, *words, "--answer").out


def test_a_talk_needs_points() -> None:
    path = Path(find(NAME).meta.path)
    text = path.read_text(encoding="utf-8")
    start, stop = text.index("key_points:"), text.index("followups:")
    few = (
        text[:start] + "key_points:\n  - {en: One point only., zh: 只有一个要点。}\n  - {en: x, zh: x}\n" + text[stop:]
    )
    template = parse_template(few, path)
    anything(template.data["key_points"]).pop()
    with pytest.raises(QuizError, match="at least two key points"):
        make_task(World(draw(template, "1")))


def test_a_follow_up_may_be_left_unanswered() -> None:
    """An empty line is none; before the answer itself there is nothing to leave out."""
    probe = next(field for field in make_task(World(draw(find("nodeport-told"), "1"))).fields if field.id == "probe")
    assert probe.foregone({}) is None
    assert probe.foregone({"talk": "DNAT"}) == ""
    assert probe.show("", False) == "(no answer)" and probe.show("", True) == "（没有回答）"
