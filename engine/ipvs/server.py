"""A real server (the kernel's struct ip_vs_dest) and what `ipvsadm -Ln` shows of it.

Sources: include/net/ip_vs.h, net/netfilter/ipvs/ip_vs_conn.c (ip_vs_bind_dest, ip_vs_unbind_dest).
"""

from __future__ import annotations

import dataclasses

from engine.packet import join_host_port
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class ServerView:
    """One real server as `ipvsadm -Ln` lists it."""

    address: str
    port: int
    weight: int
    active: int
    inactive: int

    @property
    def name(self) -> str:
        return join_host_port(self.address, self.port)


@dataclass(slots=True, eq=False)
class RealServer:
    """One destination. Identity matters: a removed server that comes back from the trash is the same object.

    `last_weight` is the latest weight that was not 0 (mh builds its table from it). `overloaded` is the flag that the
    thresholds set (`ipvsadm -x upper -y lower`; 0 means none), `available` is false while it lies in the trash.
    """

    address: str
    port: int
    weight: int = 1
    last_weight: int = 1
    active: int = 0
    inactive: int = 0
    upper: int = 0
    lower: int = 0
    available: bool = True
    overloaded: bool = False
    name: str = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        self.name = join_host_port(self.address, self.port)

    @property
    def overhead(self) -> int:
        """What lc, wlc and their relatives weigh: an active connection counts as much as 256 inactive ones."""
        return self.active * 256 + self.inactive

    def bound(self) -> None:
        """Note the threshold after a connection was added."""
        if self.upper and self.active + self.inactive >= self.upper:
            self.overloaded = True

    def unbound(self) -> None:
        """Lift the overload after a connection went: below `lower`, or without one below three quarters of `upper`."""
        total = self.active + self.inactive
        if self.lower:
            relieved = total < self.lower
        elif self.upper:
            relieved = total * 4 < self.upper * 3
        else:
            relieved = True
        if relieved:
            self.overloaded = False

    def view(self) -> ServerView:
        return ServerView(self.address, self.port, self.weight, self.active, self.inactive)
