"""A node's conntrack table that fills up: who gets an entry, whose entry goes, who is dropped.

Sources: net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc: a packet that needs a new entry while there are more than
nf_conntrack_max is dropped unless early_drop finds one to evict; early_drop_list takes an entry that is not ASSURED;
gc_worker evicts, once the table is fuller than 95 %, TCP entries that are closing, ASSURED or not: gc_worker_can_early_drop,
tcp_can_early_drop). Measured besides: packets of connections that have an entry go on; a drop is silent. So what fills a table
for good are open connections; entries in TIME_WAIT give way within a scan of the gc (at most a minute), and are not counted
here. `early_drop` looks into a few hash buckets only (NF_CT_EVICTION_RANGE): where hardly any entry is evictable it may miss it;
here it finds one as long as there is one.
"""

from __future__ import annotations

import enum
from fractions import Fraction

from engine.timeline.ports import refused_seconds
from engine.values import dataclass


class Admission(enum.StrEnum):
    """What becomes of a packet that would start an entry."""

    ENTERED = "entered"
    EVICTS = "evicts"  # an entry that is not ASSURED goes for it (early_drop of `conntrack -S`)
    DROPPED = "dropped"  # no ICMP, "nf_conntrack: table full, dropping packet" (drop of `conntrack -S`)


def admission(count: int, most: int, unassured: int) -> Admission:
    """For one packet of no known connection: `count` entries of at most `most` are there, `unassured` of them evictable."""
    if not most or count < most:
        return Admission.ENTERED
    return Admission.EVICTS if unassured else Admission.DROPPED


@dataclass(frozen=True, slots=True)
class TableUse:
    """What fills one node's table: `standing` entries that stay (long connections, ASSURED), and `per_second` new
    connections of `entries` entries each that stay open for `lasts` seconds. `most`: nf_conntrack_max. `assured`: whether the
    new ones become it (TCP after its handshake; UDP that is answered after two seconds)."""

    most: int
    standing: int
    per_second: int
    entries: int = 1
    lasts: Fraction | int = 0
    assured: bool = True

    @property
    def wanted(self) -> Fraction:
        """How many entries there would be once as many run out as come."""
        return self.standing + self.per_second * self.entries * Fraction(self.lasts)

    @property
    def full_after(self) -> Fraction | None:
        """Seconds until the table is full; None: never."""
        if self.wanted <= self.most:
            return None
        return Fraction(max(0, self.most - self.standing), self.per_second * self.entries)

    def dropped_by(self, seconds: int) -> Fraction:
        """How many new connections are dropped in the first `seconds` seconds. Entries that are not ASSURED give way."""
        full = self.full_after
        if full is None or not self.assured:
            return Fraction(0)
        return self.per_second * refused_seconds(full, Fraction(self.lasts), seconds)
