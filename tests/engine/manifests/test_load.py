"""Kubernetes manifests -> Cluster: what each field becomes, and the API server's defaults."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from engine import load_cluster
from engine.cluster import (
    Cluster,
    CNIConfig,
    ContainerPort,
    EndpointPort,
    EndpointSlice,
    LoadBalancerIngress,
    Mode,
    NetworkFacts,
    Node,
    Pod,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)
from engine.packet import L4


def one(kind: str, **document: Any) -> Cluster:
    version = "discovery.k8s.io/v1" if kind == "EndpointSlice" else "v1"
    return load_cluster(text=json.dumps({"apiVersion": version, "kind": kind, **document}))


def service(spec: dict[str, Any], **more: Any) -> Service:
    return one("Service", metadata={"name": "web", **more.pop("metadata", {})}, spec=spec, **more).services[0]


def endpoint(**fields: Any) -> SliceEndpoint:
    document = {"addressType": "IPv4", "endpoints": [{"addresses": ["10.244.1.5"], **fields}]}
    return one("EndpointSlice", metadata={"name": "s"}, **document).slices[0].endpoints[0]


def test_node() -> None:
    cluster = one(
        "Node",
        metadata={
            "name": "node1",
            "labels": {"topology.kubernetes.io/zone": "a", "empty": None},
            "annotations": {"k8squiz.dev/addresses": "192.168.1.10, 192.168.99.11,2001:DB8::1"},
            "deletionTimestamp": "2026-01-01T00:00:00Z",
        },
        spec={"podCIDR": "10.244.1.0/24", "podCIDRs": ["10.244.1.0/24", "FD00:0:0:1::/64"]},
        status={
            "addresses": [
                {"type": "Hostname", "address": "node1"},
                {"type": "InternalIP", "address": "192.168.1.10"},
                {"type": "InternalIP", "address": "fd00:168:0:0::10"},
                {"type": "ExternalIP", "address": "203.0.113.1"},
            ]
        },
    )
    (node,) = cluster.nodes
    assert (node.name, node.zone, node.deleting) == ("node1", "a", True)
    assert node.internal_ips == ("192.168.1.10", "fd00:168::10")
    assert node.addresses == ("192.168.99.11", "2001:db8::1")
    assert node.pod_cidrs == ("10.244.1.0/24", "fd00:0:0:1::/64")
    assert node.labels == {"topology.kubernetes.io/zone": "a", "empty": ""}


def test_node_defaults() -> None:
    assert one("Node", metadata={"name": "n"}, spec={"podCIDR": "10.244.1.7/24"}).nodes == (
        Node("n", pod_cidrs=("10.244.1.0/24",)),
    )


def test_pod() -> None:
    containers = [{"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 53, "protocol": "UDP"}]}]
    started = [{"ports": [{"containerPort": 1}]}, {"restartPolicy": "Always", "ports": [{"containerPort": 9000}]}]
    cluster = one(
        "Pod",
        metadata={"name": "a", "namespace": "prod", "labels": {"app": "web"}, "deletionTimestamp": "x"},
        spec={"nodeName": "node1", "hostNetwork": True, "containers": containers, "initContainers": started},
        status={
            "phase": "Running",
            "podIP": "10.244.1.5",
            "podIPs": [{"ip": "10.244.1.5"}, {"ip": "FD00::5"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    )
    ports = (ContainerPort("http", 8080), ContainerPort("", 53, L4.UDP), ContainerPort("", 9000))
    ips = ("10.244.1.5", "fd00::5")
    assert cluster.pods == (Pod("prod", "a", "node1", ips, True, {"app": "web"}, ports, True, True),)


@pytest.mark.parametrize(
    ("status", "ips", "ready", "finished"),
    [
        ({}, (), True, False),
        ({"podIP": "10.244.1.5"}, ("10.244.1.5",), True, False),
        ({"podIP": "10.244.1.5", "conditions": [{"type": "Ready", "status": "False"}]}, ("10.244.1.5",), False, False),
        ({"podIP": "10.244.1.5", "conditions": [{"type": "PodScheduled", "status": "True"}]}, ("10.244.1.5",), False, False),
        ({"podIP": "10.244.1.5", "phase": "Succeeded"}, (), False, True),
        ({"podIP": "10.244.1.5", "phase": "Failed"}, (), False, True),
    ],
)  # fmt: skip
def test_pod_status(status: dict[str, Any], ips: tuple[str, ...], ready: bool, finished: bool) -> None:
    (pod,) = one("Pod", metadata={"name": "a"}, status=status).pods
    assert (pod.namespace, pod.node_name) == ("default", None)
    assert (pod.ips, pod.ready, pod.finished) == (ips, ready, finished)


def test_service_defaults() -> None:
    found = service({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]})
    assert found == Service("default", "web", cluster_ips=("10.96.0.10",), ports=(ServicePort("", L4.TCP, 80, 80),))
    assert (found.key, found.affinity_timeout_seconds, found.external_traffic_policy) == (
        "default/web",
        10800,
        "Cluster",
    )


def test_service_with_everything() -> None:
    found = service(
        {
            "type": "LoadBalancer",
            "clusterIP": "10.96.0.10",
            "clusterIPs": ["10.96.0.10", "FD00:96::10"],
            "ipFamilies": ["IPv4", "IPv6"],
            "selector": {"app": "web"},
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http-alt", "nodePort": 30080},
                {"name": "dns", "port": 53, "targetPort": 5353, "protocol": "UDP", "nodePort": 0},
                {"name": "zero", "port": 81, "targetPort": 0},
                {"name": "none", "port": 82, "targetPort": ""},
            ],
            "externalIPs": ["198.51.100.5"],
            "loadBalancerSourceRanges": [" 198.51.100.7/24 "],
            "externalTrafficPolicy": "Local",
            "internalTrafficPolicy": "Local",
            "healthCheckNodePort": 32000,
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 300}},
            "publishNotReadyAddresses": True,
            "trafficDistribution": "PreferClose",
            "allocateLoadBalancerNodePorts": True,
        },
        metadata={"namespace": "prod", "labels": {"l": "1"}, "annotations": {"service.kubernetes.io/topology-mode": "Auto"}},
        status={"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}, {"hostname": "x"}, {"ip": "203.0.113.2", "ipMode": "Proxy"}]}},
    )  # fmt: skip
    assert found == Service(
        "prod",
        "web",
        "LoadBalancer",
        ("10.96.0.10", "fd00:96::10"),
        False,
        (
            ServicePort("http", L4.TCP, 80, "http-alt", 30080),
            ServicePort("dns", L4.UDP, 53, 5353),
            ServicePort("zero", L4.TCP, 81, 81),
            ServicePort("none", L4.TCP, 82, 82),
        ),
        {"app": "web"},
        ("198.51.100.5",),
        (LoadBalancerIngress("203.0.113.1", "VIP"), LoadBalancerIngress("203.0.113.2", "Proxy")),
        ("198.51.100.0/24",),
        "Local",
        "Local",
        32000,
        "ClientIP",
        300,
        True,
        "PreferClose",
        ("IPv4", "IPv6"),
        None,
        {"l": "1"},
        {"service.kubernetes.io/topology-mode": "Auto"},
    )
    assert found.external_policy_local


@pytest.mark.parametrize(
    ("spec", "headless", "cluster_ips", "external_name"),
    [
        ({"clusterIP": "None"}, True, (), None),
        ({"clusterIPs": ["None"]}, True, (), None),
        ({"type": "ExternalName", "externalName": "db.example.com"}, False, (), "db.example.com"),
        ({"clusterIP": ""}, False, (), None),
        ({"clusterIPs": ["10.96.0.9"]}, False, ("10.96.0.9",), None),
    ],
)
def test_services_without_an_address(
    spec: dict[str, Any], headless: bool, cluster_ips: tuple[str, ...], external_name: str | None
) -> None:
    found = service(spec)
    assert (found.headless, found.cluster_ips, found.external_name) == (headless, cluster_ips, external_name)


def test_a_service_still_without_its_address_is_noticed() -> None:
    cluster = one("Service", metadata={"name": "web"}, spec={"ports": [{"port": 80}]})
    english = [notice[0] for notice in cluster.notices]
    assert any("not served: default/web" in notice for notice in english)
    assert all(notice[1] for notice in cluster.notices)


def test_slice() -> None:
    cluster = one(
        "EndpointSlice",
        metadata={"name": "web-1", "namespace": "prod", "labels": {"kubernetes.io/service-name": "web"}},
        addressType="IPv6",
        ports=[{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": None, "port": None, "protocol": None}],
        endpoints=[{"addresses": ["FD00::5"]}],
    )
    (slice_,) = cluster.slices
    ports = (EndpointPort("http", L4.TCP, 8080), EndpointPort("", L4.TCP, None))
    labels = {"kubernetes.io/service-name": "web"}
    assert slice_ == EndpointSlice("prod", "web-1", "web", "IPv6", ports, (SliceEndpoint(("fd00::5",)),), labels)
    assert (
        one("EndpointSlice", metadata={"name": "s"}, addressType="IPv4", ports=None, endpoints=None).slices[0].ports
        == ()
    )
    names = one(
        "EndpointSlice", metadata={"name": "s"}, addressType="FQDN", endpoints=[{"addresses": ["a.example.com"]}]
    )
    assert names.slices[0].endpoints[0].addresses == ("a.example.com",)


@pytest.mark.parametrize(
    ("conditions", "ready", "serving", "terminating"),
    [
        (None, True, True, False),
        ({}, True, True, False),
        ({"ready": None, "serving": None, "terminating": None}, True, True, False),
        ({"ready": False}, False, True, False),
        ({"ready": False, "serving": False, "terminating": True}, False, False, True),
    ],
)
def test_conditions(conditions: Any, ready: bool, serving: bool, terminating: bool) -> None:
    found = endpoint(conditions=conditions)
    assert (found.ready, found.serving, found.terminating) == (ready, serving, terminating)


def test_where_an_endpoint_is() -> None:
    found = endpoint(
        nodeName="node1",
        zone="a",
        hints={"forZones": [{"name": "a"}, {"name": "b"}], "forNodes": [{"name": "node1"}]},
        targetRef={"kind": "Pod", "name": "web-1", "namespace": "prod"},
    )
    assert (found.node_name, found.zone, found.pod) == ("node1", "a", "prod/web-1")
    assert (found.zone_hints, found.node_hints) == (frozenset({"a", "b"}), frozenset({"node1"}))
    assert endpoint(targetRef={"kind": "Node", "name": "n"}).pod is None
    assert endpoint(targetRef={"kind": "Pod", "name": "p"}).pod == "default/p"


def test_lists_and_what_is_passed_over() -> None:
    text = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: Node, metadata: {name: b}, unknown: [1, no, 12:30]}
  - {apiVersion: apps/v1, kind: Deployment, metadata: {name: NOT_A_NAME}, spec: 5}
  - {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}}
---
apiVersion: v1
kind: NodeList
items:
- metadata: {name: c}
---
# nothing
---
{apiVersion: v1, kind: List, items: null}
---
{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, metadata: {name: kubernetes}, spec: {cidrs: [10.96.0.0/12]}}
"""
    cluster = load_cluster(text=text)
    assert [node.name for node in cluster.nodes] == ["a", "b", "c"]
    assert (cluster.services, cluster.service_cidrs) == ((), ("10.96.0.0/12",))


PROXY = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("", ProxyConfig()),
        ("mode: nftables", ProxyConfig(mode=Mode.NFTABLES)),
        ("clusterCIDR: 10.244.0.0/16,fd00::/56", ProxyConfig(cluster_cidrs=("10.244.0.0/16", "fd00::/56"))),
        ("clusterCIDR: ''", ProxyConfig()),
        ("detectLocalMode: NodeCIDR", ProxyConfig(detect_local_mode="NodeCIDR")),
        (
            "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cni0, interfaceNamePrefix: veth}",
            ProxyConfig(detect_local_mode="BridgeInterface", bridge_interface="cni0", interface_name_prefix="veth"),
        ),
        ("nodePortAddresses: [192.168.1.7/24, '::/0']", ProxyConfig(node_port_addresses=("192.168.1.0/24", "::/0"))),
        ("nodePortAddresses: [primary]", ProxyConfig(node_port_addresses=("primary",))),
        ("nodePortAddresses: [localhost, 10.0.0.0/8]", ProxyConfig(node_port_addresses=("localhost", "10.0.0.0/8"))),
        ("nodePortAddresses: null", ProxyConfig()),
        (
            "iptables: {masqueradeAll: true, masqueradeBit: 15, localhostNodePorts: false}",
            ProxyConfig(masquerade_all=True, masquerade_bit=15, localhost_node_ports=False),
        ),
        ("iptables: {masqueradeAll: yes, masqueradeBit: null}", ProxyConfig(masquerade_all=True)),
        ("iptables: {masqueradeAll: true}\nnftables: {masqueradeAll: false}", ProxyConfig(masquerade_all=True)),
        ("nftables: {masqueradeAll: true, masqueradeBit: 3}", ProxyConfig(masquerade_all=True, masquerade_bit=3)),
        (
            "mode: nftables\niptables: {masqueradeAll: true}\nnftables: {masqueradeAll: false, masqueradeBit: 9}",
            ProxyConfig(mode=Mode.NFTABLES, masquerade_bit=9),
        ),
        ("ipvs: {scheduler: wlc, strictARP: true}", ProxyConfig(ipvs_scheduler="wlc", ipvs_strict_arp=True)),
        ("conntrack: {tcpBeLiberal: true}", ProxyConfig(tcp_be_liberal=True)),
    ],
)
def test_proxy_config(text: str, config: ProxyConfig) -> None:
    assert load_cluster(text=PROXY + text).proxy == config


def test_proxy_config_of_kubeadm() -> None:
    document = PROXY + "mode: ipvs\nclusterCIDR: 10.244.0.0/16\n"
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-proxy"},
        "data": {"config.conf": document},
    }
    assert load_cluster(text=json.dumps(held)).proxy == ProxyConfig(Mode.IPVS, ("10.244.0.0/16",))
    # an explicit document says more than the ConfigMap
    assert load_cluster(text=json.dumps(held) + "\n---\n" + PROXY + "mode: nftables").proxy == ProxyConfig(
        Mode.NFTABLES
    )
    held["data"] = {"config.conf": "kind: Other", "kubeconfig.conf": "x"}
    assert load_cluster(text=json.dumps(held)).proxy == ProxyConfig()
    held["data"] = {}
    assert load_cluster(text=json.dumps(held)).proxy == ProxyConfig()


def node(name: str, **annotations: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "annotations": annotations}}


def conf(backend: object) -> dict[str, Any]:
    data = {"net-conf.json": json.dumps({"Network": "10.244.0.0/16", "Backend": backend}), "cni-conf.json": "{}"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg"}, "data": data}


FLANNEL, CALICO = "flannel.alpha.coreos.com/", "projectcalico.org/"
VXLAN = {FLANNEL + "backend-type": "vxlan", FLANNEL + "backend-data": '{"VNI":7,"VtepMAC":"52:00:00:00:00:01"}'}
HOST_GW = {FLANNEL + "backend-type": "host-gw", FLANNEL + "backend-data": "null"}


def told(cni: CNIConfig) -> tuple[Any, ...]:
    """How nodes are wired; what the plugin writes beside that is told in tests/engine/cni/test_detection.py."""
    return cni.plugin, cni.backend, cni.assumed, cni.vni, cni.port, cni.mtu


def facts(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "k8squiz.dev/v1", "kind": "Network", "spec": spec}


@pytest.mark.parametrize(
    ("documents", "cni"),
    [
        ([], CNIConfig()),
        ([node("a")], CNIConfig()),
        ([node("a", **VXLAN)], CNIConfig("flannel", "vxlan", False, vni=7)),
        ([node("a", **HOST_GW), node("b", **HOST_GW), node("c")], CNIConfig("flannel", "host-gw", False)),
        ([node("a", **{FLANNEL + "backend-type": "wireguard"})], CNIConfig("flannel", "wireguard", False)),
        ([conf({"Type": "vxlan", "VNI": 5, "Port": 4789})], CNIConfig("flannel", "vxlan", False, vni=5, port=4789)),
        ([conf({"Type": "host-gw"})], CNIConfig("flannel", "host-gw", False)),
        ([conf({})], CNIConfig("flannel", "udp", False)),
        ([conf({"Type": "vxlan", "DirectRouting": True})], CNIConfig("flannel", "vxlan with DirectRouting", False)),
        (
            [node("a", **VXLAN), conf({"Type": "vxlan", "DirectRouting": True})],
            CNIConfig("flannel", "vxlan with DirectRouting", False, vni=7),
        ),
        ([node("a", **VXLAN), conf({"Type": "vxlan", "Port": 4789})], CNIConfig("flannel", "vxlan", False, vni=7, port=4789)),
        ([node("a", **{CALICO + "IPv4Address": "192.168.1.10/24"})], CNIConfig("calico", "bgp", False, vni=4096, port=4789)),
        (
            [node("a", **{CALICO + "IPv4Address": "192.168.1.10/24", CALICO + "IPv4IPIPTunnelAddr": "10.244.1.0"})],
            CNIConfig("calico", "ipip", False, vni=4096, port=4789),
        ),
        (
            [node("a", **{CALICO + "IPv4VXLANTunnelAddr": "10.244.1.0"})],
            CNIConfig("calico", "vxlan", False, vni=4096, port=4789),
        ),
        ([facts(cni={"plugin": "calico"}, mtu=9000)], CNIConfig("calico", "bgp", False, vni=4096, port=4789, mtu=9000)),
        ([facts(cni={"backend": "host-gw"})], CNIConfig("flannel", "host-gw", False)),
        ([facts(mtu=1400)], CNIConfig(mtu=1400)),
        ([node("a", **HOST_GW), facts(cni={"plugin": "flannel"})], CNIConfig("flannel", "host-gw", False)),
    ],
)  # fmt: skip
def test_cni(documents: list[dict[str, Any]], cni: CNIConfig) -> None:
    cluster = load_cluster(text="\n---\n".join(json.dumps(document) for document in documents))
    assert told(cluster.cni) == told(cni)
    assumed = [notice for notice in cluster.notices if "flannel vxlan is assumed" in notice[0]]
    assert bool(assumed) is cni.assumed
    assert all("假定" in notice[1] for notice in assumed)


def test_the_documented_network_document_says_the_defaults() -> None:
    page = (Path(__file__).parents[3] / "docs" / "manifests.md").read_text(encoding="utf-8")
    example, single_nodes = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    cluster = load_cluster(text=example)
    shown_only: dict[str, Any] = {
        "hairpin_mode": None,
        "external_hosts": {},
        "service_cidr_via": None,
        "missing_routes": (),
        "mtu": None,
    }
    assert dataclasses.replace(cluster.network, **shown_only) == NetworkFacts()
    assert dataclasses.replace(cluster.cni, assumed=True) == CNIConfig()
    facts = load_cluster(text=f"apiVersion: k8squiz.dev/v1\nkind: Network\n{single_nodes}").network
    assert (list(facts.nodes), len(facts.underlay_drops)) == (["node1"], 1)
