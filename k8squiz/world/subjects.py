"""What a question may be about instead of a cluster: `ask.ipvs`, `ask.scenario`, `ask.scale`, read from the file, and
`ask.fault`, which draws a cluster of its own."""

from __future__ import annotations

from collections.abc import Mapping

from engine.cluster import Mode
from engine.values import dataclass
from k8squiz.bank.forms import MODE
from k8squiz.bank.question import Question
from k8squiz.bank.shapes import (
    DRAWN_FLAG,
    DRAWN_INTEGER,
    MAPPING,
    PLACEHOLDER,
    WORD,
    Place,
    Shape,
    key,
    list_of,
    record,
)
from k8squiz.bank.yaml_values import Yaml
from k8squiz.world.release import RELEASE


def _servers(value: Yaml, place: Place) -> int | tuple[tuple[str, int], ...]:
    if isinstance(value, Mapping):
        return tuple((name, DRAWN_INTEGER.read(weight, place.at(name))) for name, weight in value.items())
    return DRAWN_INTEGER.read(value, place)


@dataclass(frozen=True, slots=True)
class HistorySpec:
    """A virtual server and what happens to it, line by line. `servers`: names with weights, or so many of weight 1;
    `persistent` in seconds."""

    scheduler: str = key(WORD)
    servers: int | tuple[tuple[str, int], ...] = key(
        Shape({"anyOf": [{"type": "integer"}, {"type": "object", "minProperties": 1}, PLACEHOLDER]}, _servers)
    )
    steps: tuple[str, ...] = key(list_of(WORD, least=1))
    persistent: int | None = key(DRAWN_INTEGER, None)
    expire_quiescent_template: bool = key(
        DRAWN_FLAG.told("net.ipv4.vs.expire_quiescent_template"), False, "expireQuiescentTemplate"
    )


@dataclass(frozen=True, slots=True)
class SizeSpec:
    """So many ClusterIP Services of so many endpoints each; `mode` and `release` (kube-proxy's) are meant where a figure
    names none."""

    services: int = key(DRAWN_INTEGER)
    endpoints: int = key(DRAWN_INTEGER)
    mode: Mode = key(MODE, Mode.IPTABLES)
    release: str = key(WORD, RELEASE)


HISTORY = record(HistorySpec).told("A virtual server and its history.")
SIZE = record(SizeSpec).told("So many ClusterIP Services of so many endpoints, instead of a cluster.")
WORKLOAD = MAPPING.told("A workload and a requirement: engine.ipvs.scenario.load_scenario.")

_FAULT = "fault"
_KEYS = ("ipvs", "scenario", "scale", _FAULT)


def needs_no_cluster(question: Question) -> bool:
    """Whether it is about a history, a workload, a size or an incident, so that the cluster and the request are not
    shown."""
    return any(name in question.ask for name in _KEYS)


def about_an_incident(question: Question) -> bool:
    """Whether a cluster is to be looked into and mended: k8squiz.world.incidents has it."""
    return _FAULT in question.ask


def history_spec(question: Question) -> HistorySpec | None:
    return HISTORY.read(question.ask["ipvs"], _place(question, "ipvs")) if "ipvs" in question.ask else None


def size_spec(question: Question) -> SizeSpec | None:
    return SIZE.read(question.ask["scale"], _place(question, "scale")) if "scale" in question.ask else None


def workload(question: Question) -> Mapping[str, Yaml] | None:
    if "scenario" not in question.ask:
        return None
    return WORKLOAD.read(question.ask["scenario"], _place(question, "scenario"))


def _place(question: Question, name: str) -> Place:
    return Place(question.template, ("ask", name))
