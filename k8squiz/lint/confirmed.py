"""The numbers of a question's prose: which stand there literally, and which the engine or a source confirms."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.errors import EngineError
from k8squiz.bank.forms import SOURCES, VALUES, part
from k8squiz.bank.placeholders import PLACEHOLDER
from k8squiz.bank.question import Template
from k8squiz.errors import QuizError
from k8squiz.kinds.interface import Task
from k8squiz.world.predicates import outcomes_of
from k8squiz.world.texts import Names, figure
from k8squiz.world.world import World

_NUMBER = re.compile(r"(?<![A-Za-z0-9_.\-/])(0x[0-9a-fA-F]+|\d+(?:[.:/]\d+)*)(?![A-Za-z0-9_])")
_NAMED_NUMBER = re.compile(r"(RFC|KEP|CVE|issue|port|UTS|L)[ -]?$", re.IGNORECASE)
_TOKEN = re.compile(r"0x[0-9a-fA-F]+|\d+(?:[.:/]\d+)*")
_SINGLE = re.compile(r"\d+")


def literal_numbers(text: str) -> Iterator[str]:
    """The numbers of a text that no placeholder fills, versions and document numbers left out."""
    for stretch in re.split(PLACEHOLDER.pattern.replace("(", "(?:"), text):
        for matched in _NUMBER.finditer(stretch):
            if not _NAMED_NUMBER.search(stretch[: matched.start()]):
                yield matched.group()


class Confirmed:
    """What may stand as a number in the prose of one draw: figures of the cluster, its rules and its walk."""

    def __init__(self, template: Template, world: World, task: Task) -> None:
        self._world = world
        self._known = {number for source in part(template, "sources", SOURCES, ()) for number in source.states}
        names = Names(world)
        for name in part(template, "values", VALUES, {}):
            try:
                self._known.add(str(figure(names[name])))
            except (QuizError, EngineError):
                continue
        self._known |= {str(value) for value in world.question.names.values()}
        self._known |= {str(field.truth) for field in task.fields}
        for ask in world.question.requests:
            self._take(ask.documents)
            for outcome in outcomes_of(world, ask.name):
                for hop in (*outcome.hops, *outcome.reply):
                    self._take(f"{hop.src} {hop.dst} {hop.rule or ''} {hop.note.en}")
        self._rules_read = False

    def knows(self, number: str) -> bool:
        if number in self._known:
            return True
        if not self._rules_read:
            self._rules_read = True
            for ask in self._world.question.requests:
                for node in self._world.cluster(ask.name).nodes:
                    for line in self._world.rules(ask.name, node.name):
                        self._take(line.text)
        return number in self._known

    def _take(self, text: str) -> None:
        for token in _TOKEN.findall(text):
            self._known.add(token)
            if not token.startswith("0x"):
                self._known.update(_SINGLE.findall(token) if ":" in token else ())
                self._known.update(token.split("/"))
