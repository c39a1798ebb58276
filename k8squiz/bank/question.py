"""What a question is: the template an author wrote, the question drawn from it, an answer and its grade.

Plain frozen values. Nothing here draws, solves or prints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from engine.cluster import Mode
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.manifest_text import as_yaml
from k8squiz.bank.old_words import OldWord
from k8squiz.bank.yaml_values import Yaml

FORMAT_VERSION = 1
# What a field's answer is kept as: its own `read` makes it, a str or a tuple of str, and nobody else looks inside.
Value: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class QuestionMeta:
    """What the list of questions knows about a file without parsing it. `trivia`: a name, a count or a constant that one looks
    up; asked only where it is asked for."""

    id: str
    topic: str
    level: int
    kind: str
    path: str
    themes: tuple[str, ...] = ()
    trivia: bool = False

    @property
    def origin(self) -> str:
        """The id that draws: a follow-up (PARENT/ID) is drawn as its parent is."""
        return self.id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Template:
    """One question file. `data` is its content, checked against the schema; `lines` the line of each value,
    `old_words` what the file still calls by an earlier name."""

    meta: QuestionMeta
    title: Text
    data: Mapping[str, Yaml]
    lines: Mapping[tuple[str | int, ...], int]
    old_words: tuple[OldWord, ...] = ()

    def place(self, *path: str | int) -> str:
        """file:line of the value at `path`, or of the nearest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.meta.path}:{self.lines.get(path, 1)}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken: a row of engine.faults.placed, and the node, pod or Service it sits at, by name; `to` is another
    node it is about."""

    cause: str
    at: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class QuestionRequest:
    """One request of a question: on which cluster it is made, by whom, to where.

    `documents` are its Kubernetes objects as engine.load_cluster reads them; `background` describes further Services that they leave out because there are
    hundreds of them; `way` is a predicate that picks some of the ways the packet can go.
    """

    name: str
    source: str
    destination: str
    protocol: str
    node: str | None
    sport: int
    mode: Mode
    documents: str
    background: Background | None = None
    without: tuple[str, ...] = ()
    way: Mapping[str, Yaml] | None = None
    changed: tuple[tuple[str, str], ...] = ()
    fault: Fault | None = None
    size: int | None = None

    @property
    def route(self) -> str:
        """From whom to where: what a request is called that has no better name."""
        return f"{self.source.rpartition('/')[2]} → {self.destination}"

    @property
    def manifests(self) -> str:
        """The documents as Kubernetes YAML."""
        return as_yaml(self.documents)


@dataclass(frozen=True, slots=True)
class Background:
    """ClusterIP Services that are there only to be many: `before` of them sort before the question's own."""

    services: int
    endpoints: int
    before: int


@dataclass(frozen=True, slots=True)
class Question:
    """A template drawn for a seed: all names and addresses are fixed, the answer is not yet computed.

    `names` resolves the placeholders of the texts (`node1.ip` -> `192.168.7.11`); `aliases` what a candidate may
    type instead of an address (`node1/cni0` -> `10.244.1.1`).
    """

    template: Template
    seed: str
    requests: tuple[QuestionRequest, ...]
    ask: Mapping[str, Yaml]
    names: Mapping[str, Yaml]
    aliases: Mapping[str, str]
    picture: Picture

    @property
    def meta(self) -> QuestionMeta:
        return self.template.meta

    @property
    def id(self) -> str:
        return self.template.meta.id


@dataclass(frozen=True, slots=True)
class PodView:
    name: str
    address: str
    ready: str = ""


@dataclass(frozen=True, slots=True)
class NodeView:
    """One node of the picture: its devices as (name, address), its pods."""

    name: str
    address: str
    pod_cidr: str
    devices: tuple[tuple[str, str], ...]
    pods: tuple[PodView, ...]
    zone: str = ""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One Service of the picture: `lines` are its fields as they are to be read (`ClusterIP 10.96.0.10:80`)."""

    name: str
    type: str
    lines: tuple[str, ...]
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown of the cluster before the question: names and addresses, nothing computed."""

    nodes: tuple[NodeView, ...]
    services: tuple[ServiceView, ...]
    client: str
    facts: tuple[str, ...]


# What a candidate answered: for each field's id a canonical value. A field left out is blank.
Answer = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class FieldMark:
    """One field's part of a grade: `score` 0..1 by itself, `given` None where it was left blank.

    `first_wrong` is the index of the first wrong item of an order, None where nothing is wrong or there is no order.
    """

    field: str
    score: float
    weight: float
    given: Value
    truth: Value
    first_wrong: int | None = None

    @property
    def right(self) -> bool:
        return self.score >= 1.0


@dataclass(frozen=True, slots=True)
class Grade:
    """`score` 0..1 after hints; `raw` before; `marks` field by field."""

    score: float
    raw: float
    marks: tuple[FieldMark, ...]
    hint_cost: float = 0.0

    @property
    def differences(self) -> tuple[FieldMark, ...]:
        return tuple(mark for mark in self.marks if not mark.right)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One question as it went. `grade` is None where it was skipped."""

    id: str
    topic: str
    level: int
    kind: str
    seed: str
    answer: Answer
    hints: int
    grade: Grade | None
