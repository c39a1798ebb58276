"""The addresses that a CNI's own devices hold on a node: a bridge's gateway, the end of a tunnel.

kube-proxy finds them among the node's addresses like any other. Sources: flannel's backend/vxlan and its delegate
`bridge` with isGateway; Calico's node annotations projectcalico.org/IPv4...TunnelAddr.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from engine.cluster import CNIConfig, Node

CALICO_TUNNEL_ANNOTATION = {
    "ipip": "projectcalico.org/IPv4IPIPTunnelAddr",
    "vxlan": "projectcalico.org/IPv4VXLANTunnelAddr",
}


def gateway(pod_cidr: str) -> str:
    """flannel: cni0's address, the first host address of the node's pod network."""
    return str(ipaddress.ip_network(pod_cidr).network_address + 1)


def flannel_tunnel(pod_cidr: str) -> str:
    """flannel: flannel.1's address, the network address itself, as a /32 (/128)."""
    return str(ipaddress.ip_network(pod_cidr).network_address)


def calico_tunnel(backend: str, annotations: Mapping[str, str], pod_cidrs: Iterable[str]) -> str | None:
    """Calico: the address of tunl0 or vxlan.calico, the node's annotation, else the first address of its IPv4 block."""
    written = annotations.get(CALICO_TUNNEL_ANNOTATION[backend])
    if written:
        return str(ipaddress.ip_address(written))
    cidr = next((c for c in pod_cidrs if ":" not in c), None)
    return None if cidr is None else str(ipaddress.ip_network(cidr).network_address)


def cni_addresses(cni: CNIConfig, node: Node) -> tuple[str, ...]:
    """What the devices of `cni` hold on `node`; nothing where the manifests do not name the CNI."""
    if cni.assumed:
        return ()
    if cni.plugin == "flannel":
        tunnels = map(flannel_tunnel, node.pod_cidrs) if cni.backend == "vxlan" else ()
        return (*tunnels, *map(gateway, node.pod_cidrs))
    if cni.plugin == "calico" and cni.backend in CALICO_TUNNEL_ANNOTATION:
        own = calico_tunnel(cni.backend, node.annotations, node.pod_cidrs)
        return () if own is None else (own,)
    return ()
