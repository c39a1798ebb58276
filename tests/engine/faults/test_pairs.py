"""Two faults at once: broken before, still broken after one is mended, whole after both; each has its own credit.
K8SQUIZ_INCIDENT_SEEDS draws that many."""

from __future__ import annotations

import os

import pytest

from engine.faults import find_fault, restarts
from engine.faults.follow import follow
from engine.faults.grade import graded, is_mended
from engine.faults.incident import Incident, draw_pair, from_id
from engine.faults.interface import InjectedFault
from engine.faults.registry import MODULES
from engine.faults.run import begin, expert_path, hints
from tests.breadth import breadth

from .script import after, ran


def path(part: InjectedFault) -> list[str]:
    """An expert's path for one of them."""
    lines = [*((one.host, one.line) for one in part.case.evidence), *part.case.cures[0]]
    return [
        f"diagnose {part.case.place[0]}: {part.fault.what.en}",
        *(f"{h}: {line}" if h else line for h, line in lines),
    ]


def check(incident: Incident) -> None:
    """All that a pair promises."""
    first, second = incident.faults
    assert MODULES[first.fault.name] != MODULES[second.fault.name]
    assert (graded(begin(incident)).score, graded(begin(incident)).mended) == (0, False)
    for one, other in ((first, second), (second, first)):
        for lines in one.case.cures:
            assert not is_mended(ran(incident, lines)), lines
            assert after(incident, (*lines, *other.case.cures[0])).mended, lines
        half = graded(follow(begin(incident), path(one)))
        assert 0.4 <= half.score <= 0.6
        assert [(of.named.cause, of.mended, of.lasting) for of in half.faults] == [
            (of is one,) * 3 for of in incident.faults
        ]
    for wrong in (restarts.everything(), restarts.flushed(incident.scene)):
        assert not is_mended(ran(incident, wrong))
    expert = graded(follow(begin(incident), expert_path(incident)))
    assert expert.mended
    assert expert.score >= 0.95, expert


@pytest.mark.parametrize("seed", range(int(os.environ.get("K8SQUIZ_INCIDENT_SEEDS", breadth(1)))))
def test_a_pair(seed: int) -> None:
    check(draw_pair(seed))


PAIR = draw_pair(2)
FIRST, SECOND = PAIR.faults
SAID = [f"diagnose {one.case.place[0]}: {one.fault.what.en}" for one in PAIR.faults]
# What was said, and which of the two is found.
FOUND = {
    "the one": ([SAID[0]], (True, False)),
    "the other": ([SAID[1]], (False, True)),
    "both, whichever comes first": (SAID[::-1], (True, True)),
    "both, and a third thing": ([*SAID, "diagnose nothing"], (False, True)),
    "one of them twice": ([SAID[0], SAID[0]], (True, False)),
}


@pytest.mark.parametrize(("script", "found"), FOUND.values(), ids=FOUND)
def test_the_last_two_diagnoses_count(script: list[str], found: tuple[bool, bool]) -> None:
    grade = graded(follow(begin(PAIR), script))
    assert tuple(one.named.cause for one in grade.faults) == found
    assert grade.parts["cause"] == sum(found) / 2


def test_harm_beside_one_that_is_mended_counts_for_neither() -> None:
    lines = (*FIRST.case.cures[0], ("", f"kubectl delete svc {PAIR.scene.other}"))
    assert not any(one.mended for one in after(PAIR, lines).faults)


def test_an_id_draws_it_again() -> None:
    again = from_id(PAIR.id)
    assert (again.id, again.failing, again.breaks) == (PAIR.id, PAIR.failing, PAIR.breaks)


def test_both_are_hinted_at() -> None:
    assert len(hints(PAIR)) == 6


def test_they_are_hard() -> None:
    assert FIRST.fault.level + SECOND.fault.level >= 5
    assert find_fault(FIRST.fault.name).level < 5
