"""Node, Pod, Service, EndpointSlice, ServiceCIDR: from their manifests, with the API server's defaults.

Sources: the Kubernetes API reference; pkg/apis/core/v1/defaults.go and pkg/apis/discovery/v1/defaults.go.
"""

from __future__ import annotations

import itertools

from engine.cluster import (
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    Pod,
    PodDNSConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.manifests.fields import Fields, canonical_address, shown, shown_zh
from engine.packet import L4, is_ipv6
from engine.values import is_decimal

CONTAINER_ID_ANNOTATION = "k8squiz.dev/container-id"
ADDRESSES_ANNOTATION = "k8squiz.dev/addresses"
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
_POLICIES = ("Cluster", "Local")
_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
_DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_MOST_NAMESERVERS = 3
_NONE: frozenset[str] = frozenset()
# Containers that a mesh puts beside a pod's own.
_PROXIES = ("istio-proxy", "linkerd-proxy", "envoy", "kuma-sidecar")


def node(document: Fields) -> Node:
    """v1 Node."""
    metadata, spec, status = document.mapping("metadata"), document.mapping("spec"), document.mapping("status")
    internal: list[str] = []
    external: list[str] = []
    for entry in status.items("addresses"):
        kind = entry.text("type")
        if kind in ("InternalIP", "ExternalIP"):
            (internal if kind == "InternalIP" else external).append(entry.address("address"))
    annotations = metadata.string_map("annotations")
    further = _listed_addresses(metadata.mapping("annotations"), annotations.get(ADDRESSES_ANNOTATION, ""))
    cidrs = spec.networks("podCIDRs")
    if not cidrs and spec.text("podCIDR"):
        cidrs = (network(spec, "podCIDR"),)
    return Node(
        name=name_of(metadata),
        internal_ips=tuple(address for address in dict.fromkeys(internal) if address),
        addresses=tuple(address for address in dict.fromkeys(further) if address not in internal),
        pod_cidrs=cidrs,
        labels=metadata.string_map("labels"),
        annotations=annotations,
        deleting="deletionTimestamp" in metadata,
        external_ips=tuple(address for address in dict.fromkeys(external) if address),
        proxy_version=_proxy_version(status.mapping("nodeInfo")),
        provider_id=spec.text("providerID"),
    )


def _proxy_version(info: Fields) -> str:
    """kubeProxyVersion is deprecated and empty on newer kubelets (KEP-4004); then kube-proxy is taken to be of the
    kubelet's release, as every installer has it."""
    return info.text("kubeProxyVersion") or info.text("kubeletVersion")


def _listed_addresses(annotations: Fields, listed: str) -> list[str]:
    found = []
    for part in filter(None, (part.strip() for part in listed.split(","))):
        try:
            found.append(canonical_address(part))
        except ValueError:
            message = f"must be IP addresses separated by commas, not {shown(listed)}"
            raise annotations.error(
                ADDRESSES_ANNOTATION, message, zh=f"须为以逗号分隔的 IP 地址，而不是 {shown_zh(listed)}"
            ) from None
    return found


def network(fields: Fields, key: str) -> str:
    """The one CIDR in `key`."""
    value = fields.text(key)
    one = fields.place(key)
    return one.network(value.strip())


def name_of(metadata: Fields, label: bool = False) -> str:
    """metadata.name, which every object needs."""
    name = metadata.label("name") if label else metadata.subdomain("name")
    if not name:
        raise metadata.error("name", "is missing: every object needs a name", zh="缺失：每个对象都要有名称")
    return name


def namespace_of(metadata: Fields) -> str:
    return metadata.label("namespace") or "default"


def pod(document: Fields) -> Pod:
    """v1 Pod. Without any status.conditions (a manifest that no cluster ever ran) it counts as ready."""
    metadata, spec, status = document.mapping("metadata"), document.mapping("spec"), document.mapping("status")
    finished = status.text("phase") in ("Succeeded", "Failed")
    ips = [ip.address("ip") for ip in status.items("podIPs")] or [status.address("podIP")]
    conditions = {c.text("type"): c.text("status") for c in status.items("conditions")}
    user, group = _run_as(spec)
    return Pod(
        namespace=namespace_of(metadata),
        name=name_of(metadata),
        node_name=spec.subdomain("nodeName") or None,
        ips=() if finished else tuple(ip for ip in dict.fromkeys(ips) if ip),
        host_network=spec.boolean("hostNetwork"),
        labels=metadata.string_map("labels"),
        ports=tuple(_container_ports(spec)),
        ready=not finished and (conditions.get("Ready") == "True" if conditions else True),
        terminating="deletionTimestamp" in metadata,
        finished=finished,
        container_id=metadata.string_map("annotations").get(CONTAINER_ID_ANNOTATION, ""),
        hostname=spec.label("hostname"),
        subdomain=spec.label("subdomain"),
        run_as_user=user,
        run_as_group=group,
        dns_policy=spec.word("dnsPolicy", _DNS_POLICIES, "ClusterFirst"),
        dns_config=_dns_config(spec),
    )


def _run_as(spec: Fields) -> tuple[int | None, int | None]:
    """User and group of the processes that a pod is there for: a container's own securityContext before the pod's."""
    containers = (one for one in spec.items("containers") if one.text("name") not in _PROXIES)
    contexts = [one.mapping("securityContext") for one in itertools.islice(containers, 1)]
    contexts.append(spec.mapping("securityContext"))
    found = []
    for key in ("runAsUser", "runAsGroup"):
        said = next((context for context in contexts if key in context), None)
        found.append(None if said is None else said.integer(key, 0, 0, 2**31 - 1))
    return found[0], found[1]


def _dns_config(spec: Fields) -> PodDNSConfig | None:
    """spec.dnsConfig, held to validatePodDNSConfig (pkg/apis/core/validation): dnsPolicy None needs a name server, at most
    three are allowed, and an option needs a name."""
    given = spec.mapping("dnsConfig")
    servers = given.addresses("nameservers")
    if spec.text("dnsPolicy") == "None" and not servers:
        raise spec.error(
            "dnsPolicy",
            "None needs a name server in dnsConfig.nameservers",
            zh="为 None 时，dnsConfig.nameservers 至少要有一个域名服务器",
        )
    if len(servers) > _MOST_NAMESERVERS:
        raise given.error(
            "nameservers",
            f"holds {len(servers)}; at most {_MOST_NAMESERVERS} are allowed",
            zh=f"有 {len(servers)} 个；最多 {_MOST_NAMESERVERS} 个",
        )
    options = []
    for option in given.items("options"):
        if not option.text("name"):
            raise option.error("name", "is missing", zh="缺失")
        options.append((option.text("name"), option.text("value") or None))
    searches = tuple(value for value, _ in given.strings("searches"))
    return PodDNSConfig(servers, searches, tuple(options)) if "dnsConfig" in spec else None


def _container_ports(spec: Fields) -> list[ContainerPort]:
    """The ports of the containers, and of init containers that keep running (sidecars, v1.29)."""
    sidecars = [c for c in spec.items("initContainers") if c.text("restartPolicy") == "Always"]
    found = []
    for container in (*spec.items("containers"), *sidecars):
        for port in container.items("ports"):
            number = port.port("containerPort")
            if not number:
                raise port.error("containerPort", "is missing", zh="缺失")
            host_port, host_ip = port.port("hostPort"), port.address("hostIP")
            found.append(ContainerPort(port.label("name"), number, port.protocol(), host_port, host_ip))
    return found


def service(document: Fields) -> Service:
    """v1 Service."""
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    kind = spec.word("type", ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"), "ClusterIP")
    headless = "None" in (spec.text("clusterIP"), *(value for value, _ in spec.strings("clusterIPs")))
    timeout = spec.mapping("sessionAffinityConfig").mapping("clientIP").integer("timeoutSeconds", 10800, 1, 86400)
    distribution = spec.text("trafficDistribution")
    return Service(
        namespace=namespace_of(metadata),
        name=name_of(metadata, label=True),
        type=kind,
        cluster_ips=() if headless or kind == "ExternalName" else _cluster_ips(spec),
        headless=headless,
        ports=_service_ports(spec),
        selector=spec.string_map("selector"),
        external_ips=spec.addresses("externalIPs"),
        load_balancer_ingress=_ingress(document),
        load_balancer_source_ranges=spec.networks("loadBalancerSourceRanges"),
        external_traffic_policy=spec.word("externalTrafficPolicy", _POLICIES, "Cluster"),
        internal_traffic_policy=spec.word("internalTrafficPolicy", _POLICIES, "Cluster"),
        health_check_node_port=spec.integer("healthCheckNodePort", 0, 0, 65535),
        session_affinity=spec.word("sessionAffinity", ("None", "ClientIP"), "None"),
        affinity_timeout_seconds=timeout,
        publish_not_ready_addresses=spec.boolean("publishNotReadyAddresses"),
        traffic_distribution=spec.word("trafficDistribution", _DISTRIBUTIONS, "") if distribution else None,
        ip_families=tuple(_families(spec)),
        external_name=spec.text("externalName") or None,
        labels=metadata.string_map("labels"),
        annotations=metadata.string_map("annotations"),
    )


def _families(spec: Fields) -> list[str]:
    found = []
    for family, at in spec.strings("ipFamilies"):
        if family not in ("IPv4", "IPv6"):
            raise at.error(
                f"must be IPv4 or IPv6, not {shown(family)}", zh=f"必须是 IPv4 或 IPv6，而不是 {shown_zh(family)}"
            )
        found.append(family)
    return found


def _cluster_ips(spec: Fields) -> tuple[str, ...]:
    """clusterIPs, or the older clusterIP alone; an address still to be allocated is "" or absent."""
    found = tuple(at.address(value) for value, at in spec.strings("clusterIPs") if value)
    first = spec.address("clusterIP")
    if found and first and found[0] != first:
        raise spec.error(
            "clusterIPs",
            f"must begin with clusterIP {first}, not {found[0]}",
            zh=f"必须以 clusterIP {first} 开头，而不是 {found[0]}",
        )
    return found or ((first,) if first else ())


def _service_ports(spec: Fields) -> tuple[ServicePort, ...]:
    found: list[ServicePort] = []
    names: set[str] = set()
    numbers: set[tuple[int, L4]] = set()
    for port in spec.items("ports"):
        number, name = port.port("port"), port.label("name")
        if not number:
            raise port.error("port", "is missing: a Service port needs its number", zh="缺失：Service 端口要有端口号")
        if name in names:
            what = f"{shown(name)} is the name of another port too" if name else "is missing"
            raise port.error(
                "name",
                f"{what}: a Service with several ports needs a name of its own for each",
                zh=f"{shown_zh(name)}：有多个端口的 Service，每个端口都要有自己的名称",
            )
        protocol = port.protocol()
        if (number, protocol) in numbers:
            raise port.error(
                "port",
                f"{number}/{protocol} is there twice; give one of them another number",
                zh=f"{number}/{protocol} 出现了两次；请更换其一的端口号",
            )
        names.add(name)
        numbers.add((number, protocol))
        node_port = port.integer("nodePort", 0, 0, 65535)
        found.append(ServicePort(name, protocol, number, _target_port(port, number), node_port))
    return tuple(found)


def _target_port(port: Fields, default: int) -> int | str:
    value = port.data.get("targetPort")
    if isinstance(value, str) and value:
        if is_decimal(value):
            raise port.error(
                "targetPort",
                f"{shown(value)} is a port's name, which needs a letter; leave the quotes away",
                zh=f"{shown_zh(value)} 是端口的名称，名称需含字母；请去掉引号",
            )
        return port.label("targetPort")
    if value in (None, "") or (value.__class__ is int and value == 0):
        return default
    return port.port("targetPort")


def _ingress(document: Fields) -> tuple[LoadBalancerIngress, ...]:
    """status.loadBalancer.ingress; entries with a host name alone mean nothing to the dataplane."""
    found = []
    for entry in document.mapping("status").mapping("loadBalancer").items("ingress"):
        address = entry.address("ip")
        mode = entry.word("ipMode", ("VIP", "Proxy"), "VIP")
        if address:
            found.append(LoadBalancerIngress(address, mode))
    return tuple(found)


def endpoint_slice(document: Fields) -> EndpointSlice:
    """discovery.k8s.io/v1 EndpointSlice."""
    metadata = document.mapping("metadata")
    labels = metadata.string_map("labels")
    kind = document.word("addressType", ("IPv4", "IPv6", "FQDN"), "")
    return EndpointSlice(
        namespace=namespace_of(metadata),
        name=name_of(metadata),
        service_name=labels.get(SERVICE_NAME_LABEL, ""),
        address_type=kind,
        ports=tuple(
            EndpointPort(port.label("name"), port.protocol(), port.integer("port", 0, 0, 65535) or None)
            for port in document.items("ports")
        ),
        endpoints=tuple(_endpoint(entry, kind) for entry in document.items("endpoints")),
        labels=labels,
    )


def _endpoint(entry: Fields, kind: str) -> SliceEndpoint:
    """One of endpoints[]. Conditions that are not there: ready and serving count as true, terminating as false, as
    kube-proxy takes them (endpointslicecache.go)."""
    conditions, hints, target = entry.mapping("conditions"), entry.mapping("hints"), entry.mapping("targetRef")
    return SliceEndpoint(
        addresses=_endpoint_addresses(entry, kind),
        ready=conditions.boolean("ready", True),
        serving=conditions.boolean("serving", True),
        terminating=conditions.boolean("terminating", False),
        node_name=entry.subdomain("nodeName") or None,
        zone=entry.text("zone") or None,
        zone_hints=frozenset(zone.text("name") for zone in hints.items("forZones")) if hints.data else _NONE,
        node_hints=frozenset(place.text("name") for place in hints.items("forNodes")) if hints.data else _NONE,
        pod=pod_key(target),
        hostname=entry.label("hostname"),
    )


def _endpoint_addresses(entry: Fields, kind: str) -> tuple[str, ...]:
    if kind == "FQDN":
        return tuple(value for value, _ in entry.strings("addresses"))
    found = entry.addresses("addresses")
    if not found:
        raise entry.error(
            "addresses", "is missing: an endpoint has at least one address", zh="缺失：端点至少要有一个地址"
        )
    for address in found:
        if is_ipv6(address) != (kind == "IPv6"):
            raise entry.error(
                "addresses",
                f"holds {address}, but the slice's addressType is {kind}",
                zh=f"含有 {address}，而该 EndpointSlice 的 addressType 为 {kind}",
            )
    return found


def pod_key(target: Fields) -> str | None:
    """namespace/name of the Pod that an object reference names; None where it names something else."""
    if target.text("kind") != "Pod":
        return None
    return f"{target.label('namespace') or 'default'}/{target.subdomain('name')}"


def service_cidrs(document: Fields) -> tuple[str, ...]:
    """networking.k8s.io/v1 ServiceCIDR."""
    return document.mapping("spec").networks("cidrs")
