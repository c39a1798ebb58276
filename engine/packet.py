"""A packet as the dataplane sees it: five-tuple, mark, encapsulation.

Addresses are canonical strings (`str(ipaddress.ip_address(x))`), ports are ints.
"""

from __future__ import annotations

import enum
import functools
import ipaddress

from engine.values import dataclass


class L4(enum.StrEnum):
    """Transport protocols a Service port may name (Kubernetes API, ServicePort.protocol), ICMP, and IP in IP."""

    TCP = "TCP"
    UDP = "UDP"
    SCTP = "SCTP"
    ICMP = "ICMP"
    IPIP = "IPIP"


_WITHOUT_PORTS = frozenset({L4.ICMP, L4.IPIP})


class Family(enum.StrEnum):
    """The address families of IP, as `--family` and compile_rules name them."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"

    @property
    def version(self) -> int:
        """The version field of its packets: 4 or 6."""
        return 4 if self is Family.IPV4 else 6

    @property
    def ip_family(self) -> str:
        """IPv4 or IPv6: v1 IPFamily's spelling, and EndpointSlice's addressType."""
        return "IPv4" if self is Family.IPV4 else "IPv6"


FAMILY_OF_VERSION = {family.version: family for family in Family}


def is_ipv6(address: str) -> bool:
    """True for an IPv6 address or network in text form."""
    return ":" in address


def family_of(address: str) -> Family:
    """The family of an address or network in text form."""
    return Family.IPV6 if ":" in address else Family.IPV4


@functools.lru_cache(maxsize=4096)
def canonical(address: str) -> str:
    """The canonical text of an IP address; raises ValueError for anything else."""
    return str(ipaddress.ip_address(address))


# Every spelling of an octet that ipaddress takes.
_OCTETS = {str(octet): octet for octet in range(256)}


def packed(address: str) -> bytes:
    """An address in network byte order. Raises ValueError for what is none."""
    octets = address.split(".")
    if len(octets) == 4:
        # An eighth of the time that ipaddress takes: to list a large ruleset asks this of every address in it.
        try:
            return bytes([_OCTETS[octet] for octet in octets])
        except KeyError:
            pass
    return ipaddress.ip_address(address).packed


def join_host_port(address: str, port: int) -> str:
    """`10.0.0.1:80`, `[fd00::1]:80`: Go's net.JoinHostPort, which kube-proxy's names are hashed from."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def port_of(text: str) -> int | None:
    """The port number that `text` is: ASCII digits that come to 0 to 65535; None for anything else."""
    plain = text.isascii() and text.isdigit() and len(text) <= 5
    return int(text) if plain and int(text) <= 65535 else None


def split_host_port(text: str) -> tuple[str, int]:
    """The reverse of join_host_port; raises ValueError when `text` is not of that form."""
    host, sep, port = text.rpartition(":")
    if not sep:
        raise ValueError(f"{text!r} has no port")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{text!r}: an IPv6 address with a port is written [address]:port")
    number = port_of(port)
    if number is None:
        raise ValueError(f"port {port!r} is not a number between 0 and 65535")
    return canonical(host), number


@dataclass(frozen=True, slots=True)
class FiveTuple:
    """What identifies a flow to conntrack (struct nf_conntrack_tuple)."""

    protocol: L4
    src: str
    sport: int
    dst: str
    dport: int

    def reply(self) -> FiveTuple:
        """The tuple of a packet going the other way."""
        return FiveTuple(self.protocol, self.dst, self.dport, self.src, self.sport)

    @property
    def source(self) -> str:
        """ip:port; of a protocol without ports the address."""
        return self.src if self.protocol in _WITHOUT_PORTS else join_host_port(self.src, self.sport)

    @property
    def destination(self) -> str:
        return self.dst if self.protocol in _WITHOUT_PORTS else join_host_port(self.dst, self.dport)

    def __str__(self) -> str:
        return f"{self.source} -> {self.destination}"


@dataclass(frozen=True, slots=True)
class Encapsulation:
    """An outer header: VXLAN (RFC 7348), IPIP (RFC 2003) or WireGuard.

    `overhead` is in bytes, as subtracted from the underlay's MTU; `sport`, `dport` and `vni`
    are None where the encapsulation has none.
    """

    kind: str
    src: str
    dst: str
    overhead: int
    sport: int | None = None
    dport: int | None = None
    vni: int | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet. `mark` is skb->mark: it lives on this host only and never on the wire."""

    flow: FiveTuple
    mark: int = 0
    encapsulation: Encapsulation | None = None
