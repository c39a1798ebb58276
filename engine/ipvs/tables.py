"""Schedulers that look a server up in a table by a hash: sh and mh of the client, dh of the destination.

Sources: net/netfilter/ipvs/ip_vs_{sh,dh,mh}.c with the kernel's default sizes (CONFIG_IP_VS_SH_TAB_BITS=8,
IP_VS_DH_TAB_BITS 8, CONFIG_IP_VS_MH_TAB_INDEX=12: the prime 4093). mh is Maglev hashing (Eisenbud et al., NSDI 2016).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.ipvs.hashing import folded, hash_32, hsiphash_u32
from engine.ipvs.interface import Arrival, FirstChoice, Scheduler
from engine.ipvs.server import RealServer
from engine.netfilter.choose import Choose
from engine.values import dataclass

_SH_BITS = 8
_DH_BITS = 8
_MH_SIZE = 4093
_MH_TURN_BITS = 6  # CONFIG_IP_VS_MH_TAB_INDEX / 2
_MH_KEY_OFFSET = 2654435761
_MH_KEY_SKIP = 2654446892


def _usable(server: RealServer | None) -> bool:
    return server is not None and server.weight > 0 and not server.overloaded


class _Table(Scheduler):
    """A table of servers, built anew after the list has changed. A slot is empty only if the whole table is."""

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        super().__init__(servers, flags, choose)
        # The kernel builds it at each change; here nobody looks between the first server's coming and the last's.
        self._table: list[RealServer] | None = None

    def build(self) -> list[RealServer]:
        raise NotImplementedError

    def added(self, server: RealServer) -> None:
        self._table = None

    def removed(self, server: RealServer, position: int) -> None:
        self._table = None

    def updated(self, server: RealServer) -> None:
        self._table = None

    def _look_up(self, slot: int) -> RealServer | None:
        if self._table is None:
            self._table = self.build()
        server = self._table[slot] if self._table else None
        return server if _usable(server) else None


class DestinationHashing(_Table):
    """The list laid round and round a table of 256 buckets; weights play no part but that 0 gets nothing."""

    name = "dh"

    def build(self) -> list[RealServer]:
        count = len(self.servers)
        return [self.servers[i % count] for i in range(1 << _DH_BITS)] if count else []

    def updated(self, server: RealServer) -> None:
        pass

    def select(self, arrival: Arrival) -> RealServer | None:
        return self._look_up(hash_32(folded(arrival.destination), _DH_BITS))


class SourceHashing(_Table):
    """The list laid round and round a table of 256 buckets, each server filling as many as its weight (0: still one)."""

    name = "sh"
    known_flags = ("sh-port", "sh-fallback")

    def build(self) -> list[RealServer]:
        share = [s for s in self.servers for _ in range(max(1, min(s.weight, 1 << _SH_BITS)))]
        return [share[i % len(share)] for i in range(1 << _SH_BITS)] if share else []

    def select(self, arrival: Arrival) -> RealServer | None:
        port = arrival.client_port if "sh-port" in self.flags else 0
        first = hash_32(folded(arrival.client) + port, _SH_BITS)
        server = self._look_up(first)
        if server is not None or "sh-fallback" not in self.flags:
            return server
        for offset in range(1 << _SH_BITS):
            # The kernel adds the hash once for the starting point and once more for the slot, so it starts at 2 * first.
            server = self._look_up((first + (offset + first)) % (1 << _SH_BITS))
            if server is not None:
                return server
        return None


@dataclass(slots=True)
class _Preference:
    """One server's permutation of the table: it starts at `slot` and goes on by `skip`; `turns` slots a round."""

    server: RealServer
    slot: int
    skip: int
    turns: int


class MaglevHashing(_Table):
    """Consistent hashing: every server fills the free slots that come first in its own permutation of the table.

    The table is built from the last weight of each server that was not 0, so draining a server (weight 0) moves nobody
    else; its clients get no server, or with mh-fallback another one.
    """

    name = "mh"
    first_choice = FirstChoice.BY_CLIENT
    known_flags = ("mh-port", "mh-fallback")
    # FlagSourceHash, whose bit mh-port has (pkg/proxy/ipvs/proxier.go).
    kube_proxy_flags = ("mh-port",)

    def build(self) -> list[RealServer]:
        weights = [s.last_weight for s in self.servers]
        gcd = math.gcd(*weights)
        if gcd < 1:
            return []
        shift = max(0, (max(weights) // gcd).bit_length() - _MH_TURN_BITS)
        preferences = [self._preference(s, gcd, shift) for s in self.servers if s.last_weight > 0]
        table: list[RealServer | None] = [None] * _MH_SIZE
        left = _MH_SIZE
        while True:
            for preference in preferences:
                for _ in range(preference.turns):
                    slot = preference.slot
                    while table[slot] is not None:
                        slot = (slot + preference.skip) % _MH_SIZE
                    preference.slot = slot
                    table[slot] = preference.server
                    left -= 1
                    if not left:
                        return [s for s in table if s is not None]

    @staticmethod
    def _preference(server: RealServer, gcd: int, shift: int) -> _Preference:
        address = folded(server.address) + server.port
        slot = hsiphash_u32(address, _MH_KEY_OFFSET) % _MH_SIZE
        skip = hsiphash_u32(address, _MH_KEY_SKIP) % (_MH_SIZE - 1) + 1
        return _Preference(server, slot, skip, (server.last_weight // gcd) >> shift or 1)

    def select(self, arrival: Arrival) -> RealServer | None:
        value = folded(arrival.client) + (arrival.client_port if "mh-port" in self.flags else 0)
        first = hsiphash_u32(value, _MH_KEY_OFFSET) % _MH_SIZE
        server = self._look_up(first)
        if server is not None or "mh-fallback" not in self.flags or not any(map(_usable, self.servers)):
            return server
        for offset in range(_MH_SIZE):
            shifted = value + (offset + first) % _MH_SIZE
            server = self._look_up(hsiphash_u32(shifted, _MH_KEY_OFFSET) % _MH_SIZE)
            if server is not None:
                return server
        return None
