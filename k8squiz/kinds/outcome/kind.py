"""outcome: how does the connection end, where, and who is seen?"""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import WORD, key, list_of, one_of, record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.outcome.parts import PARTS
from k8squiz.world.world import World


@dataclass(frozen=True, slots=True)
class OutcomeAsk:
    on: str | None = key(WORD, None, "for")
    parts: tuple[str, ...] = key(list_of(one_of(*PARTS), least=1), ("ending",))


class OutcomeKind(TypedKind[OutcomeAsk]):
    about = Text("Say how it ends", "说出结果")
    example = "02-traffic-policy/local-policy-ending"
    skeleton = "ask: {parts: [ending, host]}"
    seconds = 150
    for_juniors = True
    in_exams = True
    ask = record(OutcomeAsk)

    def task(self, world: World, ask: OutcomeAsk) -> Task:
        """A field for each part asked. Raises Ambiguous where the ways end differently."""
        name = ask.on or world.first
        return Task(world.question, tuple(PARTS[part](world, name) for part in ask.parts))

    def why(self, world: World, ask: OutcomeAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.outcome.why import ending_causes

        return ending_causes(world, ask.on or world.first, ask.parts, task, grade)


KIND = OutcomeKind()
