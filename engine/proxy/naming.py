"""The chain names of kube-proxy's iptables mode: a prefix and the first 16 letters of a hash.

Source: pkg/proxy/iptables/proxier.go (portProtoHash, servicePortEndpointChainName). Iptables chain names hold at most
28 characters, so the names of Services cannot stand in them.
"""

from __future__ import annotations

import hashlib

from engine.packet import L4
from engine.values import pattern

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

_HASHED = pattern(r"KUBE-(?:SVC|SVL|SEP|FW|EXT)-[A-Z2-7]{16}")


_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
# Two letters of base32 by their 10 bits: every endpoint has a name, and base64.b32encode is slow for so few bytes.
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)


def hashed(text: str) -> str:
    """The first 16 letters of base32(sha256(text)): 80 bits."""
    bits = int.from_bytes(hashlib.sha256(text.encode()).digest()[:10], "big")
    # In parts that Python counts with in one of its own digits (30 bits): half the time of shifting all 80 each time.
    high, middle, low = bits >> 50, bits >> 20 & 0x3FFFFFFF, bits & 0xFFFFF
    return (
        f"{_PAIRS[high >> 20]}{_PAIRS[high >> 10 & 1023]}{_PAIRS[high & 1023]}"
        f"{_PAIRS[middle >> 20]}{_PAIRS[middle >> 10 & 1023]}{_PAIRS[middle & 1023]}"
        f"{_PAIRS[low >> 10]}{_PAIRS[low & 1023]}"
    )


def eight_letters(five: bytes) -> str:
    """Five bytes in base32 (RFC 4648)."""
    bits = int.from_bytes(five, "big")
    return _PAIRS[bits >> 30] + _PAIRS[bits >> 20 & 1023] + _PAIRS[bits >> 10 & 1023] + _PAIRS[bits & 1023]


def service_hash(service_port_name: str, protocol: L4) -> str:
    """What KUBE-SVC-, -SVL-, -FW- and -EXT- have in common; `service_port_name` is `namespace/name[:port]`."""
    return hashed(service_port_name + protocol.lower())


def endpoint_chain(service_port_name: str, protocol: L4, endpoint: str) -> str:
    """KUBE-SEP-...; `endpoint` is `ip:port`, an IPv6 address in brackets."""
    return ENDPOINT + hashed(endpoint_text(service_port_name, protocol) + endpoint)


def endpoint_text(service_port_name: str, protocol: L4) -> str:
    """What is hashed for all endpoints of a Service port, before `ip:port`."""
    return service_port_name + protocol.lower()


def is_service_chain(name: str) -> bool:
    """Whether `name` is a chain that belongs to one Service port or endpoint."""
    return _HASHED.fullmatch(name) is not None
