"""Which endpoints a Service port has, and which of them a node may use: the same in every proxy mode.

Sources: pkg/proxy/topology.go, serviceport.go, endpointslicecache.go and servicechangetracker.go of Kubernetes;
KEP-1669 (terminating endpoints), KEP-2086 (internalTrafficPolicy), KEP-2433 (zone hints), KEP-4444
(trafficDistribution), KEP-3015 (node hints). What depends on the release comes in as EndpointRules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from engine.cluster import (
    LABEL_HEADLESS,
    LABEL_PROXY_NAME,
    Cluster,
    Endpoint,
    EndpointSlice,
    Node,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.packet import L4, Family, family_of, join_host_port
from engine.values import dataclass

# The deprecated annotation wins where both are there (serviceport.go, v1.30).
HINTS_ANNOTATIONS = ("service.kubernetes.io/topology-aware-hints", "service.kubernetes.io/topology-mode")


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """What a release of kube-proxy makes of Services and endpoints; the rows of engine.proxy.releases.DIFFERENCES with
    these names say what each means, since when, and where that is written."""

    hints_on_request: bool
    traffic_distribution_asks: bool
    node_hints: bool
    load_balancer_ip_mode: bool
    open_ranges_need_no_firewall: bool
    lasting_report_wins: bool
    labels_hide_alike: bool


@dataclass(frozen=True, slots=True)
class ServicePortView:
    """One port of one Service as kube-proxy sees it in one address family.

    `affinity_seconds` is None without sessionAffinity. `health_check_node_port` is 0 unless kube-proxy serves it.
    `endpoints` are all of the port's endpoints, usable or not, one for each ip:port, sorted by the string ip:port;
    `other_reports` what a later report of the same ip:port says otherwise, for the node it names (there the latest is
    believed; none where EndpointRules.lasting_report_wins). `rules` are those of the release it is seen by.
    """

    service: Service
    service_port: ServicePort
    family: Family
    cluster_ip: str
    external_ips: tuple[str, ...]
    load_balancer_vips: tuple[str, ...]
    load_balancer_source_ranges: tuple[str, ...]
    external_policy_local: bool
    internal_policy_local: bool
    health_check_node_port: int
    rules: EndpointRules
    endpoints: tuple[Endpoint, ...]
    other_reports: tuple[Endpoint, ...] = ()

    @property
    def namespace(self) -> str:
        return self.service.namespace

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def port_name(self) -> str:
        return self.service_port.name

    @property
    def port(self) -> int:
        return self.service_port.port

    @property
    def protocol(self) -> L4:
        return self.service_port.protocol

    @property
    def node_port(self) -> int:
        return self.service_port.node_port

    @property
    def label(self) -> str:
        """namespace/name[:port-name], as kube-proxy writes it in comments and hashes it."""
        name = self.service_port.name
        return f"{self.service.key}:{name}" if name else self.service.key

    key = label

    @property
    def affinity_seconds(self) -> int | None:
        return self.service.affinity_timeout_seconds if self.service.session_affinity == "ClientIP" else None

    @property
    def externally_accessible(self) -> bool:
        """Whether anything but the ClusterIP leads to this port."""
        return bool(self.service_port.node_port or self.load_balancer_vips or self.external_ips)

    @property
    def uses_cluster_endpoints(self) -> bool:
        """Under an external Local policy too: traffic of pods and of the node itself goes to all endpoints."""
        return not self.internal_policy_local or self.externally_accessible

    @property
    def uses_local_endpoints(self) -> bool:
        return self.internal_policy_local or (self.external_policy_local and self.externally_accessible)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one Service port that one node may use (CategorizeEndpoints).

    `cluster`: under traffic policy Cluster; `local`: under Local; `reachable`: both together; `has_any`: whether any
    node has a usable one. Each is sorted by the string ip:port.
    """

    cluster: tuple[Endpoint, ...] = ()
    local: tuple[Endpoint, ...] = ()
    reachable: tuple[Endpoint, ...] = ()
    has_any: bool = False


_NOTHING = Endpoints()


# By the identity of a Service and its slices, which are held on to, its ports.
MadeViews: TypeAlias = "dict[tuple[int, ...], tuple[Service, Sequence[EndpointSlice], tuple[ServicePortView, ...]]]"


def service_ports(
    cluster: Cluster, family: Family, rules: EndpointRules, made: MadeViews | None = None
) -> tuple[ServicePortView, ...]:
    """Every Service port that a kube-proxy of these `rules` serves in `family`, sorted by
    namespace/name:port. `made` are those made of another cluster for the same family and rules; what is new is added.

    Headless and ExternalName Services, those of another proxy, and those without a ClusterIP of the family are left
    out.
    """
    slices: dict[tuple[str, str], list[EndpointSlice]] = {}
    for slice_ in sorted(cluster.slices, key=lambda slice_: (slice_.namespace, slice_.name)):
        if slice_.address_type == family.ip_family and not _slice_is_hidden(slice_, rules):
            slices.setdefault((slice_.namespace, slice_.service_name), []).append(slice_)
    made = {} if made is None else made
    views: list[ServicePortView] = []
    for service in cluster.services:
        address = _cluster_ip(service, family, rules)
        if address is None:
            continue
        own = slices.get((service.namespace, service.name), ())
        key = (id(service), *map(id, own))
        if key not in made:
            made[key] = service, own, tuple(_views(service, address, family, rules, own))
        views.extend(made[key][2])
    return tuple(sorted(views, key=lambda view: (view.label, view.protocol)))


def _cluster_ip(service: Service, family: Family, rules: EndpointRules) -> str | None:
    if service.headless or service.type == "ExternalName" or _service_is_hidden(service, rules):
        return None
    return next((address for address in service.cluster_ips if family_of(address) is family), None)


def _service_is_hidden(service: Service, rules: EndpointRules) -> bool:
    """Whether its labels keep it from kube-proxy: it is another proxy's, or (once) marked headless."""
    return LABEL_PROXY_NAME in service.labels or (rules.labels_hide_alike and LABEL_HEADLESS in service.labels)


def _slice_is_hidden(slice_: EndpointSlice, rules: EndpointRules) -> bool:
    """Whether its labels keep it from kube-proxy; the EndpointSlice controller copies them from the Service."""
    return LABEL_HEADLESS in slice_.labels or (rules.labels_hide_alike and LABEL_PROXY_NAME in slice_.labels)


def _views(
    service: Service, address: str, family: Family, rules: EndpointRules, slices: Iterable[EndpointSlice]
) -> Iterator[ServicePortView]:
    ingress = service.load_balancer_ingress
    external_local = service.external_policy_local
    healthy = service.health_check_node_port if service.type == "LoadBalancer" and external_local else 0
    external_ips = tuple(ip for ip in service.external_ips if family_of(ip) is family)
    every_mode = not rules.load_balancer_ip_mode
    vips = tuple(i.ip for i in ingress if (every_mode or i.ip_mode == "VIP") and family_of(i.ip) is family)
    ranges = tuple(net for net in service.load_balancer_source_ranges if family_of(net) is family)
    if rules.open_ranges_need_no_firewall and any(net.endswith("/0") for net in ranges):
        ranges = ()
    for port in service.ports:
        endpoints, other_reports = port_endpoints(slices, port, family, rules)
        yield ServicePortView(
            service,
            port,
            family,
            address,
            external_ips,
            vips,
            ranges,
            external_local,
            service.internal_traffic_policy == "Local",
            healthy,
            rules,
            endpoints,
            other_reports,
        )


def port_endpoints(
    slices: Iterable[EndpointSlice], port: ServicePort, family: Family, rules: EndpointRules
) -> tuple[tuple[Endpoint, ...], tuple[Endpoint, ...]]:
    """The endpoints of one Service port, joined over its slices, and other reports of them (see ServicePortView).

    Slices name a Service's port by its name and protocol. A slice port without a number means "all ports" in the API
    and is skipped, and of an endpoint's addresses only the first counts.
    """
    found: dict[str, Endpoint] = {}
    later: dict[tuple[str, str], Endpoint] = {}
    six = family is Family.IPV6
    for slice_ in slices:
        for sliced in slice_.ports:
            if sliced.name != port.name or sliced.protocol is not port.protocol or not sliced.port:
                continue
            for member in slice_.endpoints:
                if not member.addresses or (":" in member.addresses[0]) != six:
                    continue
                where = join_host_port(member.addresses[0], sliced.port)
                if where not in found or (rules.lasting_report_wins and not member.terminating):
                    found[where] = _endpoint(member, sliced.port)
                elif rules.lasting_report_wins:
                    continue
                elif member.node_name is not None:
                    later[where, member.node_name] = _endpoint(member, sliced.port)
    other_reports = tuple([other for (where, _), other in later.items() if other != found[where]])
    return tuple([found[where] for where in sorted(found)]), other_reports


def _endpoint(member: SliceEndpoint, port: int) -> Endpoint:
    return Endpoint(
        member.addresses[0],
        port,
        member.ready,
        member.serving,
        member.terminating,
        member.node_name,
        member.zone,
        member.zone_hints,
        member.node_hints,
        member.pod,
    )


def categorize(view: ServicePortView, node: Node) -> Endpoints:
    """Which of the view's endpoints `node` uses under each traffic policy.

    Usable are the ready ones; where there is none of them, for Cluster and Local each on its own, those that are
    terminating but still serving.
    """
    members = _as_seen_on(view, node)
    if not members:
        return _NOTHING
    ready = [endpoint for endpoint in members if endpoint.ready]
    terminating = (
        [] if len(ready) == len(members) else [e for e in members if not e.ready and e.serving and e.terminating]
    )
    cluster: tuple[Endpoint, ...] = ()
    if view.uses_cluster_endpoints:
        # A ready endpoint that is terminating (publishNotReadyAddresses) counts as ready alone.
        cluster = tuple(_near(view, ready, node) if ready else terminating)
    if not view.uses_local_endpoints:
        return Endpoints(cluster, (), cluster, bool(cluster))
    local = tuple(e for e in ready if e.node_name == node.name) or tuple(
        e for e in terminating if e.node_name == node.name
    )
    together = local if not view.uses_cluster_endpoints else _union(cluster, local)
    return Endpoints(cluster, local, together, bool(ready or terminating))


def _as_seen_on(view: ServicePortView, node: Node) -> tuple[Endpoint, ...]:
    """The view's endpoints; of several reports of one ip:port the last that says it is on `node` is believed, else the
    first (endpointslicecache.go, addEndpoints)."""
    own = {(e.address, e.port): e for e in view.other_reports if e.node_name == node.name}
    if not own:
        return view.endpoints
    return tuple(own.get((e.address, e.port), e) for e in view.endpoints)


def _union(cluster: tuple[Endpoint, ...], local: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    known = {(e.address, e.port) for e in cluster}
    missing = [e for e in local if (e.address, e.port) not in known]
    if not missing:
        return cluster
    return tuple(sorted((*cluster, *missing), key=lambda e: join_host_port(e.address, e.port)))


def hints_wanted(service: Service, rules: EndpointRules) -> bool:
    """Whether the Service asks for topology hints to be followed.

    Up to v1.30 it does by the annotation topology-mode (or topology-aware-hints) with any value but "disabled", or by
    its field trafficDistribution. Later releases do not look at the Service, because the EndpointSlice controller
    writes hints only where the Service asks for them; the two differ for hints that nobody asked for.
    """
    if not rules.hints_on_request or (rules.traffic_distribution_asks and service.traffic_distribution):
        return True
    written = next((service.annotations[name] for name in HINTS_ANNOTATIONS if name in service.annotations), "")
    return written not in ("", "disabled", "Disabled")


def _near(view: ServicePortView, ready: list[Endpoint], node: Node) -> list[Endpoint]:
    """The ready endpoints hinted for this node, else for its zone, else all.

    Hints are followed only where every ready endpoint has one and at least one of them is for this place.
    """
    if not any(e.zone_hints or e.node_hints for e in ready) or not hints_wanted(view.service, view.rules):
        return ready
    if view.rules.node_hints and all(e.node_hints for e in ready):
        here = [e for e in ready if node.name in e.node_hints]
        if here:
            return here
    zone = node.zone
    if zone and all(e.zone_hints for e in ready):
        return [e for e in ready if zone in e.zone_hints] or ready
    return ready
