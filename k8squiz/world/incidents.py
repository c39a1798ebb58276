"""The incident that a question is about (`ask.fault`), and what is said of one: the report, the flows, what it was."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping

from engine.faults.flows import FlowState
from engine.faults.follow import follow
from engine.faults.grade import RunGrade, graded
from engine.faults.incident import Incident, draw_incident
from engine.faults.report import told
from engine.faults.run import begin
from k8squiz.bank.question import Question
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import say

# A question draws one of so many clusters: each costs as much as hundreds of walks to draw, and lint draws them all.
CLUSTERS = 8


def incident_of(question: Question) -> Incident:
    """The incident of a question of which `about_an_incident` holds; one seed draws one. Raises FaultError for a fault
    that there is not."""
    return _drawn(str(question.ask["fault"]), zlib.crc32(question.seed.encode("utf-8", "replace")) % CLUSTERS)


def grade_of(question: Question, lines: str) -> RunGrade:
    """What the lines of a script, one below the other, are worth in the question's incident."""
    incident = incident_of(question)
    return _graded(incident.name, incident.seed, lines)


@functools.lru_cache(maxsize=2 * CLUSTERS)
def _drawn(fault: str, seed: int) -> Incident:
    return draw_incident(fault, seed=seed)


@functools.lru_cache(maxsize=8 * CLUSTERS)
def _graded(fault: str, seed: str, lines: str) -> RunGrade:
    return graded(follow(begin(_drawn(fault, int(seed))), lines.split("\n")))


def report_text(incident: Incident, lang: Lang) -> str:
    """The report that wakes somebody up, as plain lines."""
    report = told(incident)
    lines = [pick(report.headline, lang), "", say("fails", lang)]
    lines += [f"  {name}: {pick(how, lang)}" for name, how in report.failing]
    lines += [say("works", lang), *(f"  {name}" for name in report.working)]
    lines += [say("changes", lang), *(f"  {at}  {pick(what, lang)}" for at, what in report.changes)]
    return "\n".join(lines)


def flows_text(baseline: Mapping[str, FlowState], failing: tuple[str, ...], lang: Lang) -> str:
    """The flows that deviate from the `baseline`, a line each."""
    if not failing:
        return say("whole", lang)
    rows = (f"  {name}" + ("" if baseline[name] else f"  {say('opened', lang)}") for name in failing)
    return "\n".join((say("deviate", lang, count=len(failing), total=len(baseline)), *rows))


def truth_text(incident: Incident, lang: Lang) -> str:
    """What it was, where, and where such a thing lives; a line for each of its faults."""
    rows = ((one.case.place[0], one.fault.what, one.fault.lives) for one in incident.faults)
    return "\n".join(say("truth", lang, place=place, what=pick(what, lang), lives=pick(lives, lang)) for place, what, lives in rows)  # fmt: skip
