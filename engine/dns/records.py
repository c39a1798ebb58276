"""The DNS records of a cluster: Kubernetes DNS-Based Service Discovery 1.1.0 (kubernetes/dns, docs/specification.md).

Where the specification leaves a choice it is CoreDNS' (plugin/kubernetes, plugin/backend_lookup.go): an endpoint without a
hostname is called by its address with hyphens, an SRV record has priority 0 and weight 100 divided by the number of
addresses, a namespace's name exists without data, and two things go beyond the specification: the endpoints of a Service
with a ClusterIP have names too, and pods have theirs.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import Cluster, EndpointPort, EndpointSlice, Service, SliceEndpoint
from engine.errors import EngineError, UnsupportedFeature, quoted
from engine.packet import is_ipv6

SCHEMA_VERSION = "1.1.0"
POD_MODES = ("disabled", "insecure", "verified")
# Deprecated since v1.11 for the field publishNotReadyAddresses; the specification names it (2.1).
_TOLERATE_UNREADY = "service.alpha.kubernetes.io/tolerate-unready-endpoints"

Found = Iterator[tuple[str, str, str]]


def records(
    cluster: Cluster, domain: str = "cluster.local", *, pods: str = "insecure"
) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Every record of `domain` and of the reverse zones: a name (without the dot at its end) to its (type, value) pairs, as
    engine.dns.lookup takes a zone. A name without pairs exists and has no data.

    `pods` is the CoreDNS plugin's option: disabled, verified, or insecure, which kubeadm writes; insecure answers for every
    address that is spelled in a namespace there is, of which those of the cluster's pods are here.
    Raises EngineError for an unknown `pods`, UnsupportedFeature for a headless Service whose endpoints are names (FQDN).
    """
    if pods not in POD_MODES:
        raise EngineError(
            f"pods must be one of {', '.join(POD_MODES)}, not {quoted(pods)}",
            zh=f"pods 必须是 {'、'.join(POD_MODES)} 之一，而不是 {quoted(pods)}",
        )
    zone: dict[str, dict[tuple[str, str], None]] = {}
    for name in _existing(cluster, domain, pods):
        zone.setdefault(name, {})
    for name, kind, value in _all(cluster, domain, pods):
        zone.setdefault(name, {})[kind, value] = None
    return {name: tuple(found) for name, found in zone.items()}


def _existing(cluster: Cluster, domain: str, pods: str) -> Iterator[str]:
    """The names that lead to others: a namespace exists also while nothing is in it."""
    subzones = ("svc",) if pods == "disabled" else ("svc", "pod")
    held = (*(service.namespace for service in cluster.services), *(pod.namespace for pod in cluster.pods))
    namespaces = dict.fromkeys((*cluster.namespaces, *held))
    for subzone in subzones:
        yield f"{subzone}.{domain}"
        yield from (f"{namespace}.{subzone}.{domain}" for namespace in namespaces)


def _all(cluster: Cluster, domain: str, pods: str) -> Found:
    yield f"dns-version.{domain}", "TXT", SCHEMA_VERSION
    slices: dict[tuple[str, str], list[EndpointSlice]] = {}
    for one in cluster.slices:
        slices.setdefault((one.namespace, one.service_name), []).append(one)
    virtual = {address for service in cluster.services for address in service.cluster_ips}
    for service in cluster.services:
        name = f"{service.name}.{service.namespace}.svc.{domain}"
        if service.type == "ExternalName":
            yield from _external(service, name)
        else:
            yield from _cluster_ip(service, name)
            yield from _endpoints(service, name, slices.get((service.namespace, service.name), []), virtual)
    if pods != "disabled":
        for pod in cluster.pods:
            for address in pod.ips:
                yield f"{_hyphens(address)}.{pod.namespace}.pod.{domain}", *_address(address)


def _external(service: Service, name: str) -> Found:
    """2.5. An ExternalName that is an address has no record: CoreDNS makes no CNAME of it."""
    target = (service.external_name or "").removesuffix(".")
    try:
        ipaddress.ip_address(target)
    except ValueError:
        if target:
            yield name, "CNAME", target


def _cluster_ip(service: Service, name: str) -> Found:
    """2.3: addresses, SRV of the named ports with the Service's own number, PTR."""
    for address in service.cluster_ips:
        yield name, *_address(address)
        yield _reverse(address), "PTR", name
    if service.cluster_ips:
        weight = max(1, 100 // len(service.cluster_ips))
        for port in service.ports:
            if port.name:
                yield f"_{port.name}._{port.protocol.lower()}.{name}", "SRV", f"0 {weight} {port.port} {name}"


def _endpoints(service: Service, name: str, slices: list[EndpointSlice], virtual: set[str]) -> Found:
    """2.4 for a headless Service; of another one the endpoints' own names alone.

    A port's number is the endpoint's, which for a headless Service is what a client connects to.
    """
    ready = [
        (endpoint, address, one.ports)
        for one in slices
        for endpoint in one.endpoints
        if endpoint.ready or _publishes_not_ready(service)
        for address in _addresses(service, one, endpoint)
    ]
    for endpoint, address, _ in ready:
        own = f"{endpoint.hostname or _hyphens(address)}.{name}"
        if service.headless:
            yield name, *_address(address)
        yield own, *_address(address)
        # A ClusterIP's own PTR goes before an endpoint's.
        if address not in virtual:
            yield _reverse(address), "PTR", own
    if service.headless:
        yield from _headless_srv(name, ready)


def _headless_srv(name: str, ready: list[tuple[SliceEndpoint, str, tuple[EndpointPort, ...]]]) -> Found:
    """2.4.2: each ready endpoint with each named port."""
    targets: dict[str, list[tuple[int, str]]] = {}
    for endpoint, address, ports in ready:
        for port in ports:
            if port.name and port.port is not None:
                owner = f"_{port.name}._{port.protocol.lower()}.{name}"
                targets.setdefault(owner, []).append((port.port, f"{endpoint.hostname or _hyphens(address)}.{name}"))
    for owner, found in targets.items():
        weight = max(1, 100 // len(found))
        for number, target in found:
            yield owner, "SRV", f"0 {weight} {number} {target}"


def _publishes_not_ready(service: Service) -> bool:
    """The EndpointSlice controller already writes such endpoints as ready; a slice by hand need not."""
    return service.publish_not_ready_addresses or service.annotations.get(_TOLERATE_UNREADY) == "true"


def _addresses(service: Service, one: EndpointSlice, endpoint: SliceEndpoint) -> Iterable[str]:
    if one.address_type != "FQDN":
        return endpoint.addresses
    if service.headless:
        raise UnsupportedFeature(
            f"EndpointSlice {one.namespace}/{one.name} of the headless Service {service.key} holds names (addressType FQDN); "
            "their records are not modelled",
            zh=f"无头服务 {service.key} 的 EndpointSlice {one.namespace}/{one.name} 是域名（addressType 为 FQDN）；"
            "不支持这种记录",
        )
    return ()


def _address(address: str) -> tuple[str, str]:
    return "AAAA" if is_ipv6(address) else "A", address


def _hyphens(address: str) -> str:
    return address.replace(".", "-").replace(":", "-")


def _reverse(address: str) -> str:
    return ipaddress.ip_address(address).reverse_pointer
