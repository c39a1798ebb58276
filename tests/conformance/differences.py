"""Where another proxy mode does something else than iptables with the same first packet: one table.

Every entry is documented: in the reference of virtual IPs (kubernetes.io), the KEP, or kube-proxy's code.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable
from typing import Any

from engine.cluster import Cluster, Node, Service
from engine.packet import canonical, join_host_port

# The recorded flow: sourceIP, protocol, destIP, destPort, output, masq.
Fact = dict[str, Any]
# (verdict, destination, masqueraded)
Outcome = tuple[str, str, bool]


@dataclasses.dataclass(frozen=True)
class Difference:
    """`applies` says which flows go another way in `mode`, `outcome` the one thing that happens to them there."""

    mode: str
    name: str
    source: str
    applies: Callable[[Cluster, Node, Fact], bool]
    outcome: Callable[[Fact], Outcome]


def destination(fact: Fact) -> str:
    return join_host_port(canonical(fact["destIP"]), fact["destPort"])


def untouched(fact: Fact) -> Outcome:
    """kube-proxy's rules leave the packet as it is."""
    return "ACCEPT", destination(fact), False


def rejected(fact: Fact) -> Outcome:
    return "REJECT", destination(fact), False


def _services(cluster: Cluster, fact: Fact) -> list[Service]:
    return [service for service in cluster.services if canonical(fact["destIP"]) in service.cluster_ips]


def _wrong_port_of_a_cluster_ip(cluster: Cluster, node: Node, fact: Fact) -> bool:
    known = {(port.port, port.protocol.value) for service in _services(cluster, fact) for port in service.ports}
    return bool(_services(cluster, fact)) and (fact["destPort"], fact["protocol"]) not in known


def _is_node_port(cluster: Cluster, fact: Fact) -> bool:
    asked = (fact["destPort"], fact["protocol"])
    return any((port.node_port, port.protocol.value) == asked for service in cluster.services for port in service.ports)


def _node_port_of_localhost(cluster: Cluster, node: Node, fact: Fact) -> bool:
    return ipaddress.ip_address(fact["destIP"]).is_loopback and _is_node_port(cluster, fact)


def _node_port_of_a_further_address(cluster: Cluster, node: Node, fact: Fact) -> bool:
    address = canonical(fact["destIP"])
    further = address in node.addresses and address not in node.internal_ips
    return further and not cluster.proxy.node_port_addresses and _is_node_port(cluster, fact)


DIFFERENCES = (
    Difference(
        "nftables",
        "a ClusterIP rejects ports that it does not have",
        "KEP-3866; kubernetes pull request 122692",
        _wrong_port_of_a_cluster_ip,
        rejected,
    ),
    Difference(
        "nftables",
        "localhost has no NodePorts",
        "kubernetes.io, reference/networking/virtual-ips: migrating from iptables mode to nftables",
        _node_port_of_localhost,
        untouched,
    ),
    Difference(
        "nftables",
        "without nodePortAddresses, NodePorts are on the node's primary addresses only",
        "kubernetes.io, reference/networking/virtual-ips: migrating from iptables mode to nftables",
        _node_port_of_a_further_address,
        untouched,
    ),
)
