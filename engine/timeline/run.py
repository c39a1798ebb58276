"""What becomes of every request of every connection, with its exact probability.

A connection's route is decided by its first packet and kept (engine.netfilter.nat; the facts are measured in the lab): rules
that change later do not move it. So TCP walks once a connection, and what ends it is its pod's end. UDP has no end: each
packet is walked with the conntrack entries that the ones before left. Sources: net/netfilter/nf_conntrack_core.c,
nf_nat_core.c; net/ipv4/tcp.c (a process that ends closes its sockets: FIN, or RST where data was not read).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from engine.cluster import Cluster, Mode, Service
from engine.errors import UnsupportedFeature
from engine.packet import L4, split_host_port
from engine.proxy.interface import mode_named
from engine.timeline import memory, words
from engine.timeline.balancer import HealthChecks
from engine.timeline.connections import Attempt, Chance, Connection, Fate
from engine.timeline.entries import Entry, renewed, surviving
from engine.timeline.pods import Lifecycle, PodLife, pod_times
from engine.timeline.view import ClusterOverTime, Lags, ProxyStop
from engine.trace import HostMemory, Outcome, Request, Verdict
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Timeline:
    """A cluster and what happens in it. `cluster` holds every pod and endpoint that is there at any time; `lives` say from
    when to when, `lifecycle` how the pods they speak of are made. Connections are drawn apart from each other."""

    cluster: Cluster
    connections: tuple[Connection, ...]
    lives: tuple[PodLife, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    lags: Lags = Lags()
    stops: tuple[ProxyStop, ...] = ()
    checks: HealthChecks = HealthChecks()
    mode: Mode | None = None
    release: str | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """What a client holds: a connection to `pod` (namespace/name, None: another server) made at `made`, or UDP's entries.
    `silent`: since when it waits on a connection that nobody answers. `remembered`: what hosts remember of this client, in
    milliseconds (engine.timeline.memory)."""

    pod: str | None = None
    made: int | None = None
    entries: tuple[Entry, ...] = ()
    silent: int | None = None
    remembered: tuple[HostMemory, ...] = ()


def run(timeline: Timeline) -> tuple[Attempt, ...]:
    """Every request of every connection, in the connections' order. Raises NoSuchObject, EngineError, UnsupportedFeature."""
    return tuple(attempt for one in _runs(timeline) for attempt in one)


def expected_failures(attempts: tuple[Attempt, ...]) -> Fraction:
    """How many requests are not answered, on average over all draws."""
    return sum((attempt.fails for attempt in attempts), Fraction(0))


def first_impossible(timeline: Timeline, connection: Connection, seen: Sequence[tuple[Fate, str | None]]) -> int | None:
    """The number of the first of the connection's requests that cannot have ended as it was `seen` to, given how those
    before it did; None where all can. A pod is compared where the request was answered."""
    return _Walker(over_time(timeline)).first_impossible(connection, seen)


def over_time(timeline: Timeline) -> ClusterOverTime:
    """The timeline's cluster, to be looked at by moment. Raises EngineError where a pod's life contradicts itself."""
    mode = mode_named(timeline.mode or timeline.cluster.proxy.effective_mode)
    times = tuple(pod_times(life, timeline.lifecycle) for life in timeline.lives)
    return ClusterOverTime(
        timeline.cluster, mode, timeline.release, times, timeline.lags, timeline.stops, timeline.checks
    )


def _runs(timeline: Timeline) -> Iterator[tuple[Attempt, ...]]:
    walker = _Walker(over_time(timeline))
    for connection in timeline.connections:
        if connection.request.l4 is L4.ICMP:
            raise UnsupportedFeature(
                f"{connection.name}: what becomes of echo requests over time is not modelled",
                zh=f"{connection.name}：echo 请求随时间的变化未建模",
            )
        yield tuple(walker.attempts(connection))


class _Walker:
    """Walks first packets, and remembers what became of them as long as nothing changes."""

    def __init__(self, cluster: ClusterOverTime) -> None:
        self._cluster = cluster
        self._owners = {ip: f"{pod.namespace}/{pod.name}" for pod in cluster.cluster.pods for ip in pod.ips}
        self._timeouts = cluster.cluster.proxy.udp_timeouts

    def first_impossible(self, connection: Connection, seen: Sequence[tuple[Fate, str | None]]) -> int | None:
        """As the function of that name."""
        step = self._datagram if connection.request.l4 is L4.UDP else self._request
        states = [_Held()]
        for number, (at, (fate, pod)) in enumerate(zip(connection.requests(), seen, strict=True)):
            found = (pair for held in states for pair in step(connection, held, at))
            fitting = [
                left for chance, left in found
                if chance.fate is fate and (fate is not Fate.ANSWERED or chance.pod == pod)
            ]  # fmt: skip
            if not fitting:
                return number
            states = list(dict.fromkeys(fitting))
        return None

    def attempts(self, connection: Connection) -> Iterator[Attempt]:
        udp = connection.request.l4 is L4.UDP
        if udp and self._cluster.mode is Mode.IPVS:
            raise UnsupportedFeature(
                "what becomes of a UDP connection in ipvs mode over time is not modelled",
                zh="ipvs 模式下 UDP 连接随时间的变化未建模",
            )
        step = self._datagram if udp else self._request
        states: dict[_Held, Fraction] = {_Held(): Fraction(1)}
        same: dict[object, tuple[Chance, ...]] = {}
        for at in connection.requests():
            # A request that leaves nothing behind, and takes no time, ends as the one before did while nothing changes.
            plain = not connection.reuses and not connection.lasts and tuple(states) == (_Held(),)
            key = (self._cluster.state(at), self._nodes(connection.request, at)) if plain else None
            if key is None or key not in same:
                chances, states = _stepped(states, functools.partial(step, connection, at=at))
                if key is not None and tuple(states) == (_Held(),):
                    same[key] = chances
            else:
                chances = same[key]
            yield Attempt(connection.name, at, chances)

    def _request(self, connection: Connection, held: _Held, at: int) -> Iterator[tuple[Chance, _Held]]:
        """One request over TCP: on the connection that is held as long as it stands, else on a new one."""
        if held.made is not None and connection.reuses and not self._closed(connection, held, at):
            yield self._answer(connection, held, at)
            return
        for outcome in self._first(connection.request, held, at):
            remembered = memory.renewed(held.remembered, outcome.remembered, at)
            if outcome.verdict is not Verdict.DELIVERED:
                chance = self._refused(outcome, at)
                yield chance, _Held(remembered=remembered)
                continue
            pod = self._pod(outcome)
            chance, left = self._answer(connection, _Held(pod, at, remembered=remembered), at)
            yield dataclasses.replace(chance, probability=outcome.probability), left

    def _closed(self, connection: Connection, held: _Held, at: int) -> bool:
        """Whether the connection is no longer there when the next request is to be sent, in good order: the client has
        been told, or has closed it itself."""
        assert held.made is not None
        if connection.max_age is not None and at - held.made >= connection.max_age:
            return True
        if held.silent is not None:
            return connection.timeout is not None and at - held.silent >= connection.timeout
        times = self._cluster.times.get(held.pod or "")
        if times is None:
            return False
        # An idle connection is closed by a process that drains, and by the kernel of one that has ended.
        told = times.closes if times.drains else times.exits
        return told is not None and at >= told

    def _answer(self, connection: Connection, held: _Held, at: int) -> tuple[Chance, _Held]:
        """What becomes of a request that is sent on a connection that stands."""
        times = self._cluster.times.get(held.pod or "")
        until = at + connection.lasts
        # Others may be in flight on it at the same time (HTTP/2): it stands until its pod's end.
        kept = held if connection.reuses else _Held(remembered=held.remembered)
        if times is not None and times.vanishes is not None and (times.vanishes <= at or times.vanishes < until):
            why = words.vanished(held.pod or "", times.vanishes)
            return Chance(Fraction(1), Fate.HANGS, held.pod, why), dataclasses.replace(held, silent=held.silent or at)
        if times is not None and times.exits is not None and at < times.exits < until:
            return Chance(Fraction(1), Fate.RESET, held.pod, words.cut(held.pod or "", times, at, until)), kept
        return Chance(Fraction(1), Fate.ANSWERED, held.pod, words.answered(held.pod, at, held.made or at)), kept

    def _datagram(self, connection: Connection, held: _Held, at: int) -> Iterator[tuple[Chance, _Held]]:
        """One request over UDP; with `reuses` from the port that all of them have."""
        kept: tuple[Entry, ...] = ()
        if connection.reuses:
            kept = tuple(surviving(held.entries, self._cluster, at, self._timeouts))
        for outcome in self._first(connection.request, held, at, kept):
            remembered = memory.renewed(held.remembered, outcome.remembered, at)
            left = _Held(entries=renewed(outcome.conntrack, kept, at), remembered=remembered)
            if outcome.verdict is Verdict.DELIVERED:
                pod = self._pod(outcome)
                yield Chance(outcome.probability, Fate.ANSWERED, pod, words.answered(pod, at, at)), left
            else:
                yield self._refused(outcome, at, kept), left

    def _first(self, request: Request, held: _Held, at: int, entries: tuple[Entry, ...] = ()) -> Iterator[Outcome]:
        """Every way that a packet can go now, through whichever node the load balancer sends it to."""
        nodes = self._nodes(request, at)
        if not nodes:
            yield words.no_healthy_node(request.destination)
        for node in nodes:
            for outcome in self._ways(dataclasses.replace(request, node=node), held, at, entries):
                yield dataclasses.replace(outcome, probability=outcome.probability / len(nodes))

    def _nodes(self, request: Request, at: int) -> tuple[str | None, ...]:
        """The nodes that a packet may be sent to from outside; (None,) where its destination says that itself."""
        service = None if request.node is not None else self._balanced(request)
        return (request.node,) if service is None else self._cluster.balanced(service, at)

    def _ways(self, request: Request, held: _Held, at: int, entries: tuple[Entry, ...]) -> tuple[Outcome, ...]:
        remembered = tuple(memory.surviving(held.remembered, self._cluster, at))
        return self._cluster.ways(at, request, tuple(entry.view for entry in entries), remembered)

    def _refused(self, outcome: Outcome, at: int, entries: tuple[Entry, ...] = ()) -> Chance:
        refused = outcome.verdict in (Verdict.REFUSED, Verdict.REJECT)
        pod = self._pod(outcome)
        why = words.refused(outcome, pod, self._cluster, at, entries)
        return Chance(outcome.probability, Fate.REFUSED if refused else Fate.NO_ANSWER, pod, why)

    def _pod(self, outcome: Outcome) -> str | None:
        return self._owners.get(split_host_port(outcome.destination)[0])

    def _balanced(self, request: Request) -> Service | None:
        """The Service whose load balancer the destination is."""
        try:
            address, port = split_host_port(request.destination)
        except ValueError:
            return None
        index = self._cluster.fabric(0).service_index
        found = index.balanced(address, request.l4, port)
        return found[0] if found is not None else None


def _stepped(
    states: Mapping[_Held, Fraction], step: Callable[[_Held], Iterator[tuple[Chance, _Held]]]
) -> tuple[tuple[Chance, ...], dict[_Held, Fraction]]:
    """What may become of one request from all that a client may hold, and what it may hold then."""
    chances: dict[Chance, Fraction] = {}
    after: dict[_Held, Fraction] = {}
    for held, share in states.items():
        for chance, left in step(held):
            bare = _unweighed(chance)
            chances[bare] = chances.get(bare, Fraction(0)) + share * chance.probability
            after[left] = after.get(left, Fraction(0)) + share * chance.probability
    return tuple(dataclasses.replace(chance, probability=share) for chance, share in chances.items()), after


def _unweighed(chance: Chance) -> Chance:
    return dataclasses.replace(chance, probability=Fraction(0))
