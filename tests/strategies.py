"""Hypothesis strategies: whole clusters that could exist, and requests that make sense in them.

    @given(clusters())                      anything
    @given(clusters(family="ipv4"))         one family alone; "dual" for both
    @given(st.data()) ... data.draw(requests(cluster))
    as_manifests(cluster)                   the cluster as YAML text; load_cluster reads it back

Addresses follow the position of things, so a failing example is easy to read: node N has 192.168.1.1N, its pods
10.244.N.5 and on, Service N 10.96.0.1N and NodePort 30N80 for its first port.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import yaml
from hypothesis import strategies as st

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.packet import L4
from engine.trace import Request

FAMILIES = {"ipv4": ("IPv4",), "ipv6": ("IPv6",), "dual": ("IPv4", "IPv6")}
POD_PORT, NAMED_PORT = 8080, "web"
_POLICY = st.sampled_from(["Cluster", "Local"])
_ZONE = "topology.kubernetes.io/zone"


def _node_ip(index: int, family: str) -> str:
    return f"192.168.1.{10 + index}" if family == "IPv4" else f"fd00:168::{10 + index:x}"


def _pod_ip(node: int, number: int, family: str) -> str:
    return f"10.244.{node}.{5 + number}" if family == "IPv4" else f"fd00:244:0:{node:x}::{5 + number:x}"


def _pod_cidr(node: int, family: str) -> str:
    if family == "IPv4":
        return f"10.244.{node}.0/24"
    return f"fd00:244:0:{node:x}::/64" if node else "fd00:244::/64"


def _outside(kind: int, index: int, family: str) -> str:
    """Addresses of load balancers (kind 1) and external IPs (kind 2)."""
    return f"203.0.{112 + kind}.{10 + index}" if family == "IPv4" else f"2001:db8:{kind}::{10 + index:x}"


def _canonical(address: str) -> str:
    import ipaddress

    return str(ipaddress.ip_address(address))


@st.composite
def nodes(draw: st.DrawFn, families: tuple[str, ...], least: int = 1, most: int = 4) -> tuple[Node, ...]:
    """Nodes with an address and a pod network of each family; some in zones."""
    found = []
    for index in range(1, draw(st.integers(least, most)) + 1):
        zone = draw(st.sampled_from([None, "a", "b"]))
        found.append(
            Node(
                name=f"node{index}",
                internal_ips=tuple(_node_ip(index, family) for family in families),
                pod_cidrs=tuple(_pod_cidr(index, family) for family in families),
                labels={_ZONE: zone} if zone else {},
            )
        )
    return tuple(found)


@st.composite
def pods(draw: st.DrawFn, of: tuple[Node, ...], families: tuple[str, ...]) -> tuple[Pod, ...]:
    """Up to three pods a node, the last of them perhaps on the node's own network."""
    found = []
    for index, node in enumerate(of, 1):
        count = draw(st.integers(0, 3))
        for number in range(count):
            host = number == 2 and draw(st.booleans())
            terminating = draw(st.integers(0, 5)) == 0
            found.append(
                Pod(
                    namespace="default",
                    name=f"pod-{index}-{number}",
                    node_name=node.name,
                    ips=node.internal_ips
                    if host
                    else tuple(_canonical(_pod_ip(index, number, family)) for family in families),
                    host_network=host,
                    labels={"app": draw(st.sampled_from(["web", "api"]))},
                    ports=(ContainerPort(NAMED_PORT, POD_PORT),),
                    ready=draw(st.integers(0, 5)) != 0,
                    terminating=terminating,
                )
            )
    return tuple(found)


@st.composite
def services(draw: st.DrawFn, index: int, families: tuple[str, ...]) -> Service:
    """A Service of any type that kube-proxy serves, with one or two ports."""
    kind = draw(st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]))
    reachable = kind != "ClusterIP"
    external_ips = draw(st.booleans())
    local_outside = (reachable or external_ips) and draw(st.booleans())
    balanced = kind == "LoadBalancer"
    ranges = draw(st.booleans()) if balanced else False
    return Service(
        namespace="default",
        name=f"svc-{index}",
        type=kind,
        cluster_ips=tuple(f"10.96.0.{10 + index}" if f == "IPv4" else f"fd00:96::{10 + index:x}" for f in families),
        ports=_ports(draw, index, reachable),
        selector={"app": "web"},
        external_ips=tuple(_outside(2, index, f) for f in families) if external_ips else (),
        load_balancer_ingress=tuple(
            LoadBalancerIngress(_outside(1, index, f), draw(st.sampled_from(["VIP", "VIP", "Proxy"]))) for f in families
        )
        if balanced
        else (),
        load_balancer_source_ranges=tuple("1.2.3.0/24" if f == "IPv4" else "2001:db8::/32" for f in families)
        if ranges
        else (),
        external_traffic_policy="Local" if local_outside else "Cluster",
        internal_traffic_policy=draw(_POLICY),
        health_check_node_port=32000 + index if balanced and local_outside else 0,
        session_affinity=draw(st.sampled_from(["None", "None", "ClientIP"])),
        affinity_timeout_seconds=10800,
        traffic_distribution=draw(st.sampled_from([None, None, "PreferClose"])),
        ip_families=families,
    )


def _ports(draw: st.DrawFn, index: int, node_port: bool) -> tuple[ServicePort, ...]:
    first = ServicePort(
        draw(st.sampled_from(["http", "web"])),
        draw(st.sampled_from([L4.TCP, L4.TCP, L4.UDP])),
        80,
        POD_PORT,
        30080 + 100 * index if node_port else 0,
    )
    if draw(st.booleans()):
        return (first, ServicePort("more", L4.TCP, 443, 8443, 30443 + 100 * index if node_port else 0))
    return (dataclasses.replace(first, name=draw(st.sampled_from(["", first.name]))),)


@st.composite
def slices(
    draw: st.DrawFn, service: Service, of: tuple[Pod, ...], by_name: dict[str, Node]
) -> tuple[EndpointSlice, ...]:
    """One or two slices a family over any of the pods; conditions as the EndpointSlice controller sets them."""
    found = []
    chosen = [pod for pod in of if draw(st.booleans())]
    hinted = draw(st.booleans())
    split = draw(st.integers(0, len(chosen)))
    ports = tuple(EndpointPort(port.name, port.protocol, int(port.target_port)) for port in service.ports)
    for at, family in enumerate(service.ip_families):
        for part, members in enumerate((chosen[:split], chosen[split:])):
            if members or part:
                endpoints = tuple(_member(pod, at, by_name, hinted) for pod in members)
                name = f"{service.name}-{family.lower()}-{part}"
                labels = {"kubernetes.io/service-name": service.name}
                found.append(EndpointSlice("default", name, service.name, family, ports, endpoints, labels))
    return tuple(found)


def _member(pod: Pod, at: int, by_name: dict[str, Node], hinted: bool) -> SliceEndpoint:
    zone = by_name[pod.node_name or ""].zone
    return SliceEndpoint(
        addresses=(pod.ips[at],),
        ready=pod.ready and not pod.terminating,
        serving=pod.ready,
        terminating=pod.terminating,
        node_name=pod.node_name,
        zone=zone,
        zone_hints=frozenset((zone,)) if hinted and zone else frozenset(),
        pod=f"{pod.namespace}/{pod.name}",
    )


@st.composite
def clusters(draw: st.DrawFn, family: str | None = None, most_services: int = 3, least_nodes: int = 1) -> Cluster:
    """A valid cluster: nodes, pods, Services of all types and policies, slices, a CNI, a kube-proxy configuration.

    `family` is "ipv4", "ipv6" or "dual"; None draws one of them.
    """
    families = FAMILIES[family or draw(st.sampled_from(sorted(FAMILIES)))]
    its_nodes = draw(nodes(families, least_nodes))
    its_pods = draw(pods(its_nodes, families))
    its_services = tuple(draw(services(index, families)) for index in range(draw(st.integers(0, most_services))))
    by_name = {node.name: node for node in its_nodes}
    backends = [("flannel", "vxlan"), ("flannel", "host-gw")]
    backends += [("calico", "bgp"), ("calico", "ipip")] if families == ("IPv4",) else []
    plugin, backend = draw(st.sampled_from(backends))
    cidrs = tuple("10.244.0.0/16" if f == "IPv4" else "fd00:244::/48" for f in families)
    return Cluster(
        nodes=its_nodes,
        pods=its_pods,
        services=its_services,
        slices=tuple(slice_ for service in its_services for slice_ in draw(slices(service, its_pods, by_name))),
        proxy=ProxyConfig(
            cluster_cidrs=cidrs,
            detect_local_mode=draw(st.sampled_from(["", "ClusterCIDR", "NodeCIDR"])),
            masquerade_all=draw(st.integers(0, 4)) == 0,
        ),
        cni=CNIConfig(plugin, backend, assumed=False),
    )


def requests(cluster: Cluster) -> st.SearchStrategy[Request]:
    """A first packet from the client, a node or a pod to a Service, a NodePort or a pod of `cluster`, in IPv4 where the
    cluster has it. Its node is set where the packet comes from outside."""
    names = [node.name for node in cluster.nodes]
    four = not cluster.nodes or ":" not in cluster.nodes[0].internal_ips[0]
    senders = [f"node/{name}" for name in names]
    senders += [f"pod/{pod.name}" for pod in cluster.pods if not pod.host_network]
    targets: list[tuple[str, L4]] = []
    for service in cluster.services:
        for port in service.ports:
            if service.cluster_ips:
                targets.append((_join(service.cluster_ips[0], port.port), port.protocol))
            targets += [(f"node/{name}:{port.node_port}", port.protocol) for name in names if port.node_port]
            outside = [i.ip for i in service.load_balancer_ingress if i.ip_mode == "VIP"] + list(service.external_ips)
            targets += [(_join(ip, port.port), port.protocol) for ip in outside if (":" not in ip) == four]
    targets += [(_join(pod.ips[0], POD_PORT), L4.TCP) for pod in cluster.pods]
    targets = targets or [(_join("10.96.0.200" if four else "fd00:96::200", 80), L4.TCP)]

    def build(source: str, target: tuple[str, L4], node: str) -> Request:
        destination, protocol = target
        foreign = source == "client" and not destination.startswith("node/")
        return Request(source, destination, protocol.value, node if foreign else None)

    return st.builds(
        build, st.sampled_from([*senders, "client"]), st.sampled_from(targets), st.sampled_from(names or ["node1"])
    )


def _join(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def as_manifests(cluster: Cluster) -> str:
    """The cluster as the YAML that kubectl would print, as far as a Cluster of these strategies says it."""
    documents: list[dict[str, Any]] = [_proxy_document(cluster.proxy)]
    documents += [_node_document(node, cluster.cni) for node in cluster.nodes]
    documents += [_pod_document(pod) for pod in cluster.pods]
    documents += [_service_document(service) for service in cluster.services]
    documents += [_slice_document(slice_) for slice_ in cluster.slices]
    text: str = yaml.safe_dump_all(documents, sort_keys=False)
    return text


def _proxy_document(proxy: ProxyConfig) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clusterCIDR": ",".join(proxy.cluster_cidrs),
        "detectLocalMode": proxy.detect_local_mode,
        "iptables": {"masqueradeAll": proxy.masquerade_all, "masqueradeBit": proxy.masquerade_bit},
    }


def _node_document(node: Node, cni: CNIConfig) -> dict[str, Any]:
    annotations = {"flannel.alpha.coreos.com/backend-type": cni.backend}
    if cni.plugin == "calico":
        annotations = {"projectcalico.org/IPv4Address": f"{node.internal_ips[0]}/24"}
        if cni.backend == "ipip":
            annotations["projectcalico.org/IPv4IPIPTunnelAddr"] = node.pod_cidrs[0].partition("/")[0]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": dict(node.labels), "annotations": annotations},
        "spec": {"podCIDRs": list(node.pod_cidrs)},
        "status": {"addresses": [{"type": "InternalIP", "address": ip} for ip in node.internal_ips]},
    }


def _pod_document(pod: Pod) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": pod.name, "namespace": pod.namespace, "labels": dict(pod.labels)}
    if pod.terminating:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    ports = [{"name": port.name, "containerPort": port.port, "protocol": port.protocol.value} for port in pod.ports]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"nodeName": pod.node_name, "hostNetwork": pod.host_network, "containers": [{"ports": ports}]},
        "status": {
            "podIPs": [{"ip": ip} for ip in pod.ips],
            "conditions": [{"type": "Ready", "status": str(pod.ready)}],
        },
    }


def _service_document(service: Service) -> dict[str, Any]:
    ports = [
        {"name": p.name, "port": p.port, "protocol": p.protocol.value, "targetPort": p.target_port, "nodePort": p.node_port}
        for p in service.ports
    ]  # fmt: skip
    ingress = [{"ip": entry.ip, "ipMode": entry.ip_mode} for entry in service.load_balancer_ingress]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": service.name, "namespace": service.namespace},
        "spec": {
            "type": service.type,
            "clusterIPs": list(service.cluster_ips),
            "ports": ports,
            "selector": dict(service.selector),
            "externalIPs": list(service.external_ips),
            "loadBalancerSourceRanges": list(service.load_balancer_source_ranges),
            "externalTrafficPolicy": service.external_traffic_policy,
            "internalTrafficPolicy": service.internal_traffic_policy,
            "healthCheckNodePort": service.health_check_node_port,
            "sessionAffinity": service.session_affinity,
            "trafficDistribution": service.traffic_distribution,
            "ipFamilies": list(service.ip_families),
        },
        "status": {"loadBalancer": {"ingress": ingress}},
    }


def _slice_document(slice_: EndpointSlice) -> dict[str, Any]:
    endpoints = [
        {
            "addresses": list(e.addresses),
            "conditions": {"ready": e.ready, "serving": e.serving, "terminating": e.terminating},
            "nodeName": e.node_name,
            "zone": e.zone,
            "hints": {"forZones": [{"name": zone} for zone in sorted(e.zone_hints)]},
            "targetRef": {"kind": "Pod", "namespace": e.pod.partition("/")[0], "name": e.pod.partition("/")[2]}
            if e.pod
            else None,
        }
        for e in slice_.endpoints
    ]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": slice_.name, "namespace": slice_.namespace, "labels": dict(slice_.labels)},
        "addressType": slice_.address_type,
        "ports": [{"name": p.name, "protocol": p.protocol.value, "port": p.port} for p in slice_.ports],
        "endpoints": endpoints,
    }
