"""A UDP connection's conntrack entries between two of its packets: which have run out, which kube-proxy has deleted.

Sources: net/netfilter/nf_conntrack_proto_udp.c (nf_conntrack_udp_packet: an entry lives for nf_conntrack_udp_timeout after
its last packet, for nf_conntrack_udp_timeout_stream once it is two seconds old and answered); pkg/proxy/conntrack/cleanup.go
(CleanStaleEntries, called at the end of every sync; of UDP alone).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cluster import Cluster, Service
from engine.packet import L4
from engine.proxy.releases import Behaviour, behaviour_on
from engine.timeline.view import ClusterOverTime
from engine.trace import ConntrackView
from engine.values import dataclass

_STREAM_AFTER = 2_000
_KERNEL = (30, 120)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry on its host: `made` and `used` are when it was entered and had its last packet."""

    view: ConntrackView
    made: int
    used: int

    def lives_until(self, timeouts: tuple[int, int]) -> int:
        """The millisecond it runs out; `timeouts` in seconds, a kernel's own where 0."""
        stream = self.view.replied and self.used > self.made + _STREAM_AFTER
        return self.used + 1000 * (timeouts[stream] or _KERNEL[stream])


def surviving(
    entries: Iterable[Entry], cluster: ClusterOverTime, at: int, timeouts: tuple[int, int]
) -> Iterator[Entry]:
    """The entries that are there when the next packet comes at `at`."""
    nodes = {node.name: node for node in cluster.cluster.nodes}
    for entry in entries:
        if entry.lives_until(timeouts) <= at:
            continue
        node = nodes.get(entry.view.host)
        if node is None:
            yield entry
            continue
        proxy = behaviour_on(node, cluster.release)
        syncs = cluster.syncs(node.name, entry.used, at)
        if not any(_deletes(entry.view, cluster, node.name, sync, proxy) for sync in syncs):
            yield entry


def renewed(views: Iterable[ConntrackView], before: Iterable[Entry], at: int) -> tuple[Entry, ...]:
    """The entries after a packet at `at` that left `views`; what was `before` keeps its age."""
    made = {(entry.view.host, entry.view.original): entry.made for entry in before}
    return tuple(Entry(view, made.get((view.host, view.original), at), at) for view in views)


def _deletes(view: ConntrackView, cluster: ClusterOverTime, node: str, sync: int, proxy: Behaviour) -> bool:
    """Whether the node's kube-proxy deletes the entry at that sync."""
    service = service_of(cluster.cluster, view)
    if service is None or view.original.protocol is not L4.UDP:
        return False
    now = serving(cluster.seen(node, sync), service)
    if proxy.reconciles_conntrack:
        return view.reply.src not in now and not (proxy.passes_over_empty_services and not now)
    # It begins with nothing: at its first sync every Service is a new one (NewlyActiveUDPServices).
    before = serving(cluster.seen(node, sync - 1), service) if cluster.running(node, sync - 1) else frozenset()
    return (view.reply.src in before and view.reply.src not in now) or (not before and bool(now))


def serving(cluster: Cluster, service: Service) -> frozenset[str]:
    """The addresses of the Service's endpoints that serve, terminating ones among them."""
    return frozenset(
        e.addresses[0]
        for s in cluster.slices
        if (s.namespace, s.service_name) == (service.namespace, service.name)
        for e in s.endpoints
        if e.serving and e.addresses
    )


def service_of(cluster: Cluster, view: ConntrackView) -> Service | None:
    """The Service that the entry's original destination is an address of, a node's own with a NodePort among them."""
    flow = view.original
    own = {ip for node in cluster.nodes for ip in (*node.internal_ips, *node.addresses)}
    for service in cluster.services:
        vips = {*service.cluster_ips, *service.external_ips, *(i.ip for i in service.load_balancer_ingress)}
        for port in service.ports:
            if port.protocol is not flow.protocol:
                continue
            if (flow.dst in vips and flow.dport == port.port) or (flow.dst in own and flow.dport == port.node_port):
                return service
    return None
