"""lblc and lblcr: least connection first, then the destination address sticks to its server (or set of servers).

Sources: net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblcr.c. Both are meant for transparent caches, where the destination
varies; a Service has one address, so one entry. Times are seconds since the service was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from engine.ipvs.counting import connection_overhead, least_weighted
from engine.ipvs.hashing import folded, hash_32
from engine.ipvs.interface import Arrival, Scheduler
from engine.ipvs.server import RealServer
from engine.netfilter.choose import Choose
from engine.values import dataclass

_TABLE_BITS = 10
_TABLE_SIZE = 1 << _TABLE_BITS
_MAX_ENTRIES = _TABLE_SIZE * 16
_CHECK_INTERVAL = 60
_CHECKS_FOR_FULL = 30
_FULL_EXPIRATION = 24 * 60 * 60  # sysctl net.ipv4.vs.lblc_expiration, lblcr_expiration
_ENTRY_TIMEOUT = 6 * 60  # only once the table holds more than _MAX_ENTRIES


@dataclass(slots=True)
class LocalityEntry:
    last_use: float


EntryT = TypeVar("EntryT", bound=LocalityEntry)


class _EntryTable(Generic[EntryT]):
    """Entries by destination address, with the kernel's timer that throws old ones away."""

    def __init__(self) -> None:
        self._buckets: list[dict[str, EntryT]] = [{} for _ in range(_TABLE_SIZE)]
        self._count = 0
        self._rover = 0
        self._counter = 1
        self._next_check = float(_CHECK_INTERVAL)

    def get(self, destination: str, now: float) -> EntryT | None:
        while self._next_check <= now:
            self._check(self._next_check)
            self._next_check += _CHECK_INTERVAL
        return self._buckets[hash_32(folded(destination), _TABLE_BITS)].get(destination)

    def put(self, destination: str, entry: EntryT) -> None:
        bucket = self._buckets[hash_32(folded(destination), _TABLE_BITS)]
        self._count += destination not in bucket
        bucket[destination] = entry

    def _check(self, now: float) -> None:
        if self._counter % _CHECKS_FOR_FULL == 0:
            self._sweep(now, _FULL_EXPIRATION, None)
            self._counter = 1
        elif self._count <= _MAX_ENTRIES:
            self._counter += 1
        else:
            self._sweep(now, _ENTRY_TIMEOUT, min((self._count - _MAX_ENTRIES) * 4 // 3, _MAX_ENTRIES // 2))

    def _sweep(self, now: float, age: float, goal: int | None) -> None:
        for _ in range(_TABLE_SIZE):
            self._rover = (self._rover + 1) % _TABLE_SIZE
            bucket = self._buckets[self._rover]
            stale = [key for key, entry in bucket.items() if now >= entry.last_use + age]
            for key in stale:
                del bucket[key]
            self._count -= len(stale)
            if goal is not None:
                goal -= len(stale)
                if goal <= 0:
                    return


class _Locality(Scheduler):
    def _overloaded(self, server: RealServer) -> bool:
        """Busier than its weight while somebody else is below half of his."""
        # Sticky until it hurts: another server must be less than half full, or moving would only move the load.
        return server.active > server.weight and any(s.active * 2 < s.weight for s in self.servers)


@dataclass(slots=True)
class _OneServer(LocalityEntry):
    server: RealServer


class LocalityLeastConnection(_Locality):
    name = "lblc"

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        super().__init__(servers, flags, choose)
        self._table: _EntryTable[_OneServer] = _EntryTable()

    def select(self, arrival: Arrival) -> RealServer | None:
        entry = self._table.get(arrival.destination, arrival.now)
        if entry is not None:
            entry.last_use = arrival.now
            server = entry.server
            # The destination stays with its server, so that a cache there stays warm.
            if server.available and server.weight > 0 and not self._overloaded(server):
                return server
        least = least_weighted(self.servers, connection_overhead)
        if least is not None and (entry is None or entry.server is not least):
            self._table.put(arrival.destination, _OneServer(arrival.now, least))
        return least


@dataclass(slots=True)
class _ServerSet(LocalityEntry):
    """`servers` newest first; `modified` is when one was last put in or taken out."""

    servers: list[RealServer]
    modified: float

    def insert(self, server: RealServer, now: float) -> None:
        if server not in self.servers:
            self.servers.insert(0, server)
            self.modified = now

    def least(self) -> RealServer | None:
        return least_weighted((s for s in self.servers if s.available), connection_overhead)

    def drop_busiest(self, now: float) -> None:
        most: RealServer | None = None
        for server in self.servers:
            if server.weight > 0 and (most is None or most.overhead * server.weight < server.overhead * most.weight):
                most = server
        if most is not None:
            self.servers.remove(most)
            self.modified = now


class LocalityLeastConnectionReplicated(_Locality):
    name = "lblcr"

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        super().__init__(servers, flags, choose)
        self._table: _EntryTable[_ServerSet] = _EntryTable()

    def select(self, arrival: Arrival) -> RealServer | None:
        now = arrival.now
        entry = self._table.get(arrival.destination, now)
        if entry is None:
            server = least_weighted(self.servers, connection_overhead)
            if server is not None:
                self._table.put(arrival.destination, _ServerSet(now, [server], now))
            return server
        entry.last_use = now
        server = entry.least()
        # A set that has not changed for a day is larger than it need be.
        if len(entry.servers) > 1 and now > entry.modified + _FULL_EXPIRATION:
            entry.drop_busiest(now)
        if server is not None and not self._overloaded(server):
            return server
        server = least_weighted(self.servers, connection_overhead)
        if server is not None:
            entry.insert(server, now)
        return server
