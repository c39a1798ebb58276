"""talk: an open interview answer, told in one's own words and then checked, point by point, by whoever told it.

Nothing here judges prose. The key points are what an interviewer listens for; the walk shown with the grade is the
evidence for each of them.
"""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Field, Unreadable
from k8squiz.kinds.interface import Task
from k8squiz.world.texts import key_points
from k8squiz.world.world import World

ABOUT = Text("Tell it in your own words", "用自己的话讲述")
ANSWER = Text("Your answer", "你的回答")

SAID, LEFT_OUT = "said", "left out"
_MOST = 8000
_YES = frozenset({"y", "yes", "是", "有", "1"})
_NO = frozenset({"n", "no", "否", "没有", "0"})


@dataclass(frozen=True, slots=True)
class TalkField:
    """What the candidate says. It carries no score of its own."""

    id: str = "talk"
    label: Text = ANSWER
    truth: str = ""
    weight: float = 0.0

    def read(self, typed: str) -> str:
        text = " ".join(typed.split())
        if not text:
            raise Unreadable("say it in a sentence or two, or type skip", "请用一两句话回答，或输入 skip")
        return text[:_MOST]

    def score(self, value: str) -> float:
        return 1.0

    def show(self, value: str, zh: bool) -> str:
        return value


@dataclass(frozen=True, slots=True)
class PointField:
    """One key point: was it said? A value is SAID or LEFT_OUT."""

    id: str
    label: Text
    truth: str = SAID
    weight: float = 1.0

    def read(self, typed: str) -> str:
        word = typed.strip().lower()
        if word in _YES:
            return SAID
        if word in _NO:
            return LEFT_OUT
        raise Unreadable("y for what you said, n for what you left out", "说到了填 y，没说到填 n")

    def score(self, value: str) -> float:
        return float(value == SAID)

    def show(self, value: str, zh: bool) -> str:
        return {SAID: "说到了", LEFT_OUT: "没说到"}.get(value, value) if zh else value


def task(world: World) -> Task:
    """The answer, then one field for each key point. Raises QuizError where there are fewer than two points."""
    points = key_points(world)
    if len(points) < 2:
        raise QuizError(
            f"{world.question.id}: a talk needs at least two key points", f"{world.question.id}：talk 至少需要两个要点"
        )
    fields: list[Field] = [TalkField()]
    fields += [PointField(f"point-{number}", point) for number, point in enumerate(points, 1)]
    return Task(world.question, tuple(fields))
