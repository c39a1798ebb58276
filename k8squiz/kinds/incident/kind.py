"""incident: a broken cluster, a report in a user's words and a shell; graded by what works again, and for good."""

from __future__ import annotations

from engine.faults.registry import names
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import key, one_of, record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.incident.fields import IncidentField
from k8squiz.kinds.incident.why import incident_causes
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.world.world import World


@dataclass(frozen=True, slots=True)
class IncidentAsk:
    """`fault` is a row of engine.faults.registry."""

    fault: str = key(one_of(*names()))


class IncidentKind(TypedKind[IncidentAsk]):
    about = Text("Look into a broken cluster and mend it", "排查并修复出故障的集群")
    example = "18-incidents/half-of-the-requests-fail"
    skeleton = "ask: {fault: endpoints-empty}"
    seconds = 600
    in_exams = True
    finds_faults = True
    ask = record(IncidentAsk)

    def task(self, world: World, ask: IncidentAsk) -> Task:
        """The path, as one field."""
        return Task(world.question, (IncidentField(world.question),))

    def why(self, world: World, ask: IncidentAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return incident_causes(world.question, str(grade.marks[0].given or ""))


KIND = IncidentKind()
