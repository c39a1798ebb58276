"""Lines run on a drawn incident, and what they are worth; what a script of an incident comes to."""

from __future__ import annotations

from collections.abc import Iterable

from engine.faults.grade import RunGrade, graded
from engine.faults.incident import Incident
from engine.faults.interface import Lines
from engine.faults.run import IncidentRun, begin
from engine.faults.script import read_script_line


def after(incident: Incident, lines: Lines) -> RunGrade:
    """The grade of a run of those lines alone."""
    return graded(ran(incident, lines))


def ran(incident: Incident, lines: Lines) -> IncidentRun:
    """The run of those lines alone."""
    run = begin(incident)
    for host, line in lines:
        _, run = run.run(host, line)
    return run


def followed(incident: Incident, lines: Iterable[str]) -> IncidentRun:
    """The run after a script's lines."""
    run = begin(incident)
    for text in lines:
        line = read_script_line(text)
        assert line is not None
        if line.word == "diagnose":
            run = run.diagnose(line.text)
        elif line.word == "hint":
            _, run = run.hint()
        elif not line.word:
            _, run = run.run(line.host, line.text)
    return run
