"""Endpoints of Services that have a selector and pods, but no EndpointSlice."""

from __future__ import annotations

import pytest

from engine import load_cluster
from engine.cluster import EndpointSlice
from engine.packet import Family
from engine.proxy.endpoints import service_ports
from engine.proxy.releases import behaviour_of
from tests.rows import named

NODES = """
apiVersion: v1
kind: Node
metadata: {name: node1, labels: {topology.kubernetes.io/zone: a}}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
apiVersion: v1
kind: Node
metadata: {name: node2}
status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}
---
"""


def pod(
    name: str, ip: str, *, spec: str = "nodeName: node1", labels: str = "app: web", extra: str = "", **more: str
) -> str:
    port = more.get("port", "8080")
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{{labels}}}{more.get('meta', '')}}}\n"
        f"spec: {{{spec}, containers: [{{ports: [{{name: http, containerPort: {port}}}]}}]}}\n"
        f"status: {{podIPs: [{ip and '{ip: ' + ip + '}'}]{extra}}}\n---\n"
    )


def service(spec: str = "", port: str = "port: 80, targetPort: http", meta: str = "") -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: web{meta}}}\n"
        f"spec: {{clusterIP: 10.96.0.10, selector: {{app: web}}, ports: [{{{port}}}]{spec}}}\n---\n"
    )


def derived(text: str) -> tuple[EndpointSlice, ...]:
    return load_cluster(text=NODES + text).slices


def seen(text: str) -> list[str]:
    """ip:port and the conditions that hold, of each endpoint."""
    found = []
    for slice_ in derived(text):
        for member in slice_.endpoints:
            port = slice_.ports[0].port if slice_.ports else None
            marks = [word for word in ("ready", "serving", "terminating") if getattr(member, word)]
            found.append(f"{member.addresses[0]}:{port} {' '.join(marks)}".strip())
    return sorted(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    named({
        "a ready pod": (service() + pod("a", "10.244.1.5"), ["10.244.1.5:8080 ready serving"]),
        "a named targetPort is looked up in each pod": (
            service() + pod("a", "10.244.1.5") + pod("b", "10.244.1.6", port="9090"),
            ["10.244.1.5:8080 ready serving", "10.244.1.6:9090 ready serving"],
        ),
        "a targetPort that no pod has": (service(port="port: 80, targetPort: other") + pod("a", "10.244.1.5"), ["10.244.1.5:None ready serving"]),
        "a targetPort of another protocol": (service(port="port: 80, targetPort: http, protocol: UDP") + pod("a", "10.244.1.5"), ["10.244.1.5:None ready serving"]),
        "a targetPort by number": (service(port="port: 80, targetPort: 7000") + pod("a", "10.244.1.5"), ["10.244.1.5:7000 ready serving"]),
        "a pod that is not ready": (service() + pod("a", "10.244.1.5", extra=", conditions: [{type: Ready, status: 'False'}]"), ["10.244.1.5:8080"]),
        "a pod that is not ready, publishNotReadyAddresses": (
            service(", publishNotReadyAddresses: true")
            + pod("a", "10.244.1.5", extra=", conditions: [{type: Ready, status: 'False'}]"),
            ["10.244.1.5:8080 ready"],
        ),
        "a pod that is being deleted": (service() + pod("a", "10.244.1.5", meta=", deletionTimestamp: x"), ["10.244.1.5:8080 serving terminating"]),
        "a pod that has succeeded": (service() + pod("a", "10.244.1.5", extra=", phase: Succeeded"), []),
        "a pod on the node's network has the node's address": (service() + pod("a", "", spec="nodeName: node2, hostNetwork: true"), ["192.168.1.11:8080 ready serving"]),
        "on the network of no known node": (service() + pod("a", "", spec="hostNetwork: true"), []),
        "a pod without an address": (service() + pod("a", ""), []),
        "a pod with another label": (service() + pod("a", "10.244.1.5", labels="app: other"), []),
        "a pod with one label more": (service() + pod("a", "10.244.1.5", labels="app: web, x: y"), ["10.244.1.5:8080 ready serving"]),
        "a pod of another namespace": (service() + pod("a", "10.244.1.5", meta=", namespace: other"), []),
        "a Service without a selector": (service(", selector: {}").replace("selector: {app: web}, ", "") + pod("a", "10.244.1.5"), []),
        "an ExternalName": (service(", type: ExternalName, externalName: x") + pod("a", "10.244.1.5"), []),
        "a Service of the other family": (service(", ipFamilies: [IPv6]") + pod("a", "10.244.1.5"), []),
        "a Service of both families, a pod of one": (service(", ipFamilies: [IPv4, IPv6]") + pod("a", "fd00::5"), ["fd00::5:8080 ready serving"]),
    }),
)  # fmt: skip
def test_endpoints_from_pods(text: str, expected: list[str]) -> None:
    assert seen(text) == expected


def test_a_service_with_a_slice_of_its_own_gets_no_other() -> None:
    own = (
        "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n"
        "metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}\n---\n"
    )
    assert [slice_.name for slice_ in derived(service() + pod("a", "10.244.1.5") + own)] == ["web-1"]


def test_where_they_are_and_what_they_are_called() -> None:
    (slice_,) = derived(service() + pod("a", "10.244.1.5"))
    (member,) = slice_.endpoints
    assert (slice_.name, slice_.service_name, slice_.address_type) == ("web-ipv4-0", "web", "IPv4")
    assert (member.node_name, member.zone, member.pod) == ("node1", "a", "default/a")
    cluster = load_cluster(text=NODES + service() + pod("a", "10.244.1.5"))
    (view,) = service_ports(cluster, Family.IPV4, behaviour_of("1.37").endpoints)
    assert [e.address for e in view.endpoints] == ["10.244.1.5"]


@pytest.mark.parametrize(
    ("distribution", "zones", "nodes"),
    [
        ("PreferClose", frozenset({"a"}), frozenset()),
        ("PreferSameZone", frozenset({"a"}), frozenset()),
        ("PreferSameNode", frozenset({"a"}), frozenset({"node1"})),
    ],
)
def test_hints_of_traffic_distribution(distribution: str, zones: frozenset[str], nodes: frozenset[str]) -> None:
    pods = pod("a", "10.244.1.5") + pod("b", "10.244.2.5", spec="nodeName: node2")
    (slice_,) = derived(service(f", trafficDistribution: {distribution}") + pods)
    first, second = slice_.endpoints
    assert (first.zone_hints, first.node_hints) == (zones, nodes)
    assert (second.zone_hints, bool(second.node_hints)) == (frozenset(), bool(nodes))


def test_labels_are_the_services() -> None:
    (slice_,) = derived(
        service(meta=", labels: {service.kubernetes.io/service-proxy-name: x}") + pod("a", "10.244.1.5")
    )
    assert slice_.labels["service.kubernetes.io/service-proxy-name"] == "x"
    (slice_,) = derived(service().replace("10.96.0.10", "None") + pod("a", "10.244.1.5"))
    assert "service.kubernetes.io/headless" in slice_.labels
