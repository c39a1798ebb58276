"""Which CNI a cluster has: what real clusters print, and what is concluded from it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import compile_node, load_cluster
from engine.cluster import Cluster, IPPool, PortMap
from engine.cni.masquerade import AKS as MASQUERADING
from engine.errors import UnsupportedFeature

Object = dict[str, Any]
FLANNEL = {"flannel.alpha.coreos.com/backend-type": "vxlan"}
CALICO = {"projectcalico.org/IPv4Address": "192.168.1.10/24"}
GKE_LABELS = {"cloud.google.com/gke-nodepool": "default"}
EKS = {"eks.amazonaws.com/nodegroup": "ng"}
AKS = {"kubernetes.azure.com/cluster": "MC_rg"}
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


def annotated(made: Object, key: str) -> Object:
    return {**made, "metadata": {**made["metadata"], "annotations": {key: "x"}}}


def version(kubelet: str) -> Object:
    made = node()
    return {**made, "status": {**made["status"], "nodeInfo": {"kubeletVersion": kubelet}}}


def installation(cni: str = "Calico", **network: Any) -> Object:
    kind = {"apiVersion": "operator.tigera.io/v1", "kind": "Installation", "metadata": {"name": "default"}}
    return {**kind, "spec": {"cni": {"type": cni}, "calicoNetwork": network}}


def daemon_set(name: str, *args: str, **env: str) -> Object:
    container = {"name": "c", "args": list(args), "env": [{"name": key, "value": value} for key, value in env.items()]}
    template = {"spec": {"containers": [container]}}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name}, "spec": {"template": template}}


def made_by(name: str, *args: str, owner: bool = True, host_network: bool = True, **env: str) -> Object:
    """A Pod of the DaemonSet `name`, with its owner or without."""
    made = {"ownerReferences": [{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": name}]} if owner else {}
    spec = daemon_set(name, *args, **env)["spec"]["template"]["spec"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name}-x7k2p", "namespace": "kube-system", **made},
        "spec": {**spec, "hostNetwork": host_network, "nodeName": "node1"},
        "status": {"podIP": "192.168.1.10"},
    }


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
        ([node(), made_by("kindnet", POD_SUBNET="10.244.0.0/16")], "kindnet", "ptp"),
        ([node(), made_by("kube-flannel-ds", "--ip-masq")], "flannel", "vxlan"),
        ([node(), made_by("calico-node", owner=False, CALICO_IPV4POOL_CIDR="10.244.0.0/16")], "calico", "ipip"),
        ([node(cidr=""), made_by("aws-node")], "vpc-native", "aws"),
        ([node(FLANNEL), daemon_set("rke2-canal")], "canal", "vxlan"),
        ([node(), config_map("calico-config", calico_backend="bird")], "calico", "bgp"),
        ([node(), config_map("calico-config", calico_backend="vxlan")], "calico", "vxlan"),
        ([node(labels=GKE_LABELS)], "vpc-native", "gke"),
        ([node(labels=AKS)], "kubenet", "bridge"),
        ([node(labels=AKS), daemon_set("azure-ip-masq-agent"), daemon_set("kube-proxy")], "kubenet", "bridge"),
        ([node(labels=AKS | {"kubernetes.azure.com/network-policy": "none"})], "kubenet", "bridge"),
        ([node(labels=AKS | {"kubernetes.azure.com/network-policy": "calico"})], "vpc-native", "routed"),
        ([node(CALICO, labels=AKS)], "calico", "bgp"),
        ([node(providerID="azure:///subscriptions/0/resourceGroups/mc_rg_aks_eastus/providers/x/0")], "kubenet", "bridge"),
        ([node(cidr="", address="10.0.6.121", labels=EKS), pod("10.0.5.40")], "vpc-native", "aws"),
        # The operator's Installation tells as its IPPools do, where those are not given.
        ([node(), installation(ipPools=[{"cidr": "10.244.0.0/16", "encapsulation": "VXLANCrossSubnet"}])], "calico", "vxlan"),
        ([node(), installation(ipPools=[{"cidr": "10.244.0.0/16"}])], "calico", "ipip"),
        ([node(), installation(ipPools=[{"cidr": "10.244.0.0/16", "encapsulation": "None"}])], "calico", "bgp"),
        ([node(cidr=""), daemon_set("aws-node"), installation("AmazonVPC")], "vpc-native", "aws"),
        ([node({"rke2.io/node-args": '["server","--cni","calico"]'})], "calico", "vxlan"),
        ([node({"rke2.io/node-args": '["server","--cni=multus,calico"]'})], "calico", "vxlan"),
        ([node(), annotated(pod("10.244.1.5"), "cni.projectcalico.org/podIP")], "calico", "bgp"),
        ([node(FLANNEL), annotated(pod("10.244.1.5"), "cni.projectcalico.org/podIP")], "flannel", "vxlan"),
        # A DaemonSet that is given says it itself; a pod of somebody's own says nothing.
        ([node(), made_by("kindnet"), daemon_set("kindnet", POD_SUBNET="10.9.0.0/16")], "kindnet", "ptp"),
        ([node(FLANNEL), made_by("cilium", owner=False, host_network=False)], "flannel", "vxlan"),
        # Calico that only enforces policies leaves the wiring to another.
        ([node(labels=GKE_LABELS), daemon_set("calico-node", CALICO_NETWORKING_BACKEND="none")], "vpc-native", "gke"),
        ([node(FLANNEL), daemon_set("calico-node", CALICO_NETWORKING_BACKEND="none")], "flannel", "vxlan"),
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
        ([node(), daemon_set("cilium-envoy")], "Cilium"),
        ([node({"rke2.io/node-args": '["server","--cni","cilium"]'})], "Cilium"),
        ([node(labels={"doks.digitalocean.com/node-pool": "p"})], "Cilium"),
        ([node(), annotated(pod("10.244.1.5"), "k8s.ovn.org/pod-networks")], "OVN-Kubernetes"),
        ([node(), annotated(pod("10.16.0.5"), "ovn.kubernetes.io/allocated")], "Kube-OVN"),
        ([node(cidr="", address="10.0.6.121", labels=EKS), pod("100.64.5.40")], "EKS's own network"),
        ([version("v1.31.4+k0s")], "k0s's own network"),
        ([node(), {"apiVersion": "cilium.io/v2", "kind": "CiliumNode", "metadata": {"name": "node1"}}], "Cilium"),
        ([node({"node.antrea.io/mac-address": "0a:00:00:00:00:01"})], "Antrea"),
        ([node({"k8s.ovn.org/node-subnets": "{}"})], "OVN-Kubernetes"),
        ([node(), daemon_set("kube-ovn-cni")], "Kube-OVN"),
        ([node(), daemon_set("weave-net")], "Weave Net"),
        ([node(), daemon_set("kube-router", "--run-router=true")], "kube-router"),
        ([node(), daemon_set("azure-cns")], "Azure CNI"),
        ([node(labels=AKS), daemon_set("azure-cns")], "Azure CNI"),
        ([node(labels=AKS | {"kubernetes.azure.com/podnetwork-type": "overlay"})], "Azure CNI"),
        ([node(labels=AKS | {"kubernetes.azure.com/azure-cni-overlay": "true"})], "Azure CNI"),
        ([node(labels=AKS | {"kubernetes.azure.com/ebpf-dataplane": "cilium"})], "Cilium"),
        ([node(cidr="", labels=AKS), pod("10.244.1.5")], "AKS's own network"),
        ([node(labels={"node.openshift.io/os_id": "rhcos"})], "OpenShift's own network"),
        ([node(), daemon_set("sdn")], "OpenShift SDN"),
        (
            [node(), {"apiVersion": "network.openshift.io/v1", "kind": "HostSubnet", "metadata": {"name": "n"}}],
            "OpenShift SDN",
        ),
        ([node(), config_map("cilium-config", routing_mode="tunnel")], "Cilium"),
        ([node(), config_map("ovnkube-config", x="y")], "OVN-Kubernetes"),
        ([node(), daemon_set("nsx-node-agent")], "NSX Container Plugin"),
        ([node(), daemon_set("spiderpool-agent")], "Spiderpool"),
        ([node(), daemon_set("hybridnet-daemon")], "Hybridnet"),
        ([node(), daemon_set("romana-agent")], "Romana"),
        ([node(), daemon_set("calico-vpp-node")], "Calico VPP"),
        ([node(), daemon_set("contiv-vswitch")], "Contiv-VPP"),
        ([node(), daemon_set("kilo")], "Kilo"),
        ([node(), daemon_set("tke-bridge-agent")], "TKE's own network"),
        ([node(), daemon_set("vcn-native-ip-cni")], "OKE's VCN-native network"),
        # kubectl get pods shows what DaemonSets made, by its owner or by its name alone.
        ([node(), made_by("cilium")], "Cilium"),
        ([node(), made_by("antrea-agent")], "Antrea"),
        ([node(), made_by("kube-router", "--run-router=true")], "kube-router"),
        ([node(), made_by("weave-net", owner=False)], "Weave Net"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(objects: list[Object], name: str) -> None:
    cluster = load(*objects)
    assert cluster.cni.plugin == name
    assert not [en for en, _ in cluster.assumed if "KubeProxyConfiguration" not in en]
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
        (
            [config_map("c", net_conf=NET, cni_conf=conflist({**PORTMAP, "externalSetMarkChain": "KUBE-MARK-MASQ"}))],
            {"port_map": PortMap("cbr0", mark_chain="KUBE-MARK-MASQ")},
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


POLICY_ONLY = daemon_set("calico-node", CALICO_NETWORKING_BACKEND="none")


@pytest.mark.parametrize(
    ("objects", "word"),
    [
        ([node(labels=GKE_LABELS), POLICY_ONLY], "calico"),
        ([node(FLANNEL), POLICY_ONLY], "calico"),
        ([node(cidr=""), daemon_set("aws-node"), daemon_set("calico-node")], "calico"),
        ([node(cidr=""), daemon_set("aws-node", "--enable-network-policy=true")], "aws-eks-nodeagent"),
        ([node(cidr=""), daemon_set("aws-node", "--enable-network-policy=false")], ""),
        ([node(cidr="", address="10.240.0.4"), daemon_set("azure-npm"), pod("10.240.0.30")], "azure-npm"),
        ([node(cidr="", address="10.240.0.4", labels=AKS | {"kubernetes.azure.com/network-policy": "azure"}), pod("10.240.0.30")],
         "azure-npm"),
        ([node(labels=AKS | {"kubernetes.azure.com/network-policy": "calico"})], "calico"),
        ([node(labels=AKS)], ""),
        ([node(FLANNEL)], ""),
        ([node(CALICO)], ""),
    ],
)  # fmt: skip
def test_who_enforces_policies_beside_the_plugin(objects: list[Object], word: str) -> None:
    assert load(*objects).cni.policies_by == word


def felix(**spec: Any) -> Object:
    kind = {"apiVersion": "crd.projectcalico.org/v1", "kind": "FelixConfiguration", "metadata": {"name": "default"}}
    return {**kind, "spec": spec}


@pytest.mark.parametrize(
    ("annotations", "name"),
    [
        ({"k3s.io/node-args": '["server","--flannel-backend","none"]'}, "k3s --flannel-backend=none"),
        ({"k3s.io/node-args": '["server","--flannel-backend=none"]'}, "k3s --flannel-backend=none"),
        ({"rke2.io/node-args": '["server","--cni","none"]'}, "RKE2 --cni=none"),
    ],
)
def test_a_cni_that_was_left_to_another_is_refused(annotations: dict[str, str], name: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"'{name}'.* a Network document's cni may name"):
        compile_node(load(node(annotations)), "node1")


AKS_AGENT_CONFIG = config_map(
    "azure-ip-masq-agent-config-reconciled",
    **{"ip-masq-agent-reconciled": "nonMasqueradeCIDRs:\n- 10.244.0.0/16\nmasqLinkLocal: true\n"},
)
MINIKUBE = {"minikube.k8s.io/name": "minikube"}


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([node(CALICO)], ["No IPPool"]),
        ([node(CALICO), pool("10.244.0.0/16")], []),
        ([node(CALICO), daemon_set("calico-node", CALICO_IPV4POOL_CIDR="10.244.0.0/16")], []),
        ([node(CALICO), pool("10.244.0.0/16"), felix(nftablesMode="Enabled")], ["nftablesMode"]),
        ([node(CALICO), pool("10.244.0.0/16"), felix(nftablesMode="Auto")], []),
        ([node(CALICO), pool("10.244.0.0/16"), installation(linuxDataplane="Nftables")], ["nftablesMode"]),
        ([node(), annotated(pod("10.244.1.5"), "cni.projectcalico.org/podIP")], ["tell of calico", "No IPPool"]),
        ([node(cidr="", address="10.240.0.4", labels=AKS), pod("10.240.0.30")], ["leaves the private networks"]),
        ([node(FLANNEL)], []),
        ([node(labels=MINIKUBE)], ["minikube's bridge"]),
        ([node(labels=MINIKUBE), daemon_set("kindnet")], []),
        ([node(labels=AKS)], ["kubenet is assumed", "azure-ip-masq-agent's ConfigMap is not given"]),
        ([node(labels=AKS), daemon_set("azure-ip-masq-agent")], ["kubenet is assumed", "ConfigMap is not given"]),
        ([node(labels=AKS), AKS_AGENT_CONFIG], ["kubenet is assumed"]),
        ([node(labels=AKS | {"kubernetes.azure.com/network-policy": "calico"})], ["ConfigMap is not given"]),
        ([node(labels=GKE_LABELS)], ["Dataplane V2"]),
        ([node({"k3s.io/node-args": '["server","--flannel-backend","none"]'} | CALICO), pool("10.244.0.0/16")], []),
        ([node({"k3s.io/node-args": '["server","--flannel-backend","host-gw"]'})], ["flannel vxlan is assumed"]),
    ],
)  # fmt: skip
def test_what_is_assumed_of_the_plugin_is_said(objects: list[Object], said: list[str]) -> None:
    assumed = [en for en, _ in load(*objects).assumed if "KubeProxyConfiguration" not in en]
    assert len(assumed) == len(said)
    assert all(word in en for word, en in zip(said, assumed, strict=True))


def test_minikubes_bridge_masquerades_each_pod() -> None:
    text = str(compile_node(load(node(labels=MINIKUBE), pod("10.244.1.5")), "node1"))
    assert 'name: \\"bridge\\" id:' in text
    assert "FLANNEL" not in text


@pytest.mark.parametrize(
    ("objects", "what"),
    [
        ([node(CALICO), felix(bpfEnabled=True)], "FelixConfiguration's bpfEnabled"),
        ([node(CALICO), installation(linuxDataplane="BPF")], "Installation's linuxDataplane BPF"),
        ([node(CALICO), installation(linuxDataplane="VPP")], "Installation's linuxDataplane VPP"),
        ([node(CALICO), felix(wireguardEnabled=True)], "FelixConfiguration's wireguardEnabled"),
        ([node(CALICO), felix(disableConntrackInvalidCheck=True)], "FelixConfiguration's disableConntrackInvalidCheck"),
        ([node(CALICO), felix(natOutgoingAddress="192.0.2.1")], "FelixConfiguration's natOutgoingAddress"),
        ([node(CALICO), felix(natOutgoingExclusions="IPPoolsAndHostIPs")], "FelixConfiguration's natOutgoingExclusions"),
        ([node(CALICO), daemon_set("calico-node", FELIX_BPFENABLED="true")], "calico-node's FELIX_BPFENABLED"),
        ([node(CALICO), made_by("calico-node", FELIX_WIREGUARDENABLED="1")], "calico-node's FELIX_WIREGUARDENABLED"),
        ([node(cidr=""), daemon_set("aws-node", ENABLE_POD_ENI="true")], "aws-node's ENABLE_POD_ENI"),
        ([node(cidr=""), daemon_set("aws-node", AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG="true")], "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"),
    ],
)  # fmt: skip
def test_a_switch_that_is_not_modelled_is_refused_with_its_place(objects: list[Object], what: str) -> None:
    with pytest.raises(UnsupportedFeature, match=rf"<text>:\d+: .*{what} is not modelled") as refused:
        compile_node(load(*objects), "node1")
    assert "未建模" in refused.value.zh


@pytest.mark.parametrize(
    "quiet",
    [felix(bpfEnabled=False, nftablesMode="Auto"), felix(natOutgoingExclusions="IPPoolsOnly"),
     daemon_set("calico-node", FELIX_BPFENABLED="false")],
)  # fmt: skip
def test_a_switch_that_is_off_changes_nothing(quiet: Object) -> None:
    assert load(node(CALICO), quiet).cni.unmodelled == ()


RETURNS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")


@pytest.mark.parametrize(
    ("objects", "chain", "inside", "masquerade"),
    [
        ([daemon_set("ip-masq-agent")], "IP-MASQ-AGENT", ("169.254.0.0/16", *RETURNS), "-j MASQUERADE --random-fully"),
        ([daemon_set("ip-masq-agent", "--random-fully=false")], "IP-MASQ-AGENT", ("169.254.0.0/16", *RETURNS), "-j MASQUERADE"),
        ([daemon_set("ip-masq-agent", "--masq-chain=IP-MASQ")], "IP-MASQ", ("169.254.0.0/16", *RETURNS), "-j MASQUERADE --random-fully"),
        ([daemon_set("ip-masq-agent", "--nomasq-all-reserved-ranges")], "IP-MASQ-AGENT",
         ("169.254.0.0/16", *RETURNS, "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
          "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"), "-j MASQUERADE --random-fully"),
        ([config_map("ip-masq-agent", config="nonMasqueradeCIDRs:\n  - 10.48.0.0/14\nmasqLinkLocal: true\n")],
         "IP-MASQ-AGENT", ("10.48.0.0/14",), "-j MASQUERADE --random-fully"),
        ([config_map("ip-masq-agent", config='{"masqLinkLocal": true}')], "IP-MASQ-AGENT", RETURNS, "-j MASQUERADE --random-fully"),
        ([config_map("ip-masq-agent", config="nonMasqueradeCIDRs: []\n")], "IP-MASQ-AGENT", ("169.254.0.0/16",), "-j MASQUERADE --random-fully"),
        ([daemon_set("azure-ip-masq-agent"),
          config_map("azure-ip-masq-agent-config-reconciled", **{"ip-masq-agent-reconciled": "nonMasqueradeCIDRs:\n- 10.224.0.0/12\nmasqLinkLocal: true\n"}),
          config_map("azure-ip-masq-agent-config", **{"ip-masq-agent": "nonMasqueradeCIDRs:\n- 10.9.0.0/16\n"})],
         "IP-MASQ-AGENT", ("10.224.0.0/12", "10.9.0.0/16"), "-j MASQUERADE"),
    ],
)  # fmt: skip
def test_ip_masq_agent(objects: list[Object], chain: str, inside: tuple[str, ...], masquerade: str) -> None:
    lines = str(compile_node(load(node(FLANNEL), *objects), "node1")).splitlines()
    said = '-m comment --comment "ip-masq-agent: local traffic is not subject to MASQUERADE" -j RETURN'
    last = f'-m comment --comment "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)" {masquerade}'
    assert [line for line in lines if line.startswith(f"-A {chain} ")] == [
        *(f"-A {chain} -d {net} {said}" for net in inside), f"-A {chain} {last}"
    ]  # fmt: skip
    assert (
        f'-A POSTROUTING -m comment --comment "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic'
        f' to our custom {chain} chain" -m addrtype ! --dst-type LOCAL -j {chain}'
    ) in lines


def test_gke_masquerades_without_an_agent_and_with_one_as_it_says() -> None:
    alone = str(compile_node(load(node(labels=GKE_LABELS)), "node1"))
    assert (
        '-A IP-MASQ -d 203.0.113.0/24 -m comment --comment "ip-masq: RFC 5737 reserved range is not subject to MASQUERADE" -j RETURN'
        in alone
    )
    assert '(must be last in chain)" -j MASQUERADE\n' in alone
    agent = config_map("ip-masq-agent", config="nonMasqueradeCIDRs: [10.0.0.0/8]\n")
    told = str(compile_node(load(node(labels=GKE_LABELS), agent), "node1"))
    assert "203.0.113.0/24" not in told
    assert "-A IP-MASQ-AGENT -d 10.0.0.0/8 " in told


def test_aks_agent_masquerades_what_leaves_the_pods_networks() -> None:
    alone = str(compile_node(load(node(labels=AKS, cidr="10.244.1.0/24")), "node1"))
    assert [line.split()[3] for line in alone.splitlines() if line.startswith("-A IP-MASQ-AGENT -d")] == [
        "10.244.1.0/24"
    ]
    told = str(compile_node(load(node(labels=AKS), AKS_AGENT_CONFIG), "node1"))
    assert [line.split()[3] for line in told.splitlines() if line.startswith("-A IP-MASQ-AGENT -d")] == [
        "10.244.0.0/16"
    ]
    assert all('(must be last in chain)" -j MASQUERADE\n' in text for text in (alone, told))


def network(**cni: str) -> Object:
    return {"apiVersion": "k8squiz.dev/v1", "kind": "Network", "spec": {"cni": cni}}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"plugin": "calico", "backend": "vxlan"}, {"vni": 4096, "port": 4789, "port_map": PortMap("k8s-pod-network")}),
        ({"plugin": "canal"}, {"vni": 1, "port": 8472, "backend": "vxlan"}),
        ({"plugin": "kubenet"}, {"ip_masq": False, "bridge_ip_masq": False, "masquerade_agent": MASQUERADING}),
        ({"plugin": "kindnet"}, {"port_map": PortMap("kindnet")}),
        ({"plugin": "vpc-native", "backend": "aws"}, {"backend": "aws", "ip_masq": True}),
    ],
)  # fmt: skip
def test_a_plugin_that_a_network_document_names_is_as_it_is_shipped(
    named: dict[str, str], expected: dict[str, Any]
) -> None:
    found = load(node(), network(**named)).cni
    assert {name: getattr(found, name) for name in expected} == expected


def test_an_ip_pool_says_more_than_the_installation_that_made_it() -> None:
    made = installation(ipPools=[{"cidr": "10.244.0.0/16", "encapsulation": "IPIP"}])
    for objects in (
        [made, pool("10.244.0.0/16", vxlanMode="Always")],
        [pool("10.244.0.0/16", vxlanMode="Always"), made],
    ):
        assert load(node(), *objects).cni.pools == (IPPool("10.244.0.0/16", False, "Never", "Always"),)


def test_a_switch_in_json_has_its_line_too() -> None:
    """JSON is read without lines first."""
    listed = {"apiVersion": "v1", "kind": "List", "items": [node(CALICO), felix(bpfEnabled=True)]}
    (what,) = load_cluster(text=json.dumps(listed, indent=1)).cni.unmodelled
    assert ":0: " not in what
