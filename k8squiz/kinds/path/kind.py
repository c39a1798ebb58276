"""path: the whiteboard. The way of the packet is typed freely, with source and destination at each device."""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import WORD, key, one_of, record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.path.fields import PathField
from k8squiz.kinds.path.steps import path_steps
from k8squiz.kinds.path.why import path_causes
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.world import World, direction_of

LABEL = Text("The path", "路径")


@dataclass(frozen=True, slots=True)
class PathAsk:
    on: str | None = key(WORD, None, "for")
    of: str = key(one_of("request", "reply"), "request")


class PathKind(TypedKind[PathAsk]):
    about = Text("Draw the path", "画出路径")
    example = "10-pod-to-pod/path-across-nodes"
    skeleton = "ask: {of: request}"
    seconds = 420
    ask = record(PathAsk)

    def task(self, world: World, ask: PathAsk) -> Task:
        """One field. Raises Ambiguous where the ways differ."""
        name = ask.on or world.first
        cluster = world.cluster(name)
        hosts = ("client", *(node.name for node in cluster.nodes), *(pod.name for pod in cluster.pods))
        found = {path_steps(direction_of(outcome, ask.of), hosts) for outcome in outcomes_of(world, name)}
        if len(found) != 1:
            raise Ambiguous(
                f"{world.question.id}: the ways the packet can go differ", f"{world.question.id}：各条路径不同"
            )
        return Task(world.question, (PathField("path", LABEL, found.pop(), hosts, world.question.aliases),))

    def why(self, world: World, ask: PathAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        return path_causes(world, ask.on or world.first, ask.of, task, grade)


KIND = PathKind()
