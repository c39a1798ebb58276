"""What changes how full a node's conntrack table is: its limit, entries that are deleted, a kube-proxy that starts.

Sources: net/netfilter/nf_conntrack_core.c (nf_conntrack_max keeps nobody out who is in), nf_conntrack_proto_tcp.c
(nf_conntrack_tcp_loose: a connection whose entry is gone starts it again); cmd/kube-proxy/app/conntrack.go (SetMax, not where
maxPerCore is 0).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.shell.live import LiveCluster
from engine.shell.standing import MAX
from engine.trace import ConntrackView


def standing_views(live: LiveCluster, node: str) -> Iterator[ConntrackView]:
    """The entries of the connections that stand on the node."""
    standing = live.standing.get(node)
    source = None if standing is None else standing.source(live.cluster.pods, node)
    if standing is not None and source is not None:
        yield from standing.views(node, source, live.fabric.node(node).internal_ips[0])


def emptied(live: LiveCluster, node: str) -> LiveCluster:
    """`live` after the entries of those that stand were deleted: their next packets start them again, as far as there is
    room."""
    return _entered(live, node, 0)


def limited(live: LiveCluster, node: str) -> LiveCluster:
    """`live` after nf_conntrack_max was written: who is in stays, who was kept out comes as far as there is room; a kernel
    that has to drop says so."""
    standing = live.standing.get(node)
    if standing is not None:
        live = _entered(live, node, standing.entered)
    if node in live.full_tables and node not in live.overflowed:
        live = dataclasses.replace(live, overflowed={**live.overflowed, node: live.clock})
    return live


def _entered(live: LiveCluster, node: str, least: int) -> LiveCluster:
    standing = live.standing.get(node)
    if standing is None:
        return live
    room = live.conntrack_max(node) or standing.count
    entered = max(least, min(standing.count, room))
    return dataclasses.replace(live, standing={**live.standing, node: dataclasses.replace(standing, entered=entered)})


def set_by_kube_proxy(live: LiveCluster, node: str) -> LiveCluster:
    """`live` after a kube-proxy has started on the node: it sets nf_conntrack_max, where its configuration leaves it to it."""
    state = live.state(node)
    if not live.proxy(node).running or not live.cluster.proxy.conntrack_max_per_core or MAX not in state.sysctls:
        return live
    sysctls = {name: value for name, value in state.sysctls.items() if name != MAX}
    return limited(live.with_state(node, dataclasses.replace(state, sysctls=sysctls)), node)
