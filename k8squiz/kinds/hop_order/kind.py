"""hop-order: put the shuffled steps of the walk in order, and leave out those that do not happen."""

from __future__ import annotations

from k8squiz.bank.question import Grade
from k8squiz.bank.shapes import record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.hop_order.ask import ABOUT, HopOrderAsk
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.world.world import World


class HopOrder(TypedKind[HopOrderAsk]):
    about = ABOUT
    example = "01-nodeport/nodeport-forward-order"
    skeleton = "ask: {of: request, detail: stage, distractors: 2}"
    seconds = 240
    for_juniors = True
    ask = record(HopOrderAsk)

    def task(self, world: World, ask: HopOrderAsk) -> Task:
        from k8squiz.kinds.hop_order.task import order_task

        return order_task(world, ask)

    def why(self, world: World, ask: HopOrderAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.hop_order.why import order_causes

        return order_causes(world, ask, task, grade)


KIND = HopOrder()
