"""Why a line does not mend it, or not all: what the goal, and what had to stay, are decided by with the line put in."""

from __future__ import annotations

from typing import cast

from engine.errors import EngineError
from k8squiz.bank.question import Grade
from k8squiz.errors import QuizError
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.fields import Unreadable
from k8squiz.kinds.interface import BroughtAbout, Task
from k8squiz.kinds.repair.ask import RepairAsk
from k8squiz.kinds.repair.fields import RepairField, holds_throughout
from k8squiz.world.evidence import evidence
from k8squiz.world.world import World


def repair_causes(world: World, ask: RepairAsk, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """A line for the goal that is not met, and for each thing that had to stay and did not."""
    field, (mark,) = _line(task), grade.marks
    if mark.given is None:
        return ()
    try:
        mended = field.world(mark.given)
        wanted = [field.goal, *field.keep]
        return tuple(Cause(field.id, evidence(each, mended)) for each in wanted if not holds_throughout(each, mended))
    except (Unreadable, EngineError, QuizError):
        # The line is refused: what reads it has said why.
        return ()


def put_in(task: Task, grade: Grade) -> BroughtAbout | None:
    """The World with the line put in; None where it is right, or is no line that can be put in."""
    field, (mark,) = _line(task), grade.marks
    if mark.given is None or mark.right:
        return None
    try:
        endings, wanted = field.effect(mark.given), field.effect(field.truth)
        as_wanted = tuple(one == other for one, other in zip(endings, wanted, strict=True))
        return BroughtAbout(field.world(""), field.world(field.truth), field.world(mark.given), endings, as_wanted)
    except (Unreadable, EngineError, QuizError):
        return None


def _line(task: Task) -> RepairField:
    """The one blank that repair_task makes."""
    return cast(RepairField, task.fields[0])
