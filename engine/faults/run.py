"""How somebody works on an incident: each line, hint and diagnosis gives the next state; nothing is asked or printed here."""

from __future__ import annotations

import dataclasses
import re
from typing import Self

from engine.errors import UnsupportedFeature
from engine.faults.diagnosis import Diagnosed, diagnosed
from engine.faults.evidence import asks_as, commands_of
from engine.faults.incident import Incident, deviating, lasting, step
from engine.faults.interface import InjectedFault
from engine.shell import Reply, Shell
from engine.shell.live import LiveCluster
from engine.trace import Text
from engine.values import dataclass

# Lines that are kept of one run.
MOST_LINES = 1000


@dataclass(frozen=True, slots=True)
class RunStep:
    """One line: where it ran, its status, the evidence it showed (the fault's number, the evidence's), the cluster after it."""

    host: str
    line: str
    status: int
    shown: tuple[tuple[int, int], ...]
    live: LiveCluster


@dataclasses.dataclass(frozen=True)
class IncidentRun:
    """An incident while somebody works on it; `live` is the cluster now. `diagnoses`: the last ones, as many as there are
    faults."""

    incident: Incident
    live: LiveCluster
    steps: tuple[RunStep, ...] = ()
    hints: int = 0
    looks: int = 0
    diagnoses: tuple[Diagnosed, ...] = ()

    def run(self, host: str, line: str) -> tuple[Reply, Self]:
        """What the line answers. Raises NoSuchObject for the host."""
        host = self.live.host_named(host)
        reply, live = step(self.incident.scene, self.live, host, line)
        if reply.login is not None:
            # Who only goes to a host has done nothing there.
            return reply, dataclasses.replace(self, live=live)
        return reply, self.taken(host, line, reply.status, reply.shown, live)

    def peek(self, host: str, line: str) -> str:
        """What the line would print, without its counting as a step."""
        return Shell(self.live).run(host, line).stdout

    def with_live(self, live: LiveCluster) -> Self:
        """The run with that cluster: a file was put there that the next line reads."""
        return dataclasses.replace(self, live=live)

    def taken(self, host: str, line: str, status: int, text: str, live: LiveCluster) -> Self:
        """The run after a line that printed `text` and left `live`."""
        one = RunStep(host, line, status, self._shown(host, line, text), live)
        return dataclasses.replace(self, live=live, steps=(*self.steps, one)[-MOST_LINES:])

    def broken(self) -> tuple[str, ...]:
        """The flows that do not do what they did before. Raises UnsupportedFeature."""
        return deviating(self.incident, self.live)

    def later(self) -> tuple[str, ...]:
        """Those that will not, once every kube-proxy has synced and pods were made anew. Raises UnsupportedFeature."""
        return lasting(self.incident, self.live)

    def _shown(self, host: str, line: str, text: str) -> tuple[tuple[int, int], ...]:
        """The evidence that the output holds: of the same tool's on that host."""
        asked = tuple(commands_of(host, line[:2000]))
        return tuple(
            (fault, at)
            for fault, part in enumerate(self.incident.faults)
            for at, one in enumerate(part.case.evidence)
            if any(asks_as(one, *each) for each in asked) and re.search(one.pattern, text[:200_000])
        )

    def failing(self) -> tuple[tuple[str, ...], Self]:
        """The flows that do not do what they did before, and the run that has looked once more. Raises UnsupportedFeature
        where the cluster now holds what the model does not know."""
        return self.broken(), dataclasses.replace(self, looks=self.looks + 1)

    def hint(self) -> tuple[Text, Self]:
        """The next hint: where it lives, a command that shows it, what it is."""
        return hint(self.incident, self.hints), dataclasses.replace(self, hints=self.hints + 1)

    def diagnose(self, text: str) -> Self:
        """After a diagnosis; the last one counts, and where there are two faults the last two."""
        said = (*self.diagnoses, diagnosed(self.incident, text))
        return dataclasses.replace(self, diagnoses=said[-len(self.incident.faults) :])


def begin(incident: Incident) -> IncidentRun:
    """The run of an incident that nobody has looked into yet."""
    return IncidentRun(incident, incident.broken)


def hints(incident: Incident) -> tuple[Text, ...]:
    """For each of its faults in turn: where it lives, a command that shows it, what it is."""
    return tuple(text for part in incident.faults for text in _hints(part))


def hint(incident: Incident, given: int) -> Text:
    """The hint that follows `given` others."""
    rows = hints(incident)
    return rows[min(given, len(rows) - 1)]


def _hints(part: InjectedFault) -> tuple[Text, ...]:
    fault, place, one = part.fault, part.case.place[0], part.case.evidence[0]
    host = one.host or "kubectl"
    return (
        Text(f"It lives {fault.lives.en}.", f"它{fault.lives.zh}。"),
        Text(f"Look on {host}: {one.line}", f"在 {host} 上看看：{one.line}"),
        Text(f"{place}: {fault.what.en}.", f"{place}：{fault.what.zh}。"),
    )


def expert_path(incident: Incident) -> tuple[str, ...]:
    """The lines of a script that an expert would have written: look, say what it is, mend, look again."""
    parts = incident.faults
    looks = [_written(one.host, one.line) for part in parts for one in part.case.evidence]
    said = [f"diagnose {part.case.place[0]}: {part.fault.what.en}" for part in parts]
    mends = [_written(*line) for part in parts for line in part.case.cures[0]]
    return (*looks, *said, *mends, "flows", "done")


def _written(host: str, line: str) -> str:
    return f"{host}: {line}" if host else line


def unknown(error: UnsupportedFeature) -> Text:
    """What is said where flows cannot be followed any more."""
    return Text(f"flows cannot be followed in this state: {error.en}", f"在这个状态下无法推算流量：{error.zh}")
