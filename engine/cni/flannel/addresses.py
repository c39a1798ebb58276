"""The address that flannel's tunnel device holds on a node.

Source: flannel's backend/vxlan.
"""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache(maxsize=4096)
def tunnel(pod_cidr: str) -> str:
    """flannel.1's address, the network address itself, as a /32 (/128)."""
    return str(ipaddress.ip_network(pod_cidr).network_address)
