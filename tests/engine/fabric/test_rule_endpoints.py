"""Endpoints that a node's saved rules send to and that no manifest has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import load_cluster, outcomes
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family
from engine.trace import Outcome, Request

Object = dict[str, Any]
FLANNEL = {"flannel.alpha.coreos.com/backend-type": "vxlan"}
CALICO = {"projectcalico.org/IPv4Address": "192.168.1.10/24"}


def node(name: str, address: str, cidr: str, annotations: dict[str, str] = FLANNEL) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"podCIDR": cidr} if cidr else {},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def pod(name: str, ip: str) -> Object:
    ports = [{"containerPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": "web"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "c", "ports": ports}]},
        "status": {"podIP": ip},
    }


SERVICE: Object = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"type": "NodePort", "clusterIP": "10.96.0.10", "selector": {"app": "web"}, "ports": [{"port": 80, "nodePort": 30080}]},
}  # fmt: skip
SLICE: Object = {
    "apiVersion": "discovery.k8s.io/v1",
    "kind": "EndpointSlice",
    "metadata": {"name": "web-1", "labels": {"kubernetes.io/service-name": "web"}},
    "addressType": "IPv4",
    "ports": [{"port": 8080, "protocol": "TCP"}],
    "endpoints": [{"addresses": ["10.244.1.5"], "nodeName": "n1"}],
}
GONE: Object = {
    "apiVersion": "k8squiz.dev/v1",
    "kind": "Network",
    "spec": {"staleEndpoints": [{"service": "default/web", "address": "10.244.1.9"}]},
}
CIDR: Object = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "kind": "KubeProxyConfiguration",
    "clusterCIDR": "10.244.0.0/16",
}
GIVEN = [node("n1", "192.168.1.10", "10.244.1.0/24"), pod("a", "10.244.1.5"), SERVICE, CIDR]
BLOCKS = [node("n1", "192.168.1.10", "", CALICO), pod("a", "10.244.1.5"), SERVICE, CIDR]


def iptables(address: str) -> str:
    return f"""*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination {address}:8080
-A POSTROUTING -p tcp -m tcp --dport 8080 -j MASQUERADE
COMMIT
"""


def nft(address: str) -> str:
    return f"""table ip kube-proxy {{
	chain nat-prerouting {{
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 30080 dnat ip to numgen random mod 1 map {{ 0 : {address} . 8080 }}
	}}
	chain nat-postrouting {{
		type nat hook postrouting priority srcnat; policy accept;
		tcp dport 8080 masquerade
	}}
}}
"""


def walked(text: str, *objects: Object) -> Outcome:
    cluster = load_cluster(text="\n---\n".join(json.dumps(one) for one in objects))
    rules = read_saved([SavedText("n1", text)], Family.IPV4)
    (outcome,) = outcomes(cluster, Request("client", "node/n1:30080"), rulesets={"n1": rules})
    return outcome


@pytest.mark.parametrize("written", [iptables, nft])
@pytest.mark.parametrize(
    ("address", "objects", "verdict", "seen", "said"),
    [
        pytest.param("10.244.1.5", GIVEN, "DELIVERED", "10.244.1.1", 0, id="a given pod"),
        pytest.param("10.244.1.9", GIVEN, "DELIVERED", "10.244.1.1", 1, id="on the node itself"),
        pytest.param("10.244.2.9", GIVEN, "DELIVERED", "10.244.1.0", 2, id="on a node that is not given"),
        pytest.param("10.244.1.9", [*GIVEN, SLICE], "LOST", None, 0, id="an EndpointSlice knows better"),
        pytest.param("10.244.1.9", [*GIVEN, GONE], "LOST", None, 0, id="a fact says that it is gone"),
        pytest.param("172.17.0.2", GIVEN, "LOST", None, 0, id="no pod's address"),
        pytest.param("10.244.1.9", BLOCKS, "DELIVERED", "192.168.1.10", 1, id="in the block of a given pod"),
        pytest.param("10.244.1.99", BLOCKS, "DELIVERED", "192.168.1.10", 2, id="in a block of its own"),
    ],
)  # fmt: skip
def test_what_rules_alone_tell_of(
    written: Any, address: str, objects: list[Object], verdict: str, seen: str | None, said: int
) -> None:
    outcome = walked(written(address), *objects)
    assert (outcome.verdict, outcome.destination, outcome.source_seen) == (verdict, f"{address}:8080", seen)
    told = [text for text in outcome.assumed if "in no manifest" in text.en or "made up" in text.en]
    assert len(told) == said and all(text.zh != text.en for text in told)


def test_a_made_up_node_has_an_address_that_nobody_has() -> None:
    outcome = walked(iptables("10.244.2.9"), *GIVEN)
    assert "node-10.244.2.0 here, and its address 192.168.1.254" in outcome.assumed[-1].en
