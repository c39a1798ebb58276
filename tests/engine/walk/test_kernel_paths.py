"""What a real kernel did with kube-proxy's rules, row by row: the whole walk must end the same way.

Measured on Linux 6.18 with kube-proxy v1.30.5's rules and hosts as network namespaces; the newest release's rules, which
are walked here, come to the same.
"""

from __future__ import annotations

import dataclasses

import pytest

from engine.cluster import CNIConfig, NetworkFacts, Service
from engine.network.routes import contains
from engine.trace import Hop, Outcome, Request, Stage, Verdict
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, NODE2, VIP, A, B, C, cluster, web
from tests.rows import named

VXLAN = CNIConfig(backend="vxlan", assumed=False)
MODES = ("iptables", "nftables")
HOST_GW = CNIConfig(backend="host-gw", assumed=False)
LOCAL = web(external_traffic_policy="Local")
INTERNAL_LOCAL = web(internal_traffic_policy="Local")

# What an outcome comes to: the address seen, or verdict and code.
Said = str | tuple[str, str]


def only(ways: tuple[Outcome, ...]) -> Outcome:
    assert len(ways) == 1
    assert ways[0].probability == 1
    return ways[0]


def says(outcome: Outcome) -> Said:
    """What the outcome comes to: the address seen, or how and where it died."""
    if outcome.verdict is Verdict.DELIVERED:
        assert outcome.source_seen is not None
        return outcome.source_seen
    assert outcome.where is not None
    return str(outcome.verdict), outcome.where.code


# from, to, node, endpoint, seen with vxlan, seen with host-gw
MASQUERADE = [
    ("client", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("client", f"{NODE1}:30080", None, A, "10.244.1.1", "10.244.1.1"),
    ("node/node1", f"{VIP}:80", None, B, "10.244.1.0", NODE1),
    ("node/node1", f"{VIP}:80", None, A, "10.244.1.1", "10.244.1.1"),
    ("node/node1", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("node/node1", "127.0.0.1:30080", None, B, "10.244.1.0", NODE1),
    ("pod/pod-a", f"{VIP}:80", None, B, "10.244.1.5", "10.244.1.5"),
    ("pod/pod-a", f"{NODE1}:30080", None, B, "10.244.1.0", NODE1),
    ("pod/pod-a", f"{NODE2}:30080", None, B, "10.244.2.1", "10.244.2.1"),
    ("client", f"{VIP}:80", "node1", B, "10.244.1.0", NODE1),
    ("client", f"{B}:8080", "node1", B, "1.2.3.4", "1.2.3.4"),
]


@pytest.mark.parametrize(("source", "to", "node", "endpoint", "vxlan", "host_gw"), MASQUERADE)
@pytest.mark.parametrize("cni", [VXLAN, HOST_GW], ids=["vxlan", "host-gw"])
@pytest.mark.parametrize("mode", MODES)
def test_which_address_masquerade_chooses(
    source: str, to: str, node: str | None, endpoint: str, vxlan: str, host_gw: str, cni: CNIConfig, mode: str
) -> None:
    outcome = only(outcomes(cluster(endpoint, cni=cni), Request(source, to, node=node), mode))
    if mode == "nftables" and to.startswith("127."):
        assert says(outcome) == ("REFUSED", "nobody-listens")
        return
    assert says(outcome) == (vxlan if cni is VXLAN else host_gw)
    assert outcome.destination == f"{endpoint}:8080"
    last = outcome.reply[-1]
    assert last.src == to
    assert last.stage is Stage.SOCKET


def test_masquerade_changes_the_source_port() -> None:
    outcome = only(outcomes(cluster(B), Request("client", f"{NODE1}:30080", sport=40001)))
    assert outcome.masqueraded
    assert outcome.hops[-1].src != "10.244.1.0:40001"
    assert outcome.reply[-1].dst == "1.2.3.4:40001"


def sightings(hops: tuple[Hop, ...]) -> list[tuple[str, str, str, bool]]:
    """(host, device, stage, encapsulated) of the hops on devices."""
    on_devices = (Stage.NIC, Stage.ENCAPSULATE, Stage.WIRE, Stage.DECAPSULATE, Stage.BRIDGE, Stage.VETH, Stage.SOCKET)
    return [
        (hop.host, hop.device, str(hop.stage), hop.encapsulation is not None) for hop in hops if hop.stage in on_devices
    ]


def test_nodeport_path_device_by_device() -> None:
    outcome = only(outcomes(cluster(B, cni=VXLAN), Request("client", f"{NODE1}:30080", sport=40001)))
    hops, back = outcome.hops, outcome.reply
    port = next(hop.device for hop in hops if hop.stage is Stage.VETH)
    assert sightings(hops) == [
        ("node1", "eth0", "nic", False),
        ("node1", "flannel.1", "encapsulate", True),
        ("node1", "eth0", "wire", True),
        ("node2", "eth0", "nic", True),
        ("node2", "flannel.1", "decapsulate", False),
        ("node2", "cni0", "bridge", False),
        ("node2", port, "veth", False),
        ("pod-b", "eth0", "socket", False),
    ]
    assert sightings(back) == [
        ("pod-b", "eth0", "socket", False),
        ("node2", port, "veth", False),
        ("node2", "cni0", "bridge", False),
        ("node2", "flannel.1", "encapsulate", True),
        ("node2", "eth0", "wire", True),
        ("node1", "eth0", "nic", True),
        ("node1", "flannel.1", "decapsulate", False),
        ("node1", "eth0", "wire", False),
        ("client", "eth0", "socket", False),
    ]
    inner = hops[-1].src
    client, pod, entry = "1.2.3.4:40001", f"{B}:8080", f"{NODE1}:30080"
    arriving = next(hop for hop in hops if hop.stage is Stage.NIC)
    assert (arriving.src, arriving.dst) == (client, entry)
    tunnelled = [hop for hop in hops if hop.stage in (Stage.ENCAPSULATE, Stage.DECAPSULATE, Stage.VETH, Stage.SOCKET)]
    assert {(hop.src, hop.dst) for hop in tunnelled} == {(inner, pod)}
    assert inner.startswith("10.244.1.0:")
    leaving = next(hop for hop in back if hop.stage is Stage.WIRE and hop.host == "node1")
    assert (leaving.src, leaving.dst) == (entry, client)
    onto_flannel = next(hop for hop in back if hop.stage is Stage.DECAPSULATE)
    assert (onto_flannel.src, onto_flannel.dst) == (pod, inner)


def test_vxlan_outer_header() -> None:
    outcome = only(outcomes(cluster(B, cni=VXLAN), Request("client", f"{NODE1}:30080")))
    there = next(hop.encapsulation for hop in outcome.hops if hop.encapsulation)
    back = next(hop.encapsulation for hop in outcome.reply if hop.encapsulation)
    assert (there.kind, there.src, there.dst, there.dport, there.vni) == ("VXLAN", NODE1, NODE2, 8472, 1)
    assert (back.src, back.dst, back.dport) == (NODE2, NODE1, 8472)
    assert there.sport != back.sport
    assert there.overhead == 50


def test_conntrack_of_the_nodeport_path() -> None:
    outcome = only(outcomes(cluster(B, cni=VXLAN), Request("client", f"{NODE1}:30080", sport=40001)))
    inner = outcome.hops[-1].src
    on_node1, on_node2 = outcome.conntrack
    assert (on_node1.host, str(on_node1.original)) == ("node1", f"1.2.3.4:40001 -> {NODE1}:30080")
    assert str(on_node1.reply) == f"{B}:8080 -> {inner}"
    assert (on_node2.host, str(on_node2.original)) == ("node2", f"{inner} -> {B}:8080")
    assert on_node2.reply == on_node2.original.reply()
    assert {(entry.state, entry.replied) for entry in outcome.conntrack} == {("ESTABLISHED", True)}


def test_reply_of_a_local_endpoint_is_translated_on_the_bridge() -> None:
    outcome = only(outcomes(cluster(A), Request("client", f"{NODE1}:30080", sport=40001)))
    back = [(hop.device, hop.src, hop.dst) for hop in outcome.reply]
    pod, client = f"{A}:8080", "1.2.3.4:40001"
    assert back[0] == ("eth0", pod, outcome.hops[-1].src)
    assert ("cni0", pod, client) in back
    assert ("eth0", f"{NODE1}:30080", client) in back


# service, endpoint, from, to, what it comes to
POLICIES = [
    (LOCAL, A, "client", f"{NODE1}:30080", "1.2.3.4"),
    (LOCAL, B, "client", f"{NODE1}:30080", ("DROP", "no-local-endpoints")),
    (LOCAL, B, "client", f"{NODE2}:30080", "1.2.3.4"),
    (LOCAL, B, "pod/pod-a", f"{NODE1}:30080", "10.244.1.5"),
    (LOCAL, B, "node/node1", f"{NODE1}:30080", "10.244.1.0"),
    (INTERNAL_LOCAL, B, "pod/pod-a", f"{VIP}:80", ("DROP", "no-local-endpoints")),
    (web(), None, "pod/pod-a", f"{VIP}:80", ("REJECT", "no-endpoints")),
    (web(), None, "client", f"{NODE1}:30080", ("REJECT", "no-endpoints")),
    (web(), None, "node/node1", f"{VIP}:80", ("REJECT", "no-endpoints")),
    (web(), B, "pod/pod-a", f"{VIP}:81", ("LOST", "no-such-host")),
]


@pytest.mark.parametrize(("service", "endpoint", "source", "to", "expected"), POLICIES)
@pytest.mark.parametrize("mode", MODES)
def test_traffic_policies(service: Service, endpoint: str, source: str, to: str, expected: Said, mode: str) -> None:
    backends = (endpoint,) if endpoint else ()
    if mode == "nftables" and to == f"{VIP}:81":
        expected = ("REJECT", "unknown-cluster-ip-port")
    assert says(only(outcomes(cluster(*backends, service=service), Request(source, to), mode))) == expected


def test_external_local_keeps_the_clients_port_too() -> None:
    outcome = only(outcomes(cluster(A, service=LOCAL), Request("client", f"{NODE1}:30080", sport=40001)))
    assert outcome.hops[-1].src == "1.2.3.4:40001"
    assert not outcome.masqueraded


@pytest.mark.parametrize(
    ("service", "source", "to", "hook", "chain"),
    named(
        {
            "externalTrafficPolicy": (LOCAL, "client", f"{NODE1}:30080", "INPUT", "KUBE-EXTERNAL-SERVICES"),
            "internalTrafficPolicy": (INTERNAL_LOCAL, "pod/pod-a", f"{VIP}:80", "FORWARD", "KUBE-SERVICES"),
        }
    ),
)
def test_where_a_local_policy_drops(service: Service, source: str, to: str, hook: str, chain: str) -> None:
    where = only(outcomes(cluster(B, service=service), Request(source, to))).where
    assert where is not None
    assert (where.hook, where.table, where.chain) == (hook, "filter", chain)
    assert "has no local endpoints" in (where.rule or "")


def test_a_rejected_client_hears_of_it() -> None:
    for source, to in (("pod/pod-a", f"{VIP}:80"), ("client", f"{NODE1}:30080"), ("node/node1", f"{VIP}:80")):
        outcome = only(outcomes(cluster(), Request(source, to)))
        assert outcome.reply[-1].note.en.endswith("connection refused.")


# hairpin_mode, masquerade rule, br_netfilter, what it comes to
HAIRPIN: dict[str, tuple[bool, bool, bool, Said]] = {
    "all there": (True, True, True, "10.244.1.1"),
    "no br_netfilter": (True, True, False, "10.244.1.1"),
    "no masquerade": (True, False, True, ("LOST", "martian-source")),
    "no masquerade, no br_netfilter": (True, False, False, ("LOST", "martian-source")),
    "no hairpin mode": (False, True, True, ("LOST", "bridge-refuses-same-port")),
    "no hairpin mode, no br_netfilter: routed, not bridged": (False, True, False, "10.244.1.1"),
    "no hairpin mode, no masquerade": (False, False, True, ("LOST", "bridge-refuses-same-port")),
}


@pytest.mark.parametrize(("hairpin", "masquerade", "br_netfilter", "expected"), named(HAIRPIN))
@pytest.mark.parametrize("part", ["masquerade", "hairpin-masquerade"])
@pytest.mark.parametrize("mode", MODES)
def test_hairpin(hairpin: bool, masquerade: bool, br_netfilter: bool, expected: Said, part: str, mode: str) -> None:
    without = frozenset() if masquerade else frozenset({part})
    facts = NetworkFacts(hairpin_mode=hairpin, bridge_nf_call_iptables=br_netfilter, without=without)
    outcome = only(outcomes(cluster(A, network=facts), Request("pod/pod-a", f"{VIP}:80"), mode))
    assert says(outcome) == expected
    if outcome.verdict is not Verdict.DELIVERED:
        assert outcome.reply == ()


def test_a_hairpin_without_masquerade_dies_in_the_pod_and_stays_unreplied() -> None:
    facts = NetworkFacts(without=frozenset({"hairpin-masquerade"}))
    outcome = only(outcomes(cluster(A, network=facts), Request("pod/pod-a", f"{VIP}:80")))
    assert outcome.where is not None
    assert outcome.where.host == "pod-a"
    last = outcome.hops[-1]
    assert (last.src.split(":")[0], last.dst) == (A, f"{A}:8080")
    assert [(entry.state, entry.replied) for entry in outcome.conntrack] == [("SYN_SENT", False)]


def test_hairpin_on_the_wire() -> None:
    outcome = only(outcomes(cluster(A), Request("pod/pod-a", f"{VIP}:80", sport=40001)))
    masqueraded = outcome.hops[-1].src
    assert (outcome.hops[0].src, outcome.hops[0].dst) == (f"{A}:40001", f"{VIP}:80")
    assert contains("10.244.1.1/32", masqueraded.split(":")[0])
    assert (outcome.reply[0].src, outcome.reply[0].dst) == (f"{A}:8080", masqueraded)
    assert (outcome.reply[-1].src, outcome.reply[-1].dst) == (f"{VIP}:80", f"{A}:40001")
    (entry,) = outcome.conntrack
    assert str(entry.original) == f"{A}:40001 -> {VIP}:80"
    assert str(entry.reply) == f"{A}:8080 -> {masqueraded}"


@pytest.mark.parametrize(("br_netfilter", "expected"), [(True, A), (False, ("LOST", "wrong-reply-source"))])
@pytest.mark.parametrize("mode", MODES)
def test_neighbour_through_a_cluster_ip(br_netfilter: bool, expected: object, mode: str) -> None:
    facts = NetworkFacts(bridge_nf_call_iptables=br_netfilter)
    outcome = only(outcomes(cluster(C, network=facts), Request("pod/pod-a", f"{VIP}:80", sport=40001), mode))
    assert says(outcome) == expected
    if not br_netfilter:
        assert (outcome.reply[-1].src, outcome.reply[-1].dst) == (f"{C}:8080", f"{A}:40001")
        assert outcome.reply[-1].host == "pod-a"


def test_without_route_localnet_127_leads_nowhere() -> None:
    facts = dataclasses.replace(NetworkFacts(), route_localnet=False)
    outcome = only(outcomes(cluster(B, network=facts), Request("node/node1", "127.0.0.1:30080")))
    assert says(outcome) == ("LOST", "localnet-output")


@pytest.mark.parametrize(("mode", "stuck"), [("iptables", "invalid-state"), ("nftables", None)])
def test_an_answer_that_goes_another_way_is_the_last_thing_heard(mode: str, stuck: str | None) -> None:
    """node1 sees the SYN but not the SYN/ACK, so the client's ACK is INVALID to it, and KUBE-FORWARD drops that."""
    outcome = only(outcomes(cluster(B), Request("client", f"{B}:8080", node="node1"), mode))
    assert outcome.verdict is Verdict.DELIVERED
    assert (outcome.stalls.code if outcome.stalls else None) == stuck


def test_bridged_dnat_needs_ip_forward() -> None:
    outcome = only(outcomes(cluster(C, network=NetworkFacts(ip_forward=False)), Request("pod/pod-a", f"{VIP}:80")))
    assert says(outcome) == ("LOST", "ip-forward-off")
