"""The blank of an incident: the lines that were typed, each answered by the cluster as the lines before it left it.

A value is a script as `k8squiz incident --script` reads it, a line below the other: the same lines give the same cluster.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.faults.run import expert_path
from engine.faults.script import WORDS, read_script_line
from engine.shell.registry import names
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Question
from k8squiz.kinds.fields import Dialogue, FieldBase, Turn, Unreadable
from k8squiz.kinds.incident.dialogue import IncidentDialogue, hosts_of
from k8squiz.locale.i18n import Lang
from k8squiz.locale.incident import both, say
from k8squiz.world.incidents import grade_of, incident_of

PATH = "path"
LABEL = Text("Your path", "你的操作")
_MOST_LINES = 300
_LONGEST = 2000
# What an expert's own path has to be worth.
_WORTH = 0.95
_NUMBER = re.compile(r"^\d{1,3}\. ")


@dataclass(frozen=True, slots=True)
class IncidentField(FieldBase):
    """All that was typed. The cluster is drawn when it is first asked about."""

    question: Question
    id: str = PATH
    label: Text = LABEL
    weight: float = 1.0

    @property
    def truth(self) -> str:
        """An expert's path."""
        return "\n".join(expert_path(incident_of(self.question)))

    def read(self, typed: str) -> str:
        """The lines up to `done`, numbered or not, without what is empty or a comment."""
        lines: list[str] = []
        for text in typed.splitlines()[: 2 * _MOST_LINES]:
            line = _NUMBER.sub("", text.strip())[:_LONGEST].strip()
            read = read_script_line(line)
            if read is not None:
                lines.append(line)
            if read is not None and read.word == "done":
                break
        if not lines:
            complaint = both("not-it")
            raise Unreadable(complaint.en, complaint.zh)
        return "\n".join(lines[:_MOST_LINES])

    def score(self, value: str) -> float:
        return grade_of(self.question, value).score

    def show(self, value: str, zh: bool) -> str:
        """Numbered, so that it can be read where lines run together too."""
        if not value:
            return say("nothing-typed", "zh" if zh else "en")
        return "\n".join(f"{number}. {line}" for number, line in enumerate(value.split("\n"), 1))

    def reckoned(self, value: str) -> Text | None:
        grade = grade_of(self.question, value)
        if grade.score == 1.0:
            return None
        parts = {name: f"{round(100 * part)} %" for name, part in grade.parts.items()}
        return both("parts", **parts)

    def how(self, lang: Lang, listed: bool = True) -> str:
        return say("how", lang, nodes=", ".join(incident_of(self.question).scene.nodes))

    def words(self) -> tuple[str, ...]:
        return (*WORDS, "ssh", *names(), *hosts_of(incident_of(self.question).broken))

    def replies(self, lines: str = "") -> Dialogue | None:
        return IncidentDialogue.after(incident_of(self.question), lines.split("\n"), _MOST_LINES)

    def turns(self) -> Iterator[Turn]:
        for lines in incident_of(self.question).case.wrong:
            told = "; ".join(f"{host}: {line}" if host else line for host, line in lines)
            yield Turn(Text(told, told), both("wrong-turn"))

    def flaws(self) -> Iterator[Text]:
        for key, value, least, most in (("poor", self.truth, _WORTH, 1.0), ("given-away", "done", 0.0, 0.0)):
            score = self.score(value)
            if not least <= score <= most:
                yield both(key, score=score)
