"""Network devices and the addresses on them (struct net_device, struct in_ifaddr)."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import ipaddress
from collections.abc import Mapping

from engine.values import dataclass


class Scope(enum.IntEnum):
    """How far an address or a route reaches (rtnetlink(7), enum rt_scope_t): the smaller, the farther."""

    UNIVERSE = 0
    LINK = 253
    HOST = 254


class DeviceKind(enum.StrEnum):
    LOOPBACK = "loopback"
    ETHERNET = "ethernet"
    BRIDGE = "bridge"
    VETH = "veth"
    VXLAN = "vxlan"
    IPIP = "ipip"
    DUMMY = "dummy"


@dataclass(frozen=True, slots=True)
class InterfaceAddress:
    """One address of a device: 10.244.1.1/24."""

    address: str
    length: int
    scope: Scope = Scope.UNIVERSE

    @property
    def network(self) -> str:
        """The network the address lies in, as a canonical CIDR string."""
        return _network(self.address, self.length)


@functools.lru_cache(maxsize=4096)
def _network(address: str, length: int) -> str:
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


@dataclass(frozen=True, slots=True)
class Tunnel:
    """What a tunnel device needs: its own outer address, and for a next hop the outer address to send to.

    `remotes` maps a next hop (the inner gateway) to the outer address: flannel's neighbour and FDB entries; for IPIP
    the next hop is the outer address itself. `unresolved` are next hops of which the neighbour entry is gone: nobody answers
    ARP in a tunnel, so that nothing is sent there. `macs` are the neighbour entries that hold another MAC address than the one
    that the next hop's device was made with, `ends` the forwarding entries of such: the outer address by the MAC address.
    """

    local: str
    remotes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    vni: int | None = None
    port: int | None = None
    unresolved: frozenset[str] = frozenset()
    macs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    ends: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """One device. `master` names the bridge it is a port of, `peer` the other end of a veth pair as (host, device),
    `segment` the Ethernet network it is plugged into, `hairpin` the bridge port's hairpin_mode, `up` whether it is set up
    (IFF_UP): one that is down neither takes nor sends, and its addresses are the host's own all the same.

    `mac` is its MAC address where a plugin sets it ("": any). With `proxy_arp` it answers ARP for addresses that are not
    its own (ip-sysctl.rst, proxy_arp). `fixed_neighbours` are next hops for which whoever made the pair wrote down the MAC
    address of the other end: nobody answers for them."""

    name: str
    kind: DeviceKind
    addresses: tuple[InterfaceAddress, ...] = ()
    mtu: int = 1500
    master: str | None = None
    peer: tuple[str, str] | None = None
    segment: str | None = None
    hairpin: bool = False
    tunnel: Tunnel | None = None
    up: bool = True
    mac: str = ""
    proxy_arp: bool = False
    fixed_neighbours: tuple[str, ...] = ()


def interface(cidr: str, scope: Scope = Scope.UNIVERSE) -> InterfaceAddress:
    """An InterfaceAddress out of `10.244.1.1/24`."""
    parsed = ipaddress.ip_interface(cidr)
    return InterfaceAddress(str(parsed.ip), parsed.network.prefixlen, scope)


def loopback() -> Device:
    """`lo` as every network namespace has it (RFC 1122, 3.2.1.3; RFC 4291, 2.5.3)."""
    return Device(
        "lo",
        DeviceKind.LOOPBACK,
        (interface("127.0.0.1/8", Scope.HOST), interface("::1/128", Scope.HOST)),
        mtu=65536,
    )


def mac(host: str, device: str) -> str:
    """A locally administered MAC address that follows from the names, for a device whose plugin sets none."""
    digest = hashlib.sha256(f"{host} {device}".encode()).hexdigest()
    return "0a:" + ":".join(digest[at : at + 2] for at in range(0, 10, 2))


def hardware_address(host: str, device: Device) -> str:
    """A locally administered MAC address that follows from the names; an IPIP device's is its outer address."""
    if device.kind is DeviceKind.LOOPBACK:
        return "00:00:00:00:00:00"
    if device.kind is DeviceKind.IPIP:
        return device.tunnel.local if device.tunnel is not None else "0.0.0.0"  # noqa: S104
    return device.mac or mac(host, device.name)
