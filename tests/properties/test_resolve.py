"""What must hold for one node's rules on any cluster: probabilities, policies, masquerade, and the modes' agreement."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cluster import (
    Cluster,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Node,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.errors import NoSuchObject
from engine.packet import L4
from engine.trace import Request
from engine.walk.one_node import resolve
from tests.breadth import breadth

VIP, LB, EXTERNAL, NODE_PORT, CLIENT = "10.96.0.10", "203.0.113.5", "198.51.100.7", 30080, "1.2.3.4"
NODES = ("node1", "node2", "node3")
ADDRESS = {name: f"192.168.1.1{number}" for number, name in enumerate(NODES)}
POLICY = st.sampled_from(["Cluster", "Local"])

endpoints = st.builds(
    lambda number, node, ready, serving, terminating: SliceEndpoint(
        (f"10.244.{NODES.index(node)}.{number}",),
        ready=ready and not terminating,
        serving=serving or (ready and not terminating),
        terminating=terminating,
        node_name=node,
    ),
    st.integers(5, 9),
    st.sampled_from(NODES),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    """Three nodes and one Service that can be spoken to in every way, with up to six endpoints in any condition."""
    service = Service(
        "default",
        "web",
        "LoadBalancer",
        (VIP,),
        ports=(ServicePort("", L4.TCP, 80, 8080, NODE_PORT),),
        external_ips=(EXTERNAL,),
        load_balancer_ingress=(LoadBalancerIngress(LB),),
        external_traffic_policy=draw(POLICY),
        internal_traffic_policy=draw(POLICY),
        session_affinity=draw(st.sampled_from(["None", "ClientIP"])),
        ip_families=("IPv4",),
    )
    found = draw(st.lists(endpoints, max_size=6, unique_by=lambda endpoint: endpoint.addresses))
    found_slice = EndpointSlice("default", "web-1", "web", "IPv4", (EndpointPort("", L4.TCP, 8080),), tuple(found))
    return Cluster(
        nodes=tuple(
            Node(name, (ADDRESS[name],), pod_cidrs=(f"10.244.{number}.0/24",)) for number, name in enumerate(NODES)
        ),
        services=(service,),
        slices=(found_slice,),
        proxy=ProxyConfig(cluster_cidrs=("10.244.0.0/16",), masquerade_all=draw(st.booleans())),
    )


NODE = st.sampled_from(NODES)
MODE = st.sampled_from(["iptables", "nftables", "ipvs"])
WITH_POLICY_CHAINS = st.sampled_from(["iptables", "nftables"])
SOURCE = st.sampled_from(["client", "a pod", "the node"])
WAY = st.sampled_from(["ClusterIP", "NodePort", "load balancer", "external IP", "nothing"])


def request(source: str, way: str, node: str) -> Request:
    number = NODES.index(node)
    src = {"client": CLIENT, "a pod": f"10.244.{number}.77", "the node": ADDRESS[node]}[source]
    dst = {
        "ClusterIP": f"{VIP}:80",
        "NodePort": f"{ADDRESS[node]}:{NODE_PORT}",
        "load balancer": f"{LB}:80",
        "external IP": f"{EXTERNAL}:80",
        "nothing": "10.96.9.9:80",
    }[way]
    return Request(src, dst)


def endpoint_table(cluster: Cluster) -> dict[str, SliceEndpoint]:
    return {f"{e.addresses[0]}:8080": e for part in cluster.slices for e in part.endpoints}


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, MODE, SOURCE, WAY)
def test_probabilities_add_to_one_and_every_endpoint_is_equally_likely(
    cluster: Cluster, node: str, mode: str, source: str, way: str
) -> None:
    found = resolve(cluster, node, request(source, way, node), mode)
    assert sum(r.probability for r in found) == 1
    assert {r.probability for r in found} == {Fraction(1, len(found))}
    assert len({r.verdict for r in found}) == 1


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, MODE, SOURCE, WAY)
def test_only_serving_endpoints_are_chosen_and_terminating_ones_only_for_want_of_better(
    cluster: Cluster, node: str, mode: str, source: str, way: str
) -> None:
    table = endpoint_table(cluster)
    chosen = [
        table[r.destination] for r in resolve(cluster, node, request(source, way, node), mode) if r.destination in table
    ]
    assert all(endpoint.serving for endpoint in chosen)
    if any(endpoint.terminating for endpoint in chosen):
        assert not any(endpoint.ready for endpoint in chosen)


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, WITH_POLICY_CHAINS, st.sampled_from(["NodePort", "load balancer", "external IP"]))
def test_external_policy_local_keeps_the_client_address_and_stays_on_the_node(
    cluster: Cluster, node: str, mode: str, way: str
) -> None:
    if cluster.services[0].external_traffic_policy != "Local" or cluster.proxy.masquerade_all:
        return
    table = endpoint_table(cluster)
    for resolution in resolve(cluster, node, request("client", way, node), mode):
        assert not resolution.masqueraded
        if resolution.destination in table:
            assert table[resolution.destination].node_name == node


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, WITH_POLICY_CHAINS, SOURCE)
def test_internal_policy_local_stays_on_the_node(cluster: Cluster, node: str, mode: str, source: str) -> None:
    if cluster.services[0].internal_traffic_policy != "Local":
        return
    table = endpoint_table(cluster)
    for resolution in resolve(cluster, node, request(source, "ClusterIP", node), mode):
        assert resolution.destination not in table or table[resolution.destination].node_name == node


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, SOURCE, WAY)
def test_ipvs_keeps_to_the_node_where_the_node_has_a_ready_endpoint(
    cluster: Cluster, node: str, source: str, way: str
) -> None:
    # Without one, ipvs mode gives the virtual server every endpoint (pkg/proxy/ipvs/proxier.go, syncEndpoint).
    service = cluster.services[0]
    policy = service.internal_traffic_policy if way == "ClusterIP" else service.external_traffic_policy
    table = endpoint_table(cluster)
    if policy != "Local" or not any(e.ready and e.node_name == node for e in table.values()):
        return
    for resolution in resolve(cluster, node, request(source, way, node), "ipvs"):
        assert resolution.destination not in table or table[resolution.destination].node_name == node


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, MODE, st.sampled_from(["NodePort", "load balancer", "external IP"]))
def test_external_policy_cluster_masquerades_every_client(cluster: Cluster, node: str, mode: str, way: str) -> None:
    if cluster.services[0].external_traffic_policy != "Cluster":
        return
    table = endpoint_table(cluster)
    for resolution in resolve(cluster, node, request("client", way, node), mode):
        assert resolution.masqueraded is (resolution.destination in table)


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, MODE)
def test_a_pod_that_reaches_itself_by_its_service_is_masqueraded(cluster: Cluster, node: str, mode: str) -> None:
    table = endpoint_table(cluster)
    for destination, endpoint in table.items():
        if endpoint.node_name == node:
            source = endpoint.addresses[0]
            for resolution in resolve(cluster, node, Request(source, f"{VIP}:80"), mode):
                if resolution.destination == destination:
                    assert resolution.masqueraded


@settings(max_examples=breadth(100), deadline=None)
@given(clusters(), NODE, SOURCE, WAY)
def test_iptables_and_nftables_agree(cluster: Cluster, node: str, source: str, way: str) -> None:
    if source == "the node" and way in ("load balancer", "external IP"):
        return  # Only nftables mode looks at the node's own packets to addresses without an endpoint (filter-output).
    asked = request(source, way, node)
    assert set(resolve(cluster, node, asked, "iptables")) == set(resolve(cluster, node, asked, "nftables"))


@settings(max_examples=50, deadline=None)
@given(clusters(), NODE, MODE, SOURCE)
def test_what_no_service_owns_is_left_alone(cluster: Cluster, node: str, mode: str, source: str) -> None:
    (only,) = resolve(cluster, node, request(source, "nothing", node), mode)
    assert (only.verdict, only.destination, only.masqueraded) == ("ACCEPT", "10.96.9.9:80", False)


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_an_unknown_node_is_named(mode: str) -> None:
    with pytest.raises(NoSuchObject, match="node9"):
        resolve(Cluster(), "node9", Request(CLIENT, f"{VIP}:80"), mode)
