"""Every fault of the catalogue: broken before, whole after each listed cure, and not after what people try instead; its
evidence is in the tools' output; an expert's script is worth all, nothing is worth nothing. K8SQUIZ_INCIDENT_SEEDS draws each that often."""

from __future__ import annotations

import os
import re

import pytest

from engine.faults import draw_incident, find_fault, names, restarts
from engine.faults.diagnosis import names_cause
from engine.faults.grade import graded, is_mended
from engine.faults.incident import Incident
from engine.faults.run import begin, expert_path
from tests.breadth import breadth

from .script import after, followed, ran


def check(incident: Incident) -> None:
    """All that a case promises."""
    case, nothing = incident.case, graded(begin(incident))
    assert (nothing.score, nothing.mended) == (0, False)
    assert set(incident.failing) <= set(nothing.broken)
    for one in case.evidence:
        reply, _ = begin(incident).run(one.host, one.line)
        assert re.search(one.pattern, reply.shown), f"{one.host}: {one.line}: {reply.shown}"
    for lines in case.cures:
        grade = after(incident, lines)
        assert grade.mended, f"{lines}: {grade.broken} {grade.later} {grade.dangers}"
    for lines in (restarts.everything(), restarts.flushed(incident.scene), *case.wrong):
        assert not is_mended(ran(incident, lines)), lines
    expert = graded(followed(incident, expert_path(incident)))
    assert expert.score >= 0.95, expert


@pytest.mark.parametrize("seed", range(int(os.environ.get("K8SQUIZ_INCIDENT_SEEDS", breadth(1)))))
@pytest.mark.parametrize("name", names())
def test_a_fault(name: str, seed: int) -> None:
    check(draw_incident(name, seed=seed))


@pytest.mark.parametrize("name", names())
def test_a_row_is_whole(name: str) -> None:
    fault = find_fault(name)
    assert fault.name == name
    assert 1 <= fault.level <= 4
    for text in (fault.what, fault.lives, fault.trigger):
        assert text.en
        assert re.search("[一-鿿]", text.zh)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_who_says_what_it_is_has_found_it(name: str, lang: str) -> None:
    what = find_fault(name).what
    assert names_cause(find_fault(name), what.en if lang == "en" else what.zh)


def test_the_same_seed_draws_the_same() -> None:
    one, two = draw_incident("hairpin-off", seed=7), draw_incident("hairpin-off", seed="7")
    assert (one.case, one.failing, one.scene.nodes) == (two.case, two.failing, two.scene.nodes)


def test_seeds_draw_other_places_and_names() -> None:
    drawn = [draw_incident("ip-forward-off", seed=seed) for seed in range(8)]
    assert len({one.case.place for one in drawn}) > 2
    assert len({one.scene.front for one in drawn}) > 2
