"""Schedulers that look at weights and connection counts alone: lc, wlc, sed, nq, fo, ovf, twos.

Sources: net/netfilter/ipvs/ip_vs_{lc,wlc,sed,nq,fo,ovf,twos}.c. All walk the list newest first, and a later server
wins only if it is strictly better. Ratios are compared by cross multiplication.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from fractions import Fraction

from engine.ipvs.interface import Arrival, FirstChoice, Scheduler
from engine.ipvs.server import RealServer


def least_weighted(servers: Iterable[RealServer], cost: Callable[[RealServer], int]) -> RealServer | None:
    """The server with the least cost/weight among those with a weight that are not overloaded."""
    least: RealServer | None = None
    least_cost = 0
    for server in servers:
        # Weight 0 quiesces: kube-proxy sets it for a terminating endpoint, whose connections stay.
        if server.overloaded or server.weight <= 0:
            continue
        here = cost(server)
        # Strictly better: of equals the one met first stays, which is the server added last.
        if least is None or least_cost * server.weight > here * least.weight:
            least, least_cost = server, here
    return least


def connection_overhead(server: RealServer) -> int:
    return server.overhead


def _expected_delay(server: RealServer) -> int:
    return server.active + 1


class LeastConnection(Scheduler):
    name = "lc"
    first_choice = FirstChoice.UNWEIGHTED

    def select(self, arrival: Arrival) -> RealServer | None:
        least: RealServer | None = None
        for server in self.servers:
            if server.overloaded or server.weight == 0:
                continue
            if least is None or server.overhead < least.overhead:
                least = server
        return least


class WeightedLeastConnection(Scheduler):
    name = "wlc"
    with_equal_weights = "lc"

    def select(self, arrival: Arrival) -> RealServer | None:
        return least_weighted(self.servers, connection_overhead)


class ShortestExpectedDelay(Scheduler):
    name = "sed"

    def select(self, arrival: Arrival) -> RealServer | None:
        return least_weighted(self.servers, _expected_delay)


class NeverQueue(Scheduler):
    name = "nq"
    # An idle server is the one of least delay then.
    with_equal_weights = "sed"

    def select(self, arrival: Arrival) -> RealServer | None:
        for server in self.servers:
            # An idle server is taken at once, however light: that is what never queue means.
            if server.active == 0 and server.weight > 0 and not server.overloaded:
                return server
        return least_weighted(self.servers, _expected_delay)


class FailOver(Scheduler):
    name = "fo"

    def select(self, arrival: Arrival) -> RealServer | None:
        best: RealServer | None = None
        for server in self.servers:
            # All traffic to the heaviest that is not overloaded; the others are spare.
            if not server.overloaded and server.weight > (best.weight if best else 0):
                best = server
        return best


class OverflowConnection(Scheduler):
    name = "ovf"

    def select(self, arrival: Arrival) -> RealServer | None:
        best: RealServer | None = None
        for server in self.servers:
            # The weight is read as the number of active connections a server may have before the next one is used.
            if server.overloaded or server.active > server.weight or server.weight == 0:
                continue
            if best is None or server.weight > best.weight:
                best = server
        return best


class PowerOfTwoChoices(Scheduler):
    """Two servers are drawn by weight and the less loaded one wins.

    The kernel draws a number from 0 up to and including the sum W of the weights and walks the list until the weights
    passed reach it, so the newest server has weight + 1 chances of W + 1. The draw's modulo bias (below 2^-31) is
    left out.
    """

    name = "twos"

    def select(self, arrival: Arrival) -> RealServer | None:
        candidates = [s for s in self.servers if s.weight > 0 and not s.overloaded]
        if not candidates:
            return None
        chances = _chances(tuple(s.weight for s in candidates))
        first = candidates[self.choose(chances)]
        second = candidates[self.choose(chances)]
        return second if second.weight * first.overhead > first.weight * second.overhead else first


@functools.lru_cache(maxsize=256)
def _chances(weights: tuple[int, ...]) -> tuple[Fraction, ...]:
    """Those of each server; most decisions of a service ask for the same."""
    total = sum(weights) + 1
    return tuple(Fraction(weight + (i == 0), total) for i, weight in enumerate(weights))
