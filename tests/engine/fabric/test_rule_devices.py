"""Cards and bridges that only a node's rules name."""

from __future__ import annotations

import pytest

from engine import Request, load_cluster, outcomes
from engine.fabric.fabric import build_fabric
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family

NODES = """
{apiVersion: v1, kind: Node, metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node1}, status: {podIP: 10.244.1.5}}
"""
NETWORK = """
---
{apiVersion: k8squiz.dev/v1, kind: Network, spec: {nodes: [{name: node1, cards: [{name: ens9, address: 192.168.1.10}]}]}}
"""


def saved(*rules: str) -> str:
    lines = "\n".join(f"-A INPUT {rule}" for rule in rules)
    return f"*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n{lines}\nCOMMIT\n"


@pytest.mark.parametrize(
    ("rules", "card", "bridge"),
    [
        (["-i ens192 -j DROP"], "ens192", "cni0"),
        (["-i enp0s31f6 -j DROP", "-i enp0s31f6 -j ACCEPT"], "enp0s31f6", "cni0"),
        (["-i bond0.100 -j DROP"], "bond0.100", "cni0"),
        (["! -i em1 -j DROP"], "em1", "cni0"),
        (["-i cbr0 -j ACCEPT", "-i ens3 -j DROP"], "ens3", "cbr0"),
        # Which of several it is, or whether the model's own name is meant, the rules do not say.
        (["-i ens192 -j DROP", "-i ens224 -j DROP"], "eth0", "cni0"),
        (["-i eth0 -j ACCEPT"], "eth0", "cni0"),
        (["-i eth+ -j ACCEPT", "-i ens192 -j DROP"], "eth0", "cni0"),
        (["-i eth1 -j DROP"], "eth0", "cni0"),
        (["-i cni0 -j ACCEPT", "-i cbr0 -j ACCEPT"], "eth0", "cni0"),
        # Devices of other programs are no cards.
        (["-i docker0 -j DROP", "-i tailscale0 -j ACCEPT", "-i wt0 -j ACCEPT", "-i br-0f3e -j DROP"], "eth0", "cni0"),
        ([], "eth0", "cni0"),
    ],
)  # fmt: skip
def test_the_names_of_a_node_s_devices(rules: list[str], card: str, bridge: str) -> None:
    ruleset = read_saved([SavedText("saved.txt", saved(*rules))], Family.IPV4)
    fabric = build_fabric(load_cluster(text=NODES), "iptables", {"node1": ruleset})
    names = tuple(fabric.host("node1").devices)
    assert names[1] == card
    assert bridge in names
    taken = [name for name, usual in ((card, "eth0"), (bridge, "cni0")) if name != usual]
    assert [name for name in taken if any(name in text.en and name in text.zh for text in fabric.assumed)] == taken
    assert len(fabric.assumed) == len(taken)


def test_what_a_network_document_says_counts_before() -> None:
    ruleset = read_saved([SavedText("saved.txt", saved("-i ens192 -j DROP"))], Family.IPV4)
    fabric = build_fabric(load_cluster(text=NODES + NETWORK), "iptables", {"node1": ruleset})
    assert (tuple(fabric.host("node1").devices)[1], fabric.assumed) == ("ens9", ())


def test_the_packet_comes_by_the_card_so_called_and_that_is_said() -> None:
    cluster = load_cluster(text=NODES)
    ruleset = read_saved([SavedText("saved.txt", saved("-i ens192 -p tcp -m tcp --dport 10250 -j DROP"))], Family.IPV4)
    fabric = build_fabric(cluster, "iptables", {"node1": ruleset})
    (outcome,) = outcomes(fabric.cluster, Request("client", "node/node1:10250"), fabric=fabric)
    assert (outcome.verdict, outcome.where and outcome.where.table) == ("DROP", "filter")
    assert ["saved.txt:5" in text.en for text in outcome.assumed] == [True]
