"""The same question with another fault in it, or with none: what its commands print then."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from engine.cluster import Cluster
from engine.errors import EngineError
from engine.faults.placed import PLACED, FaultPlace
from engine.trace import Outcome, Verdict
from k8squiz.bank.question import Fault, Question
from k8squiz.errors import QuizError
from k8squiz.kinds.evidence.transcript import Printed, ShownCommand, printed
from k8squiz.world.world import World


def works(ways: tuple[Outcome, ...]) -> bool:
    return all(outcome.verdict is Verdict.DELIVERED for outcome in ways)


def with_fault(question: Question, fault: Fault | None) -> World:
    """A World of the same question with another fault in its first request."""
    first, *rest = question.requests
    return World(dataclasses.replace(question, requests=(dataclasses.replace(first, fault=fault), *rest)))


def every_fault(cluster: Cluster) -> Iterator[Fault]:
    """Each cause at each place."""
    places = {
        FaultPlace.NODE: [one.name for one in cluster.nodes],
        FaultPlace.POD: [one.name for one in cluster.pods],
        FaultPlace.SERVICE: [one.name for one in cluster.services],
    }
    for cause, found in PLACED.items():
        yield from itertools.starmap(Fault, ((cause, at) for at in places[found.place]))


def prints(question: Question, name: str, fault: Fault, shown: tuple[ShownCommand, ...]) -> tuple[Printed, ...] | None:
    """What the same commands print with another fault; None where it cannot be there, or breaks nothing."""
    other = with_fault(question, fault)
    try:
        return None if works(other.all_outcomes(name)) else printed(other.live(name), shown)
    except (EngineError, QuizError):
        return None
