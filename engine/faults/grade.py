"""What a run is worth: the fault found, the flows whole again and for good, nothing else broken, a path worth taking."""

from __future__ import annotations

from typing import Any

from engine.errors import UnsupportedFeature
from engine.faults.dangers import dangerous
from engine.faults.incident import deviates
from engine.faults.run import IncidentRun, expert_path
from engine.values import dataclass

# The parts of the score; together 1.
PARTS = {"cause": 0.2, "place": 0.15, "evidence": 0.1, "flows": 0.2, "lasting": 0.2, "unharmed": 0.05, "path": 0.1}
_HINT, _DANGER = 0.05, 0.1


@dataclass(frozen=True, slots=True)
class RunGrade:
    """`mended`: every flow does what it did before the fault, also after a sync of every kube-proxy and new pods, and no
    dangerous step was taken. `broken` are the flows that deviate now, `later` those that deviate after that sync; `harmed`
    those of `broken` that the fault had left alone. `parts` are between 0 and 1, each."""

    score: float
    mended: bool
    broken: tuple[str, ...]
    later: tuple[str, ...]
    harmed: tuple[str, ...]
    dangers: tuple[str, ...]
    parts: dict[str, float]


def graded(run: IncidentRun) -> RunGrade:
    """The grade of a run as it stands."""
    incident = run.incident
    try:
        broken = run.broken()
        later = broken or run.later()
    except UnsupportedFeature:
        broken = later = tuple(incident.baseline)
    harmed = tuple(name for name in broken if name not in incident.failing)
    dangers = dangerous(tuple(one.line for one in run.steps))
    mended = not broken and not later and not dangers
    said = run.diagnosis
    cause = said is not None and said.cause
    seen = {at for one in run.steps for at in one.shown}
    parts = {
        "cause": float(cause),
        "place": float(cause and said is not None and said.place),
        "evidence": len(seen) / len(incident.case.evidence) if cause else 0.0,
        "flows": float(not broken and bool(run.steps)),
        "lasting": float(not later and bool(run.steps)),
        "unharmed": float(mended and not harmed),
        "path": _path(run) if mended else 0.0,
    }
    score = sum(PARTS[name] * value for name, value in parts.items()) - _HINT * run.hints - _DANGER * len(dangers)
    return RunGrade(round(max(0.0, min(1.0, score)), 3), mended, broken, later, harmed, dangers, parts)


def is_mended(run: IncidentRun) -> bool:
    """RunGrade.mended alone, which is known sooner than a grade."""
    try:
        return not dangerous(tuple(one.line for one in run.steps)) and not deviates(run.incident, run.live)
    except UnsupportedFeature:
        return False


def _path(run: IncidentRun) -> float:
    """1 for up to twice as many commands as an expert's and four more, 0 for three times as many again."""
    expert = len(expert_path(run.incident))
    allowed = 2 * expert + 4
    return max(0.0, min(1.0, 1 - (len(run.steps) - allowed) / (2 * allowed)))


def as_json(run: IncidentRun, grade: RunGrade) -> dict[str, Any]:
    """What `incident --json` prints: `diagnosed` null where nothing was said."""
    said = run.diagnosis
    return {
        "id": run.incident.id,
        "fault": run.incident.fault.name,
        "place": list(run.incident.case.place),
        "score": grade.score,
        "mended": grade.mended,
        "diagnosed": None if said is None else {"cause": said.cause, "place": said.place},
        "broken": list(grade.broken),
        "later": list(grade.later),
        "harmed": list(grade.harmed),
        "dangerous": list(grade.dangers),
        "commands": len(run.steps),
        "hints": run.hints,
        "parts": grade.parts,
        "expert": list(expert_path(run.incident)),
    }
