"""What a run is worth: the fault found, the flows whole again and for good, nothing else broken, a path worth taking."""

from __future__ import annotations

from typing import Any

from engine.errors import UnsupportedFeature
from engine.faults.dangers import dangerous, taken_away
from engine.faults.diagnosis import NamedFault
from engine.faults.incident import deviates, mended_beside
from engine.faults.run import IncidentRun, expert_path
from engine.values import dataclass

# The parts of the score; together 1.
PARTS = {"cause": 0.2, "place": 0.15, "evidence": 0.1, "flows": 0.2, "lasting": 0.2, "unharmed": 0.05, "path": 0.1}
_HINT, _DANGER = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class FaultGrade:
    """Of one of an incident's faults: what was said of it, the share of its evidence that was seen, whether it is mended, and
    for good, whatever the other one does."""

    name: str
    place: tuple[str, ...]
    named: NamedFault
    seen: float
    mended: bool
    lasting: bool


@dataclass(frozen=True, slots=True)
class RunGrade:
    """`mended`: every flow does what it did before the fault, also after a sync of every kube-proxy and new pods, and no
    dangerous step was taken. `broken` are the flows that deviate now, `later` those that deviate after that sync; `harmed`
    those of `broken` that the fault had left alone. `parts` are between 0 and 1, each; where there are two faults, each of
    `faults` counts for half of what is said of causes, places, evidence and flows."""

    score: float
    mended: bool
    broken: tuple[str, ...]
    later: tuple[str, ...]
    harmed: tuple[str, ...]
    dangers: tuple[str, ...]
    parts: dict[str, float]
    faults: tuple[FaultGrade, ...]


def graded(run: IncidentRun) -> RunGrade:
    """The grade of a run as it stands."""
    incident = run.incident
    try:
        broken = run.broken()
        later = broken or run.later()
    except UnsupportedFeature:
        broken = later = tuple(incident.baseline)
    harmed = tuple(name for name in broken if name not in incident.failing)
    dangers = _dangers(run)
    mended = not broken and not later and not dangers
    faults = tuple(_of_fault(run, at, broken, later) for at in range(len(incident.faults)))
    parts = {
        "cause": _mean([one.named.cause for one in faults]),
        "place": _mean([one.named.cause and one.named.place for one in faults]),
        "evidence": _mean([one.seen if one.named.cause else 0.0 for one in faults]),
        "flows": _mean([one.mended for one in faults]),
        "lasting": _mean([one.lasting for one in faults]),
        "unharmed": float(mended and not harmed),
        "path": _path(run) if mended else 0.0,
    }
    score = sum(PARTS[name] * value for name, value in parts.items()) - _HINT * run.hints - _DANGER * len(dangers)
    return RunGrade(round(max(0.0, min(1.0, score)), 3), mended, broken, later, harmed, dangers, parts, faults)


def _mean(each: list[float]) -> float:
    return sum(each) / len(each)


def _of_fault(run: IncidentRun, at: int, broken: tuple[str, ...], later: tuple[str, ...]) -> FaultGrade:
    part = run.incident.faults[at]
    seen = {number for one in run.steps for fault, number in one.shown if fault == at}
    said = [one.named[at] for one in run.diagnoses]
    named = max(said, key=lambda one: (one.cause, one.place), default=NamedFault(False, False))
    mended, lasting = bool(run.steps) and not broken, bool(run.steps) and not later
    if len(run.incident.faults) > 1 and run.steps and later:
        try:
            mended, lasting = mended_beside(run.incident, run.live, part)
        except UnsupportedFeature:
            mended = lasting = False
    return FaultGrade(part.fault.name, part.case.place, named, len(seen) / len(part.case.evidence), mended, lasting)


def is_mended(run: IncidentRun) -> bool:
    """RunGrade.mended alone, which is known sooner than a grade."""
    try:
        return not _dangers(run) and not deviates(run.incident, run.live)
    except UnsupportedFeature:
        return False


def _dangers(run: IncidentRun) -> tuple[str, ...]:
    """The dangerous lines, else the rules of others that are gone in the end."""
    return dangerous(tuple(one.line for one in run.steps)) or taken_away(run.incident.healthy, run.live)


def _path(run: IncidentRun) -> float:
    """1 for up to twice as many commands as an expert's and four more, 0 for three times as many again."""
    expert = len(expert_path(run.incident))
    allowed = 2 * expert + 4
    return max(0.0, min(1.0, 1 - (len(run.steps) - allowed) / (2 * allowed)))


def as_json(run: IncidentRun, grade: RunGrade) -> dict[str, Any]:
    """What `incident --json` prints: `diagnosed` null where nothing was said."""
    named = [one.named for one in grade.faults]
    said = {"cause": all(one.cause for one in named), "place": all(one.place for one in named)}
    return {
        "id": run.incident.id,
        "fault": run.incident.name,
        "place": [place for one in grade.faults for place in one.place],
        "score": grade.score,
        "mended": grade.mended,
        "diagnosed": said if run.diagnoses else None,
        "broken": list(grade.broken),
        "later": list(grade.later),
        "harmed": list(grade.harmed),
        "dangerous": list(grade.dangers),
        "commands": len(run.steps),
        "hints": run.hints,
        "parts": grade.parts,
        "faults": [_fault_json(one) for one in grade.faults],
        "expert": list(expert_path(run.incident)),
    }


def _fault_json(one: FaultGrade) -> dict[str, Any]:
    return {
        "fault": one.name,
        "place": list(one.place),
        "cause": one.named.cause,
        "placed": one.named.place,
        "mended": one.mended,
        "lasting": one.lasting,
    }
