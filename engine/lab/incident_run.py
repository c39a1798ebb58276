"""An incident worked on in the lab: real lines, and flows that are real connections."""

from __future__ import annotations

import dataclasses
from typing import Self

from engine.faults.incident import Incident, later, step
from engine.faults.run import IncidentRun
from engine.lab.errors import LabUnavailable
from engine.lab.flow_sender import FlowSender
from engine.lab.follow import FollowingLab
from engine.lab.incidents import type_all
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster


@dataclasses.dataclass(frozen=True)
class LabRun(IncidentRun):
    """An incident worked on in the lab: its lines run there, its flows are real connections. `attached`: at this terminal."""

    lab: FollowingLab = dataclasses.field(kw_only=True)
    sender: FlowSender = dataclasses.field(kw_only=True)
    attached: bool = False

    def run(self, host: str, line: str) -> tuple[Reply, Self]:
        host = self.live.host_named(host)
        ran = self.lab.type(host, line, attached=self.attached)
        text = ran.stderr + ran.stdout
        after = self.taken(host, line, ran.status, text, self.lab.live)
        shown = "" if ran.seen else text
        return Reply(ran.stdout, ran.stderr, ran.status, Shell(self.lab.live), shown), after

    def with_live(self, live: LiveCluster) -> Self:
        self.lab.live = live
        return dataclasses.replace(self, live=live)

    def broken(self) -> tuple[str, ...]:
        return self.sender.deviating()

    def later(self) -> tuple[str, ...]:
        self.lab.read_back()
        self.lab.follow(later(self.incident, self.lab.live))
        return self.broken()


def open_in_lab(incident: Incident) -> FollowingLab:
    """The incident's cluster as it was before the fault, not yet built: a context manager."""
    return FollowingLab(incident.healthy, step=lambda live, host, line: step(incident.scene, live, host, line))


def begin_in_lab(incident: Incident, lab: FollowingLab, *, attached: bool = False) -> LabRun:
    """The run of an incident in its lab, once the lines that break it were typed there. Raises LabUnavailable where one of
    them fails."""
    sender = FlowSender(lab, incident)
    failed = tuple(type_all(lab, incident.breaks))
    if failed:
        raise LabUnavailable("; ".join(failed), zh="；".join(failed))
    return LabRun(incident, lab.live, lab=lab, sender=sender, attached=attached)
