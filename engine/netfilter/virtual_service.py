"""One virtual server of IPVS as a node's rules see it: its address, its servers, and how likely each is at first.

The kernel's struct ip_vs_service, without the connections it has made: those are engine.ipvs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from fractions import Fraction

from engine.errors import UnsupportedFeature
from engine.packet import L4, FiveTuple, join_host_port
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class VirtualService:
    """One virtual server as kube-proxy sets it up: `servers` are (address, port), all masquerading (-m).

    `flags` are those of `ipvsadm -b`, `persistent` the seconds of `-p`. `weights` are the servers' (-w) where they are
    not all 1: kube-proxy sets 0 for one that it drains.
    """

    protocol: L4
    address: str
    port: int
    scheduler: str
    flags: tuple[str, ...] = ()
    persistent: int | None = None
    servers: tuple[tuple[str, int], ...] = ()
    weights: tuple[int, ...] = ()

    @property
    def server_weights(self) -> tuple[int, ...]:
        """The weight of each of `servers`."""
        return self.weights or (1,) * len(self.servers)

    @property
    def memory_name(self) -> str:
        """What its persistence templates stand under among what a kernel remembers (engine.trace.Remembered)."""
        return f"{self.protocol} {join_host_port(self.address, self.port)}"


Chances = Callable[[VirtualService, FiveTuple], tuple[Fraction, ...]]


def equal_chances(service: VirtualService, flow: FiveTuple) -> tuple[Fraction, ...]:
    """Each server as likely as the others, one of weight 0 never. Raises UnsupportedFeature for other unequal weights: what
    a scheduler makes of those it says itself (engine.ipvs.first_connection)."""
    weights = service.server_weights
    if len(set(weights) - {0}) > 1:
        raise UnsupportedFeature(
            f"scheduler {service.scheduler} with real servers of different weights is not modelled for packets",
            zh=f"数据包的调度中，{service.scheduler} 带不同权重的真实服务器未建模",
        )
    return even_shares(weights)


@functools.lru_cache(maxsize=256)
def even_shares(weights: tuple[int, ...]) -> tuple[Fraction, ...]:
    """The same part for each that has a weight at all."""
    return shares(tuple(min(weight, 1) for weight in weights))


@functools.lru_cache(maxsize=256)
def shares(weights: tuple[int, ...]) -> tuple[Fraction, ...]:
    """What part each has of them all."""
    whole = sum(weights)
    return tuple(Fraction(weight, whole) for weight in weights)
