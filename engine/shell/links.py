"""A host's devices as the kernel numbers and describes them: indexes, flags, hardware addresses, states.

Sources: include/uapi/linux/if.h (net_device_flags), net/core/link_watch.c (rfc2863_policy), iproute2 ip/ipaddress.c
(print_linkinfo).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.network.devices import Device, DeviceKind, hardware_address
from engine.network.host import Host, HostKind
from engine.values import dataclass

if TYPE_CHECKING:
    from engine.shell.live import LiveCluster

_WITHOUT_CARRIER = (DeviceKind.LOOPBACK, DeviceKind.VXLAN, DeviceKind.IPIP, DeviceKind.DUMMY)


@dataclass(frozen=True, slots=True)
class Link:
    """One device of a host as its kernel holds it. `peer_index` is the other end's index in its own network namespace,
    `peer_namespace` that namespace's number here, None where there is no other end."""

    index: int
    device: Device
    flags: tuple[str, ...]
    state: str
    qdisc: str
    hardware: str
    hardware_type: str
    peer_index: int | None = None
    peer_namespace: int | None = None

    @property
    def shown_name(self) -> str:
        """`eth0@if5`: with the other end of a veth pair."""
        return self.device.name if self.peer_index is None else f"{self.device.name}@if{self.peer_index}"


def links(live: LiveCluster, host: Host) -> tuple[Link, ...]:
    """The devices of `host`, in the order of their indexes."""
    found = []
    for index, device in enumerate(host.devices.values(), 1):
        peer = _peer(live, device)
        found.append(
            Link(
                index,
                device,
                _flags(live, host, device),
                _state(live, host, device),
                _qdisc(host, device),
                hardware_address(host.name, device),
                "loopback"
                if device.kind is DeviceKind.LOOPBACK
                else "ipip"
                if device.kind is DeviceKind.IPIP
                else "ether",
                None if peer is None else peer[0],
                None if device.peer is None else _namespace(host, device),
            )
        )
    return tuple(found)


def _peer(live: LiveCluster, device: Device) -> tuple[int, Device] | None:
    if device.peer is None:
        return None
    there = live.fabric.host(device.peer[0])
    names = list(there.devices)
    if device.peer[1] not in names:
        return None
    return names.index(device.peer[1]) + 1, there.devices[device.peer[1]]


def _namespace(host: Host, device: Device) -> int:
    """The number of the other end's network namespace, in the order in which this host met them."""
    peers = dict.fromkeys(one.peer[0] for one in host.devices.values() if one.peer is not None)
    return list(peers).index(device.peer[0]) if device.peer is not None else 0


def has_carrier(live: LiveCluster, host: Host, device: Device) -> bool:
    """Whether something is at the other end: a port of a bridge, the peer of a veth pair that is up."""
    if device.kind is DeviceKind.BRIDGE:
        return any(port.up and port.master == device.name for port in host.devices.values())
    peer = _peer(live, device)
    return peer is None or peer[1].up


def _flags(live: LiveCluster, host: Host, device: Device) -> tuple[str, ...]:
    carrier = has_carrier(live, host, device)
    found = ["NO-CARRIER"] if device.up and not carrier else []
    if device.kind is DeviceKind.LOOPBACK:
        found.append("LOOPBACK")
    elif device.kind is DeviceKind.IPIP:
        found.append("NOARP")
    else:
        found.append("BROADCAST")
        found.append("NOARP" if device.kind is DeviceKind.DUMMY else "MULTICAST")
    if device.up:
        found.append("UP")
        if carrier:
            found.append("LOWER_UP")
    return tuple(found)


def _state(live: LiveCluster, host: Host, device: Device) -> str:
    if not device.up:
        return "DOWN"
    if not has_carrier(live, host, device):
        return "DOWN" if device.kind is DeviceKind.BRIDGE else "LOWERLAYERDOWN"
    return "UNKNOWN" if device.kind in _WITHOUT_CARRIER else "UP"


def _qdisc(host: Host, device: Device) -> str:
    if device.kind is DeviceKind.DUMMY and not device.up:
        return "noop"
    plain = device.kind is DeviceKind.ETHERNET and host.kind is not HostKind.POD
    return "fq_codel" if plain else "noqueue"


def tunnel_mac(live: LiveCluster, device: Device, hop: str, outer: str) -> str:
    """The MAC address that stands for a tunnel's next hop: the one that the device of the node that has it was made with."""
    owner = live.fabric.neighbours.get(outer)
    for name, node in live.fabric.nodes.items():
        there = live.fabric.host(name).devices.get(device.name)
        if there is not None and any(a.address == hop for a in there.addresses):
            return hardware_address(node.name, dataclasses.replace(there, mac=""))
    return hardware_address(owner[0] if owner else hop, dataclasses.replace(device, mac=""))


def tunnel_hops(live: LiveCluster, host: str, device: Device) -> Iterator[str]:
    """The addresses of the other nodes' devices of that tunnel."""
    for node in live.fabric.nodes:
        there = live.fabric.host(node).devices.get(device.name)
        if there is not None and node != host:
            yield from (a.address for a in there.addresses)
