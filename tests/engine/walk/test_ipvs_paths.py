"""The whole walk in ipvs mode, on the cluster that the other modes were measured on.

Worked out from kube-proxy's and the kernel's sources; what a kernel did stands in tests/conformance/test_measured_paths.py.
Where it differs from the iptables mode, a comment says why.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    LoadBalancerIngress,
    NetworkFacts,
    Pod,
    ServicePort,
    SliceEndpoint,
)
from engine.hooks import Hook
from engine.packet import L4
from engine.trace import Outcome, Request, Stage, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, NODE2, VIP, A, B, C, cluster, web
from tests.engine.walk.test_outcomes import six

VXLAN = CNIConfig(backend="vxlan", assumed=False)
HOST_GW = CNIConfig(backend="host-gw", assumed=False)
LOCAL = web(external_traffic_policy="Local")
INTERNAL_LOCAL = web(internal_traffic_policy="Local")


def says(outcome: Outcome) -> str | tuple[str, str]:
    """The address seen, or how and where it died."""
    if outcome.verdict is Verdict.DELIVERED:
        assert outcome.source_seen is not None
        return outcome.source_seen
    assert outcome.where is not None
    return str(outcome.verdict), outcome.where.code


# from, to, node, endpoint, seen with vxlan, seen with host-gw: all as in iptables mode.
SEEN = [
    ("client", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("client", f"{NODE1}:30080", None, A, "10.244.1.1", "10.244.1.1"),
    ("node/node1", f"{VIP}:80", None, B, "10.244.1.0", NODE1),
    ("node/node1", f"{VIP}:80", None, A, "10.244.1.1", "10.244.1.1"),
    ("node/node1", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("pod/pod-a", f"{VIP}:80", None, B, A, A),
    ("pod/pod-a", f"{VIP}:80", None, A, "10.244.1.1", "10.244.1.1"),
    ("pod/pod-c", f"{VIP}:80", None, A, C, C),
    ("pod/pod-a", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("pod/pod-a", f"{NODE2}:30080", None, B, "10.244.2.1", "10.244.2.1"),
    ("client", f"{VIP}:80", "node1", B, "10.244.1.0", NODE1),
]


@pytest.mark.parametrize(("source", "to", "node", "endpoint", "vxlan", "host_gw"), SEEN)
@pytest.mark.parametrize("cni", [VXLAN, HOST_GW], ids=["vxlan", "host-gw"])
def test_which_source_the_pod_sees(
    source: str, to: str, node: str | None, endpoint: str, vxlan: str, host_gw: str, cni: CNIConfig
) -> None:
    (outcome,) = outcomes(cluster(endpoint, cni=cni), Request(source, to, node=node), "ipvs")
    assert says(outcome) == (vxlan if cni is VXLAN else host_gw)
    assert outcome.destination == f"{endpoint}:8080"
    assert outcome.reply[-1].src == to


OTHERWISE = [
    # No virtual server stands on a loopback address.
    (web(), (B,), Request("node/node1", "127.0.0.1:30080"), ("REFUSED", "nobody-listens")),
    # The node holds the ClusterIP and refuses what no Service has there.
    (web(), (B,), Request("pod/pod-a", f"{VIP}:81"), ("REJECT", "unknown-cluster-ip-port")),
    (web(), (), Request("pod/pod-a", f"{VIP}:80"), ("REJECT", "ipvs-no-server")),
    (web(), (), Request("client", f"{NODE1}:30080"), ("REJECT", "ipvs-no-server")),
    # A Local policy: the source stays; pods and the node itself get no short cut.
    (LOCAL, (A,), Request("client", f"{NODE1}:30080"), "1.2.3.4"),
    (LOCAL, (B,), Request("client", f"{NODE2}:30080"), "1.2.3.4"),
    (LOCAL, (B,), Request("pod/pod-a", f"{NODE1}:30080"), A),
    # Without a local endpoint the packet goes to another node's, unmasqueraded; its answer takes the short way home
    # and comes from an address that the client never spoke to.
    (LOCAL, (B,), Request("client", f"{NODE1}:30080"), ("LOST", "wrong-reply-source")),
    (INTERNAL_LOCAL, (A, B), Request("pod/pod-c", f"{VIP}:80"), C),
]


@pytest.mark.parametrize(("service", "backends", "request_", "expected"), OTHERWISE)
def test_outcome(service: object, backends: tuple[str, ...], request_: Request, expected: object) -> None:
    made = cluster(*backends, service=service)  # type: ignore[arg-type]
    assert {says(outcome) for outcome in outcomes(made, request_, "ipvs")} == {expected}


# A node's address as an external IP: every node holds it on kube-ipvs0, and flannel's tunnel to that node leads to itself.
# What a pod sends there goes round until its TTL is used up, what the node sends is a martian when it comes back.
@pytest.mark.parametrize(("source", "code"), [("pod/pod-a", "routing-loop"), ("node/node1", "tunnel-to-itself")])
def test_a_tunnel_that_leads_to_its_own_node(source: str, code: str) -> None:
    made = cluster(B, service=web(external_ips=(NODE2,)))
    (outcome,) = outcomes(made, Request(source, f"{B}:8080"), "ipvs")
    assert outcome.where is not None
    assert (outcome.verdict, outcome.where.code, outcome.where.host) == (Verdict.LOST, code, "node1")


def test_the_way_through_the_first_node() -> None:
    (outcome,) = outcomes(cluster(B), Request("client", f"{NODE1}:30080"), "ipvs")
    steps = [(hop.stage, hop.hook) for hop in outcome.hops if hop.host == "node1"]
    ordered = list(dict.fromkeys(steps))
    assert ordered == [
        (Stage.NIC, None),
        (Stage.PREROUTING, Hook.PREROUTING),
        (Stage.ROUTING, None),
        (Stage.IPVS, Hook.INPUT),
        (Stage.OUTPUT, Hook.OUTPUT),
        (Stage.POSTROUTING, Hook.POSTROUTING),
        (Stage.SNAT, Hook.POSTROUTING),
        (Stage.ENCAPSULATE, None),
        (Stage.WIRE, None),
    ]
    back = [(hop.stage, hop.hook) for hop in outcome.reply if hop.host == "node1"]
    assert (Stage.IPVS, Hook.FORWARD) in back
    assert [entry.original.destination for entry in outcome.conntrack if entry.host == "node1"] == [f"{NODE1}:30080"]


def test_without_the_ports_hairpin_mode_it_is_the_answer_that_the_bridge_refuses() -> None:
    made = cluster(A, network=NetworkFacts(hairpin_mode=False, bridge_nf_call_iptables=True))
    died = {}
    for mode in ("iptables", "ipvs"):
        (outcome,) = outcomes(made, Request("pod/pod-a", f"{VIP}:80"), mode)
        assert says(outcome) == ("LOST", "bridge-refuses-same-port")
        assert outcome.where is not None
        died[mode] = (outcome.where.direction, outcome.source_seen)
    # IPVS rewrites the destination only after the frame was handed up to the IP stack, so the request is routed back
    # out. The answer to the masqueraded source gets pod A's address back while it is still bridged.
    assert died == {"iptables": ("request", None), "ipvs": ("reply", "10.244.1.1")}


def test_another_nodes_address_as_external_ip_cuts_that_node_off() -> None:
    # It is put on kube-ipvs0, so this node takes what the other one sends for its own and drops it.
    service = web(external_ips=(NODE1,))
    found = outcomes(cluster(B, service=service), Request("client", f"{NODE1}:30080"), "ipvs")
    assert {says(outcome) for outcome in found} == {("LOST", "martian-source")}


MARTIAN, WRONG_SOURCE = ("LOST", "martian-source"), ("LOST", "wrong-reply-source")
NO_HOST = ("LOST", "no-such-host")
WITHOUT = [
    # Routing no longer calls the ClusterIP local, so what comes from a pod never meets LOCAL_IN ...
    ("kube-ipvs0", B, "pod/pod-a", f"{VIP}:80", NO_HOST),
    ("kube-ipvs0", A, "pod/pod-a", f"{VIP}:80", NO_HOST),
    # ... but a NodePort is the node's own address, and what the node sends itself meets LOCAL_OUT whatever the route.
    ("kube-ipvs0", B, "client", f"{NODE1}:30080", "10.244.1.0"),
    ("kube-ipvs0", B, "node/node1", f"{VIP}:80", "10.244.1.0"),
    # ip_vs_notrack: no entry, so no nat rule at POSTROUTING. IPVS itself still knows its connections.
    ("vs-conntrack", B, "pod/pod-a", f"{VIP}:80", A),
    ("vs-conntrack", C, "pod/pod-a", f"{VIP}:80", A),
    ("vs-conntrack", B, "client", f"{NODE1}:30080", WRONG_SOURCE),
    ("vs-conntrack", A, "client", f"{NODE1}:30080", "1.2.3.4"),
    ("vs-conntrack", A, "pod/pod-a", f"{VIP}:80", MARTIAN),
    # The source is the ClusterIP, which node2 holds as well.
    ("vs-conntrack", B, "node/node1", f"{VIP}:80", MARTIAN),
    ("vs-conntrack", None, "pod/pod-a", f"{VIP}:80", ("REJECT", "ipvs-no-server")),
    ("masquerade", B, "client", f"{NODE1}:30080", WRONG_SOURCE),
    ("masquerade", A, "pod/pod-a", f"{VIP}:80", MARTIAN),
    # The loop-back set's rule goes, the marked are still masqueraded.
    ("hairpin-masquerade", A, "pod/pod-a", f"{VIP}:80", MARTIAN),
    ("hairpin-masquerade", A, "client", f"{NODE1}:30080", "10.244.1.1"),
    # IPVS sends the request on by itself; its answer has to be forwarded.
    ("ip_forward", A, "client", f"{NODE1}:30080", ("LOST", "ip-forward-off")),
]


@pytest.mark.parametrize(("part", "endpoint", "source", "to", "expected"), WITHOUT)
def test_without_a_part(part: str, endpoint: str | None, source: str, to: str, expected: object) -> None:
    made = cluster(*([endpoint] if endpoint else []), network=NetworkFacts(without=frozenset({part})))
    assert {says(outcome) for outcome in outcomes(made, Request(source, to), "ipvs")} == {expected}


CIRCLE: dict[str, Any] = {"without": frozenset({"kube-ipvs0"}), "service_cidr_via": "node1"}
STALLS = "stalls: unknown-cluster-ip-port"
# Measured with kube-proxy v1.30.5's rules on Linux 6.1.176, net.ipv4.vs.conntrack=0: the rows `vs.conntrack=0` of
# tests/recordings/measured/paths-ipvs.csv; node1's own NodePort, and Calico's bgp, were measured beside them.
UNTRACKED_MEASURED = [
    (A, "client", f"{NODE1}:30080", "1.2.3.4"),
    (A, "pod/pod-a", f"{VIP}:80", MARTIAN),
    # The handshake completes. The pod's data is then a connection of its own, picked up midstream on its way to the
    # ClusterIP that the node sent from, and KUBE-IPVS-FILTER rejects new packets to a port that no Service has.
    (A, "node/node1", f"{VIP}:80", STALLS),
    (A, "node/node1", f"{NODE1}:30080", NODE1),
    (B, "client", f"{NODE1}:30080", WRONG_SOURCE),
    (B, "pod/pod-a", f"{VIP}:80", A),
    (B, "node/node1", f"{VIP}:80", MARTIAN),
    (B, "client", f"{NODE2}:30080", "1.2.3.4"),
    (B, "pod/pod-a", f"{NODE1}:30080", A),
]


@pytest.mark.parametrize(("endpoint", "source", "to", "measured"), UNTRACKED_MEASURED)
@pytest.mark.parametrize(
    "cni", [VXLAN, HOST_GW, CNIConfig("calico", "bgp", assumed=False)], ids=["vxlan", "host-gw", "bgp"]
)
def test_connections_that_conntrack_does_not_know(
    endpoint: str, source: str, to: str, measured: object, cni: CNIConfig
) -> None:
    made = cluster(endpoint, cni=cni, network=NetworkFacts(without=frozenset({"vs-conntrack"})))
    (outcome,) = outcomes(made, Request(source, to), "ipvs")
    assert (f"stalls: {outcome.stalls.code}" if outcome.stalls else says(outcome)) == measured


# Without kube-ipvs0 node1 sends what is for a ClusterIP back to the router, masqueraded, and the router returns it: a
# walk without an end, were the rounds told apart by the port.
IN_CIRCLES = [
    # A new source port on every round, so no two rounds look alike; a kernel stops it by the hop limit.
    (six("b", **CIRCLE), "[fd00:96::10]:80", ("LOST", "routing-loop")),
    # IPv4 refuses a packet from an address of its own.
    (cluster(B, network=NetworkFacts(**CIRCLE)), f"{VIP}:80", ("LOST", "martian-source")),
]


@pytest.mark.parametrize(("made", "to", "expected"), IN_CIRCLES, ids=["ipv6", "ipv4"])
def test_a_packet_masqueraded_anew_on_every_round_ends(made: Cluster, to: str, expected: object) -> None:
    (outcome,) = outcomes(made, Request("client", to, node="node1"), "ipvs")
    assert says(outcome) == expected


RANGED = web(
    type="LoadBalancer",
    load_balancer_ingress=(LoadBalancerIngress("203.0.113.5"),),
    load_balancer_source_ranges=("1.2.3.0/24",),
)


UNTRACKED = pytest.mark.parametrize("without", [frozenset[str](), frozenset({"vs-conntrack"})], ids=["tracked", "not"])


@UNTRACKED
@pytest.mark.parametrize("endpoint", [A, B])
def test_what_a_node_in_no_source_range_sends_is_dropped_once_ipvs_has_rewritten_it(
    endpoint: str, without: frozenset[str]
) -> None:
    made = cluster(endpoint, service=RANGED, network=NetworkFacts(without=without))
    (outcome,) = outcomes(made, Request("node/node1", "203.0.113.5:80", node="node1"), "ipvs")
    assert says(outcome) == ("DROP", "source-ranges")


@UNTRACKED
def test_the_ipvs_match_is_about_requests_so_answers_of_the_node_itself_leave(without: frozenset[str]) -> None:
    made = cluster(service=RANGED, network=NetworkFacts(without=without))
    (slices,) = made.slices
    server = Pod("default", "host", "node1", (NODE1,), host_network=True, ports=(ContainerPort("http", 8080),))
    here = dataclasses.replace(slices, endpoints=(SliceEndpoint((NODE1,), node_name="node1", pod="default/host"),))
    made = dataclasses.replace(made, slices=(here,), pods=(*made.pods, server))
    (outcome,) = outcomes(made, Request("client", "203.0.113.5:80", node="node1"), "ipvs")
    assert says(outcome) == "1.2.3.4"
    assert outcome.reply[-1].src == "203.0.113.5:80"


def test_untracked_connections_leave_no_conntrack_entry_and_pay_for_every_packet() -> None:
    found = {}
    for without in (frozenset[str](), frozenset({"vs-conntrack"})):
        (outcome,) = outcomes(
            cluster(B, network=NetworkFacts(without=without)), Request("pod/pod-a", f"{VIP}:80"), "ipvs"
        )
        here = [entry for entry in outcome.conntrack if entry.host == "node1"]
        assert outcome.later_cost is not None
        found[len(here)] = outcome.later_cost.rules_evaluated
    assert set(found) == {0, 1}
    assert found[0] > found[1]


def test_the_walk_says_that_no_nat_rule_sees_an_untracked_packet() -> None:
    (outcome,) = outcomes(
        cluster(A, network=NetworkFacts(without=frozenset({"vs-conntrack"}))),
        Request("client", f"{NODE1}:30080"),
        "ipvs",
    )
    (hop,) = [hop for hop in outcome.hops if hop.host == "node1" and hop.hook is Hook.POSTROUTING]
    assert hop.note.en == "POSTROUTING: the packet is out of conntrack, so no nat rule sees it."


# Measured with `k8squiz lab run` on Linux 6.1: an ICMP error about a connection of IPVS, wherever it comes from, gets the
# virtual server's address back (ip_vs_out_icmp), so that the client's socket knows it.
DEAF = cluster(B, service=web(ports=(ServicePort("", L4.UDP, 53, 5353, 30053),)))
DEAF = dataclasses.replace(DEAF, slices=(dataclasses.replace(DEAF.slices[0], ports=(EndpointPort("", L4.UDP, 5353),)),))


@UNTRACKED
@pytest.mark.parametrize("source", ["client", "pod/pod-a", "node/node1"])
def test_an_icmp_error_about_a_request_that_ipvs_sent_on_is_heard(source: str, without: frozenset[str]) -> None:
    made = dataclasses.replace(DEAF, network=dataclasses.replace(DEAF.network, without=DEAF.network.without | without))
    (outcome,) = outcomes(made, Request(source, f"{NODE1}:30053", "UDP"), "ipvs")
    if without and source == "client":
        # Not masqueraded, so that the error goes past node1.
        assert says(outcome) == WRONG_SOURCE
    else:
        assert says(outcome) == ("REFUSED", "nobody-listens")
        assert outcome.reply[-1].src == NODE1
