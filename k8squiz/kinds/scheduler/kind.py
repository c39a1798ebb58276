"""scheduler: which IPVS schedulers meet a requirement?"""

from __future__ import annotations

from engine.trace import Text
from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.scheduler.ask import SchedulerAsk
from k8squiz.world.world import World


class Scheduler(TypedKind[SchedulerAsk]):
    about = Text("Choose the schedulers that fit", "选出符合要求的调度算法")
    example = "05-schedulers/the-same-client-stays"
    skeleton = (
        "ask:\n  scenario:\n    servers: [{name: small}, {name: large, weight: 2, speed: 2}]\n    connections: 400\n"
        '    requirements: "load_spread <= 1.2"'
    )
    seconds = 240
    ask = record(SchedulerAsk)

    def task(self, world: World, ask: SchedulerAsk) -> Task:
        # It brings all schedulers with it, which few questions ask about.
        from k8squiz.kinds.scheduler.task import schedulers_task

        return schedulers_task(world, ask)

    def why(self, world: World, ask: SchedulerAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.scheduler.why import scheduler_causes

        return scheduler_causes(world, ask, task, grade)


KIND = Scheduler()
