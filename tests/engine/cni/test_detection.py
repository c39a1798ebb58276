"""Which CNI a cluster has: what real clusters print, and what is concluded from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import compile_node, load_cluster
from engine.cluster import Cluster, IPPool, PortMap
from engine.errors import UnsupportedFeature

Object = dict[str, Any]
FLANNEL = {"flannel.alpha.coreos.com/backend-type": "vxlan"}
CALICO = {"projectcalico.org/IPv4Address": "192.168.1.10/24"}
IPIP = {**CALICO, "projectcalico.org/IPv4IPIPTunnelAddr": "10.244.1.0"}


def node(annotations: dict[str, str] | None = None, cidr: str = "10.244.1.0/24", **more: Any) -> Object:
    address = more.pop("address", "192.168.1.10")
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": "node1", "annotations": annotations or {}, "labels": more.pop("labels", {})},
        "spec": {**({"podCIDR": cidr} if cidr else {}), **more},
        "status": {"addresses": [{"type": "InternalIP", "address": address}]},
    }


def pod(ip: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"nodeName": "node1"},
        "status": {"podIP": ip},
    }


def daemon_set(name: str, *args: str, **env: str) -> Object:
    container = {"name": "c", "args": list(args), "env": [{"name": key, "value": value} for key, value in env.items()]}
    template = {"spec": {"containers": [container]}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name}, "spec": {"template": template}}


def config_map(name: str, **data: object) -> Object:
    texts = {
        key.replace("_", "-") + ".json": json.dumps(value) for key, value in data.items() if not isinstance(value, str)
    }
    texts.update({key: value for key, value in data.items() if isinstance(value, str)})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": texts}


def conflist(*plugins: Object, name: str = "cbr0") -> Object:
    return {"name": name, "plugins": list(plugins)}


def pool(cidr: str, **spec: Any) -> Object:
    kind = {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": {"name": "default-ipv4-ippool"}}
    return {**kind, "spec": {"cidr": cidr, **spec}}


def load(*objects: Object) -> Cluster:
    return load_cluster(text="\n---\n".join(json.dumps(one) for one in objects))


NET = {"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}
KUBE_FLANNEL = config_map("kube-flannel-cfg", net_conf=NET)
CANAL_CONFIG = config_map("canal-config", net_conf=NET, canal_iface="", masquerade="true")


@pytest.mark.parametrize(
    ("objects", "plugin", "backend"),
    [
        ([node(FLANNEL)], "flannel", "vxlan"),
        ([node(FLANNEL | CALICO)], "canal", "vxlan"),
        ([node(FLANNEL), daemon_set("canal")], "canal", "vxlan"),
        ([node(), CANAL_CONFIG], "canal", "vxlan"),
        ([node(IPIP)], "calico", "ipip"),
        ([node(CALICO), pool("10.244.0.0/16", vxlanMode="CrossSubnet")], "calico", "vxlan"),
        ([node(CALICO), daemon_set("calico-node", CALICO_IPV4POOL_CIDR="10.244.0.0/16")], "calico", "ipip"),
        ([node(), daemon_set("kindnet", POD_SUBNET="10.244.0.0/16")], "kindnet", "ptp"),
        ([node(providerID="kind://docker/kind/node1")], "kindnet", "ptp"),
        ([node(CALICO, providerID="kind://docker/kind/node1")], "calico", "bgp"),
        ([node(cidr=""), daemon_set("aws-node")], "vpc-native", "aws"),
        ([node(CALICO, cidr=""), daemon_set("aws-node"), daemon_set("calico-node")], "vpc-native", "aws"),
        ([node(cidr="", address="10.0.6.121", providerID="aws:///z/i-0"), pod("10.0.5.40")], "vpc-native", "aws"),
        ([node(cidr="", address="10.240.0.4", providerID="azure:///x"), pod("10.240.0.30")], "vpc-native", "routed"),
        ([node(cidr="", address="10.240.0.4"), daemon_set("azure-cns"), pod("10.240.0.30")], "vpc-native", "routed"),
        # What else runs here wires nothing.
        ([node(FLANNEL), daemon_set("kube-router", "--run-router=false")], "flannel", "vxlan"),
        ([node(FLANNEL), daemon_set("node-exporter"), daemon_set("kube-proxy")], "flannel", "vxlan"),
    ],
)  # fmt: skip
def test_the_plugin(objects: list[Object], plugin: str, backend: str) -> None:
    found = load(*objects).cni
    assert (found.plugin, found.backend, found.assumed) == (plugin, backend, False)


@pytest.mark.parametrize(
    ("objects", "name"),
    [
        ([node({"network.cilium.io/ipv4-cilium-host": "10.244.1.3"})], "Cilium"),
        ([node(FLANNEL), daemon_set("cilium")], "Cilium"),
        ([node(), {"apiVersion": "cilium.io/v2", "kind": "CiliumNode", "metadata": {"name": "node1"}}], "Cilium"),
        ([node({"node.antrea.io/mac-address": "0a:00:00:00:00:01"})], "Antrea"),
        ([node({"k8s.ovn.org/node-subnets": "{}"})], "OVN-Kubernetes"),
        ([node(), daemon_set("kube-ovn-cni")], "Kube-OVN"),
        ([node(), daemon_set("weave-net")], "Weave Net"),
        ([node(), daemon_set("kube-router", "--run-router=true")], "kube-router"),
        ([node(), daemon_set("azure-cns")], "Azure CNI"),
        ([node(labels={"cloud.google.com/gke-nodepool": "default"})], "GKE's own network"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(objects: list[Object], name: str) -> None:
    cluster = load(*objects)
    assert (cluster.cni.plugin, cluster.assumed) == (name, ())
    with pytest.raises(UnsupportedFeature, match=f"'{name}'" if "'" not in name else name) as refused:
        compile_node(cluster, "node1")
    assert name in refused.value.zh


def test_flannel_is_assumed_where_nothing_speaks_against_it() -> None:
    cluster = load(node())
    assert cluster.cni.assumed
    assert len(cluster.assumed) == 1
    assert cluster.assumed[0] in cluster.notices


def test_what_a_vpc_is_is_assumed_and_said() -> None:
    cluster = load(node(cidr="", address="10.0.6.121", providerID="aws:///z/i-0"), pod("10.0.5.40"))
    assert cluster.cni.networks == ("10.0.4.0/22",)
    assert [("plain routes" in en, "10.0.4.0/22" in en) for en, _ in cluster.assumed] == [(True, False), (False, True)]


FLANNEL_PLUGIN: Object = {"type": "flannel", "delegate": {"hairpinMode": True, "isDefaultGateway": True}}
PORTMAP: Object = {"type": "portmap", "capabilities": {"portMappings": True}}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([KUBE_FLANNEL], {"networks": ("10.244.0.0/16",), "ip_masq": True, "nftables": False}),
        ([config_map("c", net_conf={**NET, "EnableNFTables": True})], {"nftables": True}),
        ([config_map("c", net_conf={**NET, "IPv6Network": "fd00::/48"})], {"networks": ("10.244.0.0/16", "fd00::/48")}),
        ([KUBE_FLANNEL, daemon_set("kube-flannel-ds", "--ip-masq", "--kube-subnet-mgr")], {"ip_masq": True}),
        ([KUBE_FLANNEL, daemon_set("kube-flannel-ds", "--kube-subnet-mgr")], {"ip_masq": False, "forward_rules": True}),
        ([daemon_set("kube-flannel-ds", FLANNELD_IP_MASQ="true"), KUBE_FLANNEL], {"ip_masq": True}),
        ([KUBE_FLANNEL, daemon_set("kube-flannel-ds", "-ip-masq", "--iptables-forward-rules=false")], {"forward_rules": False}),
        ([KUBE_FLANNEL, daemon_set("kube-flannel-ds", "-ip-masq", "--ip-masq-fully-random-disable")], {"random_fully": False}),
        (
            [config_map("c", net_conf=NET, cni_conf=conflist(FLANNEL_PLUGIN, PORTMAP))],
            {"port_map": PortMap("cbr0"), "hairpin_mode": True, "bridge_ip_masq": None},
        ),
        ([config_map("c", net_conf=NET, cni_conf=conflist(FLANNEL_PLUGIN))], {"port_map": None}),
        ([config_map("c", net_conf=NET, cni_conf=conflist({"type": "flannel"}, PORTMAP))], {"hairpin_mode": False}),
        (
            [config_map("c", net_conf=NET, cni_conf=conflist({**PORTMAP, "backend": "nftables", "snat": False}, name="n"))],
            {"port_map": PortMap("n", snat=False, backend="nftables")},
        ),
        (
            [config_map("c", net_conf=NET, cni_conf=conflist({**PORTMAP, "masqAll": True}))],
            {"port_map": PortMap("cbr0", unmodelled=("masqAll",))},
        ),
        ([node(FLANNEL | {"k3s.io/node-args": '["server"]'}, "10.42.0.0/24")], {"networks": ("10.42.0.0/16",)}),
        (
            [node(FLANNEL | {"k3s.io/node-args": '["server","--cluster-cidr","10.52.0.0/16"]'}, "10.52.0.0/24")],
            {"networks": ("10.52.0.0/16",)},
        ),
        ([node(FLANNEL | {"k3s.io/node-args": '["agent"]'}, "10.52.1.0/24")], {"networks": ()}),
        (
            [node(CALICO), pool("10.244.0.0/16", natOutgoing=True, ipipMode="Never", vxlanMode="CrossSubnet")],
            {"pools": (IPPool("10.244.0.0/16", True, "Never", "CrossSubnet"),), "port_map": PortMap("k8s-pod-network")},
        ),
        (
            [node(CALICO), daemon_set("calico-node", CALICO_IPV4POOL_CIDR="10.244.0.0/16", CALICO_IPV4POOL_NAT_OUTGOING="false")],
            {"pools": (IPPool("10.244.0.0/16", False, "Always", "Never"),)},
        ),
        ([daemon_set("kindnet", POD_SUBNET="10.244.0.0/16,fd00:10:244::/56")], {"networks": ("10.244.0.0/16", "fd00:10:244::/56")}),
        ([node(cidr=""), daemon_set("aws-node", AWS_VPC_K8S_CNI_EXTERNALSNAT="true")], {"ip_masq": False}),
    ],
)  # fmt: skip
def test_what_the_plugin_was_told(objects: list[Object], expected: dict[str, Any]) -> None:
    found = load(*objects).cni
    assert {name: getattr(found, name) for name in expected} == expected


def test_nothing_in_a_daemon_set_is_an_error() -> None:
    odd = daemon_set("other")
    odd["spec"]["template"]["spec"]["containers"] = [
        {"args": [1, "a\nb"], "env": [{"name": "A"}, "B", {"value": 1, "name": 2}]},
        "x",
    ]
    assert load(node(FLANNEL), odd).cni.plugin == "flannel"
