"""rr and wrr: schedulers that remember where in the list they stand.

Sources: net/netfilter/ipvs/ip_vs_rr.c, ip_vs_wrr.c (the version since Linux 3.10).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.ipvs.interface import Arrival, FirstChoice, Scheduler
from engine.ipvs.server import RealServer
from engine.netfilter.choose import Choose

_HEAD = -1  # the list head, which stands before the first server and after the last


class RoundRobin(Scheduler):
    """The next server in the list with a weight, whatever the weight is."""

    name = "rr"
    first_choice = FirstChoice.UNWEIGHTED

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        super().__init__(servers, flags, choose)
        self._at = _HEAD

    def added(self, server: RealServer) -> None:
        if self._at != _HEAD:
            self._at += 1

    def removed(self, server: RealServer, position: int) -> None:
        # A pointer at the removed server goes back to the one before it (or the head), so nobody's turn is lost.
        if position <= self._at:
            self._at -= 1

    def select(self, arrival: Arrival) -> RealServer | None:
        count = len(self.servers)
        for step in range(1, count + 1):
            index = (self._at + step) % count
            server = self.servers[index]
            if server.weight > 0 and not server.overloaded:
                self._at = index
                return server
        return None


class WeightedRoundRobin(Scheduler):
    """Passes over the list with a threshold that falls from the greatest weight in steps of the weights' gcd.

    `_step` is the gcd of the weights, `_highest` the threshold of the first pass and `_threshold` the present one:
    a server gets a connection in every pass whose threshold it reaches. Every change of a server or weight goes back to
    the head of the list, but keeps the pass as far as it can.
    """

    name = "wrr"
    # They differ only in where they go on after the list of servers changed, which moves no share.
    with_equal_weights = "rr"
    first_choice = FirstChoice.SHARES

    def __init__(self, servers: Sequence[RealServer], flags: frozenset[str], choose: Choose) -> None:
        super().__init__(servers, flags, choose)
        self._at = _HEAD
        self._step = 1
        self._highest = 0
        self._threshold = 0

    def added(self, server: RealServer) -> None:
        self._changed()

    def removed(self, server: RealServer, position: int) -> None:
        self._changed()

    def updated(self, server: RealServer) -> None:
        self._changed()

    def _changed(self) -> None:
        weights = [s.weight for s in self.servers]
        self._at = _HEAD
        self._step = math.gcd(*weights) or 1
        self._highest = max(weights, default=0) - (self._step - 1)
        if self._threshold > self._highest or self._threshold == 0:
            self._threshold = self._highest
        elif self._step > 1:
            self._threshold = self._threshold // self._step * self._step + 1

    def select(self, arrival: Arrival) -> RealServer | None:
        if self._highest == 0:
            return None
        last = self._at
        stop: int | None = None
        last_pass = restarted = False
        while True:
            while self._at + 1 < len(self.servers):
                self._at += 1
                server = self.servers[self._at]
                if server.weight >= self._threshold and not server.overloaded:
                    return server
                if self._at == stop:
                    return None
            self._at = _HEAD
            self._threshold -= self._step
            if self._threshold <= 0:
                self._threshold = self._highest
                if last_pass or last == _HEAD:
                    return None
                restarted = True
            last_pass = self._threshold <= self._step
            if last_pass and restarted and last != _HEAD:
                # The first traversal looked only behind `last` with the lowest threshold; look up to it, then give up.
                stop = last
