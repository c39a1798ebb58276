"""What happens over time in a question's cluster (`ask.timeline`), or what is used up (`ask.ports`, `ask.table`), read from
the file; and how many requests fail then, with whatever is changed in it."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from engine import Request
from engine.timeline import Connection, HealthChecks, Lifecycle, PodLife, SigtermAnswer, Strategy, Timeline, planned
from engine.timeline.connections import Attempt
from engine.timeline.ports import LOCAL_PORTS, MASQUERADE_PORTS, SOCKET_TIME_WAIT, PortUse
from engine.timeline.rollout import StrategyType
from engine.timeline.run import run
from engine.timeline.table import TableUse
from engine.timeline.view import Lags, ProxyStop
from engine.trace import Text
from engine.values import dataclass, is_decimal
from k8squiz.bank.placeholders import substitute
from k8squiz.bank.question import Question
from k8squiz.bank.shapes import (
    DRAWN_FLAG,
    DRAWN_INTEGER,
    PLACEHOLDER,
    TEXT,
    WORD,
    Place,
    Shape,
    drawn,
    key,
    list_of,
    one_of,
    record,
)
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown
from k8squiz.world.world import World


def _seconds(value: Yaml, place: Place) -> int:
    try:
        found = Fraction(str(value)) * 1000
    except (ValueError, ZeroDivisionError):
        raise place.must_be("a number of seconds", "秒数", value) from None
    if isinstance(value, bool) or found.denominator != 1 or not 0 <= found <= 10**9:
        raise place.must_be("seconds, to the millisecond", "秒数，精确到毫秒", value)
    return int(found)


#: Seconds in a file, milliseconds here.
SECONDS = Shape({"anyOf": [{"type": "number", "minimum": 0}, PLACEHOLDER]}, _seconds)
_NO_PROBE, _NEVER = "no probe", "never"


def _moment(value: Yaml, place: Place) -> int | None:
    return None if value == _NEVER else SECONDS.read(value, place)


#: A moment, or `never`, which a parameter may have drawn.
MOMENT = Shape({"anyOf": [SECONDS.schema, {"const": _NEVER}]}, _moment)


def _ready_after(value: Yaml, place: Place) -> int | None:
    return None if value == _NO_PROBE else SECONDS.read(value, place)


@dataclass(frozen=True, slots=True)
class LifecycleForm:
    """How the pods that come and go are made: engine.timeline.Lifecycle, in seconds. `readyAfter` may be `no probe`."""

    listens_after: int = key(SECONDS, 0, "listensAfter")
    ready_after: int | None = key(
        Shape({"anyOf": [SECONDS.schema, {"const": _NO_PROBE}]}, _ready_after), 0, "readyAfter"
    )
    pre_stop: int = key(SECONDS, 0, "preStop")
    grace: int = key(SECONDS, 30_000, "terminationGracePeriodSeconds")
    on_sigterm: SigtermAnswer = key(drawn(one_of(*SigtermAnswer)), SigtermAnswer.EXITS, "onSigterm")
    drain: int = key(SECONDS, 25_000)
    probe_fails_after: int = key(SECONDS, 30_000, "probeFailsAfter")


def _pods(value: Yaml, place: Place) -> tuple[str, ...]:
    return list_of(WORD).read(value, place) if isinstance(value, (list, tuple)) else (WORD.read(value, place),)


@dataclass(frozen=True, slots=True)
class PodForm:
    """What happens to a pod, or to several alike, and when. `unready`: its readiness probe fails from then on, to
    `readyAgain`."""

    pods: tuple[str, ...] = key(Shape({"anyOf": [WORD.schema, list_of(WORD, least=1).schema]}, _pods), name="pod")
    created: int | None = key(MOMENT, None)
    deleted: int | None = key(MOMENT, None)
    unready: int | None = key(MOMENT, None)
    ready_again: int | None = key(MOMENT, None, "readyAgain")
    vanishes: int | None = key(MOMENT, None)


@dataclass(frozen=True, slots=True)
class RolloutForm:
    """A Deployment's new template is rolled out: `new` pods take the place of `old` ones from `at` on."""

    old: tuple[str, ...] = key(drawn(list_of(WORD, least=1)))
    new: tuple[str, ...] = key(drawn(list_of(WORD, least=1)))
    at: int = key(SECONDS, 0)
    strategy: StrategyType = key(drawn(one_of(*StrategyType)), StrategyType.ROLLING_UPDATE)
    max_surge: int = key(DRAWN_INTEGER, 1, "maxSurge")
    max_unavailable: int = key(DRAWN_INTEGER, 0, "maxUnavailable")
    min_ready: int = key(SECONDS, 0, "minReadySeconds")


@dataclass(frozen=True, slots=True)
class LagForm:
    node: str = key(WORD)
    seconds: int = key(SECONDS)


@dataclass(frozen=True, slots=True)
class LagsForm:
    """How far behind each is: EndpointSlices, every kube-proxy, and single nodes' (`nodes`)."""

    endpoint_slice: int = key(SECONDS, 0, "endpointSlice")
    proxy: int = key(SECONDS, 0, "kubeProxy")
    nodes: tuple[LagForm, ...] = key(list_of(record(LagForm)), ())


@dataclass(frozen=True, slots=True)
class StopForm:
    """A node's kube-proxy stops (`at` never: it does not), and starts again `until` then."""

    node: str = key(WORD)
    at: int | None = key(MOMENT)
    until: int | None = key(MOMENT, None)


@dataclass(frozen=True, slots=True)
class ChecksForm:
    """The load balancer's health checks."""

    interval: int = key(SECONDS, 10_000)
    unhealthy: int = key(DRAWN_INTEGER, 3)
    healthy: int = key(DRAWN_INTEGER, 2)


@dataclass(frozen=True, slots=True)
class ConnectionForm:
    """engine.timeline.Connection, in seconds; `request` names one of the question's, None the first; `text` says in a menu
    which it is."""

    name: str = key(WORD)
    request: str | None = key(WORD, None)
    opened: int = key(SECONDS, 0)
    every: int | None = key(SECONDS, None)
    until: int | None = key(SECONDS, None)
    lasts: int = key(SECONDS, 0)
    reuses: bool = key(DRAWN_FLAG, False)
    max_age: int | None = key(MOMENT, None, "maxAge")
    timeout: int | None = key(MOMENT, None)
    text: Text | None = key(TEXT, None)


@dataclass(frozen=True, slots=True)
class TimelineForm:
    """What happens. `pods` and `rollout` say when which pod is there; the cluster has all of them."""

    connections: tuple[ConnectionForm, ...] = key(list_of(record(ConnectionForm), least=1, most=8))
    pods: tuple[PodForm, ...] = key(list_of(record(PodForm)), ())
    rollout: RolloutForm | None = key(record(RolloutForm), None)
    lifecycle: LifecycleForm = key(record(LifecycleForm), LifecycleForm())
    lags: LagsForm = key(record(LagsForm), LagsForm())
    stops: tuple[StopForm, ...] = key(list_of(record(StopForm)), ())
    checks: ChecksForm = key(record(ChecksForm), ChecksForm())


@dataclass(frozen=True, slots=True)
class PortsForm:
    """engine.timeline.ports.PortUse: who gives the ports (`masquerade`: the node's NAT, `socket`: the client itself), and
    for how many `seconds` it is looked at."""

    per_second: int = key(DRAWN_INTEGER, name="perSecond")
    seconds: int = key(DRAWN_INTEGER)
    lasts: int = key(SECONDS, 0)
    ports: str = key(drawn(one_of("masquerade", "socket")), "masquerade")
    destinations: int = key(DRAWN_INTEGER, 1)
    sources: int = key(DRAWN_INTEGER, 1)


@dataclass(frozen=True, slots=True)
class TableForm:
    """engine.timeline.table.TableUse, and for how many `seconds` it is looked at."""

    most: int = key(DRAWN_INTEGER, name="nf_conntrack_max")
    standing: int = key(DRAWN_INTEGER)
    per_second: int = key(DRAWN_INTEGER, name="perSecond")
    seconds: int = key(DRAWN_INTEGER)
    entries: int = key(DRAWN_INTEGER, 1)
    lasts: int = key(SECONDS, 0)
    assured: bool = key(DRAWN_FLAG, True)


TIMELINE = record(TimelineForm).told("What happens in the cluster, by seconds.")
PORTS = record(PortsForm).told("New connections to one destination, instead of a timeline: whose ports run out.")
TABLE = record(TableForm).told(
    "New connections through one node, instead of a timeline: whose conntrack table is full."
)
_FORMS: Mapping[str, Shape[Any]] = {"timeline": TIMELINE, "ports": PORTS, "table": TABLE}


def changed(question: Question, change: Mapping[str, Yaml]) -> tuple[str, TimelineForm | PortsForm | TableForm]:
    """What the question's `ask` has, with the values at some dotted paths changed: its word, and the form read. Raises
    QuizError with file:line."""
    word = next((word for word in _FORMS if word in question.ask), None)
    if word is None:
        raise QuizError(
            f"{question.id}: ask has none of {', '.join(_FORMS)}", f"{question.id}：ask 中没有 {'、'.join(_FORMS)}"
        )
    place = Place(question.template, ("ask", word))
    raw = copy.deepcopy(_plain(question.ask[word]))
    for path, value in change.items():
        _put(raw, path.split("."), substitute(value, question.names, place.where), _FORMS[word].schema, place)
    return word, _FORMS[word].read(raw, place)


def _plain(value: Any) -> Any:
    """The same as dicts and lists that can be changed."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _put(raw: Any, path: list[str], value: Yaml, schema: Any, place: Place) -> None:
    """Set what stands at `path`, which `schema` has to know: a key of a mapping, a number of a list that is there."""
    step, *rest = path
    if isinstance(raw, list):
        known, below = is_decimal(step) and int(step) < len(raw), schema.get("items", {})
    else:
        properties = schema.get("properties", {})
        known, below = step in properties, properties.get(step, {})
    if not known:
        raise place.error(f"set: there is no {step}", f"set：没有 {step}")
    at: Any = int(step) if isinstance(raw, list) else step
    if not rest:
        raw[at] = value
        return
    if isinstance(raw, dict):
        raw.setdefault(at, {})
    _put(raw[at], rest, value, below, place)


# More would take seconds.
_MOST_REQUESTS = 400
_RUN: weakref.WeakKeyDictionary[World, dict[TimelineForm, tuple[Attempt, ...]]] = weakref.WeakKeyDictionary()


def attempts(world: World, form: TimelineForm) -> tuple[Attempt, ...]:
    """Every request of every connection, with what may become of it; computed once a form. Raises QuizError."""
    known = _RUN.setdefault(world, {})
    if form not in known:
        timeline = timeline_of(world, form)
        asked = sum(len(one.requests()) for one in timeline.connections)
        if asked > _MOST_REQUESTS:
            raise Place(world.question.template, ("ask", "timeline", "connections")).error(
                f"{asked} requests; at most {_MOST_REQUESTS} are followed",
                f"共 {asked} 个请求，最多计算 {_MOST_REQUESTS} 个",
            )
        world.work.follow(asked)
        known[form] = run(timeline)
    return known[form]


def timeline_of(world: World, form: TimelineForm) -> Timeline:
    """The engine's timeline of a form. Raises QuizError for a pod, node or request that is not there."""
    cluster = world.cluster(world.first)
    names = {pod.name: f"{pod.namespace}/{pod.name}" for pod in cluster.pods}
    nodes = {node.name for node in cluster.nodes}
    known = world.question.id

    def pod(name: str) -> str:
        if name not in names:
            raise unknown("pod", name, names, f"{known}: timeline: ")
        return names[name]

    def node(name: str) -> str:
        if name not in nodes:
            raise unknown("node", name, sorted(nodes), f"{known}: timeline: ")
        return name

    life = form.lifecycle
    cycle = Lifecycle(
        life.listens_after, life.ready_after, life.pre_stop, life.grace, life.on_sigterm, life.drain,
        life.probe_fails_after,
    )  # fmt: skip
    lives = [
        PodLife(
            pod(name), one.created, one.deleted,
            None if one.unready is None else (one.unready, one.ready_again), one.vanishes,
        )
        for one in form.pods
        for name in one.pods
    ]  # fmt: skip
    if form.rollout is not None:
        how = form.rollout
        strategy = Strategy(how.strategy, how.max_surge, how.max_unavailable, how.min_ready)
        lives += planned(strategy, [pod(n) for n in how.old], [pod(n) for n in how.new], cycle, how.at)
    lags = Lags(form.lags.endpoint_slice, form.lags.proxy, {node(one.node): one.seconds for one in form.lags.nodes})
    return Timeline(
        cluster, tuple(_connection(world, one) for one in form.connections), tuple(lives), cycle, lags,
        tuple(ProxyStop(node(one.node), one.at, one.until) for one in form.stops if one.at is not None),
        HealthChecks(form.checks.interval, form.checks.unhealthy, form.checks.healthy),
        world.request(world.first).mode,
    )  # fmt: skip


def _connection(world: World, form: ConnectionForm) -> Connection:
    asked = world.request(form.request or world.first)
    request = Request(asked.source, asked.destination, asked.protocol, asked.node, asked.sport)
    return Connection(
        form.name, request, form.opened, form.every, form.until, form.lasts, form.reuses, form.max_age, form.timeout
    )


def port_use(form: PortsForm) -> PortUse:
    socket = form.ports == "socket"
    return PortUse(
        form.per_second, Fraction(form.lasts, 1000), LOCAL_PORTS if socket else MASQUERADE_PORTS,
        SOCKET_TIME_WAIT if socket else 0, form.destinations, form.sources,
    )  # fmt: skip


def table_use(form: TableForm) -> TableUse:
    return TableUse(form.most, form.standing, form.per_second, form.entries, Fraction(form.lasts, 1000), form.assured)


def figure(world: World, of: str, change: Mapping[str, Yaml], connections: tuple[str, ...] = ()) -> Fraction:
    """A figure of the question's timeline, ports or table, with something changed: `failures` and `requests` (of these
    connections, () all), `share` (of the last request of each, how many are answered by the pods that were created),
    `available`, `most_per_second`, `runs_out_after` (-1: never). Raises QuizError for one that it does not have."""
    word, form = changed(world.question, change)
    if isinstance(form, TimelineForm):
        if of in ("failures", "requests", "share"):
            return _of_timeline(world, form, of, connections)
    elif of == "requests":
        return Fraction(form.per_second * form.seconds)
    elif isinstance(form, PortsForm):
        use = port_use(form)
        found = {
            "failures": use.failing(form.seconds), "available": Fraction(use.available),
            "most_per_second": use.most_per_second, "runs_out_after": _or_never(use.runs_out_after),
        }  # fmt: skip
        if of in found:
            return found[of]
    else:
        table = table_use(form)
        found = {
            "failures": table.dropped_by(form.seconds), "available": Fraction(table.most - table.standing),
            "runs_out_after": _or_never(table.full_after),
        }  # fmt: skip
        if of in found:
            return found[of]
    raise QuizError(
        f"{world.question.id}: ask.{word} has no figure {of!r}", f"{world.question.id}：ask.{word} 没有数值 {of!r}"
    )


def _or_never(seconds: Fraction | None) -> Fraction:
    return Fraction(-1) if seconds is None else seconds


def _of_timeline(world: World, form: TimelineForm, of: str, connections: tuple[str, ...]) -> Fraction:
    found = tuple(a for a in attempts(world, form) if not connections or a.connection in connections)
    if of == "requests":
        return Fraction(len(found))
    if of == "failures":
        return sum((attempt.fails for attempt in found), Fraction(0))
    created = {life.pod for life in timeline_of(world, form).lives if life.created is not None}
    shares = [_share_of(_last(found, name), created) for name in _names(found)]
    return sum(shares, Fraction(0)) / max(1, len(shares))


def _names(found: tuple[Attempt, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(attempt.connection for attempt in found))


def _last(found: tuple[Attempt, ...], name: str) -> Attempt:
    return [attempt for attempt in found if attempt.connection == name][-1]


def _share_of(attempt: Attempt, pods: set[str]) -> Fraction:
    return sum((c.probability for c in attempt.chances if c.pod in pods), Fraction(0))


def form_of(question: Question) -> tuple[str, TimelineForm | PortsForm | TableForm]:
    """What the question's `ask` has."""
    return changed(question, {})


def moments(form: TimelineForm) -> Iterator[int]:
    """When something begins or ends that the file names."""
    for pod in form.pods:
        yield from (
            at for at in (pod.created, pod.deleted, pod.unready, pod.ready_again, pod.vanishes) if at is not None
        )
    if form.rollout is not None:
        yield form.rollout.at
    for stop in form.stops:
        yield from (at for at in (stop.at, stop.until) if at is not None)
    for one in form.connections:
        yield from (at for at in (one.opened, one.until) if at is not None)
