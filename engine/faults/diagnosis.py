"""A diagnosis in free words, held against the catalogue: is the cause named, and the place; a choice does for the cause."""

from __future__ import annotations

import random
import re

from engine.faults.incident import Incident
from engine.faults.interface import InjectedFault, KnownFault
from engine.faults.registry import MODULES, find_fault, names
from engine.values import dataclass

_LONGEST = 500
_CHOICES = 6
# Families whose terms a text may meet beside the right one's: who names everything has found nothing.
_MOST_OTHERS = 3


@dataclass(frozen=True, slots=True)
class NamedFault:
    """Whether what was said names the cause of one of an incident's faults, and its place."""

    cause: bool
    place: bool


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What was said, and what it names of each of the incident's faults."""

    text: str
    named: tuple[NamedFault, ...]

    @property
    def cause(self) -> bool:
        return any(one.cause for one in self.named)

    @property
    def place(self) -> bool:
        return any(one.place for one in self.named)


def choices(incident: Incident) -> tuple[KnownFault, ...]:
    """Six faults, the incident's among them, the same ones for the same seed."""
    rng = random.Random(f"choices:{incident.id}")
    own = [one.fault for one in incident.faults]
    others = rng.sample([name for name in names() if name not in [one.name for one in own]], _CHOICES - len(own))
    chosen = [*own, *map(find_fault, others)]
    rng.shuffle(chosen)
    return tuple(chosen)


def diagnosed(incident: Incident, text: str) -> Diagnosed:
    """`text`: free words, or the number of a choice with the place behind it."""
    said = text.strip()[:_LONGEST]
    number = re.match(r"(\d)(?=\s|$)", said)
    chosen: str | None = None
    if number is not None:
        at = int(number[1]) - 1
        chosen = choices(incident)[at].name if 0 <= at < _CHOICES else ""
    named = [_named(incident, one, said, chosen) for one in incident.faults]
    # One diagnosis is of one fault: of two whose terms it meets, the one whose place it names, or whose words it has more of.
    met = [at for at, one in enumerate(named) if one.cause]
    if len(met) > 1:
        best = max(met, key=lambda at: (named[at].place, _shared(incident.faults[at].fault, said)))
        named = [one if at == best else NamedFault(False, one.place) for at, one in enumerate(named)]
    return Diagnosed(said, tuple(named))


def _shared(fault: KnownFault, text: str) -> int:
    """How many words, or Chinese characters, of what is said of the fault the text has."""
    return len(_words(fault.what.en + fault.what.zh) & _words(text))


def _words(text: str) -> set[str]:
    return set(re.findall(r"[\u4e00-\u9fff]|[a-z0-9_.-]+", text.lower()))


def _named(incident: Incident, part: InjectedFault, said: str, chosen: str | None) -> NamedFault:
    own = part.fault.name
    cause = chosen == own if chosen is not None else names_cause(part.fault, said)
    return NamedFault(cause, _names_place(incident, part, said))


def names_cause(fault: KnownFault, text: str) -> bool:
    """Whether free words name the fault's cause, and not every other one beside it."""
    return _meets(fault, text) and len(_families(text) - {MODULES[fault.name]}) <= _MOST_OTHERS


def _meets(fault: KnownFault, text: str) -> bool:
    return all(re.search(term, text, re.IGNORECASE) for term in fault.terms)


def _families(text: str) -> set[str]:
    return {MODULES[name] for name in names() if _meets(find_fault(name), text)}


def _names_place(incident: Incident, part: InjectedFault, text: str) -> bool:
    nodes, wanted = set(incident.scene.nodes), set(part.case.place)
    words = {one for one in wanted | nodes if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", text)}
    return bool(words & wanted) and len((words & nodes) - wanted) <= 1 and not (nodes <= words and len(nodes) > 2)
