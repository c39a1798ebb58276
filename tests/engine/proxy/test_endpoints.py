"""Which endpoints a Service port has, and which a node uses (CategorizeEndpoints, EndpointSlice joins)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import (
    Cluster,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.cost.sizes import synthetic_cluster
from engine.packet import L4, Family
from engine.proxy.endpoints import EndpointRules, Endpoints, categorize, hints_wanted, service_ports
from engine.proxy.releases import behaviour_of
from tests.rows import named
from tests.work import function_calls

PORT = ServicePort("http", L4.TCP, 80, 8080)
WEB = Service("default", "web", cluster_ips=("10.96.0.10",), ports=(PORT,))
NODE1 = Node("node1", labels={"topology.kubernetes.io/zone": "a"})
NODE2 = Node("node2", labels={"topology.kubernetes.io/zone": "b"})
PORTS = (EndpointPort("http", L4.TCP, 8080),)
# What differs by release stands at the end; the rest holds in each of them.
V1_30, V1_34, V1_36 = (behaviour_of(release).endpoints for release in ("1.30", "1.34", "1.36"))


def member(last: int, node: str | None = "node1", **fields: Any) -> SliceEndpoint:
    return SliceEndpoint((f"10.244.1.{last}",), node_name=node, **fields)


def slice_(
    *members: SliceEndpoint, name: str = "web-1", ports: tuple[EndpointPort, ...] = PORTS, **fields: Any
) -> EndpointSlice:
    return EndpointSlice("default", name, "web", fields.pop("address_type", "IPv4"), ports, members, **fields)


def seen(
    *pieces: EndpointSlice, service: Service = WEB, family: Family = Family.IPV4, rules: EndpointRules = V1_34
) -> list[str]:
    (view,) = service_ports(Cluster(services=(service,), slices=pieces), family, rules)
    return [f"{e.address}:{e.port}" for e in view.endpoints]


def used(service: Service, *members: SliceEndpoint, node: Node = NODE1, rules: EndpointRules = V1_34) -> Endpoints:
    (view,) = service_ports(Cluster(services=(service,), slices=(slice_(*members),)), Family.IPV4, rules)
    return categorize(view, node)


def names(endpoints: tuple[Endpoint, ...]) -> str:
    return " ".join(e.address.removeprefix("10.244.1.") for e in endpoints)


def summary(found: Endpoints) -> tuple[str, str, str, bool]:
    return names(found.cluster), names(found.local), names(found.reachable), found.has_any


def test_joining_slices() -> None:
    b = "10.244.1."
    # sorted by the text ip:port, as kube-proxy sorts
    assert seen(slice_(member(9), member(10), member(100))) == [f"{b}100:8080", f"{b}10:8080", f"{b}9:8080"]
    assert seen(slice_(member(2)), slice_(member(1), name="web-2")) == [f"{b}1:8080", f"{b}2:8080"]
    assert seen(slice_(member(1)), slice_(member(1), name="web-2")) == [f"{b}1:8080"]
    two_numbers = (EndpointPort("http", L4.TCP, 8080), EndpointPort("http", L4.TCP, 9090))
    assert seen(slice_(member(1), ports=two_numbers)) == [f"{b}1:8080", f"{b}1:9090"]
    for ports in (
        (EndpointPort("", L4.TCP, 8080),),
        (EndpointPort("http", L4.UDP, 8080),),
        (EndpointPort("http", L4.TCP, None),),
        (),
    ):
        assert seen(slice_(member(1), ports=ports)) == []
    # only the first address of an endpoint counts
    assert seen(slice_(SliceEndpoint(("10.244.1.1", "10.244.1.2")))) == [f"{b}1:8080"]
    assert seen(slice_(SliceEndpoint(()))) == []
    assert seen(slice_(member(1), labels={"service.kubernetes.io/headless": ""})) == []
    assert seen(slice_(member(1), labels={"service.kubernetes.io/service-proxy-name": "other"})) == []
    assert seen(dataclasses.replace(slice_(member(1)), namespace="other")) == []
    assert seen(slice_(member(1), address_type="FQDN")) == []


def test_families() -> None:
    dual = dataclasses.replace(
        WEB,
        type="LoadBalancer",
        cluster_ips=("10.96.0.10", "fd00:96::10"),
        external_ips=("198.51.100.5", "2001:db8::5"),
        load_balancer_ingress=(
            LoadBalancerIngress("203.0.113.10"),
            LoadBalancerIngress("203.0.113.11", "Proxy"),
            LoadBalancerIngress("2001:db8::10"),
        ),
        load_balancer_source_ranges=("0.0.0.0/0", "2001:db8::/32"),
        external_traffic_policy="Local",
        health_check_node_port=32000,
    )
    six = slice_(SliceEndpoint(("fd00::2",)), SliceEndpoint(("fd00::10",)), name="web-6", address_type="IPv6")
    cluster = Cluster(services=(dual,), slices=(slice_(member(1)), six))
    (four,), (other,) = service_ports(cluster, Family.IPV4, V1_30), service_ports(cluster, Family.IPV6, V1_30)
    assert (four.cluster_ip, other.cluster_ip) == ("10.96.0.10", "fd00:96::10")
    assert (four.external_ips, other.external_ips) == (("198.51.100.5",), ("2001:db8::5",))
    assert (four.load_balancer_vips, other.load_balancer_vips) == (("203.0.113.10",), ("2001:db8::10",))
    assert (four.load_balancer_source_ranges, other.load_balancer_source_ranges) == (("0.0.0.0/0",), ("2001:db8::/32",))
    assert [e.address for e in four.endpoints] == ["10.244.1.1"]
    assert [e.address for e in other.endpoints] == ["fd00::10", "fd00::2"]  # "[fd00::10]:8080" < "[fd00::2]:8080"
    assert (four.health_check_node_port, four.family) == (32000, "ipv4")
    assert service_ports(Cluster(services=(WEB,)), Family.IPV6, V1_30) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"headless": True, "cluster_ips": ()},
        {"type": "ExternalName", "cluster_ips": ()},
        {"cluster_ips": ()},
        {"labels": {"service.kubernetes.io/service-proxy-name": "other"}},
        {"labels": {"service.kubernetes.io/headless": ""}},
    ],
)
def test_services_that_kube_proxy_passes_over(change: dict[str, Any]) -> None:
    assert service_ports(Cluster(services=(dataclasses.replace(WEB, **change),)), Family.IPV4, V1_34) == ()


def test_order_and_names() -> None:
    unnamed = dataclasses.replace(WEB, name="a", namespace="zoo", ports=(ServicePort("", L4.UDP, 53, 53, 30053),))
    both = dataclasses.replace(WEB, ports=(ServicePort("z", L4.TCP, 1, 1), ServicePort("b", L4.UDP, 1, 1)))
    views = service_ports(Cluster(services=(unnamed, both)), Family.IPV4, V1_34)
    assert [view.label for view in views] == ["default/web:b", "default/web:z", "zoo/a"]
    last = views[-1]
    assert (last.key, last.namespace, last.name, last.port_name) == ("zoo/a", "zoo", "a", "")
    assert (last.port, last.protocol, last.node_port, last.affinity_seconds) == (53, L4.UDP, 30053, None)
    sticky = dataclasses.replace(WEB, session_affinity="ClientIP", affinity_timeout_seconds=300)
    assert service_ports(Cluster(services=(sticky,)), Family.IPV4, V1_34)[0].affinity_seconds == 300


@pytest.mark.parametrize(
    ("change", "accessible", "cluster", "local", "health"),
    [
        ({}, False, True, False, 0),
        ({"internal_traffic_policy": "Local"}, False, False, True, 0),
        # Local without any way in from outside means nothing
        ({"external_traffic_policy": "Local"}, False, True, False, 0),
        ({"type": "NodePort", "node_port": 30080}, True, True, False, 0),
        ({"type": "NodePort", "node_port": 30080, "external_traffic_policy": "Local"}, True, True, True, 0),
        ({"type": "NodePort", "node_port": 30080, "internal_traffic_policy": "Local"}, True, True, True, 0),
        ({"external_ips": ("198.51.100.5",), "external_traffic_policy": "Local"}, True, True, True, 0),
        # the health check belongs to LoadBalancer and Local together
        ({"type": "NodePort", "node_port": 1, "external_traffic_policy": "Local", "health_check_node_port": 9}, True, True, True, 0),
        ({"type": "LoadBalancer", "node_port": 1, "health_check_node_port": 9}, True, True, False, 0),
        ({"type": "LoadBalancer", "node_port": 1, "external_traffic_policy": "Local", "health_check_node_port": 9}, True, True, True, 9),
    ],
)  # fmt: skip
def test_policies(change: dict[str, Any], accessible: bool, cluster: bool, local: bool, health: int) -> None:
    port = dataclasses.replace(PORT, node_port=change.pop("node_port", 0))
    (view,) = service_ports(Cluster(services=(dataclasses.replace(WEB, ports=(port,), **change),)), Family.IPV4, V1_34)
    found = (
        view.externally_accessible,
        view.uses_cluster_endpoints,
        view.uses_local_endpoints,
        view.health_check_node_port,
    )
    assert found == (accessible, cluster, local, health)


INTERNAL_LOCAL = dataclasses.replace(WEB, internal_traffic_policy="Local")
EXTERNAL_LOCAL = dataclasses.replace(
    WEB, type="NodePort", external_traffic_policy="Local", ports=(dataclasses.replace(PORT, node_port=30080),)
)
NOT_READY: dict[str, Any] = {"ready": False, "serving": False}
FADING: dict[str, Any] = {"ready": False, "serving": True, "terminating": True}
GONE: dict[str, Any] = {"ready": False, "serving": False, "terminating": True}


CATEGORIZED: dict[str, tuple[Service, tuple[SliceEndpoint, ...], str, str, str, bool]] = {
    "no endpoints": (WEB, (), "", "", "", False),
    "one here, one elsewhere": (WEB, (member(1), member(2, "node2")), "1 2", "", "1 2", True),
    "one that is not ready": (WEB, (member(1), member(2, **NOT_READY)), "1", "", "1", True),
    "none that is ready": (WEB, (member(1, **NOT_READY),), "", "", "", False),
    "terminating ones serve only where no ready one is left: one is left": (WEB, (member(1), member(2, **FADING)), "1", "", "1", True),
    "none is left: the one that still serves": (WEB, (member(1, **FADING), member(2, **GONE)), "1", "", "1", True),
    "none is left: none still serves": (WEB, (member(1, **GONE),), "", "", "", False),
    "ready and terminating (publishNotReadyAddresses) is ready": (WEB, (member(1, ready=True, terminating=True), member(2, **FADING)), "1", "", "1", True),
    "serving but neither ready nor terminating: not used": (WEB, (member(1, ready=False, serving=True),), "", "", "", False),
    "internal Local, one here": (INTERNAL_LOCAL, (member(1), member(2, "node2")), "", "1", "1", True),
    "internal Local, none here": (INTERNAL_LOCAL, (member(2, "node2"),), "", "", "", True),
    "internal Local, none here, the other terminating": (INTERNAL_LOCAL, (member(2, "node2", **FADING),), "", "", "", True),
    "internal Local, the one here terminating, one ready elsewhere": (INTERNAL_LOCAL, (member(1, **FADING), member(2, "node2")), "", "1", "1", True),
    "internal Local, a ready one goes before a terminating one": (INTERNAL_LOCAL, (member(1, **FADING), member(2)), "", "2", "2", True),
    "internal Local, the one here not ready": (INTERNAL_LOCAL, (member(1, **NOT_READY),), "", "", "", False),
    "internal Local, on no known node": (INTERNAL_LOCAL, (member(1, None),), "", "", "", True),
    "external Local, one here, one elsewhere": (EXTERNAL_LOCAL, (member(1), member(2, "node2")), "1 2", "1", "1 2", True),
    "external Local: Cluster uses the ready one, Local falls back to the terminating one, both are reachable": (EXTERNAL_LOCAL, (member(1, **FADING), member(2, "node2")), "2", "1", "1 2", True),
    "external Local, all terminating": (EXTERNAL_LOCAL, (member(1, **FADING), member(2, "node2", **FADING)), "1 2", "1", "1 2", True),
}  # fmt: skip


@pytest.mark.parametrize(("service", "members", "cluster", "local", "reachable", "has_any"), named(CATEGORIZED))
def test_categorize(
    service: Service, members: tuple[SliceEndpoint, ...], cluster: str, local: str, reachable: str, has_any: bool
) -> None:
    assert summary(used(service, *members)) == (cluster, local, reachable, has_any)


def zoned(last: int, *zones: str, node: str = "node1", **fields: Any) -> SliceEndpoint:
    return member(last, node, zone_hints=frozenset(zones), **fields)


def on(last: int, *nodes: str, zones: tuple[str, ...] = ()) -> SliceEndpoint:
    return member(last, node_hints=frozenset(nodes), zone_hints=frozenset(zones))


HINTED: dict[str, tuple[tuple[SliceEndpoint, ...], Node, str]] = {
    "of zone a": ((zoned(1, "a"), zoned(2, "a", "b"), zoned(3, "b")), NODE1, "1 2"),
    "of zone b": ((zoned(1, "a"), zoned(2, "a", "b"), zoned(3, "b")), NODE2, "2 3"),
    "one ready endpoint without a hint: not followed": ((zoned(1, "a"), zoned(2)), NODE1, "1 2"),
    "no endpoint for the zone: not followed": ((zoned(1, "b"), zoned(2, "c")), NODE1, "1 2"),
    "a node without a zone: not followed": ((zoned(1, "a"), zoned(2, "b")), Node("node3"), "1 2"),
    "asked of ready endpoints alone": ((zoned(1, "a"), zoned(2, **NOT_READY), zoned(3, "b")), NODE1, "1"),
    "none ready: not followed": ((zoned(1, "b", **FADING), zoned(2, "a", **FADING)), NODE1, "1 2"),
    "node hints go before zone hints (KEP-3015)": ((on(1, "node1", zones=("a",)), on(2, "node2", zones=("a",))), NODE1, "1"),
    "node hints for other nodes: zone hints": ((on(1, "node8", zones=("a",)), on(2, "node9", zones=("b",))), NODE1, "1"),
    "one ready endpoint without a node hint: zone hints": ((on(1, "node1"), zoned(2, "b")), NODE1, "1 2"),
}  # fmt: skip


@pytest.mark.parametrize(("members", "node", "cluster"), named(HINTED))
def test_hints(members: tuple[SliceEndpoint, ...], node: Node, cluster: str) -> None:
    assert names(used(WEB, *members, node=node).cluster) == cluster


@pytest.mark.parametrize(
    ("release", "service", "cluster"),
    [
        ("1.29", {"annotations": {"service.kubernetes.io/topology-mode": "Auto"}}, "1"),
        ("1.29", {"traffic_distribution": "PreferClose"}, "1 2"),
        ("1.30", {}, "1 2"),
        ("1.30", {"annotations": {"service.kubernetes.io/topology-mode": "Auto"}}, "1"),
        ("1.30", {"traffic_distribution": "PreferClose"}, "1"),
        ("1.31", {}, "1"),
        ("1.31", {"annotations": {"service.kubernetes.io/topology-mode": "Disabled"}}, "1"),
        ("1.37", {}, "1"),
    ],
)
def test_who_decides_on_zone_hints_by_release(release: str, service: dict[str, Any], cluster: str) -> None:
    asked, rules = dataclasses.replace(WEB, **service), behaviour_of(release).endpoints
    assert names(used(asked, zoned(1, "a"), zoned(2, "b"), rules=rules).cluster) == cluster


@pytest.mark.parametrize(("release", "cluster"), [("1.30", "1 2"), ("1.33", "1 2"), ("1.34", "1"), ("1.37", "1")])
def test_node_hints_by_release(release: str, cluster: str) -> None:
    asking = dataclasses.replace(WEB, traffic_distribution="PreferSameNode")
    members = (on(1, "node1"), on(2, "node2"))
    assert names(used(asking, *members, rules=behaviour_of(release).endpoints).cluster) == cluster


def test_hints_and_local_together() -> None:
    service = dataclasses.replace(EXTERNAL_LOCAL, traffic_distribution="PreferSameZone")
    members = (zoned(1, "b"), zoned(2, "a", node="node2"))
    assert summary(used(service, *members)) == ("2", "1", "1 2", True)


@pytest.mark.parametrize(
    ("annotations", "distribution", "wanted"),
    [
        ({}, None, False),
        ({}, "PreferClose", True),
        ({}, "PreferSameZone", True),
        ({}, "PreferSameNode", True),
        ({"service.kubernetes.io/topology-mode": "Auto"}, None, True),
        ({"service.kubernetes.io/topology-mode": "example.com/own"}, None, True),
        ({"service.kubernetes.io/topology-mode": "Disabled"}, None, False),
        ({"service.kubernetes.io/topology-aware-hints": "auto"}, None, True),
        ({"service.kubernetes.io/topology-aware-hints": "disabled", "service.kubernetes.io/topology-mode": "Auto"}, None, False),
    ],
)  # fmt: skip
def test_who_asks_for_hints(annotations: dict[str, str], distribution: str | None, wanted: bool) -> None:
    service = dataclasses.replace(WEB, annotations=annotations, traffic_distribution=distribution)
    assert hints_wanted(service, V1_30) is wanted
    assert hints_wanted(service, V1_34)


def test_of_two_reports_of_an_endpoint_the_local_one_is_believed() -> None:
    pieces = (slice_(member(1, "node1"), member(2, "node2")), slice_(member(1, "node2"), name="web-2"))
    (view,) = service_ports(Cluster(services=(INTERNAL_LOCAL,), slices=pieces), Family.IPV4, V1_34)
    assert names(categorize(view, NODE1).local) == "1"
    assert names(categorize(view, NODE2).local) == "1 2"
    assert names(categorize(view, Node("node3")).local) == ""


def test_of_two_reports_of_the_same_node_its_own_kube_proxy_believes_the_last_others_the_first() -> None:
    up, down = member(1), member(1, ready=False, serving=False)
    assert used(WEB, up, down).cluster == () and names(used(WEB, up, down, node=NODE2).cluster) == "1"
    assert names(used(WEB, up, down, up).cluster) == "1"
    assert names(used(WEB, down, up).cluster) == "1" and used(WEB, down, up, node=NODE2).cluster == ()


# A pod's address given to a new pod before the old one is gone (issue 135266).
@pytest.mark.parametrize(
    ("old", "new", "before", "since"),
    [
        (member(1, "node1", **FADING), member(1, "node2"), "1", ""),
        (member(1, "node2"), member(1, "node1", **FADING), "1", ""),
        (member(1, "node1"), member(1, "node2", **FADING), "1", "1"),
        (member(1, "node1", **FADING), member(1, "node2", **FADING), "1", "1"),
        (member(1, "node2"), member(1, "node1"), "1", "1"),
    ],
)
def test_which_of_two_endpoints_with_one_address_counts_on_node1(
    old: SliceEndpoint, new: SliceEndpoint, before: str, since: str
) -> None:
    assert names(used(INTERNAL_LOCAL, old, new, rules=V1_34).local) == before
    assert names(used(INTERNAL_LOCAL, old, new, rules=V1_36).local) == since


PROXY_NAME, HEADLESS = {"service.kubernetes.io/service-proxy-name": "x"}, {"service.kubernetes.io/headless": ""}


@pytest.mark.parametrize(
    ("on_service", "on_slice", "before", "since"),
    [
        ({}, PROXY_NAME, "no endpoints", "served"),
        ({}, HEADLESS, "no endpoints", "no endpoints"),
        (PROXY_NAME, PROXY_NAME, "not seen", "not seen"),
        (HEADLESS, {}, "not seen", "served"),
        (HEADLESS, HEADLESS, "not seen", "no endpoints"),
    ],
)
def test_which_label_hides_what_by_release(
    on_service: dict[str, str], on_slice: dict[str, str], before: str, since: str
) -> None:
    service = dataclasses.replace(WEB, labels=on_service)
    cluster = Cluster(services=(service,), slices=(slice_(member(1), labels=on_slice),))

    def fate(rules: EndpointRules) -> str:
        views = service_ports(cluster, Family.IPV4, rules)
        return ("served" if views[0].endpoints else "no endpoints") if views else "not seen"

    assert (fate(V1_34), fate(V1_36)) == (before, since)


@pytest.mark.parametrize(
    ("ranges", "before", "since"),
    [
        (("198.51.100.0/24",), ("198.51.100.0/24",), ("198.51.100.0/24",)),
        (("198.51.100.0/24", "0.0.0.0/0"), ("198.51.100.0/24", "0.0.0.0/0"), ()),
        (("198.51.100.0/24", "::/0"), ("198.51.100.0/24",), ("198.51.100.0/24",)),
    ],
)
def test_source_ranges_for_everybody_by_release(
    ranges: tuple[str, ...], before: tuple[str, ...], since: tuple[str, ...]
) -> None:
    service = dataclasses.replace(WEB, type="LoadBalancer", load_balancer_source_ranges=ranges)
    (old,), (new,) = (service_ports(Cluster(services=(service,)), Family.IPV4, rules) for rules in (V1_30, V1_34))
    assert (old.load_balancer_source_ranges, new.load_balancer_source_ranges) == (before, since)


@pytest.mark.parametrize(("release", "vips"), [("1.29", ("203.0.113.11",)), ("1.30", ()), ("1.37", ())])
def test_ip_mode_proxy_by_release(release: str, vips: tuple[str, ...]) -> None:
    ingress = (LoadBalancerIngress("203.0.113.11", "Proxy"),)
    service = dataclasses.replace(WEB, type="LoadBalancer", load_balancer_ingress=ingress)
    (view,) = service_ports(Cluster(services=(service,)), Family.IPV4, behaviour_of(release).endpoints)
    assert view.load_balancer_vips == vips


def test_ten_times_the_services_are_ten_times_the_work() -> None:
    def found(services: int) -> int:
        cluster = synthetic_cluster(services, 10)
        views = service_ports(cluster, Family.IPV4, V1_36)
        return sum(len(categorize(view, cluster.nodes[0]).cluster) for view in views)

    assert found(2000) == 20_000
    assert function_calls(lambda: found(2000)) < 11 * function_calls(lambda: found(200))
