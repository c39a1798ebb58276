"""A script replayed: what its lines answer, and what they leave."""

from __future__ import annotations

import pytest

from engine.faults.follow import follow
from engine.faults.grade import graded
from engine.faults.incident import Incident, draw_incident
from engine.faults.run import begin, expert_path


@pytest.fixture(scope="module")
def incident() -> Incident:
    return draw_incident("endpoints-empty", seed=1)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        pytest.param(["", "# a comment"], [], id="nothing"),
        pytest.param(["done", "flows"], [], id="nothing after done"),
        pytest.param(["report"], [], id="a word that a prompt alone answers"),
        pytest.param(["nowhere: ip link"], ["there is no host 'nowhere'"], id="no such host"),
        pytest.param(["kubectl get endpoints"], ["NAME"], id="a tool"),
        pytest.param(["hint"], ["It lives in the Service"], id="a hint"),
    ],
)
def test_each_line_is_answered(incident: Incident, lines: list[str], told: list[str]) -> None:
    said: list[str] = []
    follow(begin(incident), lines, lambda text: said.append(text.en))
    assert [text[: len(begins)] for text, begins in zip(said, told, strict=True)] == told


def test_an_experts_lines_mend_it(incident: Incident) -> None:
    assert graded(follow(begin(incident), expert_path(incident))).mended
