"""talk: an open interview answer, told in one's own words and then checked, point by point, by whoever told it."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import Schema, record
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Field
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.talk.fields import PointField, ProbeField, TalkField
from k8squiz.kinds.talk.why import point_causes
from k8squiz.world.texts import points
from k8squiz.world.world import World

_LEAST = 2


@dataclass(frozen=True, slots=True)
class TalkAsk:
    """Nothing: what is asked is the prompt."""


class Talk(TypedKind[TalkAsk]):
    about = Text("Tell it in your own words", "用自己的话讲述")
    example = "04-hairpin/hairpin-told"
    skeleton = "ask: {}"
    seconds = 300
    for_juniors = True
    opens = True
    # There is no answer to draw.
    one_answer = True
    grades_points = True
    ask = record(TalkAsk)

    @property
    def schema(self) -> Schema:
        points = {"type": "array", "minItems": _LEAST}
        return {"properties": {"ask": self.ask.schema, "key_points": points}, "required": ["key_points"]}

    def task(self, world: World, ask: TalkAsk) -> Task:
        """The answer, a follow-up, then one field for each key point. Raises QuizError where there are fewer than two."""
        listed = points(world)
        if len(listed) < _LEAST:
            raise QuizError(
                f"{world.question.id}: a talk needs at least two key points",
                f"{world.question.id}：talk 至少需要两个要点",
            )
        checked = tuple(
            PointField(f"point-{number}", point.text, terms=point.terms, probe=point.probe)
            for number, point in enumerate(listed, 1)
        )
        probes: tuple[Field, ...] = (ProbeField(points=checked),) if any(point.probe for point in checked) else ()
        return Task(world.question, (TalkField(), *probes, *checked))

    def why(self, world: World, ask: TalkAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return point_causes(world, task, grade)


KIND = Talk()
