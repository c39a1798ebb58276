"""Connections that pods of a node hold open all the time, and when a conntrack table has no room beside them.

Source: net/netfilter/nf_conntrack_core.c (__nf_conntrack_alloc, early_drop: an entry that is not ASSURED gives way).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cluster import Pod
from engine.packet import L4, FiveTuple
from engine.trace import ConntrackView
from engine.values import dataclass

MAX = "net.netfilter.nf_conntrack_max"
COUNT = "net.netfilter.nf_conntrack_count"
# What kube-proxy sets by default on a node of four cores or less (conntrack.min).
USUAL = 131072
_FIRST_PORT = 10_000
# Of a handshake that is not done (nf_conntrack_tcp_packet sets IPS_ASSURED_BIT after it).
_OPENING = ("SYN_SENT", "SYN_RECV", "CLOSE")


@dataclass(frozen=True, slots=True)
class StandingConnections:
    """`count` connections of TCP that pods of a Deployment (`NAMESPACE/NAME`) on a node hold open to an address and port
    outside, and open again when they are gone; `entered` of them have an entry."""

    workload: str
    to: str
    port: int
    count: int
    entered: int

    def source(self, pods: Iterable[Pod], node: str) -> str | None:
        """The address of the pod that holds them; None where it is gone, and they with it."""
        namespace, _, name = self.workload.partition("/")
        return next(
            (
                pod.ips[0]
                for pod in pods
                if (pod.namespace, pod.node_name, pod.name.rpartition("-")[0]) == (namespace, node, name) and pod.ips
            ),
            None,
        )

    def views(self, node: str, source: str, outside: str) -> Iterator[ConntrackView]:
        """Their entries on the node, whose own address they have `outside`."""
        for port in range(_FIRST_PORT, _FIRST_PORT + self.entered):
            original = FiveTuple(L4.TCP, source, port, self.to, self.port)
            reply = FiveTuple(L4.TCP, self.to, self.port, outside, port)
            yield ConntrackView(node, original, reply, "ESTABLISHED", True)


def assured(view: ConntrackView) -> bool:
    """Whether an entry is ASSURED: TCP's and SCTP's once the handshake is done; of UDP no exchange here lasts long enough."""
    return view.replied and view.original.protocol in (L4.TCP, L4.SCTP) and view.state not in _OPENING


def no_room(count: int, limit: int, views: Iterable[ConntrackView]) -> bool:
    """Whether a table of `count` entries has none for another one; `views` are those that might give way, `limit` 0 is none."""
    return bool(limit) and count >= limit and all(assured(view) for view in views)
