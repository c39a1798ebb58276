"""Why a path is not worth all: what it was, what still fails, what nobody does to a cluster that serves users."""

from __future__ import annotations

from collections.abc import Iterator

from engine.trace import Text
from k8squiz.bank.question import Question
from k8squiz.kinds.cause import Cause
from k8squiz.kinds.incident.fields import PATH
from k8squiz.locale.incident import both
from k8squiz.world.incidents import grade_of, incident_of, truth_text

# So many flows are named; the rest is counted.
_MOST = 3


def incident_causes(question: Question, lines: str) -> tuple[Cause, ...]:
    """Of what was typed, `lines` one below the other."""
    return tuple(Cause(PATH, text) for text in _told(question, lines))


def _told(question: Question, lines: str) -> Iterator[Text]:
    incident, grade = incident_of(question), grade_of(question, lines)
    yield Text(truth_text(incident, "en"), truth_text(incident, "zh"))
    failing = grade.broken or grade.later
    if failing:
        told = ", ".join(failing[:_MOST]) + (", ..." if len(failing) > _MOST else "")
        yield both("still" if grade.broken else "not-lasting", count=len(failing), flows=told)
    for line in grade.dangers:
        yield both("danger", line=line)
