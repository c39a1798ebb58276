"""How many connections fit where ports are few: source ports of one client to one destination, and those that NAT gives.

A connection holds its port from its first packet until nothing remembers it. Sources: net/ipv4/inet_hashtables.c
(__inet_hash_connect: net.ipv4.ip_local_port_range, 32768 to 60999, for each source address and destination address and port)
and include/net/tcp.h (TCP_TIMEWAIT_LEN, 60 s at whoever closes first); net/netfilter/nf_nat_core.c
(nf_nat_l4proto_unique_tuple: 1024 to 65535 for MASQUERADE of a port of 1024 or more, for each protocol, destination address
and port; NF_NAT_MAX_ATTEMPTS). What is closed hardly counts for NAT: the later tries of a search take over a port whose entry
is in TIME_WAIT (nf_nat_used_tuple_harder; measured on Linux 6.18). A kernel without that keeps it for CONNTRACK_TIME_WAIT more.
"""

from __future__ import annotations

from fractions import Fraction

from engine.netfilter.nat import search_windows
from engine.values import dataclass

#: net.ipv4.ip_local_port_range; MASQUERADE's for source ports of 1024 and more.
LOCAL_PORTS = (32_768, 60_999)
MASQUERADE_PORTS = (1_024, 65_535)
#: Seconds after a connection's end: a socket's TIME_WAIT, a conntrack entry's (nf_conntrack_tcp_timeout_time_wait).
SOCKET_TIME_WAIT = 60
CONNTRACK_TIME_WAIT = 120


@dataclass(frozen=True, slots=True)
class PortUse:
    """New connections to one destination address and port: `per_second` of them, each open for `lasts` seconds, from `ports`
    (both ends included) each of which is held for `held_after` seconds more. `destinations`: to how many different ones they
    go in equal parts; `sources`: from how many addresses (pods, or addresses to masquerade to)."""

    per_second: int
    lasts: Fraction | int = 0
    ports: tuple[int, int] = MASQUERADE_PORTS
    held_after: Fraction | int = 0
    destinations: int = 1
    sources: int = 1

    @property
    def available(self) -> int:
        """How many connections can be held at one time."""
        return (self.ports[1] - self.ports[0] + 1) * self.destinations * self.sources

    @property
    def holds(self) -> Fraction:
        """Seconds that each connection holds its port."""
        return Fraction(self.lasts) + self.held_after

    @property
    def wanted(self) -> Fraction:
        """How many ports would be held once as many are given back as are taken."""
        return self.per_second * self.holds

    @property
    def most_per_second(self) -> Fraction:
        """The rate that can go on for ever; 0: any, as nothing is held."""
        return self.available / self.holds if self.holds else Fraction(0)

    @property
    def runs_out_after(self) -> Fraction | None:
        """Seconds from the first connection until no port is free; None: never."""
        return Fraction(self.available, self.per_second) if self.wanted > self.available else None

    def failing(self, seconds: int) -> Fraction:
        """How many of the first `seconds` seconds' connections find no port, where every free port is found and none of
        them tries again."""
        after = self.runs_out_after
        return Fraction(0) if after is None else self.per_second * refused_seconds(after, self.holds, seconds)


def refused_seconds(fills: Fraction, holds: Fraction, seconds: int) -> Fraction:
    """For how many of the first `seconds` seconds there is no room, where all room is taken after `fills` seconds and each
    place is given back `holds` seconds after it was taken: they come back as fast as they were taken, and are gone again."""
    whole, rest = divmod(Fraction(seconds), holds)
    return whole * (holds - fills) + max(Fraction(0), rest - fills)


def finds_none(size: int, free: int) -> Fraction:
    """The probability that the search finds no port where `free` of `size` are free, at places drawn at random."""
    missed = Fraction(1)
    for tries in search_windows(size):
        # All of one window's ports are taken: as many draws without a free one.
        for drawn in range(tries):
            left = size - drawn
            missed *= Fraction(max(0, left - free), left)
            if not missed:
                return missed
    return missed
