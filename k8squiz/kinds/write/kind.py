"""write: the NetworkPolicy or the Service that makes exactly the table shown true."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from engine.trace import Text
from k8squiz.bank.question import Grade, Question
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.interface import Task, TypedKind
from k8squiz.kinds.write.ask import WRITE_ASK, WriteAsk
from k8squiz.kinds.write.fields import WriteField
from k8squiz.world.world import World

_SKELETON = """\
ask:
  kinds: [NetworkPolicy]
  model: |
    apiVersion: networking.k8s.io/v1
    kind: NetworkPolicy
    metadata: {{name: mine}}
    spec:
      podSelector: {{}}
  # The table is made of the requests: write `requests:`, three or more, instead of `request:`."""


class Write(TypedKind[WriteAsk]):
    about = Text("Write the manifest", "编写清单")
    example = "09-network-policy/write-default-deny"
    skeleton = _SKELETON
    seconds = 600
    in_exams = True
    # What is typed is compared by what it does, and the text that is shown is much the same under every seed.
    one_answer = True
    ask = WRITE_ASK

    def hidden(self, question: Question) -> Collection[str]:
        """All: they are the table."""
        return [request.name for request in question.requests]

    def task(self, world: World, ask: WriteAsk) -> Task:
        from k8squiz.kinds.write.task import write_task

        return write_task(world, ask)

    def told(self, world: World, task: Task) -> World:
        """The one with the model in it."""
        (field,) = task.fields
        return cast(WriteField, field).world(field.truth)

    def why(self, world: World, ask: WriteAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
        from k8squiz.kinds.write.why import write_causes

        return write_causes(task, grade)


KIND = Write()
