"""A workload for a virtual server: servers, clients, arrivals and what changes midway. Data, drawn from a seed.

Everything is whole milliseconds, so a run is the same everywhere.
"""

from __future__ import annotations

import enum
import functools
import random
from collections.abc import Callable
from fractions import Fraction

from engine.errors import EngineError
from engine.limits import (
    LONGEST_WORKLOAD,
    MOST_CHANGES,
    MOST_CONNECTIONS,
    MOST_CONNECTIONS_BY_SERVERS,
    MOST_SERVERS,
    MOST_WEIGHT,
)
from engine.values import dataclass

_FIRST_PORT = 20_000
_RESOLUTION = 1_000_000
# Sixteen equally likely gaps of an exponential distribution with mean 100: arrivals of a Poisson process.
_GAPS = (3, 10, 17, 25, 33, 42, 52, 64, 76, 90, 107, 126, 150, 182, 228, 395)


class Action(enum.StrEnum):
    REMOVE = "remove"  # the server leaves the list; its connections go on
    DRAIN = "drain"  # weight 0
    ADD = "add"  # a server that was not there before


@dataclass(frozen=True, slots=True)
class WorkServer:
    """A real server: `weight` is what IPVS is told, `speed` how fast it works (1: a connection takes its demand),
    `slots` how many connections it works on at once; the rest wait in its queue, first come first served."""

    name: str
    weight: int = 1
    speed: int = 1
    slots: int = 1
    from_start: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """What happens `at` milliseconds to the server `server`."""

    at: int
    action: Action
    server: str


@dataclass(frozen=True, slots=True)
class Workload:
    """Who asks what of whom.

    `connections` arrive at random with a mean gap of `gap` ms, each from one of `clients` clients at random and from a
    new port. A connection asks for `short` ms of work, or with chance `long_share` for `long` ms. `destinations` is the
    number of addresses asked for (1 for a Service; more for a firewall mark that stands for many).
    """

    servers: tuple[WorkServer, ...]
    clients: int = 40
    connections: int = 400
    gap: int = 100
    short: int = 100
    long: int = 100
    long_share: Fraction = Fraction(0)
    destinations: int = 1
    changes: tuple[Change, ...] = ()
    persistent: int | None = None

    def __post_init__(self) -> None:
        for name in ("clients", "connections", "gap", "short", "long", "destinations"):
            number = getattr(self, name)
            if not isinstance(number, int) or number < 1:
                raise EngineError(
                    f"workload: {name} must be a whole number above 0, not {number!r}",
                    zh=f"负载：{name} 必须是大于 0 的整数，而不是 {number!r}",
                )
        self._check_size()
        if not 0 <= self.long_share <= 1:
            raise EngineError(
                f"workload: long_share must be between 0 and 1, not {self.long_share}",
                zh=f"负载：long_share 必须在 0 与 1 之间，而不是 {self.long_share}",
            )
        names = [server.name for server in self.servers]
        if not names or len(set(names)) != len(names) or len(names) > MOST_SERVERS:
            raise EngineError(
                f"workload: it needs between 1 and {MOST_SERVERS} servers, each with a name of its own",
                zh=f"负载：需要 1 到 {MOST_SERVERS} 个服务器，名称各不相同",
            )
        for server in self.servers:
            fits = 0 <= server.weight <= MOST_WEIGHT
            if not fits or not 1 <= server.speed <= MOST_WEIGHT or not 1 <= server.slots <= MOST_WEIGHT:
                raise EngineError(
                    f"workload: server {server.name:.60}: weight from 0, speed and slots from 1, each to {MOST_WEIGHT}",
                    zh=f"负载：服务器 {server.name:.60}：weight 从 0 起，speed 和 slots 从 1 起，均不超过 {MOST_WEIGHT}",
                )
        for change in self.changes:
            if change.server not in names or not 0 <= change.at <= LONGEST_WORKLOAD:
                raise EngineError(
                    f"workload: change of server {change.server[:60]!r}: no such server, or a time that is not between 0 "
                    f"and {LONGEST_WORKLOAD} ms",
                    zh=f"负载：对服务器 {change.server[:60]!r} 的变更：没有该服务器，或时刻不在 0 与 {LONGEST_WORKLOAD} 毫秒之间",
                )

    def _check_size(self) -> None:
        """Refuse what would take too long to run (engine.limits)."""
        if max(self.connections, self.clients) > MOST_CONNECTIONS or self.destinations > MOST_CONNECTIONS:
            raise EngineError(
                f"workload: at most {MOST_CONNECTIONS} connections, clients and destinations",
                zh=f"负载：连接、客户端和目的地址最多 {MOST_CONNECTIONS} 个",
            )
        if self.connections * len(self.servers) > MOST_CONNECTIONS_BY_SERVERS:
            raise EngineError(
                f"workload: connections times servers is at most {MOST_CONNECTIONS_BY_SERVERS}",
                zh=f"负载：连接数乘以服务器数最多为 {MOST_CONNECTIONS_BY_SERVERS}",
            )
        if len(self.changes) > MOST_CHANGES:
            raise EngineError(f"workload: changes: at most {MOST_CHANGES}", zh=f"负载：changes：最多 {MOST_CHANGES} 项")
        longest = max(self.gap, self.short, self.long)
        if self.connections * longest > LONGEST_WORKLOAD or (self.persistent or 0) > LONGEST_WORKLOAD:
            raise EngineError(
                f"workload: connections times the longest of gap, short and long is at most {LONGEST_WORKLOAD} ms, and so "
                "is persistent",
                zh=f"负载：连接数乘以 gap、short、long 中最大者，以及 persistent，最多为 {LONGEST_WORKLOAD} 毫秒",
            )


@dataclass(frozen=True, slots=True)
class Job:
    """One connection of the workload: `at` and `demand` in milliseconds."""

    at: int
    client: int
    port: int
    destination: int
    demand: int


@functools.lru_cache(maxsize=64)
def jobs(workload: Workload, seed: int | str) -> tuple[Job, ...]:
    """The connections of `workload` in the order of their arrival, the same for the same seed."""
    below = _drawer(seed)
    threshold = workload.long_share * _RESOLUTION
    at = 0
    drawn = []
    for number in range(workload.connections):
        at += _GAPS[below(len(_GAPS))] * workload.gap // 100
        is_long = below(_RESOLUTION) < threshold
        client = below(workload.clients)
        destination = below(workload.destinations)
        demand = workload.long if is_long else workload.short
        drawn.append(Job(at, client, _FIRST_PORT + number, destination, demand))
    return tuple(drawn)


def _drawer(seed: int | str) -> Callable[[int], int]:
    """A function that draws a number from 0 up to its argument - 1, the same on every platform."""
    source = random.Random(f"k8squiz:workload:{seed}")
    return lambda limit: source.getrandbits(53) * limit >> 53
