"""A host's neighbour table for IPv4: what it learned by ARP as packets left, and what it asked for in vain.

Sources: net/core/neighbour.c (neigh_timer_handler, neigh_update, neigh_periodic_work: below gc_thresh1 no entry is
collected), net/ipv4/arp.c (arp_process: who is asked learns who asks), Documentation/networking/ip-sysctl.rst (neigh/*).
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from engine.values import dataclass

if TYPE_CHECKING:
    from engine.walk.state import NeighbourLookup

# Seconds: base_reachable_time, of which the kernel draws half to one and a half; delay_first_probe_time; three questions, one
# each retrans_time.
REACHABLE_TIME = 30.0
DELAY_TIME = 5.0
PROBING_TIME = 3.0

Place: TypeAlias = "tuple[str, str]"
Tables: TypeAlias = "Mapping[str, tuple[HeldNeighbour, ...]]"


class NeighbourState(enum.StrEnum):
    """NUD states that an entry which was learned can be in (include/uapi/linux/neighbour.h)."""

    INCOMPLETE = "INCOMPLETE"
    REACHABLE = "REACHABLE"
    STALE = "STALE"
    DELAY = "DELAY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class HeldNeighbour:
    """An entry: `address` behind `device`, whose MAC address is `mac` ("": nobody answers) and which `owner` has. `confirmed`
    is when it was known to be there last (None: never), `used` when a packet went to it while that was too long ago, `asked`
    when it was asked for in vain last; seconds of the cluster's clock. `source` and `source_mac` are the host's own towards it."""

    device: str
    address: str
    mac: str
    owner: Place | None
    source: str
    source_mac: str
    confirmed: float | None = None
    used: float | None = None
    asked: float = 0.0

    @property
    def key(self) -> tuple[str, str]:
        """What there is one of in a table."""
        return self.device, self.address

    def seen_by_owner(self, asker: Place) -> HeldNeighbour:
        """What the owner learns of `asker`, whose entry this is, from being asked."""
        assert self.owner is not None
        return HeldNeighbour(self.owner[1], self.source, self.source_mac, asker, self.address, self.mac)

    def state(self, clock: float) -> NeighbourState:
        """What it is in at that time."""
        if not self.mac:
            return NeighbourState.INCOMPLETE if clock - self.asked < PROBING_TIME else NeighbourState.FAILED
        confirmed = self.confirmed
        if self.used is not None:
            if clock - self.used < DELAY_TIME:
                return NeighbourState.DELAY
            confirmed = self.used + DELAY_TIME
        if confirmed is not None and clock - confirmed < REACHABLE_TIME:
            return NeighbourState.REACHABLE
        return NeighbourState.STALE

    def probed(self, clock: float) -> bool:
        """Whether the host has asked the owner anew since a packet went to it."""
        return self.used is not None and clock - self.used >= DELAY_TIME

    def sent_to(self, clock: float, confirms: bool) -> HeldNeighbour:
        """After a packet went to it; of an entry nobody confirms the host makes sure by itself after DELAY_TIME."""
        if confirms:
            return dataclasses.replace(self, confirmed=clock, used=None)
        if self.state(clock) is not NeighbourState.STALE:
            return self
        return dataclasses.replace(self, confirmed=None, used=clock)


def table_of(host: str, tables: Tables, clock: float) -> tuple[HeldNeighbour, ...]:
    """The entries of the host's table at that time, in the order in which they were made; `tables` are what all hosts have
    learned."""
    found = {one.key: one for one in tables.get(host, ())}
    # Whoever was asked anew has learned who asks.
    for asker, table in tables.items():
        for one in table:
            if one.owner is not None and one.owner[0] == host and one.source and one.probed(clock):
                asking = one.seen_by_owner((asker, one.device))
                if not (asking.key in found and found[asking.key].mac):
                    found[asking.key] = asking
    return tuple(found.values())


def learned(tables: Tables, lookups: Iterable[NeighbourLookup], clock: float) -> Tables:
    """The tables that change as the packets leave which those lookups are of, in their order."""
    changed: dict[str, dict[tuple[str, str], HeldNeighbour]] = {}

    def table(host: str) -> dict[tuple[str, str], HeldNeighbour]:
        if host not in changed:
            changed[host] = {one.key: one for one in table_of(host, tables, clock)}
        return changed[host]

    for one in lookups:
        here, key = table(one.host), (one.device, one.next_hop)
        known = here.get(key)
        asked = HeldNeighbour(one.device, one.next_hop, one.macs[1], one.owner, one.source, one.macs[0])
        if one.owner is None:
            here[key] = dataclasses.replace(asked, asked=clock)
        elif known is not None and known.mac:
            here[key] = known.sent_to(clock, one.confirms)
        else:
            here[key] = dataclasses.replace(asked, confirmed=clock)
            asking = asked.seen_by_owner((one.host, one.device))
            there = table(one.owner[0])
            if one.source and not (asking.key in there and there[asking.key].mac):
                there[asking.key] = asking
    return {host: tuple(of.values()) for host, of in changed.items()}


def without(table: Iterable[HeldNeighbour], device: str, address: str | None = None) -> tuple[HeldNeighbour, ...]:
    """The entries but for those of the device, or of one address behind it."""
    return tuple(one for one in table if one.device != device or address not in (None, one.address))
