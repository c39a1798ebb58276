"""What of Calico stands in manifests: the nodes' annotations.

Source: projectcalico/calico libcalico-go/lib/backend/k8s/resources/node.go (projectcalico.org/...).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Protocol

from engine.cluster import CNIConfig, Node
from engine.cni.interface import ManifestFields

_PREFIX = "projectcalico.org/"
_ADDRESS = _PREFIX + "IPv4Address"
_TUNNEL = {"ipip": _PREFIX + "IPv4IPIPTunnelAddr", "vxlan": _PREFIX + "IPv4VXLANTunnelAddr"}


class _Annotated(Protocol):
    @property
    def annotations(self) -> Mapping[str, str]: ...
    @property
    def pod_cidrs(self) -> tuple[str, ...]: ...


def from_node(node: Node, annotations: ManifestFields) -> CNIConfig | None:
    """A node with a tunnel's address uses that tunnel; one with Calico's annotations alone, plain routes by BGP."""
    if not any(name.startswith(_PREFIX) for name in node.annotations):
        return None
    for backend, name in _TUNNEL.items():
        if node.annotations.get(name):
            annotations.address_of(name, "", False)
            return CNIConfig("calico", backend, assumed=False, vni=4096, port=4789)
    return CNIConfig("calico", "bgp", assumed=False)


def node_annotations(backend: str, address: str, tunnel: str) -> dict[str, str]:
    """What Calico's node agent writes on a node, as far as it is read back."""
    own = {_ADDRESS: f"{address}/24"}
    if backend in _TUNNEL:
        own[_TUNNEL[backend]] = tunnel
    return own


def tunnel_address(backend: str, node: _Annotated) -> str | None:
    """The address of tunl0 or vxlan.calico: the node's annotation, else the first address of its IPv4 block."""
    written = node.annotations.get(_TUNNEL[backend])
    if written:
        return str(ipaddress.ip_address(written))
    cidr = next((c for c in node.pod_cidrs if ":" not in c), None)
    return None if cidr is None else str(ipaddress.ip_network(cidr).network_address)
