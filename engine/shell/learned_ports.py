"""Which ports of its bridges a node has learned a MAC address behind: whoever sent a frame stands behind the port it came in by.

Source: net/bridge/br_fdb.c (br_fdb_update, br_fdb_cleanup).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.fabric.fabric import Fabric
    from engine.walk.state import NeighbourLookup

# Seconds: the bridge's ageing_time, 30000 hundredths.
AGEING_TIME = 300.0


def sending_ports(fabric: Fabric, lookups: Iterable[NeighbourLookup]) -> Iterator[tuple[str, str]]:
    """The node and the port of each bridge by which a frame came in, a pod's packet or its ARP answer, as the packets left which
    those lookups are of."""
    for one in lookups:
        for host, device in ((one.host, one.device), *(() if one.owner is None else (one.owner,))):
            peer = fabric.host(host).devices[device].peer
            if peer is not None and fabric.host(peer[0]).devices[peer[1]].master is not None:
                yield peer
