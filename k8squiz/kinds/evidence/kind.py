"""evidence: what tools print where something is broken. The cause is picked from a list that is always the same, the place is
typed."""

from __future__ import annotations

import functools

from engine.faults.placed import PLACED
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.rng import Rng
from k8squiz.bank.shapes import FLAG, key, list_of, record
from k8squiz.errors import QuizError, unknown
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.evidence.fields import CAUSE_FIELD, PLACE_FIELD, CauseField
from k8squiz.kinds.evidence.objections import objections
from k8squiz.kinds.evidence.transcript import ShownCommand, host_of, printed, transcript
from k8squiz.kinds.evidence.why import evidence_causes
from k8squiz.kinds.fields import Field, Item, NameField
from k8squiz.kinds.interface import Task, TypedKind, letters
from k8squiz.world.world import World

CAUSE, PLACE = (
    Text("What is broken?", "哪里出了问题？"),
    Text("Where: at which node, pod or Service?", "在哪个节点、Pod 或 Service 上？"),
)


@dataclass(frozen=True, slots=True)
class EvidenceAsk:
    show: tuple[ShownCommand, ...] = key(list_of(record(ShownCommand), least=1, most=12))
    place: bool = key(FLAG, True)


class Evidence(TypedKind[EvidenceAsk]):
    about = Text("Read what the tools print", "从命令输出判断原因")
    example = "13-evidence/route-or-tunnel"
    skeleton = (
        'ask:  # what is broken stands in the request: fault: {cause: forwarding-off, at: "{node1}"}\n  show:\n'
        '    - {host: client, run: "curl -m 3 http://{node1.ip}:{web.nodePort}/"}\n'
        '    - {host: "{node1}", run: sysctl net.ipv4.ip_forward}'
    )
    seconds = 240
    in_exams = True
    finds_faults = True
    ask = record(EvidenceAsk)

    def shown(self, world: World) -> tuple[tuple[str, str], ...]:
        live = world.live(world.first)
        return tuple((live.host_named(host_of(live, one.host)), one.run) for one in self.asked(world.question).show)

    def task(self, world: World, ask: EvidenceAsk) -> Task:
        """The cause and the place. Raises QuizError where the first request has no fault, or it sits at nothing shown."""
        fault = world.request(world.first).fault
        if fault is None:
            raise QuizError(
                f"{world.question.id}: evidence needs a `fault` in its first request",
                f"{world.question.id}：evidence 的第一个请求需要 `fault`",
            )
        told = printed(world.live(world.first), ask.show)
        codes = Rng(world.question.id, world.question.seed, "causes").shuffled(PLACED)
        items = tuple(
            Item(letter, code, PLACED[code].text) for letter, code in zip(letters(len(codes)), codes, strict=True)
        )
        against = functools.partial(objections, world, ask.show, told, ask.place)
        cause = CauseField(
            CAUSE_FIELD, CAUSE, items, (fault.cause,), weight=2.0, transcript=transcript(told), objections=against
        )
        fields: list[Field] = [cause]
        if ask.place:
            names = _places(world)
            if fault.at not in names:
                raise unknown("place", fault.at, names, f"{world.question.id}: fault: ")
            fields.append(NameField(PLACE_FIELD, PLACE, fault.at, names))
        return Task(world.question, tuple(fields))

    def why(self, world: World, ask: EvidenceAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return evidence_causes(world, ask.show, grade)


KIND = Evidence()


def _places(world: World) -> tuple[str, ...]:
    cluster = world.cluster(world.first)
    every = (cluster.nodes, cluster.pods, cluster.services)
    return tuple(dict.fromkeys(one.name for many in every for one in many))
