"""Names of kube-proxy's nftables chains and sets: a hash, then what it was made from, readable.

Source: pkg/proxy/nftables/proxier.go, hashAndTruncate and its callers.
"""

from __future__ import annotations

import hashlib

from engine.packet import L4
from engine.proxy.naming import eight_letters

TABLE = "kube-proxy"

# An nft name has at most 256 characters, of which 16 are kept for the prefix (knftables.NameLengthMax).
_BASE_LENGTH_MAX = 256 - 16


def service_base(namespace: str, name: str, protocol: L4, port_name: str) -> str:
    """`ULMVA6XW-ns1/svc1/tcp/p80`: what stands behind service-, local-, external- and firewall-."""
    return _hashed(f"{namespace}/{name}/{protocol.value.lower()}/{port_name}")


def endpoint_base(namespace: str, name: str, protocol: L4, port_name: str, address: str, port: int) -> str:
    """`5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80`: what stands behind endpoint- and affinity-.

    A chain's name cannot hold a colon, so those of an IPv6 address become dots.
    """
    service = f"{namespace}/{name}/{protocol.value.lower()}/{port_name}"
    return _hashed(f"{service}__{address.replace(':', '.')}/{port}")


def service_of(chain: str) -> str | None:
    """The `namespace/name` that a chain or affinity set belongs to, None for the frame's own chains."""
    _, slash, _ = chain.partition("/")
    if not slash:
        return None
    parts = chain.split("-", 2)[2].split("/")
    return "/".join(parts[:2])


def _hashed(name: str) -> str:
    base = f"{eight_letters(hashlib.sha256(name.encode()).digest()[:5])}-{name}"
    return base if len(base) <= _BASE_LENGTH_MAX else base[: _BASE_LENGTH_MAX - 3] + "..."
