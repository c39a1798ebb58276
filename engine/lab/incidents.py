"""Drawn incidents on the kernel: before the fault, with it, and after a cure, every flow of the matrix is sent there and held
against what the engine says.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from engine.cluster import Mode
from engine.errors import UnsupportedFeature
from engine.faults.incident import Incident, from_id, named_faults, step
from engine.faults.interface import Lines
from engine.faults.registry import names
from engine.lab.errors import NotInThisLab
from engine.lab.flow_sender import FlowSender
from engine.lab.follow import FollowingLab
from engine.trace import Text
from engine.values import dataclass

BEFORE, BROKEN, MENDED = "before", "broken", "mended"


@dataclass(frozen=True, slots=True)
class FlowDisagreement:
    """A flow at a stage of an incident: what the kernel did, and what the engine says of it."""

    stage: str
    flow: str
    kernel: str
    engine: str


@dataclass(frozen=True, slots=True)
class VerifiedIncident:
    """One incident: how many connections were compared, which disagree; the lines whose real tool failed; `skipped`: why it
    was left out. `failing`: flows that failed on the kernel at each stage."""

    id: str
    fault: str
    connections: int = 0
    disagreements: tuple[FlowDisagreement, ...] = ()
    failed: tuple[str, ...] = ()
    failing: tuple[int, int, int] = (0, 0, 0)
    skipped: Text | None = None


def drawn_ids(seed: int, fault: str | None = None) -> Iterator[str]:
    """Incidents without end, every fault in turn, or that one (or two, as an id names them) alone. Raises FaultError where there
    is none of that name."""
    faults = names() if fault is None else (fault,)
    if fault is not None:
        named_faults(fault)
    number = 0
    while True:
        yield from (f"{name}.{seed}-{number}" for name in faults)
        number += 1


def mode_of(id_: str) -> Mode:
    """kube-proxy's mode in an incident."""
    return from_id(id_).healthy.mode


def verify_incident(id_: str) -> VerifiedIncident:
    """The incident in the lab: built whole, broken by its own lines, mended by one of its cures."""
    fault = id_.partition(".")[0]
    try:
        incident = from_id(id_)
        with FollowingLab(incident.healthy, names=False, step=lambda live, host, line: step(incident.scene, live, host, line)) as lab:  # fmt: skip
            return _verified(incident, lab)
    except (NotInThisLab, UnsupportedFeature) as error:
        return VerifiedIncident(id_, fault, skipped=Text(error.en, error.zh))


def _verified(incident: Incident, lab: FollowingLab) -> VerifiedIncident:
    sender = FlowSender(lab, incident)
    rng = random.Random(incident.id)
    cure = tuple(line for one in incident.faults for line in rng.choice(one.case.cures))
    found: list[FlowDisagreement] = []
    failed: list[str] = []
    counts, total = [], 0
    for stage, lines in ((BEFORE, ()), (BROKEN, incident.breaks), (MENDED, cure)):
        failed += type_all(lab, lines)
        sent, differing, broken = sender.compared()
        total += sent
        counts.append(broken)
        found += (FlowDisagreement(stage, *one) for one in differing)
    first, second, third = counts
    return VerifiedIncident(incident.id, incident.name, total, tuple(found), tuple(failed), (first, second, third))


def type_all(lab: FollowingLab, lines: Lines) -> Iterator[str]:
    """Run the lines in the lab; what is said of those whose tool fails."""
    for host, line in lines:
        ran = lab.type(host, line)
        if ran.status:
            yield f"{host}: {line}: {ran.stderr.strip()[:300]}"
