"""The parts of a question file that every kind has, as frozen values: cluster, request, texts, sources, follow-ups.

schema.json says the same of them, for it is written from here (k8squiz.kinds.schema).
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

from engine.cluster import CNIConfig, Mode
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Fault, Template
from k8squiz.bank.shapes import (
    ANYTHING,
    DRAWN_FLAG,
    DRAWN_INTEGER,
    FLAG,
    MAPPING,
    PLACEHOLDER,
    PROSE,
    TEXT,
    WORD,
    Place,
    Schema,
    Shape,
    drawn,
    integer,
    key,
    list_of,
    mapping_of,
    matching,
    one_of,
    record,
    ref,
)
from k8squiz.bank.themes import THEMES
from k8squiz.bank.yaml_values import Yaml

T = TypeVar("T")

PREDICATE: Shape[Mapping[str, Yaml]] = ref("predicate", MAPPING.read)
VALUE: Shape[Yaml] = ref("value", ANYTHING.read)
MODE = drawn(one_of(Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES))


@dataclass(frozen=True, slots=True)
class NodeForm:
    """`addresses`: how many further addresses are drawn."""

    name: str | None = key(WORD, None)
    ip: str | None = key(WORD, None)
    zone: str = key(WORD, "")
    addresses: int = key(DRAWN_INTEGER, 0)
    labels: Mapping[str, Yaml] | None = key(MAPPING, None)


@dataclass(frozen=True, slots=True)
class PodForm:
    """`ports` are those of its container as Kubernetes spells them, instead of one that is drawn; the first is the one meant by its
    role."""

    node: str = key(WORD)
    name: str | None = key(WORD, None)
    namespace: str | None = key(WORD, None)
    ip: str | None = key(WORD, None)
    labels: Mapping[str, Yaml] | None = key(MAPPING, None)
    ready: bool | None = key(DRAWN_FLAG, None)
    serving: bool = key(DRAWN_FLAG, True)
    terminating: bool = key(DRAWN_FLAG, False)
    host_network: bool = key(DRAWN_FLAG, False, "hostNetwork")
    host_port: int = key(DRAWN_INTEGER, 0, "hostPort")
    port_name: str = key(WORD, "", "portName")
    hostname: str = key(WORD, "")
    subdomain: str = key(WORD, "")
    dns_policy: str = key(WORD, "", "dnsPolicy")
    dns_config: Mapping[str, Yaml] | None = key(drawn(MAPPING), None, "dnsConfig")
    ports: tuple[Mapping[str, Yaml], ...] = key(list_of(MAPPING), ())


@dataclass(frozen=True, slots=True)
class BackgroundForm:
    """So many Services of so many endpoints; `before` of them sort before the question's own."""

    services: int = key(DRAWN_INTEGER)
    endpoints: int = key(DRAWN_INTEGER, 1)
    before: int = key(DRAWN_INTEGER, 0)


# A Service's endpoints: roles of pods, or so many more pods on each node.
_ENDPOINTS = Shape(
    {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}, PLACEHOLDER]}, ANYTHING.read
)
# Fields of a Service's spec, as Kubernetes spells them.
_KUBERNETES = (
    "clusterIP", "externalTrafficPolicy", "internalTrafficPolicy", "sessionAffinity", "sessionAffinityConfig",
    "loadBalancerSourceRanges", "publishNotReadyAddresses", "trafficDistribution", "allocateLoadBalancerNodePorts",
    "healthCheckNodePort", "ipFamilyPolicy", "ipFamilies", "externalName", "headless", "loadBalancerClass",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ServiceForm:
    """What is ours of a Service. `balancer` is true for a drawn address, or an address; `external` how many are drawn, or
    the addresses; `spec` is all else, as Kubernetes spells it."""

    type: str = key(WORD, "ClusterIP")
    endpoints: Yaml = key(_ENDPOINTS, ())
    name: str | None = key(WORD, None)
    namespace: str | None = key(WORD, None)
    protocol: str = key(WORD, "TCP")
    port_name: str = key(WORD, "", "portName")
    port: int = key(DRAWN_INTEGER, 0)
    target_port: int = key(DRAWN_INTEGER, 0, "targetPort")
    node_port: int = key(DRAWN_INTEGER, 0, "nodePort")
    balancer: Yaml = key(ANYTHING, None, "loadBalancerIP")
    external: Yaml = key(ANYTHING, (), "externalIPs")
    labels: Mapping[str, Yaml] | None = key(MAPPING, None)
    spec: Mapping[str, Yaml] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaultForm:
    """A cause, and where it sits: roles or names."""

    cause: str = key(WORD)
    at: str = key(WORD)
    to: str | None = key(WORD, None)

    def fault(self) -> Fault:
        return Fault(self.cause, self.at, self.to)


# `from` and `to` of a request as it is written: a list stands for a request each (`requests`).
_ENDS: Shape[str] = Shape({"anyOf": [WORD.schema, {"type": "array", "items": WORD.schema, "minItems": 1}]}, WORD.read)


@dataclass(frozen=True, slots=True)
class RequestForm:
    """`changes` are fields of the cluster that are other for this request, by dotted path; `way` picks some of the ways."""

    source: str = key(_ENDS, name="from")
    destination: str = key(_ENDS, name="to")
    node: str | None = key(WORD, None)
    protocol: str = key(WORD, "TCP")
    mode: Mode | None = key(MODE, None)
    changes: Mapping[str, Yaml] = key(MAPPING, {}, "set")
    without: tuple[str, ...] = key(drawn(list_of(WORD)), ())
    way: Mapping[str, Yaml] | None = key(PREDICATE, None)
    fault: FaultForm | None = key(record(FaultForm), None)
    size: int | None = key(DRAWN_INTEGER, None)


def _cost(value: Yaml, place: Place) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise place.must_be("a number", "数字", value)
    return float(value)


@dataclass(frozen=True, slots=True)
class HintForm:
    """`cost` is a share of the score."""

    cost: float = key(Shape({"type": "number", "minimum": 0, "maximum": 0.5}, _cost))
    en: str = key(PROSE)
    zh: str = key(PROSE)


@dataclass(frozen=True, slots=True)
class BlockForm:
    """A block of an explanation, shown where `when` holds."""

    when: Mapping[str, Yaml] | None = key(PREDICATE, None)
    en: str = key(PROSE)
    zh: str = key(PROSE)


@dataclass(frozen=True, slots=True)
class SourceForm:
    """`states` are numbers of the prose that this source vouches for."""

    ref: str = key(WORD)
    since: str | None = key(WORD, None)
    as_of: str | None = key(matching("^20[0-9][0-9]-[01][0-9]$"), None)
    states: tuple[str, ...] = key(list_of(WORD), ())


_OURS = record(ServiceForm)
_OUR_KEYS = cast(Schema, _OURS.schema["properties"])
_SERVICE_PROPERTIES: Schema = {**_OUR_KEYS, **{name: {} for name in _KUBERNETES}}


def _service(value: Yaml, place: Place) -> ServiceForm:
    raw = MAPPING.read(value, place)
    # The two that Kubernetes spells so and that may be drawn.
    spec = {name: item for name, item in raw.items() if name not in _OUR_KEYS}
    return dataclasses.replace(_OURS.read(raw, place), spec=spec)


def _node(value: Yaml, place: Place) -> NodeForm:
    return NodeForm() if value is None else _NODE.read(value, place)


def _nodes(value: Yaml, place: Place) -> int | Mapping[str, NodeForm]:
    return _NODES.read(value, place) if isinstance(value, Mapping) else DRAWN_INTEGER.read(value, place)


def _pod(value: Yaml, place: Place) -> PodForm:
    return _POD.read(value, place) if isinstance(value, Mapping) else PodForm(WORD.read(value, place))


# What the engine takes where nothing is said.
_USUAL_CNI = f"{CNIConfig().plugin}/{CNIConfig().backend}"

_NODE, _POD = record(NodeForm), record(PodForm)
_NODES = mapping_of(Shape({"anyOf": [{"type": "null"}, _NODE.schema]}, _node))
SERVICE = Shape({"type": "object", "properties": _SERVICE_PROPERTIES, "additionalProperties": False}, _service)


@dataclass(frozen=True, slots=True)
class ClusterForm:
    """A cluster as an author writes it, its roles not yet drawn."""

    base: str | None = key(matching("^[a-z0-9][a-z0-9-]*$"), None, "from")
    nodes: int | Mapping[str, NodeForm] = key(Shape({"anyOf": [DRAWN_INTEGER.schema, _NODES.schema]}, _nodes), 1)
    cni: str = key(WORD, _USUAL_CNI)
    pods: Mapping[str, PodForm] = key(mapping_of(Shape({"anyOf": [WORD.schema, _POD.schema]}, _pod)), {})
    services: Mapping[str, ServiceForm] = key(mapping_of(SERVICE), {})
    proxy: Mapping[str, Yaml] = key(drawn(MAPPING), {})
    network: Mapping[str, Yaml] = key(MAPPING, {})
    background: BackgroundForm | None = key(record(BackgroundForm), None)
    manifests: str = key(WORD, "")
    release: str = key(WORD.told("kube-proxy's on every node, where it is not the one the whole bank speaks of."), "")


THEME_NAMES = list_of(one_of(*THEMES), least=1).told("What it is the point of; k8squiz/bank/themes.py has them all.")

TRIVIA = FLAG.told(
    "A name, a count or a constant that one looks up: mocks leave it out, practice asks it with --trivia."
)


@dataclass(frozen=True, slots=True)
class HeadForm:
    """What a question file begins with, and its cluster as it is written."""

    format_version: int = key(integer())
    id: str = key(WORD)
    topic: str = key(WORD)
    level: int = key(integer(1, 5))
    kind: str = key(WORD)
    title: Text = key(TEXT)
    cluster: Mapping[str, Yaml] = key(MAPPING)
    themes: tuple[str, ...] = key(THEME_NAMES, ())
    trivia: bool = key(TRIVIA, False)


HEAD = record(HeadForm)
CLUSTER, REQUEST = record(ClusterForm), record(RequestForm)
REQUESTS = mapping_of(REQUEST, minProperties=1)


@dataclass(frozen=True, slots=True)
class TermsForm:
    """The words by which a key point is recognised in what was said, of each language; k8squiz.kinds.talk.heard reads them."""

    en: tuple[str, ...] = key(list_of(WORD, least=1))
    zh: tuple[str, ...] = key(list_of(WORD, least=1))


@dataclass(frozen=True, slots=True)
class PointForm:
    """A key point; of a talk also its `terms`, and the `probe` that is asked where it was left out."""

    en: str = key(WORD)
    zh: str = key(WORD)
    terms: TermsForm | None = key(record(TermsForm), None)
    probe: Text | None = key(TEXT, None)


HINTS, SOURCES = list_of(record(HintForm)), list_of(record(SourceForm), least=1)
BLOCKS = list_of(record(BlockForm), least=1)
POINTS = list_of(record(PointForm), last=True, least=1)


@dataclass(frozen=True, slots=True)
class FollowUpForm:
    """What one may be asked next in words, and the answer."""

    en: str = key(WORD)
    zh: str = key(WORD)
    answer: Text | None = key(TEXT, None)


FOLLOWUPS = list_of(record(FollowUpForm))
VALUES = mapping_of(VALUE)


def _explanation(value: Yaml, place: Place) -> tuple[BlockForm, ...]:
    if isinstance(value, Mapping):
        text = TEXT.read(value, place)
        return (BlockForm(None, text.en, text.zh),)
    return BLOCKS.read(value, place)


EXPLANATION = Shape({"anyOf": [TEXT.schema, BLOCKS.schema]}, _explanation)
LEVEL = integer(1, 5)


def part(template: Template, name: str, shape: Shape[T], default: T) -> T:
    """A part of a question file, read; `default` where the file has none. Raises QuizError with file:line."""
    raw = template.data.get(name)
    return default if raw is None else shape.read(raw, Place(template, (name,)))


def requests(template: Template) -> Mapping[str, Mapping[str, Yaml]]:
    """The requests by name, as written: their placeholders are not filled yet. The only one is called `request`; one whose `from`
    or `to` is a list stands for one of every pair, NAME-1-1, NAME-1-2, ..."""
    if "request" in template.data:
        written: Mapping[str, Mapping[str, Yaml]] = {
            "request": MAPPING.read(template.data["request"], Place(template, ("request",)))
        }
    else:
        written = part(template, "requests", mapping_of(MAPPING), {})
    return {name: raw for listed, request in written.items() for name, raw in _pairs(listed, request)}


def _pairs(name: str, request: Mapping[str, Yaml]) -> Iterator[tuple[str, Mapping[str, Yaml]]]:
    ends = [request.get("from"), request.get("to")]
    if not any(isinstance(end, list) for end in ends):
        yield name, request
        return
    sources, destinations = (list(enumerate(end if isinstance(end, list) else [end], 1)) for end in ends)
    for (row, source), (column, destination) in itertools.product(sources, destinations):
        yield f"{name}-{row}-{column}", {**request, "from": source, "to": destination}
