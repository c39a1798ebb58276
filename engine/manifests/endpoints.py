"""v1 Endpoints, where no EndpointSlice of their Service is given: what the control plane makes of them.

Source: pkg/controller/endpointslicemirroring (reconciler.go; skipMirror), which mirrors those of Services without a selector.
Those of Services with one hold what an EndpointSlice made from the same pods would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.cluster import EndpointPort, EndpointSlice, Service, SliceEndpoint
from engine.manifests.fields import Fields
from engine.manifests.objects import SERVICE_NAME_LABEL, name_of, namespace_of, pod_key
from engine.packet import is_ipv6

_SKIP, _LEADER = "endpointslice.kubernetes.io/skip-mirror", "control-plane.alpha.kubernetes.io/leader"


def mirrored(document: Fields) -> tuple[EndpointSlice, ...]:
    """One slice for each subset and family of a v1 Endpoints; none where it is not to be mirrored."""
    metadata = document.mapping("metadata")
    labels = metadata.string_map("labels")
    if labels.get(_SKIP) == "true" or _LEADER in metadata.mapping("annotations"):
        return ()
    namespace, name = namespace_of(metadata), name_of(metadata)
    made = []
    for index, subset in enumerate(document.items("subsets")):
        endpoints = [*_endpoints(subset, "addresses", True), *_endpoints(subset, "notReadyAddresses", False)]
        ports = tuple(
            EndpointPort(port.label("name"), port.protocol(), port.integer("port", 0, 0, 65535) or None)
            for port in subset.items("ports")
        )
        for kind, six in (("IPv4", False), ("IPv6", True)):
            own = tuple(one for one in endpoints if is_ipv6(one.addresses[0]) is six)
            if own:
                told = {**labels, SERVICE_NAME_LABEL: name}
                made.append(EndpointSlice(namespace, f"{name}-{kind.lower()}-{index}", name, kind, ports, own, told))
    return tuple(made)


def _endpoints(subset: Fields, key: str, ready: bool) -> Iterator[SliceEndpoint]:
    for entry in subset.items(key):
        address = entry.address("ip")
        if not address:
            raise entry.error("ip", "is missing: an endpoint has an address", zh="缺失：端点要有地址")
        yield SliceEndpoint(
            (address,),
            ready=ready,
            serving=ready,
            node_name=entry.subdomain("nodeName") or None,
            pod=pod_key(entry.mapping("targetRef")),
            hostname=entry.label("hostname"),
        )


def of_services(
    mirrors: Iterable[EndpointSlice],
    services: Iterable[Service],
    given: Iterable[EndpointSlice],
    derived: Iterable[EndpointSlice],
) -> tuple[EndpointSlice, ...]:
    """The mirrors of those Services that have no slice `given` and, from the pods there are, none `derived` with an
    endpoint."""
    known = {(one.namespace, one.service_name) for one in given}
    known |= {(one.namespace, one.service_name) for one in derived if one.endpoints}
    wanted = {(one.namespace, one.name) for one in services if one.external_name is None} - known
    return tuple(one for one in mirrors if (one.namespace, one.service_name) in wanted)
