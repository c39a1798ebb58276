"""One fault behind a red herring that everybody sees: it breaks nothing, who takes it away alone has mended nothing, and all
that a fault promises holds beside it. K8SQUIZ_INCIDENT_SEEDS draws each that often."""

from __future__ import annotations

import os

import pytest

from engine.faults import draw_incident, find_fault, names
from engine.faults.flows import works
from engine.faults.grade import is_mended
from engine.faults.herrings import LOUD
from engine.faults.incident import draw_pair, from_id
from engine.faults.interface import run_lines
from engine.faults.report import told
from tests.breadth import breadth

from .script import ran
from .test_faults import check

HARD = [name for name in names() if find_fault(name).level >= 3]


@pytest.mark.parametrize("seed", range(int(os.environ.get("K8SQUIZ_INCIDENT_SEEDS", breadth(1)))))
@pytest.mark.parametrize("name", HARD)
def test_a_fault_behind_one(name: str, seed: int) -> None:
    incident = draw_incident(f"{name}+red-herring", seed=seed)
    (loud,) = (one for one in incident.herrings if one.loud)
    assert loud.herring.undone is not None
    undone = loud.herring.undone(incident.scene, loud.node)
    assert not is_mended(ran(incident, undone)), undone
    assert works(incident.scene, run_lines(incident.healthy, undone)) == dict(incident.baseline)
    assert any(loud.herring.told.en.partition("{")[0] in row.en for _, row in told(incident).changes)
    check(incident)


def test_level_5_draws_either() -> None:
    drawn = [draw_incident(level=5, seed=seed) for seed in range(8)]
    assert {len(one.faults) for one in drawn} == {1, 2}
    for one in drawn:
        assert (from_id(one.id).id, from_id(one.id).failing) == (one.id, one.failing)


def test_what_is_loud_stands_beside_one_fault_of_level_5_alone() -> None:
    assert not any(one.loud for one in draw_pair(2).herrings)
    assert not any(one.loud for one in draw_incident("hairpin-off", seed=1).herrings)
    assert {one.name for one in LOUD} == {
        next(h.herring.name for h in draw_incident("bridge-down+red-herring", seed=seed).herrings if h.loud)
        for seed in range(12)
    }
