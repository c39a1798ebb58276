"""Why a scheduler meets the requirement or does not: what was measured, against what is required."""

from __future__ import annotations

from engine.ipvs.scenario import Requirement
from engine.ipvs.simulate import Measured
from engine.trace import Text
from k8squiz.bank.question import Grade
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task
from k8squiz.kinds.scheduler.ask import SchedulerAsk
from k8squiz.world.virtual_servers import scenario
from k8squiz.world.world import World


def scheduler_causes(world: World, ask: SchedulerAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for each scheduler that was picked and does not fit, or fits and was not picked."""
    (field,), (mark,) = task.fields, grade.marks
    found = scenario(world.question)
    if found is None:
        return ()
    picked = mark.given or ()
    causes = []
    for item in field.options:
        if (item.key in picked) is (item.key in field.truth):
            continue
        measured = found.measure(item.key, world.question.seed)
        broken = [one for one in found.requirements if not one.met(measured)]
        causes.append(Cause(field.id, _told(broken or found.requirements, measured), item.key))
    return tuple(causes)


def _told(requirements: tuple[Requirement, ...] | list[Requirement], measured: Measured) -> Text:
    told = [
        (one.metric, f"{float(getattr(measured, one.metric)):.4g}", str(one).removeprefix(f"{one.metric} "))
        for one in requirements
    ]
    return Text(
        "; ".join(f"measured {metric} {value}, required {bound}" for metric, value, bound in told),
        "；".join(f"实测 {metric} 为 {value}，要求 {bound}" for metric, value, bound in told),
    )
