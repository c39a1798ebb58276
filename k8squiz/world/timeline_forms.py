"""What a question file says of time: a timeline, connections that use up ports, or a conntrack table, read into values."""

from __future__ import annotations

from fractions import Fraction

from engine.timeline import SigtermAnswer
from engine.timeline.rollout import StrategyType
from engine.trace import Text
from engine.values import dataclass
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


def _period(value: Yaml, place: Place) -> int:
    found = _seconds(value, place)
    if not found:
        raise place.must_be("seconds, to the millisecond, and not 0", "大于 0 的秒数，精确到毫秒", value)
    return found


#: Seconds between two of what comes again and again.
PERIOD = Shape({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, PLACEHOLDER]}, _period)
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

    interval: int = key(PERIOD, 10_000)
    unhealthy: int = key(DRAWN_INTEGER, 3)
    healthy: int = key(DRAWN_INTEGER, 2)


@dataclass(frozen=True, slots=True)
class ConnectionForm:
    """engine.timeline.Connection, in seconds; `request` names one of the question's, None the first; `text` says in a menu
    which it is."""

    name: str = key(WORD)
    request: str | None = key(WORD, None)
    opened: int = key(SECONDS, 0)
    every: int | None = key(PERIOD, None)
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
