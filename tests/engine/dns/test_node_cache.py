"""NodeLocal DNSCache, from its manifests to a query that its own node answers."""

from __future__ import annotations

import pytest

from engine import compile_node, load_cluster, outcomes
from engine.cluster import NodeLocalDNS
from engine.errors import ManifestError
from engine.fabric.fabric import build_fabric
from engine.netfilter.ipt_parse import parse
from engine.trace import Request, Verdict
from tests.conformance.locate import folder

NODES = """
apiVersion: v1
kind: Node
metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: host-gw}}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
apiVersion: v1
kind: Node
metadata: {name: node2, annotations: {flannel.alpha.coreos.com/backend-type: host-gw}}
spec: {podCIDR: 10.244.2.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}
---
apiVersion: v1
kind: Pod
metadata: {name: a}
spec: {nodeName: node1}
status: {podIP: 10.244.1.5}
---
apiVersion: v1
kind: Pod
metadata: {name: coredns, namespace: kube-system, labels: {k8s-app: kube-dns}}
spec: {nodeName: node2, containers: [{name: coredns, ports: [{containerPort: 53, protocol: UDP}]}]}
status: {podIP: 10.244.2.8}
---
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: kube-dns}, ports: [{port: 53, protocol: UDP}]}
"""
DAEMON_SET = """---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: node-local-dns, namespace: kube-system, labels: {k8s-app: node-local-dns}}
spec: {template: {spec: {hostNetwork: HOST, containers: [{name: node-cache, args: [ARGS]}]}}}
"""
COREFILE = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: node-local-dns, namespace: kube-system}
data: {Corefile: "cluster.local:53 {\\n  cache 30\\n  bind BIND\\n}\\n"}
"""
POD = """---
apiVersion: v1
kind: Pod
metadata: {name: node-local-dns-x7k2p, namespace: kube-system}
spec: {nodeName: NODE, hostNetwork: true, containers: [{name: node-cache, args: [ARGS]}]}
"""
LOCAL, VIP = "169.254.20.10", "10.96.0.10"
USUAL = '"-localip", "169.254.20.10,10.96.0.10", "-conf", "/etc/Corefile"'
HERE, COREDNS = (Verdict.DELIVERED, "node1"), (Verdict.DELIVERED, "coredns")


def manifests(args: str = USUAL, host: str = "true", bind: str = "", pod_on: str = "") -> str:
    text = NODES
    if args and not pod_on:
        text += DAEMON_SET.replace("ARGS", args).replace("HOST", host)
    if pod_on:
        text += POD.replace("ARGS", args).replace("NODE", pod_on)
    return text + (COREFILE.replace("BIND", bind) if bind else "")


@pytest.mark.parametrize(
    ("given", "cache"),
    [
        pytest.param({}, NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP)), id="the add-on's arguments"),
        pytest.param({"args": '"--localip=169.254.20.10"'}, NodeLocalDNS((LOCAL,), (LOCAL,)), id="as for ipvs"),
        pytest.param({"args": ""}, None, id="none"),
        pytest.param({"host": "false"}, None, id="not in the node's network"),
        pytest.param({"bind": f"{LOCAL} {VIP}"}, NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP)), id="a Corefile that binds both"),
        pytest.param({"bind": LOCAL}, NodeLocalDNS((LOCAL, VIP), (LOCAL,)), id="a Corefile that binds one"),
        pytest.param({"bind": "0.0.0.0"}, NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP)), id="a Corefile that binds all"),
        pytest.param(
            {"bind": "__PILLAR__LOCAL__DNS__"}, NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP)), id="a Corefile to be filled in"
        ),
        pytest.param({"pod_on": "node2"}, NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP), frozenset({"node2"})), id="its pods"),
        pytest.param(
            {"args": USUAL + ', "-interfacename=dns0", "-health-port", "8181", "-setupiptables=false"'},
            NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP), None, "dns0", rules=False, health_port=8181),
            id="other flags",
        ),
        pytest.param(
            {"args": USUAL + ', "-setupinterface=false"'},
            NodeLocalDNS((LOCAL, VIP), (LOCAL, VIP), None, ""),
            id="no device",
        ),
    ],
)  # fmt: skip
def test_what_manifests_tell(given: dict[str, str], cache: NodeLocalDNS | None) -> None:
    assert load_cluster(text=manifests(**given)).node_local_dns == cache


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ('"-localip", "169.254.20"', "'169.254.20' is no IP address"),
        ('"-localip", "169.254.20.10,fd00::a"', "all addresses must be of one family"),
        ('"-localip", "169.254.20.10", "-health-port=http"', "'http' is no port"),
    ],
)
def test_what_node_cache_does_not_start_with(args: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said) as caught:
        load_cluster(text=manifests(args))
    assert caught.value.line


def of_cache(text: str) -> list[str]:
    return [line for line in text.splitlines() if "NodeLocal DNS Cache" in line]


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_the_rules_that_node_cache_wrote_itself(mode: str) -> None:
    recorded = (folder("dumps") / "nodelocaldns.iptables-save").read_text(encoding="utf-8")
    whole = str(compile_node(load_cluster(text=manifests()), "node1", mode))
    assert sorted(of_cache(whole)) == sorted(of_cache(recorded))
    for chain in ("PREROUTING", "INPUT", "OUTPUT"):
        start = f"-A {chain} "
        assert [line for line in of_cache(whole) if line.startswith(start) and "NOTRACK" in line] == [
            line for line in of_cache(recorded) if line.startswith(start) and "NOTRACK" in line
        ]
    if mode == "iptables":
        assert str(parse(whole)) == whole


def test_its_rules_stand_before_kube_proxys() -> None:
    whole = str(compile_node(load_cluster(text=manifests()), "node1", "iptables"))
    inputs = [line for line in whole.splitlines() if line.startswith("-A INPUT")]
    assert inputs[:4] == [line for line in of_cache(whole) if line.startswith("-A INPUT")]


@pytest.mark.parametrize("mode", ["iptables", "nftables", "ipvs"])
def test_its_device(mode: str) -> None:
    cluster = load_cluster(text=manifests(pod_on="node1"))
    fabric = build_fabric(cluster, mode)
    device = fabric.host("node1").devices["nodelocaldns"]
    assert ([address.address for address in device.addresses], device.up) == ([LOCAL, VIP], False)
    assert "nodelocaldns" not in fabric.host("node2").devices


@pytest.mark.parametrize(
    ("mode", "given", "source", "destination", "protocol", "ends"),
    [
        pytest.param("iptables", {"args": ""}, "pod/a", VIP, "udp", COREDNS, id="no cache"),
        pytest.param("iptables", {}, "pod/a", VIP, "udp", HERE, id="the ClusterIP"),
        pytest.param("iptables", {}, "pod/a", VIP, "tcp", HERE, id="by TCP"),
        pytest.param("iptables", {}, "pod/a", LOCAL, "udp", HERE, id="its own address"),
        pytest.param("iptables", {}, "node/node1", VIP, "udp", HERE, id="a process of the node"),
        pytest.param("nftables", {}, "pod/a", VIP, "udp", HERE, id="the ClusterIP, nftables"),
        pytest.param("nftables", {}, "pod/a", LOCAL, "udp", HERE, id="its own address, nftables"),
        # kube-ipvs0 has the address too, and IPVS waits behind the rules of INPUT.
        pytest.param("ipvs", {}, "pod/a", VIP, "udp", COREDNS, id="the ClusterIP, ipvs"),
        pytest.param("ipvs", {}, "pod/a", LOCAL, "udp", HERE, id="its own address, ipvs"),
        pytest.param("iptables", {"pod_on": "node2"}, "pod/a", VIP, "udp", COREDNS, id="it runs on another node"),
        pytest.param("iptables", {"pod_on": "node1"}, "pod/a", VIP, "udp", HERE, id="it runs on this node"),
        pytest.param(
            "iptables", {"bind": LOCAL}, "pod/a", VIP, "udp", (Verdict.REFUSED, None), id="rules, but nobody listens"
        ),
        pytest.param(
            "iptables", {"args": USUAL + ', "-setupiptables=false"'}, "pod/a", VIP, "udp", COREDNS, id="without its rules"
        ),
    ],
)  # fmt: skip
def test_who_answers(
    mode: str, given: dict[str, str], source: str, destination: str, protocol: str, ends: tuple[Verdict, str | None]
) -> None:
    cluster = load_cluster(text=manifests(**given))
    (outcome,) = outcomes(cluster, Request(source, f"{destination}:53", protocol), mode=mode)
    assert (outcome.verdict, outcome.hops[-1].host if ends[1] else None) == ends
    assert any("NodeLocal DNSCache on node1 answers" in text.en for text in outcome.assumed) is (ends == HERE)
    if ends == HERE:
        assert (outcome.masqueraded, outcome.conntrack) == (False, ())


def test_nobody_says_that_ipvs_took_it_out_of_conntrack() -> None:
    (outcome,) = outcomes(load_cluster(text=manifests()), Request("pod/a", f"{VIP}:53", "udp"))
    notes = [hop.note.en for hop in (*outcome.hops, *outcome.reply) if hop.note is not None]
    assert "POSTROUTING: the packet is out of conntrack, so no nat rule sees it." in notes
    assert not [note for note in notes if "IPVS" in note]
