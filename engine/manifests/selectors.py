"""EndpointSlices for Services that have a selector and pods but no slice: what the EndpointSlice controller would write.

Sources: pkg/controller/endpointslice (utils.go, reconciler.go) and pkg/api/v1/pod FindPort of Kubernetes v1.30;
KEP-4444 for the hints of trafficDistribution.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import LABEL_HEADLESS, EndpointPort, EndpointSlice, Node, Pod, Service, ServicePort, SliceEndpoint
from engine.manifests.objects import SERVICE_NAME_LABEL
from engine.packet import is_ipv6

_NOBODY: frozenset[str] = frozenset()


def derived_slices(
    services: Iterable[Service], slices: Iterable[EndpointSlice], pods: Iterable[Pod], nodes: Iterable[Node]
) -> tuple[EndpointSlice, ...]:
    """The slices of those Services that have a selector but not one slice of their own."""
    sliced = {(slice_.namespace, slice_.service_name) for slice_ in slices}
    orphans = [s for s in services if s.selector and s.external_name is None and (s.namespace, s.name) not in sliced]
    if not orphans:
        return ()
    by_name = {node.name: node for node in nodes}
    by_label: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name)):
        if not pod.finished:
            for item in pod.labels.items():
                by_label.setdefault((pod.namespace, *item), []).append(pod)
    return tuple(slice_ for service in orphans for slice_ in _slices(service, by_label, by_name))


def _selected(service: Service, by_label: Mapping[tuple[str, str, str], list[Pod]]) -> list[Pod]:
    wanted = service.selector.items()
    first = next(iter(wanted))
    return [pod for pod in by_label.get((service.namespace, *first), ()) if wanted <= pod.labels.items()]


def _slices(
    service: Service, by_label: Mapping[tuple[str, str, str], list[Pod]], nodes: Mapping[str, Node]
) -> Iterator[EndpointSlice]:
    """One slice for each family and each set of port numbers (a named targetPort may differ from pod to pod)."""
    pods = _selected(service, by_label)
    named = {SERVICE_NAME_LABEL: service.name}
    labels = dict(service.labels) | named | ({LABEL_HEADLESS: ""} if service.headless else {})
    for family in _families(service):
        groups: dict[tuple[EndpointPort, ...], list[SliceEndpoint]] = {}
        for pod in pods:
            address = _address(pod, family, nodes)
            if address is None:
                continue
            ports = tuple(
                EndpointPort(port.name, port.protocol, number)
                for port in service.ports
                if (number := _number(pod, port)) is not None
            )
            groups.setdefault(ports, []).append(_endpoint(service, pod, address, nodes))
        for index, (ports, endpoints) in enumerate(groups.items()):
            name = f"{service.name}-{family.lower()}-{index}"
            yield EndpointSlice(service.namespace, name, service.name, family, ports, tuple(endpoints), labels)


def _families(service: Service) -> tuple[str, ...]:
    if service.ip_families:
        return service.ip_families
    written = tuple(dict.fromkeys("IPv6" if is_ipv6(address) else "IPv4" for address in service.cluster_ips))
    return written or ("IPv4",)


def _address(pod: Pod, family: str, nodes: Mapping[str, Node]) -> str | None:
    ips = pod.ips
    node = nodes.get(pod.node_name or "")
    if not ips and pod.host_network and node is not None:
        ips = node.internal_ips
    return next((ip for ip in ips if is_ipv6(ip) == (family == "IPv6")), None)


def _number(pod: Pod, port: ServicePort) -> int | None:
    """The number behind targetPort in this pod; None where the pod has no port of that name and protocol."""
    if isinstance(port.target_port, int):
        return port.target_port
    named = (c.port for c in pod.ports if c.name == port.target_port and c.protocol is port.protocol)
    return next(named, None)


def _endpoint(service: Service, pod: Pod, address: str, nodes: Mapping[str, Node]) -> SliceEndpoint:
    ready = service.publish_not_ready_addresses or (pod.ready and not pod.terminating)
    node = nodes.get(pod.node_name or "")
    zone = node.zone if node else None
    asked = service.traffic_distribution
    return SliceEndpoint(
        (address,),
        ready,
        pod.ready,
        pod.terminating,
        pod.node_name,
        zone,
        frozenset((zone,)) if asked and zone and ready else _NOBODY,
        frozenset((pod.node_name,)) if asked == "PreferSameNode" and pod.node_name and ready else _NOBODY,
        f"{pod.namespace}/{pod.name}",
        pod.hostname if pod.subdomain == service.name else "",
    )
