"""A diagnosis in free words, held against the catalogue: is the cause named, and the place; a choice does for the cause."""

from __future__ import annotations

import random
import re

from engine.faults.incident import Incident
from engine.faults.interface import KnownFault
from engine.faults.registry import MODULES, find_fault, names
from engine.values import dataclass

_LONGEST = 500
_CHOICES = 6
# Families whose terms a text may meet beside the right one's: who names everything has found nothing.
_MOST_OTHERS = 2


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What was said, and whether it names the cause and the place."""

    text: str
    cause: bool
    place: bool


def choices(incident: Incident) -> tuple[KnownFault, ...]:
    """Six faults of which one is the incident's, the same ones for the same seed."""
    rng = random.Random(f"choices:{incident.id}")
    others = rng.sample([name for name in names() if name != incident.fault.name], _CHOICES - 1)
    chosen = [incident.fault, *map(find_fault, others)]
    rng.shuffle(chosen)
    return tuple(chosen)


def diagnosed(incident: Incident, text: str) -> Diagnosed:
    """`text`: free words, or the number of a choice with the place behind it."""
    said = text.strip()[:_LONGEST]
    number = re.match(r"(\d)(?=\s|$)", said)
    if number is not None:
        listed = choices(incident)
        at = int(number[1]) - 1
        cause = 0 <= at < len(listed) and listed[at].name == incident.fault.name
    else:
        cause = _meets(incident.fault, said) and len(_families(said) - {MODULES[incident.fault.name]}) <= _MOST_OTHERS
    return Diagnosed(said, cause, _names_place(incident, said))


def _meets(fault: KnownFault, text: str) -> bool:
    return all(re.search(term, text, re.IGNORECASE) for term in fault.terms)


def _families(text: str) -> set[str]:
    return {MODULES[name] for name in names() if _meets(find_fault(name), text)}


def _names_place(incident: Incident, text: str) -> bool:
    words = {one for one in _words(incident) if re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", text)}
    wanted = set(incident.case.place)
    nodes = set(incident.scene.nodes)
    return bool(words & wanted) and len((words & nodes) - wanted) <= 1 and not (nodes <= words and len(nodes) > 2)


def _words(incident: Incident) -> set[str]:
    return {*incident.case.place, *incident.scene.nodes}
