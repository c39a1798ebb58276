"""Large packets: who can send them, who tells the sender that they do not fit, and what happens where nobody does.

Measured on Linux 6.18.44 between two pods by flannel's vxlan, underlay 1500. A segment with N bytes of payload and TCP
timestamps is an IP packet of N + 52 bytes, `ping -s N` one of N + 28.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine import EngineError, Outcome, Request, load_cluster, outcomes
from engine.cluster import CNIConfig, NetworkFacts
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from tests.engine.clusters import B, cluster

HEAD = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
EATEN = HEAD + "-A OUTPUT -p icmp -m icmp --icmp-type 3 -j DROP\nCOMMIT\n"
CLAMP = "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS %s\nCOMMIT\n"
TO_ROUTES = CLAMP % "--clamp-mss-to-pmtu"
PROBING = {"tcp_mtu_probing": 1}
RIGHT: dict[str, Any] = {}
WIDE_PODS = {"pod_mtu": 1500}
NO_DEV = {"pod_mtu": 1500, "tunnel_mtu": 1500}


def walk(
    size: int | None, facts: dict[str, Any], rules: str = "", protocol: str = "TCP", to: str = f"{B}:8080"
) -> Outcome:
    made = cluster(B, network=NetworkFacts(**facts))
    fabric = build_fabric(made, "iptables", {"node1": parse(rules)}) if rules else None
    (way,) = outcomes(made, Request("pod/pod-a", to, protocol, size=size), fabric=fabric)
    return way


def fate(way: Outcome) -> str:
    assert way.verdict == "DELIVERED"  # the handshake works in every row
    if way.stalls is not None:
        return f"{way.stalls.code} at {way.stalls.host}"
    for word, said in (
        ("clamped to 1450", "at most 1450 bytes"),
        ("clamped to 1350", "at most 1350 bytes"),
        ("probed", "tcp_base_mss"),
    ):
        if any(said in one.en for one in way.assumed):
            return word
    return "smaller" if [one for one in way.assumed if "goes on with 1450 bytes" in one.en] else "through"


# facts, rules of node1 -> size: fate
ROWS: dict[str, tuple[dict[str, Any], str, dict[int, str]]] = {
    "pods 1450, flannel.1 1450": (RIGHT, "", {1450: "through", 1451: "message-too-long at pod-a"}),
    "pods 1500, ICMP passes": (WIDE_PODS, "", {1450: "through", 1452: "smaller", 1500: "smaller", 1501: "message-too-long at pod-a"}),
    "pods 1500, ICMP eaten": (WIDE_PODS, EATEN, {1450: "through", 1452: "fragmentation-needed at node1", 1500: "fragmentation-needed at node1"}),
    "flannel.1 1500, made without dev": (NO_DEV, "", {1450: "through", 1500: "through"}),
    "the underlay drops its fragments": (NO_DEV | {"underlay_drops_fragments": True}, "", {1450: "through", 1452: "fragments-dropped at node1"}),
    "a switch that carries 1400": ({"underlay_mtu": 1400}, "", {1350: "through", 1400: "underlay-mtu at node1", 1451: "message-too-long at pod-a"}),
}  # fmt: skip

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


def test_neither_helps_a_ping() -> None:
    assert fate(walk(1500, WIDE_PODS | PROBING, EATEN + TO_ROUTES, "ICMP", B)) == "fragmentation-needed at node1"


@pytest.mark.parametrize("protocol", ["TCP", "ICMP"])
@pytest.mark.parametrize("name", ROWS)
def test_measured(name: str, protocol: str) -> None:
    facts, rules, sizes = ROWS[name]
    to = B if protocol == "ICMP" else f"{B}:8080"
    found = {size: fate(walk(size, facts, rules, protocol, to)) for size in sizes}
    assert found == sizes


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
