"""Walks beyond the measured table: load balancers, IPv6, host networks, refusals, seeds, a real node's rules.

Where a row says what a server sees or what becomes of a packet, a real kernel with these hosts as network namespaces
did the same.
"""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    NetworkFacts,
    Node,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.errors import EngineError, NoSuchObject, UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.fabric.without import PARTS
from engine.netfilter.ipt_parse import parse
from engine.packet import L4
from engine.proxy.interface import compile_rules
from engine.trace import Outcome, Request, Stage, Verdict
from engine.walk.jsonform import trace_to_dict
from engine.walk.outcomes import bare_outcomes, outcomes
from tests.engine.clusters import NODE1, NODE2, VIP, A, B, C, cluster, web
from tests.engine.walk.test_kernel_paths import HOST_GW, LOCAL, MASQUERADE, MODES, Said, only, says
from tests.work import function_calls

LB, EXTERNAL = "203.0.113.10", "198.51.100.7"


def balanced(**fields: Any) -> Service:
    return web(
        type="LoadBalancer", load_balancer_ingress=(LoadBalancerIngress(LB),), external_ips=(EXTERNAL,), **fields
    )


BALANCED = balanced()
BALANCED_LOCAL = balanced(external_traffic_policy="Local", health_check_node_port=32000)

# service, endpoint, from, to, node, what it comes to
FOREIGN = [
    (BALANCED, A, "client", f"{LB}:80", "node1", "10.244.1.1"),
    (BALANCED, B, "client", f"{LB}:80", "node1", "10.244.1.0"),
    (BALANCED, B, "pod/pod-a", f"{LB}:80", None, "10.244.1.0"),
    (BALANCED, B, "node/node1", f"{LB}:80", None, "10.244.1.0"),
    (BALANCED, B, "client", f"{EXTERNAL}:80", "node1", "10.244.1.0"),
    (BALANCED_LOCAL, A, "client", f"{LB}:80", "node1", "1.2.3.4"),
    (BALANCED_LOCAL, A, "client", f"{EXTERNAL}:80", "node1", "1.2.3.4"),
    (BALANCED_LOCAL, B, "client", f"{LB}:80", "node1", ("DROP", "no-local-endpoints")),
    (BALANCED_LOCAL, B, "pod/pod-a", f"{LB}:80", None, "10.244.1.5"),
    (
        balanced(load_balancer_source_ranges=("9.9.9.0/24",)),
        B,
        "client",
        f"{LB}:80",
        "node1",
        ("DROP", "source-ranges"),
    ),
    (balanced(load_balancer_source_ranges=("9.9.9.0/24",)), B, "client", f"{NODE1}:30080", None, "10.244.1.0"),
    (BALANCED, B, "client", f"{LB}:81", "node1", ("LOST", "routing-loop")),
    (web(), B, "client", f"{NODE1}:30099", None, ("REFUSED", "nobody-listens")),
    (web(), B, "client", f"{NODE1}:10250", None, "1.2.3.4"),
    (web(), B, "pod/pod-a", f"{C}:8080", None, A),
    (web(), B, "pod/pod-a", f"{C}:81", None, ("REFUSED", "nobody-listens")),
    (web(), B, "pod/pod-a", f"{A}:8080", None, A),
    (web(), B, "pod/pod-a", "10.244.1.77:8080", None, ("LOST", "no-neighbour")),
    (web(), B, "pod/pod-a", "9.9.9.9:80", None, ("LOST", "no-such-host")),
    (web(), B, "client", "192.168.1.77:80", None, ("LOST", "no-neighbour")),
    # Another node's NodePort short-circuits a pod without masquerade: who answers directly is not listened to.
    (LOCAL, A, "pod/pod-a", f"{NODE2}:30080", None, "10.244.2.0"),
    (LOCAL, B, "pod/pod-a", f"{NODE2}:30080", None, A),
    (LOCAL, C, "pod/pod-a", f"{NODE2}:30080", None, ("LOST", "wrong-reply-source")),
]


@pytest.mark.parametrize(("service", "endpoint", "source", "to", "node", "expected"), FOREIGN)
@pytest.mark.parametrize("mode", MODES)
def test_what_the_kernel_did(
    service: Service, endpoint: str, source: str, to: str, node: str, expected: Said, mode: str
) -> None:
    request = Request(source, to, node=node)
    assert says(only(outcomes(cluster(endpoint, service=service), request, mode, release="1.30"))) == expected


@pytest.mark.parametrize(("service", "endpoint", "source", "to", "node", "expected"), FOREIGN)
@pytest.mark.parametrize("mode", MODES)
def test_what_later_releases_do(
    service: Service, endpoint: str, source: str, to: str, node: str, expected: Said, mode: str
) -> None:
    if mode == "nftables" and service is LOCAL and endpoint == A:
        # v1.36's set of hairpin connections holds the node's own endpoints only: on node2 nothing masquerades what
        # comes from pod-a and goes back to it. A kernel with these rules loses it just so.
        expected = ("LOST", "martian-source")
    request = Request(source, to, node=node)
    assert says(only(outcomes(cluster(endpoint, service=service), request, mode, release="1.37"))) == expected


@pytest.mark.parametrize(("service", "endpoint", "source", "to", "node", "expected"), FOREIGN)
@pytest.mark.parametrize("mode", MODES)
def test_without_its_hops_an_outcome_is_the_same(
    service: Service, endpoint: str, source: str, to: str, node: str, expected: Said, mode: str
) -> None:
    """Of one that is not delivered the destination is where its last hop saw it, which then nobody has."""
    fabric = build_fabric(cluster(endpoint, service=service), mode, None, None)

    def bare(one: Outcome) -> Outcome:
        to = one.destination if one.verdict is Verdict.DELIVERED else ""
        return dataclasses.replace(one, probability=Fraction(1), hops=(), reply=(), destination=to)

    request = Request(source, to, node=node)
    told = outcomes(fabric.cluster, request, mode, fabric=fabric)
    assert [bare(one) for one in bare_outcomes(fabric, request)] == list(dict.fromkeys(map(bare, told)))


CALICO = {"bgp": NODE1, "ipip": "10.244.1.0", "vxlan": "10.244.1.0"}


@pytest.mark.parametrize("backend", CALICO)
def test_calico(backend: str) -> None:
    """A cali device has no address, so MASQUERADE borrows eth0's; a tunnel device has its own."""
    cni = CNIConfig("calico", backend, False)
    assert says(only(outcomes(cluster(B, cni=cni), Request("client", f"{NODE1}:30080")))) == CALICO[backend]
    assert says(only(outcomes(cluster(A, cni=cni), Request("client", f"{NODE1}:30080")))) == NODE1
    hairpin = only(outcomes(cluster(A, cni=cni), Request("pod/pod-a", f"{VIP}:80")))
    assert says(hairpin) == NODE1
    assert not any(hop.stage is Stage.BRIDGE for hop in hairpin.hops)


# rp_filter, backend, from, to, what it comes to
RP_FILTER = [
    (1, "vxlan", "client", f"{NODE1}:30080", "10.244.1.0"),
    (1, "vxlan", "pod/pod-a", f"{NODE2}:30080", ("LOST", "rp-filter")),
    (1, "vxlan", "client", f"{B}:8080", ("LOST", "rp-filter")),
    (1, "vxlan", "node/node1", "127.0.0.1:30080", "10.244.1.0"),
    (1, "host-gw", "pod/pod-a", f"{NODE2}:30080", "10.244.2.1"),
    (2, "vxlan", "pod/pod-a", f"{NODE2}:30080", "10.244.2.1"),
]


@pytest.mark.parametrize(("rp_filter", "backend", "source", "to", "expected"), RP_FILTER)
def test_rp_filter(rp_filter: int, backend: str, source: str, to: str, expected: Said) -> None:
    made = cluster(B, cni=CNIConfig(backend=backend, assumed=False), network=NetworkFacts(rp_filter=rp_filter))
    assert says(only(outcomes(made, Request(source, to, node="node1")))) == expected


# network facts, endpoint, from, to, what it comes to, direction
BROKEN = [
    (NetworkFacts(route_localnet=False), A, "node/node1", "127.0.0.1:30080", ("LOST", "localnet-output"), "request"),
    (NetworkFacts(missing_routes=(("node1", "node2"),)), B, "client", f"{NODE1}:30080", ("LOST", "no-such-host"), "request"),
    (NetworkFacts(missing_routes=(("node2", "10.244.1.0/24"),)), B, "client", f"{NODE1}:30080", ("LOST", "no-such-host"), "reply"),
    (NetworkFacts(without=frozenset({"route"})), B, "pod/pod-a", f"{VIP}:80", ("LOST", "no-such-host"), "request"),
    (NetworkFacts(without=frozenset({"masquerade"})), B, "client", f"{NODE1}:30080", ("LOST", "wrong-reply-source"), "reply"),
    (NetworkFacts(without=frozenset({"ip_forward"})), B, "client", f"{NODE1}:30080", ("LOST", "ip-forward-off"), "request"),
    (NetworkFacts(without=frozenset({"route_localnet"})), B, "node/node1", "127.0.0.1:30080", ("LOST", "localnet-output"), "request"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "endpoint", "source", "to", "expected", "direction"), BROKEN)
def test_what_is_missing_is_missed(
    facts: NetworkFacts, endpoint: str, source: str, to: str, expected: Said, direction: str
) -> None:
    outcome = only(outcomes(cluster(endpoint, network=facts), Request(source, to)))
    assert says(outcome) == expected
    assert outcome.where is not None
    assert outcome.where.direction == direction


def on_node(address: str, node: str, **more: Any) -> Cluster:
    """The Service's one endpoint is a process on a node's own network."""
    port = EndpointPort("", L4.TCP, 8080)
    endpoint = SliceEndpoint((address,), node_name=node, pod="default/agent")
    agent = Pod("default", "agent", node, (address,), host_network=True, ports=(ContainerPort("http", 8080),))
    made = cluster(**more)
    slices = (EndpointSlice("default", "web-1", "web", "IPv4", (port,), (endpoint,)),)
    return dataclasses.replace(made, pods=(*made.pods, agent), slices=slices)


# endpoint's address and node, from, to, seen
HOST_NETWORK = [
    (NODE1, "node1", "client", f"{NODE1}:30080", "1.2.3.4"),
    (NODE1, "node1", "client", "node/node1:8080", "1.2.3.4"),
    (NODE1, "node1", "pod/pod-b", f"{VIP}:80", B),
    (NODE1, "node1", "node/node1", f"{VIP}:80", NODE1),
    (NODE1, "node1", "node/node1", "127.0.0.1:30080", NODE1),
    (NODE1, "node1", "pod/agent", f"{VIP}:80", NODE1),
    (NODE2, "node2", "client", f"{NODE1}:30080", NODE1),
    (NODE2, "node2", "pod/pod-a", f"{VIP}:80", A),
    (NODE2, "node2", "pod/pod-a", f"{NODE1}:30080", NODE1),
    (NODE2, "node2", "pod/agent", "pod/agent:8080", NODE2),
]


@pytest.mark.parametrize(("address", "node", "source", "to", "seen"), HOST_NETWORK)
def test_endpoints_on_the_nodes_network(address: str, node: str, source: str, to: str, seen: str) -> None:
    assert says(only(outcomes(on_node(address, node), Request(source, to)))) == seen


def six(*endpoints: str, **more: Any) -> Cluster:
    """The measured cluster's IPv6 twin."""
    where = {"a": ("fd00:244:1::5", "node1"), "b": ("fd00:244:2::8", "node2"), "c": ("fd00:244:1::6", "node1")}
    nodes = (
        Node("node1", ("fd00:1::10",), pod_cidrs=("fd00:244:1::/64",)),
        Node("node2", ("fd00:1::11",), pod_cidrs=("fd00:244:2::/64",)),
    )
    port = ContainerPort("http", 8080)
    pods = tuple(Pod("default", f"pod-{n}", node, (ip,), ports=(port,)) for n, (ip, node) in where.items())
    found = tuple(SliceEndpoint((where[e][0],), node_name=where[e][1], pod=f"default/pod-{e}") for e in endpoints)
    return Cluster(
        nodes,
        pods,
        (web(cluster_ips=("fd00:96::10",)),),
        (EndpointSlice("default", "web-6", "web", "IPv6", (EndpointPort("", L4.TCP, 8080),), found),),
        ProxyConfig(cluster_cidrs=("fd00:244::/32",)),
        more.pop("cni", CNIConfig(assumed=False)),
        NetworkFacts(**more),
    )


ENTRY6, VIP6, A6 = "[fd00:1::10]:30080", "[fd00:96::10]:80", "fd00:244:1::5"
IPV6 = [
    ("b", "client", ENTRY6, {}, "fd00:244:1::"),
    ("b", "client", ENTRY6, {"cni": HOST_GW}, "fd00:1::10"),
    ("a", "client", ENTRY6, {}, "fd00:244:1::1"),
    ("a", "client", ENTRY6, {"cni": CNIConfig("calico", "bgp", False)}, "fd00:1::10"),
    ("b", "node/node1", VIP6, {}, "fd00:244:1::"),
    ("b", "pod/pod-a", VIP6, {}, A6),
    ("a", "pod/pod-a", VIP6, {}, "fd00:244:1::1"),
    # No martian check in IPv6: the pod answers itself by lo, and does not know the answer's address.
    ("a", "pod/pod-a", VIP6, {"without": frozenset({"hairpin-masquerade"})}, ("LOST", "wrong-reply-source")),
    ("a", "pod/pod-a", VIP6, {"hairpin_mode": False}, ("LOST", "bridge-refuses-same-port")),
    ("a", "pod/pod-a", VIP6, {"hairpin_mode": False, "bridge_nf_call_iptables": False}, "fd00:244:1::1"),
    ("c", "pod/pod-a", VIP6, {"bridge_nf_call_iptables": False}, ("LOST", "wrong-reply-source")),
    ("c", "pod/pod-a", VIP6, {"ip_forward": False}, A6),
    ("b", "client", ENTRY6, {"ip_forward": False}, ("LOST", "ip-forward-off")),
    ("", "client", ENTRY6, {}, ("REJECT", "no-endpoints")),
    ("a", "node/node1", "[::1]:30080", {}, ("REFUSED", "nobody-listens")),
]


@pytest.mark.parametrize(("endpoint", "source", "to", "facts", "expected"), IPV6)
def test_ipv6(endpoint: str, source: str, to: str, facts: dict[str, Any], expected: Said) -> None:
    made = six(*endpoint, **facts)
    assert says(only(outcomes(made, Request(source, to)))) == expected


def test_a_load_balancer_draws_among_healthy_nodes() -> None:
    request = Request("client", f"{LB}:80")
    ways = outcomes(cluster(A, B, service=BALANCED), request)
    assert {(str(w.probability), w.destination) for w in ways} == {("1/4", f"{A}:8080"), ("1/4", f"{B}:8080")}
    assert len(ways) == 4
    local = only(outcomes(cluster(B, service=BALANCED_LOCAL), request))
    assert says(local) == "1.2.3.4"
    assert local.hops[1].note.en.endswith("node2, a node that passes its health check.")
    unchecked = NetworkFacts(load_balancer_health_checks=False)
    ways = outcomes(cluster(B, service=BALANCED_LOCAL, network=unchecked), request)
    assert sorted(str(way.verdict) for way in ways) == ["DELIVERED", "DROP"]
    assert says(only(outcomes(cluster(service=BALANCED_LOCAL), request))) == ("LOST", "no-healthy-node")


@pytest.mark.parametrize(
    ("destination", "protocol", "said"),
    [
        (f"{LB}:81", "tcp", "serves 81/TCP"),
        (f"{LB}:80", "udp", "serves 80/UDP"),
        (LB, "icmp", "serves ICMP"),
    ],
)
def test_a_load_balancer_has_no_other_ports(destination: str, protocol: str, said: str) -> None:
    outcome = only(outcomes(cluster(A, B, service=BALANCED_LOCAL), Request("client", destination, protocol)))
    assert says(outcome) == ("LOST", "not-balanced")
    assert outcome.where is not None
    assert outcome.where.reason.en.endswith(said)


def test_a_node_being_deleted_is_not_healthy() -> None:
    made = cluster(B, service=BALANCED)
    made = dataclasses.replace(made, nodes=(dataclasses.replace(made.nodes[0], deleting=True), made.nodes[1]))
    assert {hop.host for hop in only(outcomes(made, Request("client", f"{LB}:80"))).hops} >= {"node2"}


def test_ip_mode_proxy_is_not_modelled() -> None:
    proxied = web(type="LoadBalancer", load_balancer_ingress=(LoadBalancerIngress(LB, "Proxy"),))
    with pytest.raises(UnsupportedFeature, match="ipMode Proxy"):
        outcomes(cluster(B, service=proxied), Request("client", f"{LB}:80"))


def test_udp_is_refused_by_icmp() -> None:
    service = web(ports=(ServicePort("", L4.UDP, 53, 5353, 30053),))
    port = EndpointPort("", L4.UDP, 5353)
    slices = (EndpointSlice("default", "web-1", "web", "IPv4", (port,), (SliceEndpoint((B,), node_name="node2"),)),)
    # The pods declare 8080/TCP alone.
    listens = NetworkFacts(listeners={"default/pod-b": frozenset({(L4.UDP, 5353), (L4.UDP, 7)})})
    made = dataclasses.replace(cluster(service=service, network=listens), slices=slices)
    assert says(only(outcomes(made, Request("client", f"{NODE1}:30053", "UDP")))) == "10.244.1.0"
    refused = only(outcomes(made, Request("pod/pod-a", f"{C}:53", "UDP")))
    assert says(refused) == ("REFUSED", "nobody-listens")
    assert refused.reply[0].note.en.endswith("port unreachable.")
    translated = dataclasses.replace(
        made, slices=(dataclasses.replace(slices[0], ports=(dataclasses.replace(port, port=7),)),)
    )
    assert says(only(outcomes(translated, Request("client", f"{NODE1}:30053", "UDP")))) == "10.244.1.0"


def test_an_endpoint_outside_the_cluster() -> None:
    outside = EndpointSlice(
        "default", "web-1", "web", "IPv4", (EndpointPort("", L4.TCP, 8080),), (SliceEndpoint(("9.8.7.6",)),)
    )
    made = dataclasses.replace(cluster(), slices=(outside,))
    assert says(only(outcomes(made, Request("node/node1", f"{VIP}:80")))) == NODE1
    assert says(only(outcomes(made, Request("pod/pod-a", f"{VIP}:80")))) == ("LOST", "no-such-host")


def test_a_second_network_card() -> None:
    """The answer leaves by the default route, which strict rp_filter on the second card does not like."""
    made = cluster(B)
    node = dataclasses.replace(made.nodes[0], addresses=(NODE1, "192.168.99.11"))
    made = dataclasses.replace(made, nodes=(node, made.nodes[1]))
    request = Request("client", "192.168.99.11:30080")
    assert says(only(outcomes(made, request))) == "10.244.1.0"
    assert any(hop.device == "eth1" for hop in only(outcomes(made, request)).hops)
    strict = dataclasses.replace(made, network=NetworkFacts(rp_filter=1))
    assert says(only(outcomes(strict, request))) == ("LOST", "rp-filter")


def test_nodes_far_apart_have_networks_of_their_own() -> None:
    made = cluster(B, cni=HOST_GW)
    far = dataclasses.replace(made.nodes[1], internal_ips=("172.16.5.4",))
    made = dataclasses.replace(made, nodes=(made.nodes[0], far))
    assert says(only(outcomes(made, Request("client", f"{NODE1}:30080")))) == ("LOST", "no-such-host")
    tunnelled = dataclasses.replace(made, cni=CNIConfig(assumed=False))
    assert says(only(outcomes(tunnelled, Request("client", f"{NODE1}:30080")))) == "10.244.1.0"


def test_probabilities_are_exact_and_a_seed_draws_one() -> None:
    made = cluster(A, B, C)
    request = Request("client", f"{NODE1}:30080")
    ways = outcomes(made, request)
    assert [way.probability for way in ways] == [Fraction(1, 3)] * 3
    drawn = [only_drawn(outcomes(made, request, seed=seed)) for seed in range(30)]
    assert {way.destination for way in drawn} == {way.destination for way in ways}
    assert all(way in ways for way in drawn)
    assert drawn[7] == only_drawn(outcomes(cluster(A, B, C), request, seed=7))


def only_drawn(ways: tuple[Outcome, ...]) -> Outcome:
    (way,) = ways
    return way


def test_a_later_packet_does_not_see_the_nat_table() -> None:
    outcome = only(outcomes(cluster(B), Request("client", f"{NODE1}:30080")))
    assert outcome.later_cost is not None
    assert 0 < outcome.later_cost.rules_evaluated < outcome.cost.rules_evaluated
    assert outcome.underlay_cost.rules_evaluated > 0


def test_a_real_nodes_rules_take_the_place_of_computed_ones() -> None:
    made = cluster(A, B)
    text = str(compile_rules(cluster(B), "node1"))
    ways = outcomes(made, Request("client", f"{NODE1}:30080"), rulesets={"node1": parse(text)})
    assert [way.destination for way in ways] == [f"{B}:8080"]
    with pytest.raises(NoSuchObject, match="no node 'node9'"):
        outcomes(made, Request("client", f"{NODE1}:30080"), rulesets={"node9": parse(text)})


def test_the_walk_is_the_same_in_another_process_and_order() -> None:
    made = cluster(A, B, C)
    swapped = dataclasses.replace(made, pods=made.pods[::-1])
    request = Request("client", f"{NODE1}:30080")
    assert outcomes(made, request) == outcomes(swapped, request)


@pytest.mark.parametrize(
    ("source", "to", "protocol", "node", "message"),
    [
        ("pod/none", f"{VIP}:80", "TCP", None, "there is no pod 'none'; known pods: pod-a, pod-b, pod-c"),
        ("node/none", f"{VIP}:80", "TCP", None, "there is no node 'none'"),
        ("nonsense", f"{VIP}:80", "TCP", None, "'nonsense' is not understood; write pod/NAME"),
        ("client", "nonsense", "TCP", None, "'nonsense' is not understood; write svc/NAME"),
        ("client", NODE1, "TCP", None, "has no port"),
        ("client", "node/node1", "TCP", None, "has no port; write node/NAME:PORT"),
        ("client", "node/node1:0", "TCP", None, "not a port number"),
        ("client", "svc/none", "TCP", None, "there is no Service 'none'; known Services: default/web"),
        ("client", "svc/web:http", "TCP", "node1", "has no TCP port 'http'; it has 80/TCP"),
        ("client", "svc/web", "UDP", "node1", "say which port of protocol UDP; it has 80/TCP"),
        ("client", f"{VIP}:80", "GRE", "node1", "no protocol that can be walked"),
        ("client", f"{VIP}:80", "TCP", None, "name the node that the packet arrives at"),
        ("client", f"{VIP}:80", "TCP", "node9", "there is no node 'node9'"),
        ("client", "[fd00::1]:80", "TCP", "node1", None),
        ("1.2.3.4", "[fd00::1]:80", "TCP", "node1", "different address families"),
        ("10.244.1.99", f"{VIP}:80", "TCP", None, "lies in node1's pod network, but no pod there has"),
        ("192.168.1.99", f"{VIP}:80", "TCP", None, "lies in the nodes' own network"),
        ("127.0.0.1", f"{VIP}:80", "TCP", None, "is every host's own"),
        ("pod/pod-a", "pod/pod-b:https", "TCP", None, "not a port number"),
        ("pod/pod-a", "[fd00::1]:80", "TCP", None, "has no IPv6 address"),
        ("1.2.3.4:0", f"{NODE1}:30080", "TCP", None, "source port 0"),
    ],
)
def test_who_and_where_that_make_no_sense(
    source: str, to: str, protocol: str, node: str | None, message: str | None
) -> None:
    if message is None:
        assert outcomes(cluster(B), Request(source, to, protocol, node))
        return
    with pytest.raises(EngineError, match=message.replace("(", r"\(")):
        outcomes(cluster(B), Request(source, to, protocol, node))


def test_unknown_modes_and_parts() -> None:
    with pytest.raises(NoSuchObject, match="known modes: iptables, ipvs, nftables"):
        outcomes(cluster(B), Request("client", f"{NODE1}:30080"), "userspace")
    with pytest.raises(NoSuchObject, match=f"known parts: {', '.join(PARTS)}"):
        outcomes(cluster(B, network=NetworkFacts(without=frozenset({"luck"}))), Request("client", f"{NODE1}:30080"))


def test_names_of_pods_and_services() -> None:
    made = cluster(B)
    twin = dataclasses.replace(made.pods[0], namespace="other", ips=("10.244.1.50",))
    made = dataclasses.replace(made, pods=(*made.pods, twin))
    with pytest.raises(NoSuchObject, match="could be any of pod/default/pod-a, pod/other/pod-a"):
        outcomes(made, Request("pod/pod-a", "svc/web"))
    (way,) = outcomes(made, Request("pod/other/pod-a", "svc/default/web:80"))
    assert way.hops[0].host == "other/pod-a"
    assert says(only(outcomes(cluster(B), Request(f"{A}:4242", "svc/web:80")))) == A
    assert says(only(outcomes(cluster(B), Request("8.8.8.8", "pod/pod-b:8080", node="node2")))) == "8.8.8.8"
    named = NetworkFacts(external_hosts={"office": "8.8.4.4"})
    assert only(outcomes(cluster(B, network=named), Request("office", f"{NODE1}:30080"))).reply[-1].host == "office"
    via = NetworkFacts(service_cidr_via="node1")
    assert says(only(outcomes(cluster(B, network=via), Request("client", "svc/web")))) == "10.244.1.0"


def test_json_form() -> None:
    made = cluster(A, B, C)
    request = Request("client", "node/node1:30080", sport=54321)
    form = trace_to_dict(made, request, outcomes(made, request))
    assert form["request"] == {
        "from": "1.2.3.4:54321",
        "to": f"{NODE1}:30080",
        "protocol": "TCP",
        "node": "node1",
        "mode": "iptables",
    }
    first = form["outcomes"][0]
    assert first["probability"] == "1/3"
    assert list(first)[:6] == ["probability", "verdict", "destination", "source_seen", "masqueraded", "hops"]
    hop = next(hop for hop in first["hops"] if hop["stage"] == "dnat")
    assert (hop["host"], hop["device"], hop["table"], hop["mark"]) == ("node1", "eth0", "nat", "0x4000")
    assert hop["rule"].startswith("-A KUBE-SEP-")
    assert set(hop["note"]) == {"en", "zh"}
    assert json.loads(json.dumps(form)) == form
    dropped = trace_to_dict(made, request, outcomes(cluster(B, service=LOCAL), request))["outcomes"][0]
    assert (dropped["where"]["host"], dropped["where"]["chain"]) == ("node1", "KUBE-EXTERNAL-SERVICES")
    of_node = trace_to_dict(made, Request("node/node1", "svc/web"), ())["request"]
    assert (of_node["from"], of_node["node"]) == (f"{NODE1}:54321", "node1")


@pytest.mark.parametrize(("source", "to", "node", "endpoint", "vxlan", "host_gw"), MASQUERADE)
def test_ipvs_mode_delivers_too(source: str, to: str, node: str, endpoint: str, vxlan: Said, host_gw: Said) -> None:
    outcome = only(outcomes(cluster(endpoint), Request(source, to, node=node), "ipvs"))
    if to.startswith("127."):
        assert says(outcome) == ("REFUSED", "nobody-listens")
    else:
        assert says(outcome) == vxlan
        assert any(hop.stage is Stage.IPVS for hop in outcome.hops) == (VIP in to or ":30080" in to)


def many(services: int) -> Cluster:
    """A cluster with that many Services of ten endpoints, the walked one in the middle."""
    made = cluster(B)
    ports = (EndpointPort("", L4.TCP, 8080),)
    others, slices = [], []
    for i in range(services):
        name = f"s{i:05d}" if i % 2 else f"z{i:05d}"
        vip = f"10.97.{i // 250}.{i % 250 + 1}"
        others.append(Service("default", name, cluster_ips=(vip,), ports=(ServicePort("", L4.TCP, 80, 8080),)))
        found = tuple(SliceEndpoint((f"10.{100 + j}.{i // 250}.{i % 250}",), node_name="node2") for j in range(10))
        slices.append(EndpointSlice("default", name, name, "IPv4", ports, found))
    return dataclasses.replace(made, services=(*made.services, *others), slices=(*made.slices, *slices))


def test_a_walk_does_no_more_work_with_many_services() -> None:
    """Rules evaluated grow with the Services, what is done to find that out does not: function calls, not seconds, which
    benchmarks/bench_walk.py holds to the same."""
    request = Request("pod/pod-a", f"{VIP}:80")
    measured: dict[int, tuple[int, int]] = {}
    for services in (10, 1000):
        made = many(services)
        fabric = build_fabric(made)
        (way,) = outcomes(made, request, fabric=fabric)
        work = function_calls(partial(outcomes, made, request, fabric=fabric))
        measured[services] = work, way.cost.rules_evaluated
    assert measured[1000][1] - measured[10][1] > 400
    assert measured[1000][0] < 1.1 * measured[10][0]


def test_pods_that_share_a_name_with_a_node_are_told_apart() -> None:
    made = cluster(B)
    twin = Pod("default", "node1", "node1", ("10.244.1.9",))
    made = dataclasses.replace(made, pods=(*made.pods, twin))
    (way,) = outcomes(made, Request("pod/node1", f"{VIP}:80"))
    assert way.hops[0].host == "default/node1"
    assert way.verdict is Verdict.DELIVERED
