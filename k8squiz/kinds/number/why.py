"""How the number comes about."""

from __future__ import annotations

from k8squiz.bank.question import Grade
from k8squiz.bank.yaml_values import Yaml
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task
from k8squiz.world.working import working
from k8squiz.world.world import World


def number_causes(world: World, value: Yaml, on: str | None, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """The sum that leads to `value` of request `on`."""
    return (Cause(task.fields[0].id, working(value, world, on)),)
