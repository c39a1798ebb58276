"""Each loader against inputs damaged at random; K8SQUIZ_FUZZ=100 tries a hundred times as many."""

from __future__ import annotations

import resource

import pytest

from tests.breadth import breadth
from tests.properties.fuzzing import MOST_BYTES, MOST_SECONDS, TARGETS, run

# How many by default: what a second or two of each target holds.
SHORT = {
    "cluster": 60, "rules-iptables": 40, "rules-nft": 40, "rules-ipvs": 40, "question": 30, "scenario": 60, "import": 60, "database": 25,
    "answer": 80, "repair": 40, "cells": 40, "pack": 60, "shell": 60, "shell-objects": 12, "shell-rules": 12, "script": 6, "name": 200,
}  # fmt: skip


def test_every_loader_has_a_target() -> None:
    assert set(SHORT) == set(TARGETS)


@pytest.mark.parametrize("name", TARGETS)
def test_taken_or_refused(name: str) -> None:
    wrong = []
    for seed in range(breadth(SHORT[name])):
        what, took = run(name, seed)
        if what not in ("taken", "refused") or took > MOST_SECONDS:
            wrong.append(f"{name} {seed}: {what}, {took:.1f} CPU s")
    assert not wrong, "\n".join(wrong)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 < MOST_BYTES


# Inputs that longer runs have found something with.
FOUND = [
    ("cluster", 753),
    ("cluster", 1153),
    ("question", 54259),
    ("question", 71882),
    ("question", 7003492),
    ("question", 7019198),
    ("question", 7033648),
    ("question", 7042182),
    ("rules-ipvs", 472),
    ("rules-nft", 1002629),
    ("import", 1570),
]


@pytest.mark.parametrize(("name", "seed"), FOUND, ids=[f"{name} {seed}" for name, seed in FOUND])
def test_what_longer_runs_found(name: str, seed: int) -> None:
    assert run(name, seed)[0] in ("taken", "refused")
