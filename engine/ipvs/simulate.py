"""A workload run through a virtual server under one scheduler, and what was measured.

A discrete-event simulation around VirtualServer: a connection counts as active from its arrival (waiting included)
until its work is done, which is all that IPVS sees of it.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import heapq
import itertools
from fractions import Fraction

from engine.errors import EngineError
from engine.ipvs.connection import Connection
from engine.ipvs.service import VirtualServer
from engine.ipvs.workload import Action, Change, Job, Workload, WorkServer, jobs
from engine.netfilter.choose import seeded
from engine.values import dataclass

_PORT = 8080


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run showed. Shares are of 1.

    - `spread`: the greatest number of connections of a server over the mean of all (1.0: even);
    - `load_spread`: the same of work divided by speed: how much busier than the average the busiest server was;
    - `stickiness`: share of connections of a client seen before that went where the client's last one had gone (those
      whose last server had been removed or drained are not counted);
    - `moved`: of the clients whose last connection before the first change was with a server that the change left
      alone, the share whose next one went elsewhere;
    - `worst_queue`: the longest queue at any server; `mean_queue`: connections waiting, all servers together, over time;
    - `mean_wait`: milliseconds a connection waited before its work began;
    - `idle_while_queued`: share of connections put behind a busy server while another one in service was idle;
    - `drained`: new connections to servers after they were drained or removed;
    - `refused`: connections that no server took.
    """

    spread: float
    load_spread: float
    stickiness: float
    moved: float
    worst_queue: int
    mean_queue: float
    mean_wait: float
    idle_while_queued: float
    drained: int
    refused: int
    connections: tuple[tuple[str, int], ...]


METRICS = tuple(field.name for field in dataclasses.fields(Measured) if field.name != "connections")


@dataclass(slots=True)
class _Station:
    """A server at work."""

    server: WorkServer
    present: bool
    weight: int
    running: int = 0
    waiting: collections.deque[tuple[Job, Connection]] = dataclasses.field(default_factory=collections.deque)
    served: int = 0
    demand: int = 0
    retired: bool = False

    @property
    def in_service(self) -> bool:
        return self.present and self.weight > 0


def candidate_name(scheduler: str, *flags: str) -> str:
    """How a scheduler with flags is written here: `sh`, `sh+sh-fallback`, `mh+mh-port+mh-fallback`."""
    return "+".join((scheduler, *flags))


@functools.lru_cache(maxsize=256)
def measure(workload: Workload, candidate: str, seed: int | str = 0, weights_all_one: bool = False) -> Measured:
    """Run `workload` under `candidate` (a scheduler, with flags as candidate_name writes them).

    `weights_all_one` is kube-proxy's way: every weight is 1, whatever the server can do.
    Raises EngineError for a scheduler or flag that does not exist.
    """
    return _Simulation(workload, candidate, seed, weights_all_one).measured()


class _Simulation:
    def __init__(self, workload: Workload, candidate: str, seed: int | str, weights_all_one: bool) -> None:
        scheduler, *flags = candidate.split("+")
        self.workload = workload
        self.service = VirtualServer(
            "TCP",
            "10.96.0.10",
            80,
            scheduler=scheduler,
            flags=flags,
            persistent=workload.persistent,
            choose=seeded(f"scheduler:{seed}"),
        )
        self.stations: dict[str, _Station] = {}
        self.addresses: dict[str, str] = {}
        for number, server in enumerate(workload.servers, 1):
            weight = min(server.weight, 1) if weights_all_one else server.weight
            address = f"10.244.1.{number}"
            self.addresses[server.name] = address
            self.stations[f"{address}:{_PORT}"] = _Station(server, server.from_start, weight)
            if server.from_start:
                self.service.add_server(address, _PORT, weight)
        self.order = itertools.count()
        self.finishing: list[tuple[int, int, _Station, Connection]] = []
        self.now = 0
        self.last: dict[int, str] = {}
        self.before_change: dict[int, str] | None = None
        self.moved: list[bool] = []
        self.repeats: list[bool] = []
        self.waiting = self.queue_time = self.worst_queue = self.waited = self.behind_busy = self.drained = (
            self.refused
        ) = 0
        changes = collections.deque(sorted(workload.changes, key=lambda change: change.at))
        for job in jobs(workload, seed):
            while changes and changes[0].at <= job.at:
                self._change(changes.popleft())
            self._pass_to(job.at)
            self._arrive(job)
        for change in changes:
            self._change(change)
        while self.finishing:
            self._pass_to(self.finishing[0][0])

    def _pass_to(self, moment: int) -> None:
        """Let everything end that ends by `moment`."""
        while self.finishing and self.finishing[0][0] <= moment:
            end, _, station, connection = heapq.heappop(self.finishing)
            self._clock(end)
            connection.close(end / 1000)
            station.running -= 1
            if station.waiting:
                self.waiting -= 1
                self._start(station, *station.waiting.popleft())
        self._clock(moment)

    def _clock(self, moment: int) -> None:
        self.queue_time += self.waiting * (moment - self.now)
        self.now = moment

    def _change(self, change: Change) -> None:
        self._pass_to(change.at)
        address = self.addresses[change.server]
        station = self.stations[f"{address}:{_PORT}"]
        if station.present is (change.action is Action.ADD):
            raise EngineError(
                f"workload: cannot {change.action} server {change.server!r} at {change.at}",
                zh=f"负载：在 {change.at} 无法对服务器 {change.server!r} 执行 {change.action}",
            )
        if change.action is Action.ADD:
            self.service.add_server(address, _PORT, station.weight)
            station.present = True
        elif change.action is Action.DRAIN:
            self.service.set_weight(address, _PORT, 0)
            station.weight = 0
        else:
            self.service.remove_server(address, _PORT)
            station.present = False
        station.retired = change.action is not Action.ADD
        if self.before_change is None:
            gone = f"{address}:{_PORT}" if station.retired else None
            self.before_change = {client: name for client, name in self.last.items() if name != gone}

    def _arrive(self, job: Job) -> None:
        target = f"10.96.1.{job.destination % 250 + 1}" if self.workload.destinations > 1 else None
        connection = self.service.connect(_client(job.client), job.port, target, now=job.at / 1000)
        server = connection.server
        if server is None:
            self.refused += 1
            self._note_client(job.client, "")
            return
        station = self.stations[server]
        self._note_client(job.client, server)
        station.served += 1
        station.demand += job.demand
        self.drained += station.retired
        if station.running < station.server.slots:
            self._start(station, job, connection)
            return
        for other in self.stations.values():
            if not other.running and other.in_service:
                self.behind_busy += 1
                break
        station.waiting.append((job, connection))
        self.waiting += 1
        self.worst_queue = max(self.worst_queue, len(station.waiting))

    def _note_client(self, client: int, name: str) -> None:
        if self.before_change is not None and client in self.before_change:
            self.moved.append(self.before_change.pop(client) != name)
        last = self.last.get(client)
        if last is not None and not (last and self.stations[last].retired):
            self.repeats.append(last == name != "")
        self.last[client] = name

    def _start(self, station: _Station, job: Job, connection: Connection) -> None:
        station.running += 1
        self.waited += self.now - job.at
        end = self.now + max(1, job.demand // station.server.speed)
        heapq.heappush(self.finishing, (end, next(self.order), station, connection))

    def measured(self) -> Measured:
        stations = list(self.stations.values())
        served = [station.served for station in stations]
        busy = [Fraction(station.demand, station.server.speed) for station in stations]
        taken = sum(served)
        return Measured(
            spread=_ratio(max(served) * len(served), taken),
            load_spread=_ratio(max(busy) * sum(s.server.speed for s in stations), sum(s.demand for s in stations)),
            stickiness=_ratio(sum(self.repeats), len(self.repeats)),
            moved=_ratio(sum(self.moved), len(self.moved)),
            worst_queue=self.worst_queue,
            mean_queue=_ratio(self.queue_time, self.now),
            mean_wait=_ratio(self.waited, taken),
            idle_while_queued=_ratio(self.behind_busy, taken),
            drained=self.drained,
            refused=self.refused,
            connections=tuple((station.server.name, station.served) for station in stations),
        )


@functools.lru_cache(maxsize=1024)
def _client(number: int) -> str:
    return f"10.1.{number // 250}.{number % 250 + 1}"


def _ratio(part: Fraction | int, whole: Fraction | int) -> float:
    return float(Fraction(part) / Fraction(whole)) if whole else 0.0
