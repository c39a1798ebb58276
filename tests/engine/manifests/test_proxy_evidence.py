"""What tells kube-proxy's configuration, the surest first, and what is taken where nothing does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import ManifestError, Request, load_cluster, outcomes
from engine.cluster import Cluster, Mode, ProxyConfig
from engine.walk.jsonform import trace_to_dict

EXPLICIT = {"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration"}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"clusterIP": "10.96.0.10"}}


def node(number: int, *cidrs: str, **annotations: str) -> dict[str, Any]:
    metadata = {"name": f"node{number}", "annotations": {key.replace("_", "/", 1).replace("_", "-"): value for key, value in annotations.items()}}  # fmt: skip
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {"podCIDRs": list(cidrs)}}


def pod(*command: str, name: str = "kube-proxy", namespace: str = "kube-system", args: tuple[str, ...] = ()) -> dict[str, Any]:  # fmt: skip
    container = {"name": "c", "command": list(command), "args": list(args)}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def daemon_set(*command: str) -> dict[str, Any]:
    made = pod(*command)
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": made["metadata"], "spec": {"template": {"spec": made["spec"]}}}  # fmt: skip


def config_map(name: str, key: str, cidr: str) -> dict[str, Any]:
    text = json.dumps({**EXPLICIT, "clusterCIDR": cidr})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {key: text}}


def pool(cidr: str, number: int = 1) -> dict[str, Any]:
    metadata = {"name": f"pool{number}"}
    return {"apiVersion": "crd.projectcalico.org/v1", "kind": "IPPool", "metadata": metadata, "spec": {"cidr": cidr}}


def read(*objects: dict[str, Any]) -> Cluster:
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": [SERVICE, *objects]}))


SERVER = {"k3s.io_node_args": '["server"]'}
NODES = (node(1, "10.244.1.0/24"), node(2, "10.244.2.0/24"))
FLAGS = ("kube-proxy", "--cluster-cidr=10.1.0.0/16", "--proxy-mode", "ipvs", "--ipvs-scheduler=wlc", "--masquerade-all")
SHELL = ("/bin/sh", "-c", "exec kube-proxy --kubeconfig=/var/lib/kube-proxy/kubeconfig --cluster-cidr=10.1.0.0/16 1>>/var/log/kube-proxy.log 2>&1")  # fmt: skip
MANAGER = ("kube-controller-manager", "--cluster-cidr=10.2.0.0/16", "--service-cluster-ip-range=10.96.0.0/12")

# what is given -> clusterCIDR, what of it is said to be assumed
SOURCES: dict[str, tuple[tuple[dict[str, Any], ...], tuple[str, ...], str]] = {
    "a configuration without clusterCIDR is not overruled": ((EXPLICIT, *NODES, pod(*FLAGS)), (), ""),
    "kubeadm's ConfigMap": ((*NODES, config_map("kube-proxy", "config.conf", "10.3.0.0/16")), ("10.3.0.0/16",), ""),
    "EKS's ConfigMap": ((*NODES, config_map("kube-proxy-config", "config", "10.3.0.0/16")), ("10.3.0.0/16",), ""),
    "the ConfigMap before the flags": ((pod(*FLAGS), config_map("kube-proxy", "config.conf", "10.3.0.0/16")), ("10.3.0.0/16",), ""),
    "kube-proxy's flags": ((*NODES, pod(*FLAGS)), ("10.1.0.0/16",), ""),
    "of a DaemonSet": ((*NODES, daemon_set(*FLAGS)), ("10.1.0.0/16",), ""),
    "in args": ((*NODES, pod("/usr/local/bin/kube-proxy", args=FLAGS[1:])), ("10.1.0.0/16",), ""),
    "in a shell's string": ((*NODES, pod(*SHELL)), ("10.1.0.0/16",), ""),
    "with --config the flags count for nothing": ((*NODES, pod(*FLAGS, "--config=/x")), ("10.244.0.0/22",), "span"),
    "kube-proxy without the flag": ((*NODES, pod("kube-proxy", "--v=2")), (), ""),
    "a flag from the environment": ((*NODES, pod("kube-proxy", "--cluster-cidr=$(CIDR)")), (), ""),
    "two kube-proxies that differ": ((*NODES, pod(*FLAGS), pod("kube-proxy", name="b")), ("10.1.0.0/16",), "different flags"),
    "somebody else's pod": ((*NODES, pod(*FLAGS, namespace="default")), ("10.244.0.0/22",), "span"),
    "kube-controller-manager's flags": ((*NODES, pod(*MANAGER)), ("10.2.0.0/16",), "kube-controller-manager"),
    "kube-proxy's before them": ((*NODES, pod(*MANAGER, name="m"), pod(*FLAGS)), ("10.1.0.0/16",), ""),
    "k3s by its default": ((node(1, "10.42.0.0/24", **SERVER),), ("10.42.0.0/16",), "k3s"),
    "k3s' command line": ((node(1, "10.52.0.0/24", **{"k3s.io_node_args": '["server","--cluster-cidr","10.52.0.0/16"]'}),), ("10.52.0.0/16",), ""),
    "an agent's does not count": ((node(1, "10.42.0.0/24", **{"k3s.io_node_args": '["agent"]'}),), ("10.42.0.0/24",), "span"),
    "k3s' default that the podCIDRs contradict": ((node(1, "10.9.0.0/24", **SERVER),), ("10.9.0.0/24",), "span"),
    "RKE2": ((node(1, "10.42.0.0/24", **{"rke2.io_node_args": '["server"]'}),), ("10.42.0.0/16",), "k3s"),
    "the span of the podCIDRs": (NODES, ("10.244.0.0/22",), "span"),
    "IPPools where there are no podCIDRs": ((node(1), pool("10.1.0.0/16")), ("10.1.0.0/16",), "IPPools"),
    "of both families' pools": ((node(1), pool("10.1.0.0/17", 1), pool("10.1.128.0/17", 2), pool("fd00::/48", 3)), ("10.1.0.0/16", "fd00::/48"), "IPPools"),
    "podCIDRs before IPPools": ((*NODES, pool("10.1.0.0/16")), ("10.244.0.0/22",), "podCIDRs"),
    "of one node": (NODES[:1], ("10.244.1.0/24",), "span"),
    "of both families": ((node(1, "10.244.1.0/24", "fd00:1::/64"), node(2, "10.244.3.0/24", "fd00:2::/64")), ("10.244.0.0/22", "fd00::/30"), "span"),
    "nothing at all": ((node(1),), (), "no clusterCIDR"),
}  # fmt: skip


@pytest.mark.parametrize(("objects", "cidrs", "said"), SOURCES.values(), ids=SOURCES)
def test_sources(objects: tuple[dict[str, Any], ...], cidrs: tuple[str, ...], said: str) -> None:
    made = read(*objects)
    assert made.proxy.cluster_cidrs == cidrs
    told = [pair for pair in made.assumed if "kube-proxy" in pair[0].lower() or "KubeProxy" in pair[0]]
    assert [pair for pair in told if said in pair[0]] == (told if said else [])
    assert bool(told) == bool(said)
    assert set(told) <= set(made.notices)


def test_every_flag() -> None:
    flags = (
        "kube-proxy", "--proxy-mode=nftables", "--masquerade-all=false", "--iptables-masquerade-bit=3",
        "--nodeport-addresses=10.0.0.0/8,192.168.0.0/16", "--detect-local-mode=BridgeInterface",
        "--pod-bridge-interface=cni0", "--pod-interface-name-prefix=veth", "--iptables-localhost-nodeports=false",
        "--ipvs-strict-arp", "--cluster-cidr=10.1.0.0/16,fd00::/56",
    )  # fmt: skip
    assert read(*NODES, pod(*flags)).proxy == ProxyConfig(
        mode=Mode.NFTABLES,
        cluster_cidrs=("10.1.0.0/16", "fd00::/56"),
        detect_local_mode="BridgeInterface",
        bridge_interface="cni0",
        interface_name_prefix="veth",
        node_port_addresses=("10.0.0.0/8", "192.168.0.0/16"),
        masquerade_bit=3,
        localhost_node_ports=False,
        ipvs_strict_arp=True,
    )


def test_arguments_that_k3s_hands_on() -> None:
    args = ["server", "--kube-proxy-arg", "proxy-mode=ipvs", "--kube-proxy-arg=ipvs-scheduler=sh"]
    proxy = read(node(1, "10.42.0.0/24", **{"k3s.io_node_args": json.dumps(args)})).proxy
    assert (proxy.mode, proxy.ipvs_scheduler, proxy.cluster_cidrs) == ("ipvs", "sh", ("10.42.0.0/16",))


def test_the_services_network() -> None:
    assert read(*NODES, pod(*MANAGER)).service_cidrs == ("10.96.0.0/12",)


def test_without_services_nothing_is_said() -> None:
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(NODES)})
    assert not [one for one, _ in load_cluster(text=text).notices if "KubeProxy" in one]


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (pod("kube-proxy", "--cluster-cidr=10.1"), r"command\[1\] must be a network"),
        (pod("kube-proxy", "--proxy-mode=xyz"), r"command\[1\] has --proxy-mode='xyz': it must be iptables"),
        (pod("kube-proxy", "--iptables-masquerade-bit=40"), "a number between 0 and 31"),
        (pod("kube-proxy", "--pod-bridge-interface=a'b;c"), "a device's name"),
        (pod("kube-proxy", "--detect-local-mode=Foo"), "it must be ClusterCIDR"),
        (node(1, **{"k3s.io_node_args": "server"}), "k3s.io/node-args must be a list of strings as JSON"),
    ],
)
def test_what_is_wrong(made: dict[str, Any], message: str) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        read(made)
    assert caught.value.line
    assert "须为" in caught.value.zh or "必须" in caught.value.zh


def test_a_trace_says_it_in_json() -> None:
    made = read(*NODES, {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"nodeName": "node1"}, "status": {"podIP": "10.244.1.5"}})  # fmt: skip
    request = Request("pod/a", "10.244.1.5:80")
    (first, *_) = trace_to_dict(made, request, outcomes(made, request))["assumed"]
    assert "clusterCIDR is taken to be 10.244.0.0/22" in first["en"]
    assert "10.244.0.0/22" in first["zh"]
