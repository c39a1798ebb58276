"""What happens over time in a question's cluster (`ask.timeline`), or what is used up (`ask.ports`, `ask.table`), read from
the file; and how many requests fail then, with whatever is changed in it."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from engine import Request
from engine.timeline import Connection, HealthChecks, Lifecycle, PodLife, Strategy, Timeline, planned
from engine.timeline.connections import Attempt
from engine.timeline.ports import LOCAL_PORTS, MASQUERADE_PORTS, SOCKET_TIME_WAIT, PortUse
from engine.timeline.run import run
from engine.timeline.table import TableUse
from engine.timeline.view import Lags, ProxyStop
from engine.values import is_decimal
from k8squiz.bank.placeholders import substitute
from k8squiz.bank.question import Question
from k8squiz.bank.shapes import Place, Shape
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown
from k8squiz.world.timeline_forms import PORTS, TABLE, TIMELINE, ConnectionForm, PortsForm, TableForm, TimelineForm
from k8squiz.world.world import World

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
