"""ipsets: named sets that iptables rules look packets up in, and `ipset save` of them.

Sources: ipset(8), net/netfilter/ipset/ip_set_{hash_ipport,hash_ipportip,hash_ipportnet,hash_ip,bitmap_port}.c.
"""

from __future__ import annotations

import dataclasses
import enum
import ipaddress

from engine.packet import FiveTuple


class SetType(enum.StrEnum):
    HASH_IP = "hash:ip"
    HASH_IP_PORT = "hash:ip,port"
    HASH_IP_PORT_IP = "hash:ip,port,ip"
    HASH_IP_PORT_NET = "hash:ip,port,net"
    BITMAP_PORT = "bitmap:port"


@dataclasses.dataclass(slots=True)
class IpSet:
    """One set. `entries` are written as `ipset add` takes them (`10.96.0.10,tcp:80`), `family` is "ipv4" or "ipv6"."""

    name: str
    type: SetType
    family: str = "ipv4"
    entries: set[str] = dataclasses.field(default_factory=set)

    def contains(self, flow: FiveTuple, sides: tuple[str, ...]) -> bool:
        """Whether the packet is in the set, each dimension taken from its source or destination as `sides` says."""
        parts = []
        for kind, side in zip(self.type.value.partition(":")[2].split(","), sides, strict=False):
            address, port = (flow.src, flow.sport) if side == "src" else (flow.dst, flow.dport)
            if kind == "port":
                parts.append(str(port) if self.type is SetType.BITMAP_PORT else f"{flow.protocol.lower()}:{port}")
            else:
                parts.append(address)
        if self.type is not SetType.HASH_IP_PORT_NET:
            return ",".join(parts) in self.entries
        start = f"{parts[0]},{parts[1]},"
        source = ipaddress.ip_address(parts[2])
        return any(
            entry.startswith(start) and source in ipaddress.ip_network(entry[len(start) :]) for entry in self.entries
        )

    def save(self) -> list[str]:
        """The lines of `ipset save`, entries sorted. Left out is what differs from one boot to the next: bucketsize and
        the random initval of a hash (ipset 7.9 and newer print them)."""
        if self.type is SetType.BITMAP_PORT:
            create = f"create {self.name} {self.type} range 0-65535"
        else:
            family = "inet6" if self.family == "ipv6" else "inet"
            create = f"create {self.name} {self.type} family {family} hashsize 1024 maxelem 65536"
        ordered = sorted(self.entries, key=lambda entry: (len(entry), entry) if entry.isdigit() else (0, entry))
        return [create, *(f"add {self.name} {entry}" for entry in ordered)]
