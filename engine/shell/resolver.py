"""A host's resolv.conf: a pod's is the kubelet's (engine.dns), a node's names the machine's own resolver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cluster import Cluster, Service
from engine.dns import KubeletDNS, pod_resolv_conf
from engine.network.host import HostKind

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster

_USUAL_DNS = "10.96.0.10"
# What a node's own /etc/resolv.conf names: the machine's resolver, which knows nothing of the cluster.
NODE_RESOLVER = "127.0.0.53"


def dns_service(cluster: Cluster) -> Service | None:
    """The Service of the cluster's name servers."""
    named = (s for s in cluster.services if s.namespace == "kube-system" and s.cluster_ips)
    return next((s for s in named if s.name in ("kube-dns", "coredns") or s.labels.get("k8s-app") == "kube-dns"), None)


def cluster_dns(cluster: Cluster) -> tuple[str, ...]:
    """The kubelet's clusterDNS."""
    service = dns_service(cluster)
    return service.cluster_ips if service is not None else (_USUAL_DNS,)


def resolv_conf(live: LiveCluster, host: str) -> str:
    """The text of the host's /etc/resolv.conf."""
    written = live.state(host).files.get("/etc/resolv.conf")
    if written is not None:
        return written
    if live.fabric.host(host).kind is not HostKind.POD:
        return f"nameserver {NODE_RESOLVER}\noptions edns0 trust-ad\nsearch .\n"
    owner = next(one for one in live.fabric.address_index.by_key.values() if one.host == host)
    file = "".join(f"nameserver {server}\n" for server in upstream_servers(live, host))
    kubelet = KubeletDNS(cluster_dns(live.cluster), resolv_conf=file)
    pod = next((one for one in live.cluster.pods if f"{one.namespace}/{one.name}" == owner.key), None)
    if pod is None:
        return pod_resolv_conf(kubelet).text
    return pod_resolv_conf(kubelet, pod.namespace, pod.dns_policy, pod.dns_config, host_network=pod.host_network).text


def upstream_servers(live: LiveCluster, host: str) -> tuple[str, ...]:
    """What the kubelet's resolvConf names on the pod's node: not the machine's stub but the file behind it, as kubeadm sets it
    (/run/systemd/resolve/resolv.conf). The network's DHCP is taken to name its gateway, and that to answer."""
    owner = next((one for one in live.fabric.address_index.by_key.values() if one.host == host), None)
    routes = () if owner is None or owner.node is None else live.fabric.host(owner.node).table.routes
    return tuple(route.via for route in routes if route.via and route.prefix == "0.0.0.0/0")[:1]


def name_servers(live: LiveCluster, host: str) -> list[str]:
    """The name servers of the host's resolv.conf, in their order."""
    lines = (line.split() for line in resolv_conf(live, host).splitlines())
    return [words[1] for words in lines if len(words) > 1 and words[0] == "nameserver"]
