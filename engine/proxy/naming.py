"""The chain names of kube-proxy's iptables mode: a prefix and the first 16 letters of a hash.

Source: pkg/proxy/iptables/proxier.go (portProtoHash, servicePortEndpointChainName). Iptables chain names hold at most
28 characters, so the names of Services cannot stand in them.
"""

from __future__ import annotations

import base64
import hashlib
import re

from engine.packet import L4

CLUSTER_POLICY = "KUBE-SVC-"
LOCAL_POLICY = "KUBE-SVL-"
FIREWALL = "KUBE-FW-"
EXTERNAL = "KUBE-EXT-"
ENDPOINT = "KUBE-SEP-"

# Which chain of which table may list the rules of different Services in any order: kube-proxy walks a Go map.
SHARED_CHAINS: dict[str, frozenset[str]] = {
    "nat": frozenset({"KUBE-SERVICES", "KUBE-NODEPORTS"}),
    "filter": frozenset({"KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"}),
}

_HASHED = re.compile(r"KUBE-(?:SVC|SVL|SEP|FW|EXT)-[A-Z2-7]{16}")


def hashed(text: str) -> str:
    """The first 16 letters of base32(sha256(text))."""
    # 10 bytes are exactly 16 letters of base32.
    return base64.b32encode(hashlib.sha256(text.encode()).digest()[:10]).decode()


def service_hash(service_port_name: str, protocol: L4) -> str:
    """What KUBE-SVC-, -SVL-, -FW- and -EXT- have in common; `service_port_name` is `namespace/name[:port]`."""
    return hashed(service_port_name + protocol.lower())


def endpoint_chain(service_port_name: str, protocol: L4, endpoint: str) -> str:
    """KUBE-SEP-...; `endpoint` is `ip:port`, an IPv6 address in brackets."""
    return ENDPOINT + hashed(service_port_name + protocol.lower() + endpoint)


def is_service_chain(name: str) -> bool:
    """Whether `name` is a chain that belongs to one Service port or endpoint."""
    return _HASHED.fullmatch(name) is not None
