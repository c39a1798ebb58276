"""An incident while it is worked on: a shell on its hosts, and the words that look at flows, diagnose and end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Self

from engine.errors import EngineError, UnsupportedFeature
from engine.faults.diagnosis import choices
from engine.faults.follow import answered, follow
from engine.faults.incident import Incident
from engine.faults.run import IncidentRun, begin, unknown
from engine.faults.script import ScriptLine, read_script_line
from engine.shell.live import ADMINISTRATOR, LiveCluster
from engine.shell.logins import Logins, leaves
from k8squiz.locale.i18n import Lang, pick
from k8squiz.locale.incident import say
from k8squiz.world.incidents import flows_text, report_text

_DONE = "done"


@dataclasses.dataclass(frozen=True)
class IncidentDialogue:
    """`logins` are the hosts that one has gone to; `lines` hold at most `most`."""

    run: IncidentRun
    most: int
    lines: tuple[str, ...] = ()
    logins: Logins = Logins()
    over: bool = False

    @classmethod
    def after(cls, incident: Incident, lines: Iterable[str], most: int) -> Self:
        """Taken up again on the administrator's machine; a `done` among the lines ends nothing."""
        kept = [line for line in lines if (read := read_script_line(line)) is not None and read.word != _DONE]
        return cls(follow(begin(incident), kept), most, tuple(kept))

    @property
    def last_word(self) -> str:
        return _DONE

    def prompt(self, lang: Lang) -> str:
        """The host's own prompt."""
        return self.logins.prompt(self.run.live)

    def claims(self, line: str) -> bool:
        """`exit` leaves the host that one has gone to, and nothing else."""
        return leaves(line)

    def reply(self, line: str, lang: Lang) -> tuple[str, Self]:
        """As Dialogue.reply; what goes to a host or leaves it is no line of the script, its commands name the host."""
        try:
            moved = self.logins.moved(self.run.live, line)
        except EngineError as error:
            return pick(error, lang), self
        if moved is not None:
            return "", dataclasses.replace(self, logins=moved if moved.hosts else self.logins)
        read = read_script_line(line)
        if read is None:
            return "", self
        if read.word == "report":
            return report_text(self.run.incident, lang), self
        if read.word == "diagnose" and not read.text:
            rows = [f"  {at}. {pick(one.what, lang)}" for at, one in enumerate(choices(self.run.incident), 1)]
            return "\n".join((say("choose", lang), *rows)), self
        if len(self.lines) >= self.most - 1 and read.word != _DONE:
            return say("too-many", lang), self
        return self._typed(line.strip(), read, lang)

    def _typed(self, line: str, read: ScriptLine, lang: Lang) -> tuple[str, Self]:
        host = self.logins.here
        if not (read.word or read.host or host == ADMINISTRATOR):
            read, line = dataclasses.replace(read, host=host), f"{host}: {line}"
        after = dataclasses.replace(self, lines=(*self.lines, line), over=read.word == _DONE)
        if read.word == "flows":
            said, run = self._flows(lang)
        elif after.over:
            said, run = "", self.run
        else:
            run, told, login = answered(self.run, read)
            if login is not None:
                # A pod that was made on the way (kubectl run) has to be made again when the lines are taken up.
                kept = self.lines if run.live.cluster is self.run.live.cluster else after.lines
                return pick(told, lang), dataclasses.replace(self, run=run, lines=kept, logins=self.logins.entered(login))  # fmt: skip
            said = say("noted", lang, text=read.text) if read.word == "diagnose" else pick(told, lang)
        return said, dataclasses.replace(after, run=run)

    def _flows(self, lang: Lang) -> tuple[str, IncidentRun]:
        try:
            failing, run = self.run.failing()
        except UnsupportedFeature as error:
            return pick(unknown(error), lang), self.run
        return flows_text(run.incident.baseline, failing, lang), run


def hosts_of(live: LiveCluster) -> tuple[str, ...]:
    """What one may go to: nodes, pods, the client outside."""
    pods = ((pod.namespace, pod.name) for pod in live.cluster.pods)
    return (
        *live.fabric.nodes,
        *(f"pod/{name}" if where == "default" else f"pod/{where}/{name}" for where, name in pods),
        "client",
    )
