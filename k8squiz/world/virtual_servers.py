"""Questions that need no cluster drawn: about IPVS alone, or about what so many Services cost.

A virtual server with a history (`ask.ipvs`), a workload (`ask.scenario`), a size (`ask.scale`). The answer is what the
engine does: the server that the kernel's scheduler picks, the figures of the workload, what engine.cost.count counts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, TypeAlias

from engine.cluster import Mode
from engine.errors import EngineError
from engine.limits import MOST_SERVERS
from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.limits import (
    MOST_ENDPOINTS_OF_A_SERVICE,
    MOST_HISTORY_CLIENTS,
    MOST_HISTORY_SERVERS,
    MOST_HISTORY_STEPS,
    MOST_SCALE_ENDPOINTS,
)
from k8squiz.bank.question import Question
from k8squiz.bank.shapes import DRAWN_INTEGER, MAPPING, Place
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown
from k8squiz.world.subjects import SIZE, HistorySpec, history_spec, size_spec, workload

# The schedulers and every mode's costs are imported where a question asks about them: few do.
if TYPE_CHECKING:
    from engine.cost.count import CostFigures, PacketCosts, RulesetContents, UpdateCost
    from engine.ipvs import Connection as VirtualConnection
    from engine.ipvs.scenario import Scenario

_ADDRESS, _PORT = "10.96.0.10", 80
# Of a count or a weight: what it may be the kernel says, or the limits.
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """One line of the history: what happened, and the server that a connection went to (None: no server took it).

    `newcomer`: it is the connection of a client of the same number, the first of it.
    """

    text: Text
    connected: int = 0
    picked: str | None = None
    newcomer: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """`servers` as (name, weight) before the first step."""

    scheduler: str
    servers: tuple[tuple[str, int], ...]
    persistent: int | None
    steps: tuple[HistoryStep, ...]

    @property
    def picks(self) -> tuple[str | None, ...]:
        """The server of each connection, in order."""
        return tuple(step.picked for step in self.steps if step.connected)

    def picked(self, which: int | str) -> str:
        """The server of connection `which` (from 1, or "last"); "" where none took it."""
        picks = self.picks
        number = len(picks) if which == "last" else int(which) if _is_number(str(which)) else 0
        if not 1 <= number <= len(picks):
            raise QuizError(f"ask.ipvs: there is no connection {which}", f"ask.ipvs：没有第 {which} 个连接")
        return picks[number - 1] or ""


def history(question: Question) -> History | None:
    """The history of a question's `ask.ipvs`; None where there is none. Raises QuizError for what makes no sense."""
    spec = history_spec(question)
    if spec is None:
        return None
    place = Place(question.template, ("ask", "ipvs"))
    servers = spec.servers if isinstance(spec.servers, int) else len(spec.servers)
    _at_most(servers, MOST_HISTORY_SERVERS, "servers", place.at("servers"))
    _at_most(len(spec.steps), MOST_HISTORY_STEPS, "steps", place.at("steps"))
    try:
        return _history(spec)
    except QuizError as error:
        raise QuizError(f"{place.where}: {error.en}", f"{place.where}：{error.zh}") from error


def _at_most(number: int, most: int, name: str, place: Place) -> None:
    if number > most:
        raise place.error(f"at most {most} {name}", f"最多 {most} 个 {name}")


@functools.lru_cache(maxsize=256)
def _history(spec: HistorySpec) -> History:
    try:
        return _HistoryRun(spec).history()
    except EngineError as error:
        raise QuizError(f"ask.ipvs: {error.en}", f"ask.ipvs：{error.zh}") from error


def _senseless(line: str) -> QuizError:
    return QuizError(f"ask.ipvs: {line!r} makes no sense there", f"ask.ipvs：{line!r} 在此没有意义")


def _too_many(what: str, most: int) -> QuizError:
    return QuizError(f"ask.ipvs: more than {most} {what}", f"ask.ipvs：{what} 超过 {most} 个")


def _is_number(word: str) -> bool:
    return word.isdecimal() and len(word) <= _DIGITS


class _HistoryRun:
    """A virtual server and the connections it has made, by number."""

    def __init__(self, spec: HistorySpec) -> None:
        from engine.ipvs import VirtualServer

        self._spec = spec
        name, *flags = spec.scheduler.split("+")
        self._vs = VirtualServer(
            "TCP", _ADDRESS, _PORT, scheduler=name, flags=tuple(flags), persistent=spec.persistent,
            expire_quiescent_template=spec.expire_quiescent_template,
        )  # fmt: skip
        self._servers: dict[str, str] = {}
        self._clients: dict[str, str] = {}
        self._connections: list[VirtualConnection] = []
        self._weights: list[tuple[str, int]] = []

    def history(self) -> History:
        servers = self._spec.servers
        for server, weight in [(pod, 1) for pod in _pods(servers)] if isinstance(servers, int) else servers:
            self._add(server, weight)
            self._weights.append((server, weight))
        steps: list[HistoryStep] = []
        for line in self._spec.steps:
            steps += self._step(line)
        return History(self._spec.scheduler, tuple(self._weights), self._spec.persistent, tuple(steps))

    def _add(self, server: str, weight: int) -> None:
        # One that comes back has its old address, so that the kernel knows it again.
        if server not in self._servers and len(self._servers) == MOST_HISTORY_SERVERS:
            raise _too_many("servers", MOST_HISTORY_SERVERS)
        self._servers.setdefault(server, f"10.244.1.{len(self._servers) + 5}")
        self._vs.add_server(self._servers[server], _PORT, weight=weight)

    def _step(self, line: str) -> list[HistoryStep]:
        match line.split():
            case ["connect"]:
                return [self._connect(f"client-{len(self._connections) + 1}")]
            case ["connect", "from", client]:
                return [self._connect(client)]
            case ["connect", count] if _is_number(count):
                if int(count) > MOST_HISTORY_CLIENTS:
                    raise _too_many("clients", MOST_HISTORY_CLIENTS)
                return [self._connect(f"client-{len(self._connections) + 1}") for _ in range(int(count))]
            case ["close", number] if _is_number(number) and 1 <= int(number) <= len(self._connections):
                self._connections[int(number) - 1].close()
                return [HistoryStep(Text(f"connection {number} closes", f"第 {number} 个连接关闭"))]
            case ["weight", server, weight] if server in self._servers and _is_number(weight):
                self._vs.set_weight(self._servers[server], _PORT, int(weight))
                return [HistoryStep(Text(f"the weight of {server} becomes {weight}", f"{server} 的权重变为 {weight}"))]
            case ["add", server, weight] if _is_number(weight):
                self._add(server, int(weight))
                return [HistoryStep(Text(f"{server} joins with weight {weight}", f"{server} 加入，权重为 {weight}"))]
            case ["remove", server] if server in self._servers:
                self._vs.remove_server(self._servers[server], _PORT)
                return [HistoryStep(Text(f"{server} is removed", f"{server} 被移除"))]
        raise _senseless(line)

    def _connect(self, client: str) -> HistoryStep:
        if client not in self._clients and len(self._clients) == MOST_HISTORY_CLIENTS:
            raise _too_many("clients", MOST_HISTORY_CLIENTS)
        newcomer = client not in self._clients and client == f"client-{len(self._connections) + 1}"
        address = self._clients.setdefault(client, f"198.51.100.{len(self._clients) + 1}")
        number = len(self._connections) + 1
        made = self._vs.connect(address, 40000 + number)
        self._connections.append(made)
        by_address = {f"{address}:{_PORT}": name for name, address in self._servers.items()}
        picked = None if made.server is None else by_address[made.server]
        return HistoryStep(
            Text(f"connection {number}, from {client}", f"第 {number} 个连接，来自 {client}"),
            number, picked, newcomer,
        )  # fmt: skip


def scenario(question: Question) -> Scenario | None:
    """The workload of a question's `ask.scenario`; None where there is none. Raises QuizError for what makes no sense."""
    found = workload(question)
    if found is None:
        return None
    from engine.ipvs.scenario_reading import load_scenario

    alike = found.get("servers")
    if isinstance(alike, Mapping):
        found = {**found, "servers": _alike(alike, Place(question.template, ("ask", "scenario", "servers")))}
    try:
        return load_scenario({"name": question.id, **found})
    except EngineError as error:
        raise QuizError(f"ask.scenario: {error.en}", f"ask.scenario：{error.zh}") from error


def _alike(raw: Mapping[str, Yaml], place: Place) -> list[dict[str, Yaml]]:
    """`{count: 3, slots: 20}`: so many servers that are all alike."""
    if "count" not in raw:
        raise place.error("'count' is missing", "缺少 'count'")
    rest = {key: value for key, value in raw.items() if key != "count"}
    count = DRAWN_INTEGER.read(raw["count"], place.at("count"))
    _at_most(count, MOST_SERVERS, "servers", place.at("count"))
    return [{"name": pod, **rest} for pod in _pods(count)]


def _pods(count: int) -> list[str]:
    """The names of servers that are all alike."""
    return [f"pod-{number}" for number in range(1, count + 1)]


@dataclass(frozen=True, slots=True)
class ClusterSize:
    """So many ClusterIP Services of so many endpoints each, as kube-proxy writes them in `mode` as of `release`."""

    services: int
    endpoints: int
    mode: Mode
    release: str

    def figure(self, name: str, mode: str | None = None) -> Fraction:
        """What FIGURES calls `name`, counted on the rules of one node. Raises QuizError for an unknown name or mode."""
        if name not in FIGURES:
            raise unknown("figure", name, FIGURES)
        try:
            return Fraction(FIGURES[name]((mode or self.mode, self.services, self.endpoints, self.release)))
        except EngineError as error:
            raise QuizError(f"ask.scale: {error.en}", f"ask.scale：{error.zh}") from error


# A mode, Services, endpoints of each, a release.
_Counted: TypeAlias = tuple[str, int, int, str]


# Apart, since a question asks for one of them: how much stands in the kernel, what a packet meets, what a sync writes.
@functools.lru_cache(maxsize=64)
def _contents(of: _Counted) -> RulesetContents:
    return _figures(of).contents


@functools.lru_cache(maxsize=64)
def _packets(of: _Counted) -> PacketCosts:
    # Nothing to count while the rules are at hand, and another question may ask for it.
    _contents(of)
    return _figures(of).packets


@functools.lru_cache(maxsize=64)
def _update(of: _Counted) -> UpdateCost:
    return _figures(of).update


@functools.lru_cache(maxsize=2)
def _figures(of: _Counted) -> CostFigures:
    """Few: they hold their rules."""
    from engine.cost.count import CostFigures

    return CostFigures(*of)


# Rules evaluated by a pod's packet on its node; look-ups in sets, maps and hash tables; lines that a sync writes.
FIGURES: Mapping[str, Callable[[_Counted], int | Fraction]] = {
    "chains": lambda of: _contents(of).chains,
    "rules": lambda of: _contents(of).rules,
    "elements": lambda of: _contents(of).elements,
    "first": lambda of: _packets(of).first.rules,
    "middle": lambda of: _packets(of).middle.rules,
    "average": lambda of: _packets(of).average.rules,
    "last": lambda of: _packets(of).last.rules,
    "none": lambda of: _packets(of).none.rules,
    "later": lambda of: _packets(of).later.rules,
    "last_lookups": lambda of: _packets(of).last.lookups,
    "full_sync": lambda of: _update(of).full,
    "one_endpoint": lambda of: _update(of).partial,
}


def size(question: Question, changed: Mapping[str, Yaml] | None = None) -> ClusterSize | None:
    """The size of a question's `ask.scale`, or one that is `changed`; None where there is none. Raises QuizError for what
    is too large."""
    spec = size_spec(question)
    if spec is None:
        return None
    if changed:
        scale = MAPPING.read(question.ask["scale"], Place(question.template, ("ask", "scale")))
        spec = SIZE.read({**scale, **changed}, Place(question.template, ("ask", "scale")))
    services, endpoints = spec.services, spec.endpoints
    if services < 1 or not 1 <= endpoints <= MOST_ENDPOINTS_OF_A_SERVICE or services * endpoints > MOST_SCALE_ENDPOINTS:
        where = Place(question.template, ("ask", "scale"))
        raise where.error(
            f"{services} Services of {endpoints} endpoints; from 1 up, at most {MOST_ENDPOINTS_OF_A_SERVICE} endpoints of a Service and "
            f"{MOST_SCALE_ENDPOINTS} in all",
            f"{services} 个 Service、每个 {endpoints} 个端点；均须大于等于 1，每个 Service 最多 {MOST_ENDPOINTS_OF_A_SERVICE} 个端点，总数最多 {MOST_SCALE_ENDPOINTS}",
        )
    return ClusterSize(services, endpoints, spec.mode, spec.release)
