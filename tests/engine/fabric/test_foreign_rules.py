"""Rules of a CNI that decides by more than rules."""

from __future__ import annotations

import pytest

from engine import Request, compile_rules, load_cluster, outcomes
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family

CLUSTER = """
{apiVersion: v1, kind: Node, metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a, labels: {app: web}}, spec: {nodeName: node1}, status: {podIP: 10.244.1.5}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, clusterIP: 10.96.0.10, selector: {app: web}, ports: [{port: 80, nodePort: 30080}], externalIPs: [203.0.113.5]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.80}]}}
"""
CHAIN = (
    "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:%s - [0:0]\n-A FORWARD -j %s\nCOMMIT\n"
)


def walk(chain: str, source: str, to: str, text: str = "") -> str:
    cluster = load_cluster(text=CLUSTER)
    rules = text or CHAIN % (chain, chain)
    fabric = build_fabric(cluster, "iptables", {"node1": read_saved([SavedText("saved.txt", rules)], Family.IPV4)})
    found = outcomes(fabric.cluster, Request(source, to, node="node1"), fabric=fabric)
    (said,) = {text.en for outcome in found for text in outcome.assumed if "whose own programs" in text.en} or {""}
    return said


@pytest.mark.parametrize(
    ("chain", "name"),
    [("CILIUM_FORWARD", "Cilium"), ("ANTREA-FORWARD", "Antrea"), ("OVN-KUBE-NODEPORT", "OVN-Kubernetes")],
)
@pytest.mark.parametrize(
    ("source", "to"),
    [
        ("pod/a", "svc/web"),
        ("client", "203.0.113.80:80"),
        ("client", "203.0.113.5:80"),
        ("client", "node/node1:30080"),
        ("node/node1", "svc/web"),
    ],
)
def test_a_service_is_refused_by_name(chain: str, name: str, source: str, to: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"node1 are {name}'s .*Service default/web") as refused:
        walk(chain, source, to)
    assert name in refused.value.zh


@pytest.mark.parametrize(("source", "to"), [("client", "node/node1:10250"), ("pod/a", "8.8.8.8:443")])
def test_other_packets_are_walked_and_that_is_said(source: str, to: str) -> None:
    assert "Cilium's" in walk("CILIUM_FORWARD", source, to)


@pytest.mark.parametrize("chain", ["FLANNEL-FWD", "cali-FORWARD", "DOCKER-USER"])
def test_chains_that_are_the_whole_of_it_say_nothing(chain: str) -> None:
    assert walk(chain, "pod/a", "svc/web") == ""


def test_kube_proxy_beside_it_decides_services() -> None:
    proxy = str(compile_rules(load_cluster(text=CLUSTER), "node1"))
    both = proxy.replace(":KUBE-FORWARD ", ":CILIUM_FORWARD - [0:0]\n:KUBE-FORWARD ", 1)
    assert ":CILIUM_FORWARD" in both
    assert walk("", "pod/a", "svc/web", both) == ""
