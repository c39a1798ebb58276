"""Other causes held against the evidence: whether one of them prints the same, and what it would print instead."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from engine.cluster import Cluster
from engine.errors import EngineError
from engine.trace import Outcome, Text, Verdict
from k8squiz.bank.question import Fault, Question
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.evidence.transcript import Printed, ShownCommand, printed
from k8squiz.world.faults import FAULTS
from k8squiz.world.world import World

# Other causes tried for one draw: all of them over a few seeds.
_TRIED = 8


def objections(world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], place: bool) -> Iterator[Text]:
    """What speaks against the question as it is drawn: the connection works with the fault or fails without it, or another
    cause prints the same; with `place` also the same cause elsewhere."""
    name, fault = world.first, world.request(world.first).fault
    if fault is None:
        return
    if _works(world.all_outcomes(name)):
        yield Text(
            f"with {fault.cause} at {fault.at} the connection works", f"有 {fault.cause}（{fault.at}）时连接仍能建立"
        )
    sound = _with(world.question, None)
    if not _works(sound.all_outcomes(name)):
        yield Text("without the fault the connection does not work either", "去掉故障后连接也不能建立")
    others = [
        other for other in _every(sound.cluster(name)) if other.cause != fault.cause or (place and other.at != fault.at)
    ]
    for other in Rng(world.question.id, world.question.seed, "others").shuffled(others)[:_TRIED]:
        if _prints(world.question, name, other, shown) == told:
            yield Text(
                f"{other.cause} at {other.at} prints the same as {fault.cause} at {fault.at}",
                f"{other.cause}（{other.at}）与 {fault.cause}（{fault.at}）的输出相同",
            )


def instead(world: World, shown: tuple[ShownCommand, ...], told: tuple[Printed, ...], cause: str) -> Text:
    """What would be otherwise with that cause: the first command that prints something else, and what; or that the
    connection would work."""
    name = world.first
    sound = _with(world.question, None)
    fault = world.request(name).fault
    places = [other for other in _every(sound.cluster(name)) if other.cause == cause]
    for other in sorted(places, key=lambda other: fault is None or other.at != fault.at):
        found = _prints(world.question, name, other, shown)
        for ours, theirs in zip(told, found or (), strict=False):
            if ours.text != theirs.text:
                line = _differing(ours.text, theirs.text)
                return Text(
                    f"With that at {other.at}, `{theirs.command}` would print: {line or '(nothing)'}",
                    f"如果是它（{other.at}），`{theirs.command}` 会输出：{line or '（无）'}",
                )
    return Text("That would not break this connection.", "它不会影响这个连接。")


def _differing(ours: str, theirs: str) -> str:
    """The first line of `theirs` that `ours` has not; where there is none, what it lacks."""
    known, found = ours.splitlines(), theirs.splitlines()
    more = [line for line in found if line not in known]
    less = [line for line in known if line not in found]
    return more[0].strip() if more else f"- {less[0].strip()}" if less and found else ""


def _works(ways: tuple[Outcome, ...]) -> bool:
    return all(outcome.verdict is Verdict.DELIVERED for outcome in ways)


def _with(question: Question, fault: Fault | None) -> World:
    """A World of the same question with another fault in its first request."""
    first, *rest = question.requests
    return World(dataclasses.replace(question, requests=(dataclasses.replace(first, fault=fault), *rest)))


def _every(cluster: Cluster) -> Iterator[Fault]:
    """Each cause at each place."""
    places = {
        "node": [one.name for one in cluster.nodes],
        "pod": [one.name for one in cluster.pods],
        "service": [one.name for one in cluster.services],
    }
    for cause, found in FAULTS.items():
        yield from itertools.starmap(Fault, ((cause, at) for at in places[found.at]))


def _prints(question: Question, name: str, fault: Fault, shown: tuple[ShownCommand, ...]) -> tuple[Printed, ...] | None:
    """What the same commands print with another fault; None where it cannot be there, or breaks nothing."""
    other = _with(question, fault)
    try:
        return None if _works(other.all_outcomes(name)) else printed(other.live(name), shown)
    except (EngineError, QuizError):
        return None
