"""The addresses that flannel's own devices hold on a node.

Sources: flannel's backend/vxlan; its delegate `bridge` with isGateway (containernetworking/plugins, plugins/main/bridge).
"""

from __future__ import annotations

import ipaddress


def gateway(pod_cidr: str) -> str:
    """cni0's address, the first host address of the node's pod network."""
    return str(ipaddress.ip_network(pod_cidr).network_address + 1)


def tunnel(pod_cidr: str) -> str:
    """flannel.1's address, the network address itself, as a /32 (/128)."""
    return str(ipaddress.ip_network(pod_cidr).network_address)
