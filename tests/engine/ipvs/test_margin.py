"""How far a figure is from its bound, and when only luck decides."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from engine.ipvs.scenario import Requirement, Scenario, parse_requirements
from engine.ipvs.simulate import Measured
from engine.ipvs.workload import Workload, WorkServer
from engine.trace import Text

LOAD = Workload(
    (WorkServer("a", slots=20), WorkServer("b", slots=20), WorkServer("c", slots=20)), clients=20, connections=300
)


def scenario(requirements: str) -> Scenario:
    return Scenario("margin", Text("x", "x"), LOAD, parse_requirements(requirements))


def figures(**values: Any) -> Measured:
    return dataclasses.replace(scenario("spread <= 2").measure("rr"), **values)


# Requirement, figure, how far it is from the bound.
MARGINS = [
    ("spread <= 2", {"spread": 1.0}, 1.0),
    ("spread <= 2", {"spread": 1.75}, 0.25),
    ("spread <= 2", {"spread": 3.0}, -1.0),
    ("spread <= 3", {"spread": 3.0}, math.inf),
    ("load_spread <= 1.2", {"load_spread": 1.3}, -0.5),
    ("mean_wait <= 100", {"mean_wait": 75}, 0.25),
    ("refused <= 0", {"refused": 0}, math.inf),
    ("refused <= 0", {"refused": 1}, -math.inf),
    ("stickiness >= 1", {"stickiness": 0.25}, -0.75),
    ("stickiness = 1", {"stickiness": 1}, math.inf),
]


@pytest.mark.parametrize(("requirement", "values", "margin"), MARGINS)
def test_the_margin(requirement: str, values: dict[str, float], margin: float) -> None:
    (found,) = parse_requirements(requirement)
    assert found.margin(figures(**values)) == pytest.approx(margin)


# Scheduler, what is wished for, whether only luck decides.
DECIDED = [
    ("rr", "spread <= 1.02", False),
    ("dh", "spread <= 3", False),  # all on one of three: the bound forbids nothing
    ("dh", "spread <= 2.9", True),
    ("dh", "spread <= 2.9, stickiness >= 1", True),
    ("rr", "spread <= 2.9, stickiness >= 1", False),
]


@pytest.mark.parametrize(("scheduler", "requirements", "luck"), DECIDED)
def test_whether_luck_decides(scheduler: str, requirements: str, luck: bool) -> None:
    near = scenario(requirements).undecided(scheduler)
    assert near == (Requirement("spread", at_most=2.9) if luck else None)
