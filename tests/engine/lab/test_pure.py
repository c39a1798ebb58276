"""What the lab does before it touches the kernel: plans, scenes, texts, what it says where it cannot run."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import sys
from typing import Any

import pytest

from engine import load_cluster
from engine.cluster import CNIConfig
from engine.cluster.facts import UnderlayDrop
from engine.fabric.fabric import build_fabric
from engine.lab import live, requirements
from engine.lab.cases import scenes
from engine.lab.client import Heard, Reply
from engine.lab.compare import points
from engine.lab.errors import LabUnavailable, NotInThisLab
from engine.lab.known import known
from engine.lab.live import Lab
from engine.lab.plan import WIRES, plan
from engine.lab.requirements import Features
from engine.lab.scene import Scene
from engine.lab.smallest import as_text, smallest
from engine.lab.underlay import underlay_rules
from engine.network.devices import mac
from engine.packet import L4, FiveTuple, split_host_port
from engine.walk.outcomes import outcomes


def first() -> Scene:
    return next(known())


def test_the_same_seed_draws_the_same_scenes() -> None:
    once, again = (list(itertools.islice(scenes(4), 6)) for _ in range(2))
    assert once == again
    assert once != list(itertools.islice(scenes(5), 6))
    assert {scene.mode for scene in once} == {"iptables", "nftables"}


def test_scenes_written_as_manifests_are_the_same_clusters() -> None:
    for scene in itertools.islice(scenes(5), 12):
        read = load_cluster(text=as_text(scene.cluster))
        for request in scene.requests[:2]:
            here = [(o.verdict, o.destination, o.source_seen) for o in outcomes(scene.cluster, request, scene.mode)]
            there = [(o.verdict, o.destination, o.source_seen) for o in outcomes(read, request, scene.mode)]
            assert here == there, scene.name


def test_a_plan_makes_every_device_of_the_fabric() -> None:
    fabric = build_fabric(first().cluster)
    plans = {one.name: one for one in plan(fabric, 4, lambda name: f"/ns/{name}")}
    assert next(iter(plans)) == WIRES
    assert set(plans) == {WIRES, "node1", "node2", "pod-a", "pod-b", "pod-c", "router", "client"}
    node = "\n".join(plans["node1"].links + plans["node1"].setup)
    assert "type vxlan id 1 local 192.168.1.10 dev eth0 dstport 8472 nolearning" in node
    assert "hairpin on" in node
    assert "route append 10.244.2.0/24 via 10.244.2.0 dev flannel.1 onlink" in node
    assert "peer name eth0 mtu 1450 netns /ns/pod-a" in node
    assert ("bridge/bridge-nf-call-iptables", 1) in plans["node1"].sysctls


# What a plugin has the kernel do that others do not: at the node's end of a pod's veth, and in the pod.
@pytest.mark.parametrize(
    ("plugin", "backend", "link", "sysctl", "neighbour"),
    [
        ("flannel", "vxlan", "type bridge_slave hairpin on", False, None),
        ("canal", "vxlan", "address ee:ee:ee:ee:ee:ee", True, None),
        ("calico", "bgp", "address ee:ee:ee:ee:ee:ee", True, None),
        ("kindnet", "ptp", f"address {mac('node1', 'PORT')}", False, None),
        ("kubenet", "bridge", "type bridge_slave hairpin on", False, None),
        ("vpc-native", "routed", f"address {mac('node1', 'PORT')}", False, "169.254.1.1"),
    ],
)
def test_what_a_plugin_has_the_kernel_do(
    plugin: str, backend: str, link: str, sysctl: bool, neighbour: str | None
) -> None:
    cni = CNIConfig(plugin, backend, assumed=False)
    fabric = build_fabric(dataclasses.replace(first().cluster, cni=cni))
    plans = {one.name: one for one in plan(fabric, 4, str)}
    port = next(d.name for d in fabric.host("node1").devices.values() if d.peer == ("pod-a", "eth0"))
    made = [line for line in plans["node1"].links if port in line]
    assert any(link.replace(mac("node1", "PORT"), mac("node1", port)) in line for line in made)
    assert ((f"ipv4/conf/{port}/proxy_arp", 1) in plans["node1"].sysctls) is sysctl
    told = [line for line in plans["pod-a"].setup if line.startswith("neigh")]
    wanted = [f"neigh replace {neighbour} lladdr {mac('node1', port)} dev eth0 nud permanent"] if neighbour else []
    assert told == wanted


@pytest.mark.parametrize("version", [4, 6])
def test_what_the_router_tells_of_earlier_requests_is_not_believed(version: int) -> None:
    plans = {one.name: one for one in plan(build_fabric(first().cluster), version, str)}
    assert (f"ipv{version}/conf/eth0/accept_redirects", 0) in plans["client"].sysctls
    assert all("accept_redirects" not in path for path, _ in plans["pod-a"].sysctls)


def test_ipvs_is_refused_where_the_kernel_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "features", lambda: Features(frozenset({"bridge", "veth", "vxlan"}), br_netfilter=True))
    with pytest.raises(NotInThisLab, match="ipvs mode needs a kernel with IPVS") as told:
        Lab(build_fabric(first().cluster, "ipvs")).build()
    assert "ipvs 模式需要内核支持 IPVS" in told.value.zh


# What the network between the nodes does not carry: a rule of the bridge between them each (w1 and w2 are the nodes' wires,
# w3 the router's).
UNDERLAY: dict[str, tuple[dict[str, Any], str]] = {
    "a switch": ({"underlay_mtu": 1400}, "iifname { w1, w2, w3 } ip length > 1400 drop"),
    "fragments": ({"underlay_drops_fragments": True}, "iifname { w1, w2, w3 } ip frag-off & 0x3fff != 0 drop"),
    "a port": ({"underlay_drops": (UnderlayDrop(L4.UDP, 8472, "node1"),)}, "iifname { w1 } oifname { w1, w2, w3 } meta l4proto udp udp dport 8472 drop"),
    "a protocol": ({"underlay_drops": (UnderlayDrop(L4.IPIP, 0, None, "node2"),)}, "iifname { w1, w2, w3 } oifname { w2 } meta l4proto ipip drop"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDERLAY)
def test_what_the_underlay_does_not_carry(name: str) -> None:
    facts, line = UNDERLAY[name]
    scene = first().cluster
    fabric = build_fabric(dataclasses.replace(scene, network=dataclasses.replace(scene.network, **facts)), "iptables")
    script = underlay_rules(fabric, 4).splitlines()
    assert script[0] == "table bridge underlay {"
    assert [row.strip() for row in script if "drop" in row] == [line]
    assert underlay_rules(build_fabric(scene, "iptables"), 4) == ""


def test_a_network_that_drops_is_refused_without_bridge_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Features(frozenset({"bridge", "veth", "vxlan"}), br_netfilter=True, nf_bridge=False)
    monkeypatch.setattr(live, "features", lambda: there)
    scene = first().cluster
    drops = dataclasses.replace(scene.network, underlay_drops=(UnderlayDrop(L4.UDP),))
    with pytest.raises(NotInThisLab, match="underlayDrops"):
        Lab(build_fabric(dataclasses.replace(scene, network=drops), "iptables")).build()


@pytest.mark.parametrize(("mtu", "dev"), [(1450, True), (1500, False)])
def test_a_vxlan_wider_than_its_underlay_is_made_without_dev(mtu: int, dev: bool) -> None:
    scene = first().cluster
    network = dataclasses.replace(scene.network, tunnel_mtu=mtu, tunnel_df=True)
    plans = {one.name: one for one in plan(build_fabric(dataclasses.replace(scene, network=network)), 4, str)}
    (made,) = (line for line in plans["node1"].links if "type vxlan" in line)
    assert (f"mtu {mtu}" in made, " dev eth0 " in made, made.endswith(" df set")) == (True, dev, True)


@pytest.mark.parametrize("watched", [True, False])
def test_hooks_are_compared_where_something_watched_them(watched: bool) -> None:
    scene = first()
    fabric = build_fabric(scene.cluster, scene.mode)
    (outcome,) = outcomes(scene.cluster, scene.requests[0], scene.mode)
    flow = FiveTuple(L4.TCP, "1.2.3.4", 40001, *split_host_port(scene.requests[0].destination))
    reply = Reply(Heard.CONNECTED, "pod-a", outcome.source_seen, 40001)
    seen = live.Observation(flow, reply, frozenset() if watched else None, ())
    found = [point.what for point in points(fabric, seen, outcome)]
    assert {"verdict", "server", "source seen", "conntrack"} <= set(found)
    assert ("hosts reached" in found, "PREROUTING on node1" in found) == (watched, watched)


def test_nftables_mode_is_refused_where_the_kernel_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    there = Features(frozenset({"bridge", "veth", "vxlan"}), br_netfilter=True, nf_tables=False)
    monkeypatch.setattr(live, "features", lambda: there)
    with pytest.raises(NotInThisLab, match="no nf_tables for IP"):
        Lab(build_fabric(first().cluster, "nftables")).build()


def test_ipvs_mode_is_built_as_kube_proxy_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "restore_tool", lambda version: "iptables-restore")
    fabric = build_fabric(first().cluster, "ipvs")
    plans = {one.name: one for one in plan(fabric, 4, str)}
    assert "link add kube-ipvs0 type dummy" in plans["node1"].links
    assert "link set kube-ipvs0 up" not in plans["node1"].setup
    assert "address add 10.96.0.10/32 dev kube-ipvs0 noprefixroute" in plans["node1"].setup
    assert ("ipv4/vs/conntrack", 1) in plans["node1"].sysctls
    parts = list(live.rule_parts(fabric.ruleset("node1", 4), 4))
    assert [program[0].rpartition("-")[0] or program[0] for program, _ in parts][:2] == ["ipvsadm", "ipset"]
    assert [text.split()[0] for _, text in parts] == ["-A", "create", "*nat"]


def test_the_smallest_scene_keeps_what_shows_the_fault() -> None:
    scene = first()
    found = smallest(scene, lambda one: any(pod.name == "pod-a" for pod in one.cluster.pods))
    assert [pod.name for pod in found.cluster.pods] == ["pod-a"]
    assert [node.name for node in found.cluster.nodes] == ["node1"]
    assert found.cluster.services == ()


def test_missing_tools_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"ip", "bridge", "iptables-restore"}
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/sbin/{name}" if name in there else None)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(LabUnavailable, match=r"nft is not installed \(Debian: package nftables\); conntrack is not"):
        requirements.prepare()


def test_other_systems_are_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(LabUnavailable, match="Linux alone; this is darwin"):
        requirements.prepare()
