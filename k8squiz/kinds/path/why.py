"""Why a step is another one: the device that was left out, the host that is never reached, the hop that rewrites."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import cast

from engine.trace import Direction, Hop, Text
from engine.values import dataclass
from k8squiz.bank.question import Grade
from k8squiz.kinds.addresses import AskedAddress, address_cause
from k8squiz.kinds.cause import Cause, WalkPlace
from k8squiz.kinds.interface import Task
from k8squiz.kinds.path.alignment import aligned, fits, on_device, step_credit
from k8squiz.kinds.path.fields import PathField
from k8squiz.kinds.path.steps import PathStep, steps_with_hops
from k8squiz.world.evidence import hop_line
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.world import World, direction_of


@dataclass(frozen=True, slots=True)
class _Walked:
    """What was walked: the steps with their hops, of which request, in which direction."""

    field: str
    name: str
    of: str
    hops: tuple[Hop, ...]
    steps: tuple[tuple[PathStep, tuple[Hop, ...]], ...]


def path_causes(world: World, name: str, of: str, task: Task, grade: Grade) -> tuple[Cause, ...]:
    """In the order of the walk: a line for each run of steps that was left out, for each step that is none, for each device
    or address that is another."""
    (field,), (mark,) = cast("tuple[PathField]", task.fields), grade.marks
    hops = direction_of(outcomes_of(world, name)[0], of)
    walked = _Walked(field.id, name, of, hops, steps_with_hops(hops, field.hosts))
    told = field.told(mark.given or ())
    _, pairs = aligned(told, field.steps)
    causes: list[Cause] = []
    for whole, run in itertools.groupby(pairs, key=_whole):
        group = list(run)
        if whole == "left out":
            causes.append(_left_out([right for _, right in group if right is not None], walked))
            continue
        for left, right in group:
            if left is not None:
                causes += _other(told[left], walked) if right is None else _differing(told[left], right, walked)
    return tuple(causes)


def _whole(pair: tuple[int | None, int | None]) -> str:
    return "left out" if pair[0] is None else "told"


def _left_out(steps: Sequence[int], walked: _Walked) -> Cause:
    named = " › ".join(_place(walked.steps[at][0]) for at in steps)
    hop = walked.steps[steps[0]][1][-1]
    line = hop_line(hop, walked.of)
    return Cause(
        walked.field,
        Text(f"left out: {named} ({line.en})", f"漏了：{named}（{line.zh}）"),
        place=_walk_place(walked, hop),
    )


def _other(told: PathStep, walked: _Walked) -> Iterator[Cause]:
    """A step that there is none of, or not there."""
    there = [step for step, _ in walked.steps if step.host == told.host]
    if not there:
        passed = " › ".join(dict.fromkeys(step.host for step, _ in walked.steps))
        text = Text(
            f"the packet never comes to {told.host}: it passes {passed}",
            f"数据包从不到达 {told.host}：它经过的是 {passed}",
        )
    else:
        devices = " › ".join(dict.fromkeys(step.device for step in there))
        text = Text(
            f"{_place(told)} is no step there: on {told.host} it crosses {devices}, in this order",
            f"那里没有 {_place(told)} 这一步：在 {told.host} 上依次经过 {devices}",
        )
    yield Cause(walked.field, text)


def _differing(told: PathStep, at: int, walked: _Walked) -> Iterator[Cause]:
    step, hops = walked.steps[at]
    if step_credit(told, step) == 1.0:
        return
    if not on_device(told, step):
        line = hop_line(hops[-1], walked.of)
        said = told.device or "-"
        yield Cause(
            walked.field,
            Text(
                f"{step.host}: {step.device}, not {said} ({line.en})",
                f"{step.host}：{step.device}，不是 {said}（{line.zh}）",
            ),
            place=_walk_place(walked, hops[-1]),
        )
    for name, ours, theirs in (("src", told.src, step.src), ("dst", told.dst, step.dst)):
        if not fits(ours, theirs):
            asked = AskedAddress(walked.name, walked.of, walked.hops, hops[-1], name)
            yield address_cause(walked.field, asked, ours[0] if ours else None)
    if step.outer and not fits(told.outer, step.outer):
        asked = AskedAddress(walked.name, walked.of, walked.hops, hops[-1], "src", outer=True)
        yield address_cause(walked.field, asked, None)


def _place(step: PathStep) -> str:
    return f"{step.host} {step.device}".strip()


def _walk_place(walked: _Walked, hop: Hop) -> WalkPlace:
    return WalkPlace(walked.name, Direction.REPLY if walked.of == "reply" else Direction.REQUEST, hop.n)
