"""repair: something is broken; type the one rule or the one field that mends it."""

from __future__ import annotations

from collections.abc import Collection

from engine.trace import Text
from k8squiz.bank.question import Grade, Question
from k8squiz.bank.shapes import record
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import BroughtAbout, Task, TypedKind
from k8squiz.kinds.repair.ask import RepairAsk
from k8squiz.world.world import World


class Repair(TypedKind[RepairAsk]):
    about = Text("Mend what is broken", "修复故障")
    example = "04-hairpin/hairpin-mend"
    skeleton = (
        'ask:\n  node: "{node1}"\n  missing_rule: {table: nat, chain: KUBE-SERVICES, text: {contains: "-j KUBE-NODEPORTS"}}\n'
        "  goal: {passes: {table: nat, chain: KUBE-NODEPORTS}}"
    )
    seconds = 420
    in_exams = True
    # What mends depends on what is shown broken, which names differ in anyway.
    one_answer = True
    ask = record(
        RepairAsk, {"oneOf": [{"required": ["node", "missing_rule"]}, {"required": ["object", "fixed_request"]}]}
    )

    def task(self, world: World, ask: RepairAsk) -> Task:
        from k8squiz.kinds.repair.task import repair_task

        return repair_task(world, ask)

    def brought_about(self, task: Task, grade: Grade) -> BroughtAbout | None:
        from k8squiz.kinds.repair.why import put_in

        return put_in(task, grade)

    def hidden(self, question: Question) -> Collection[str]:
        fixed = self.asked(question).fixed_request
        return (fixed,) if fixed else ()

    def why(self, world: World, ask: RepairAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.repair.why import repair_causes

        return repair_causes(world, ask, task, grade)


KIND = Repair()
