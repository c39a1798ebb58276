"""The cluster at a moment, as each who looks at it has it: the API server, every node's kube-proxy, the load balancer, the
network itself.

Sources: pkg/controller/endpointslice (what a pod's conditions become, some time later), pkg/proxy (each node's kube-proxy
watches EndpointSlices and syncs for itself; one that stopped leaves its rules, one that starts lists everything and syncs).
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping

from engine.cluster import Cluster, EndpointSlice, Mode, Node, Service, SliceEndpoint
from engine.fabric.fabric import build_fabric
from engine.netfilter.ruleset import Ruleset
from engine.packet import FAMILY_OF_VERSION, Family
from engine.proxy.compiled import ClusterCache
from engine.proxy.endpoints import categorize, service_ports
from engine.proxy.releases import behaviour_on
from engine.shell.fabric import LiveFabric
from engine.timeline.balancer import HealthChecks
from engine.timeline.pods import AS_WRITTEN, PodTimes
from engine.trace import ConntrackView, HostMemory, Outcome, Request
from engine.values import dataclass
from engine.walk.outcomes import outcomes


@dataclass(frozen=True, slots=True)
class Lags:
    """How long each takes, in milliseconds: `endpoint_slice` from a pod's change until its EndpointSlice is written,
    `proxies` from then until a node's kube-proxy has synced (`proxy` for the nodes that are not named)."""

    endpoint_slice: int = 0
    proxy: int = 0
    proxies: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def of(self, node: str) -> int:
        return self.proxies.get(node, self.proxy)


@dataclass(frozen=True, slots=True)
class ProxyStop:
    """A node's kube-proxy stops, and starts again `until` then (None: it does not)."""

    node: str
    at: int
    until: int | None = None


class Moments:
    """What has been made for moments of one cluster, in one mode and release: timelines that differ in a knob share it."""

    def __init__(self) -> None:
        self.written: dict[object, Cluster] = {}
        self.rules: dict[tuple[int, str, Family], Ruleset] = {}
        self.fabrics: dict[object, LiveFabric] = {}
        self.walked: dict[object, tuple[Outcome, ...]] = {}


_MOMENTS: ClusterCache[Moments] = ClusterCache(most=2)


class ClusterOverTime:
    """`cluster` holds all that is there at any time: pods and endpoints that come later too, as they are once they are
    ready. `times` say from when to when."""

    def __init__(
        self,
        cluster: Cluster,
        mode: Mode,
        release: str | None,
        times: tuple[PodTimes, ...],
        lags: Lags,
        stops: tuple[ProxyStop, ...],
        checks: HealthChecks,
    ) -> None:
        self.cluster, self.mode, self.release = cluster, mode, release
        self.times = {one.pod: one for one in times}
        self._lags, self._stops, self._checks = lags, stops, checks
        self._moments = _MOMENTS.get(cluster, (mode, release), Moments)

    def moments(self) -> Iterator[int]:
        """When something changes that an EndpointSlice may tell."""
        for one in self.times.values():
            off = one.unready or (None, None)
            every = (one.created, one.ready, one.deleted, one.exits, one.probe_fails, *off)
            yield from (moment for moment in every if moment is not None)

    def written(self, at: int) -> Cluster:
        """The EndpointSlices that the API server holds at that moment; the same object as long as they are the same."""
        return self._as_of(at - self._lags.endpoint_slice)

    def seen(self, node: str, at: int) -> Cluster:
        """What the node's kube-proxy had before it at its last sync."""
        moment = at - self._lags.of(node)
        for stop in self._stops:
            if stop.node == node and at >= stop.at:
                if stop.until is None or at < stop.until:
                    return self.written(stop.at - self._lags.of(node))
                moment = max(moment, stop.until)
        return self.written(moment)

    def running(self, node: str, at: int) -> bool:
        """Whether the node's kube-proxy runs."""
        return not any(s.node == node and s.at <= at and (s.until is None or at < s.until) for s in self._stops)

    def syncs(self, node: str, after: int, until: int) -> Iterator[int]:
        """When the node's kube-proxy syncs something new, of the moments after `after` up to and with `until`."""
        lag = self._lags.endpoint_slice + self._lags.of(node)
        started = {s.until for s in self._stops if s.node == node and s.until is not None}
        for moment in sorted({moment + lag for moment in self.moments()} | started):
            if after < moment <= until and self.running(node, moment):
                yield moment

    def fabric(
        self,
        at: int,
        held: Mapping[str, tuple[ConntrackView, ...]] | None = None,
        remembered: tuple[HostMemory, ...] = (),
    ) -> LiveFabric:
        """The hosts at that moment: the pods that are there and what they listen on, and on every node the rules of its last
        sync; `held` is what conntrack holds on a host, `remembered` what hosts remember of the client, in seconds before."""
        if held or remembered:
            return self._made(at, held or {}, remembered)
        key, fabrics = self.state(at), self._moments.fabrics
        if key not in fabrics:
            fabrics[key] = self._made(at, {}, ())
        return fabrics[key]

    def ways(
        self,
        at: int,
        request: Request,
        held: tuple[ConntrackView, ...] = (),
        remembered: tuple[HostMemory, ...] = (),
    ) -> tuple[Outcome, ...]:
        """Every way that a packet of `request` can go at that moment, where conntrack holds `held` and hosts have
        `remembered` the client. Raises as engine.outcomes."""
        key, walked = (self.state(at), request, held, remembered), self._moments.walked
        if key not in walked:
            by_host: dict[str, tuple[ConntrackView, ...]] = {}
            for view in held:
                by_host[view.host] = (*by_host.get(view.host, ()), view)
            fabric = self.fabric(at, by_host, remembered)
            walked[key] = outcomes(fabric.cluster, request, fabric=fabric)
        return walked[key]

    def state(self, at: int) -> object:
        """Equal for two moments between which nothing has changed for a packet."""
        gone, deaf = self._gone(at), self._deaf(at)
        return gone, deaf, tuple(id(self.seen(node.name, at)) for node in self.cluster.nodes)

    def _gone(self, at: int) -> frozenset[str]:
        return frozenset(pod for pod, times in self.times.items() if not times.exists(at))

    def _deaf(self, at: int) -> frozenset[str]:
        return frozenset(pod for pod, times in self.times.items() if times.exists(at) and not times.accepts(at))

    def balanced(self, service: Service, at: int) -> tuple[str, ...]:
        """The nodes that the load balancer sends new connections for `service` to."""
        return tuple(
            node.name
            for node in self.cluster.nodes
            if self._checks.sends_to(functools.partial(self._healthy, service, node.name), at)
        )

    def _healthy(self, service: Service, node: str, at: int) -> bool:
        """How the load balancer's check of a node ends (healthCheckNodePort under Local, else :10256/healthz)."""
        if not self.running(node, at):
            return False
        if not service.external_policy_local:
            return True
        seen = self.seen(node, at)
        return any(
            e.ready and e.node_name == node
            for s in seen.slices
            if (s.namespace, s.service_name) == (service.namespace, service.name)
            for e in s.endpoints
        )

    def endpoints(self, service: Service, node: str, at: int) -> tuple[str, ...]:
        """Addresses of the endpoints that the rules of `node` may send to for `service` at that moment."""
        found = next(n for n in self.cluster.nodes if n.name == node)
        rules = behaviour_on(found, self.release).endpoints
        seen = self.seen(node, at)
        views = (v for family in Family for v in service_ports(seen, family, rules) if v.service.key == service.key)
        return tuple(dict.fromkeys(e.address for view in views for e in categorize(view, found).reachable))

    def _as_of(self, at: int) -> Cluster:
        # Every endpoint's conditions follow from its pod's: those say all that is different from moment to moment.
        found = ((pod, times.conditions(at)) for pod, times in self.times.items())
        key, written = frozenset(one for one in found if one[1] != AS_WRITTEN), self._moments.written
        if key not in written:
            slices = tuple(
                dataclasses.replace(one, endpoints=tuple(self._endpoints(one, at))) for one in self.cluster.slices
            )
            written[key] = dataclasses.replace(self.cluster, slices=slices)
        return written[key]

    def _endpoints(self, one: EndpointSlice, at: int) -> Iterator[SliceEndpoint]:
        for endpoint in one.endpoints:
            times = self.times.get(endpoint.pod or "")
            kept = endpoint if times is None else times.endpoint(endpoint, at)
            if kept is not None:
                yield kept

    def rules(self, node: str, at: int) -> dict[Family, Ruleset]:
        """The node's rules of its last sync at that moment, by family."""
        seen = self.seen(node, at)
        families = {FAMILY_OF_VERSION[6 if ":" in ip else 4] for ip in self._node(node).internal_ips}
        return {family: self._ruleset(seen, node, family) for family in families}

    def _made(
        self, at: int, held: Mapping[str, tuple[ConntrackView, ...]], remembered: tuple[HostMemory, ...]
    ) -> LiveFabric:
        gone, deaf = self._gone(at), self._deaf(at)
        listeners = {**self.cluster.network.listeners, **dict.fromkeys(deaf, frozenset())}
        network = dataclasses.replace(self.cluster.network, listeners=listeners)
        pods = tuple(pod for pod in self.cluster.pods if f"{pod.namespace}/{pod.name}" not in gone)
        # An endpoint whose Pod nobody describes is taken to be there: one that is gone must not stand in a slice either.
        slices = tuple(
            dataclasses.replace(s, endpoints=tuple(e for e in s.endpoints if e.pod not in gone))
            for s in self.cluster.slices
        )
        there = dataclasses.replace(self.cluster, pods=pods, slices=slices, network=network)
        rules = {
            (node.name, family): ruleset
            for node in self.cluster.nodes
            for family, ruleset in self.rules(node.name, at).items()
        }
        memory = {one.host: one.entries for one in remembered}
        return LiveFabric.over(
            there, self.mode, self.release, edits={}, rules=rules, seen={}, held=held, remembered=memory
        )

    def _node(self, name: str) -> Node:
        return next(node for node in self.cluster.nodes if node.name == name)

    def _ruleset(self, seen: Cluster, node: str, family: Family) -> Ruleset:
        key, rules = (id(seen), node, family), self._moments.rules
        if key not in rules:
            rules[key] = build_fabric(seen, self.mode, release=self.release).ruleset(node, family.version)
        return rules[key]
