"""Large packets: who can send them, who tells the sender that they do not fit, and what happens where nobody does.

Measured on Linux 6.18.44 between two pods by flannel's vxlan, underlay 1500. A segment with N bytes of payload and TCP
timestamps is an IP packet of N + 52 bytes, `ping -s N` one of N + 28.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine import EngineError, Outcome, Request, load_cluster, outcomes
from engine.cluster import CNIConfig, NetworkFacts, NodeFacts
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from tests.engine.clusters import B, cluster

HEAD = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
EATEN = HEAD + "-A OUTPUT -p icmp -m icmp --icmp-type 3 -j DROP\nCOMMIT\n"
LET_OUT = HEAD + "-A OUTPUT -p icmp -m icmp --icmp-type 3/4 -j ACCEPT\n-A OUTPUT -p icmp -j DROP\nCOMMIT\n"
CLAMP = "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS %s\nCOMMIT\n"
TO_ROUTES = CLAMP % "--clamp-mss-to-pmtu"
PROBING = {"tcp_mtu_probing": 1}
RIGHT: dict[str, Any] = {}
WIDE_PODS = {"pod_mtu": 1500}
NO_DEV = {"pod_mtu": 1500, "tunnel_mtu": 1500}


def walk(
    size: int | None,
    facts: dict[str, Any],
    rules: str = "",
    protocol: str = "TCP",
    to: str = f"{B}:8080",
    source: str = "pod/pod-a",
    may_fragment: bool = False,
) -> Outcome:
    made = cluster(B, network=NetworkFacts(**facts))
    fabric = build_fabric(made, "iptables", {"node1": parse(rules)}) if rules else None
    request = Request(source, to, protocol, size=size, may_fragment=may_fragment)
    (way,) = outcomes(made, request, fabric=fabric)
    return way


def fate(way: Outcome) -> str:
    assert way.verdict == "DELIVERED"  # the handshake works in every row
    if way.stalls is not None:
        return f"{way.stalls.code} at {way.stalls.host}"
    for word, said in (
        ("clamped to 1450", "at most 1450 bytes"),
        ("clamped to 1350", "at most 1350 bytes"),
        ("probed", "tcp_base_mss"),
        ("segments of 1450", "no packet longer than 1450 bytes"),
        ("segments of 1500", "no packet longer than 1500 bytes"),
        ("smaller, 1400", "hears of it (ICMP fragmentation needed) and goes on with 1400 bytes"),
        ("noted 1450", "has noted a path MTU then, and goes on with 1450 bytes"),
    ):
        if any(said in one.en for one in way.assumed):
            return word
    return "smaller" if [one for one in way.assumed if "goes on with 1450 bytes" in one.en] else "through"


# facts, rules of node1 -> size: fate
ROWS: dict[str, tuple[dict[str, Any], str, dict[int, str]]] = {
    "pods 1450, flannel.1 1450": (RIGHT, "", {1450: "through"}),
    "pods 1500, ICMP passes": (WIDE_PODS, "", {1450: "through", 1452: "smaller", 1500: "smaller"}),
    "pods 1500, 3/4 eaten": (WIDE_PODS, EATEN.replace("3 -j", "3/4 -j"), {1450: "through", 1452: "fragmentation-needed at node1"}),
    "pods 1500, 3/4 let out, the rest eaten": (WIDE_PODS, LET_OUT, {1450: "through", 1452: "smaller"}),
    "pods 1500, ICMP eaten": (WIDE_PODS, EATEN, {1450: "through", 1452: "fragmentation-needed at node1", 1500: "fragmentation-needed at node1"}),
    "flannel.1 1500, made without dev": (NO_DEV, "", {1450: "through", 1500: "through"}),
    "the underlay drops its fragments": (NO_DEV | {"underlay_drops_fragments": True}, "", {1450: "through", 1452: "fragments-dropped at node1"}),
    "a switch that carries 1400": ({"underlay_mtu": 1400}, "", {1350: "through", 1400: "underlay-mtu at node1"}),
    "vxlan made with df set": (NO_DEV | {"tunnel_df": True}, "", {1450: "through", 1452: "outer-too-long at node1", 1500: "outer-too-long at node1"}),
    "no dev, fragments dropped, ip_forward_use_pmtu": (NO_DEV | {"underlay_drops_fragments": True, "ip_forward_use_pmtu": True}, "", {1450: "through", 1452: "smaller", 1500: "smaller"}),
}  # fmt: skip

# Longer than the sender's own device carries: a ping's fate, and TCP's, which makes no such packet.
OVER_ONES_OWN: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "pods 1450": (RIGHT, 1451, "message-too-long at pod-a", "segments of 1450"),
    "pods 1500": (WIDE_PODS, 1501, "message-too-long at pod-a", "segments of 1500"),
    "a switch that carries 1400": ({"underlay_mtu": 1400}, 1451, "message-too-long at pod-a", "underlay-mtu at node1"),
}

# The same for TCP alone: what the two sides tell each other, and what the sender tries.
TCP_ROWS: dict[str, tuple[dict[str, Any], str, dict[int, str]]] = {
    "ICMP eaten, node1 clamps": (WIDE_PODS, EATEN + TO_ROUTES, {1450: "through", 1452: "clamped to 1450", 1500: "clamped to 1450"}),
    "ICMP eaten, probing": (WIDE_PODS | PROBING, EATEN, {1450: "through", 1452: "probed", 1500: "probed"}),
    "no dev, fragments dropped, node1 clamps": (NO_DEV | {"underlay_drops_fragments": True}, TO_ROUTES, {1450: "through", 1452: "fragments-dropped at node1"}),
    "no dev, fragments dropped, node1 sets 1410": (NO_DEV | {"underlay_drops_fragments": True}, CLAMP % "--set-mss 1410", {1452: "clamped to 1450"}),
    "no dev, fragments dropped, probing": (NO_DEV | {"underlay_drops_fragments": True} | PROBING, "", {1500: "probed"}),
    "a switch of 1400, node1 clamps": ({"underlay_mtu": 1400}, TO_ROUTES, {1350: "through", 1400: "underlay-mtu at node1"}),
    "a switch of 1400, node1 sets 1310": ({"underlay_mtu": 1400}, CLAMP % "--set-mss 1310", {1350: "through", 1400: "clamped to 1350"}),
    "a switch of 1400, probing": ({"underlay_mtu": 1400} | PROBING, "", {1400: "probed"}),
    # No rule makes a segment larger.
    "pods 1450, node1 sets 1460": (RIGHT, CLAMP % "--set-mss 1460", {1450: "through"}),
}  # fmt: skip


@pytest.mark.parametrize("name", TCP_ROWS)
def test_measured_of_tcp(name: str) -> None:
    facts, rules, sizes = TCP_ROWS[name]
    assert {size: fate(walk(size, facts, rules)) for size in sizes} == sizes


@pytest.mark.parametrize(("size", "told"), [(1450, "through"), (1452, "smaller"), (1500, "smaller")])
def test_what_ipvs_sends_on(size: int, told: str) -> None:
    # ensure_mtu_is_adequate(): the pod hears of the virtual server's address, which is the node's own (Linux 6.1).
    request = Request("pod/pod-a", "10.96.0.10:80", "TCP", size=size)
    (way,) = outcomes(cluster(B, network=NetworkFacts(pod_mtu=1500)), request, mode="ipvs")
    assert fate(way) == told
    assert way.stalls is None and [one.mtu for one in way.learned] == [1450] * (told == "smaller")


def test_neither_helps_a_ping() -> None:
    assert fate(walk(1500, WIDE_PODS | PROBING, EATEN + TO_ROUTES, "ICMP", B)) == "fragmentation-needed at node1"


@pytest.mark.parametrize("protocol", ["TCP", "ICMP"])
@pytest.mark.parametrize("name", ROWS)
def test_measured(name: str, protocol: str) -> None:
    facts, rules, sizes = ROWS[name]
    to = B if protocol == "ICMP" else f"{B}:8080"
    found = {size: fate(walk(size, facts, rules, protocol, to)) for size in sizes}
    assert found == sizes


@pytest.mark.parametrize("name", OVER_ONES_OWN)
def test_longer_than_ones_own_device_carries(name: str) -> None:
    facts, size, ping, stream = OVER_ONES_OWN[name]
    assert (fate(walk(size, facts, "", "ICMP", B)), fate(walk(size, facts))) == (ping, stream)


# What the kernel taught in `lab verify --sizes`: facts, rules of node1, who sends what where, the fate of 1500 bytes, how long
# packets are in the end, what the sender learned.
TOLD: dict[str, tuple[dict[str, Any], str, str, str, str, str, int, tuple[tuple[int, str], ...]]] = {
    "a ping is echoed as long as it was": ({"pod_mtu": 1500, "tunnel_mtu": 1400, "underlay_drops_fragments": True}, "", "pod/pod-a", B, "ICMP", "smaller, 1400", 1400, ((1400, "10.244.1.1"),)),
    "the other pod's MSS counts": (WIDE_PODS | {"nodes": {"node2": NodeFacts({"pod_mtu": 1450})}}, EATEN, "pod/pod-a", f"{B}:8080", "TCP", "segments of 1450", 1450, ()),
    "a host's own route cache": (NO_DEV | {"underlay_drops_fragments": True}, "", "node/node1", B, "ICMP", "noted 1450", 1450, ((1450, ""),)),
    "TCP asks it before it sends again": (NO_DEV | {"tunnel_df": True}, "", "node/node1", f"{B}:8080", "TCP", "through", 1450, ()),
    "another route after DNAT": (WIDE_PODS, "", "node/node1", "10.96.0.10:80", "TCP", "smaller", 1450, ((1450, "10.96.0.10"),)),
    "of what is noted and what is told the smaller counts": (NO_DEV | {"nodes": {"node2": NodeFacts({"pod_mtu": 1480})}}, "", "node/node1", B, "ICMP", "noted 1450", 1450, ((1480, "10.244.2.0"), (1450, ""))),
    "the second packet is told of": (NO_DEV | {"underlay_drops_fragments": True, "ip_forward_use_pmtu": True}, "", "pod/pod-a", B, "ICMP", "smaller", 1450, ((1450, "10.244.1.1"),)),
}  # fmt: skip


@pytest.mark.parametrize("name", TOLD)
def test_what_the_sender_learns(name: str) -> None:
    facts, rules, source, to, protocol, told, sent, learned = TOLD[name]
    way = walk(1500, facts, rules, protocol, to, source)
    assert (fate(way), way.sent) == (told, sent)
    assert tuple((one.mtu, one.told_by) for one in way.learned) == learned


# Without DF a host cuts what is too long.
CUT: dict[str, tuple[dict[str, Any], str]] = {
    "pods 1500": (WIDE_PODS, "through"),
    "fragments inside of the tunnel's packets": (WIDE_PODS | {"underlay_drops_fragments": True}, "through"),
    "the tunnel's packets are cut": (NO_DEV | {"underlay_drops_fragments": True}, "fragments-dropped at node1"),
    "over one's own": (RIGHT, "through"),
}


@pytest.mark.parametrize("name", CUT)
def test_without_df(name: str) -> None:
    facts, told = CUT[name]
    assert fate(walk(1500, facts, "", "ICMP", B, may_fragment=True)) == told


def test_who_tells_the_sender() -> None:
    way = walk(1500, WIDE_PODS, EATEN)
    assert way.stalls is not None
    assert "whose MTU is 1450: node1 sends ICMP fragmentation needed to 10.244.1.5" in way.stalls.reason.en
    assert way.stalls.direction == "request"


def test_without_a_size_nothing_is_asked() -> None:
    assert walk(None, WIDE_PODS, EATEN).stalls is None


def test_a_service_and_its_nat() -> None:
    assert fate(walk(1500, WIDE_PODS, to="10.96.0.10:80")) == "smaller"


def test_routed_plainly_the_whole_size_fits() -> None:
    made = cluster(B, cni=CNIConfig("calico", "bgp", assumed=False))
    assert fate(outcomes(made, Request("pod/pod-a", f"{B}:8080", size=1500))[0]) == "through"


def test_the_facts_are_read() -> None:
    text = "apiVersion: k8squiz.dev/v1\nkind: Network\nspec: {podMTU: 1500, tunnelMTU: 1400, underlayMTU: 1300, underlayDropsFragments: true}\n"
    facts = load_cluster(text=text).network
    assert (facts.pod_mtu, facts.tunnel_mtu, facts.underlay_mtu, facts.underlay_drops_fragments) == (
        1500,
        1400,
        1300,
        True,
    )
    one = "apiVersion: k8squiz.dev/v1\nkind: Network\nspec: {nodes: [{name: node1, podMTU: 1500}]}\n"
    made = dataclasses.replace(cluster(B), network=load_cluster(text=one).network)
    fabric = build_fabric(made, "iptables")
    assert [fabric.host(name).devices["eth0"].mtu for name in ("pod-a", "pod-b")] == [1500, 1450]


@pytest.mark.parametrize("size", [0, 67, 65536])
def test_no_such_size(size: int) -> None:
    with pytest.raises(EngineError, match="between 68 and 65535"):
        walk(size, RIGHT)
