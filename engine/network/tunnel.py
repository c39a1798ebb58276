"""Outer headers: what VXLAN and IPIP put around a packet."""

from __future__ import annotations

import hashlib

from engine.network.devices import Device, DeviceKind
from engine.network.routes import number
from engine.packet import Encapsulation, FiveTuple

# Bytes that an encapsulation takes off the underlay's MTU. VXLAN (RFC 7348): outer IP, UDP 8, VXLAN 8, inner
# Ethernet 14. IPIP (RFC 2003): one IPv4 header.
OVERHEAD = {("vxlan", 4): 50, ("vxlan", 6): 70, ("ipip", 4): 20}

# net.ipv4.ip_local_port_range, which udp_flow_src_port() stays in.
_PORTS = (32768, 60999)


def vxlan_source_port(flow: FiveTuple) -> int:
    """The outer UDP source port: a hash of the inner flow, so that one flow keeps one path (RFC 7348, 5).

    The kernel's hash is seeded at boot; this one is fixed, so only "the same for the same flow, another for the
    answer" is meant by the figure.
    """
    digest = hashlib.sha256(f"{flow.protocol} {flow}".encode()).digest()
    return _PORTS[0] + int.from_bytes(digest[:4], "big") % (_PORTS[1] - _PORTS[0] + 1)


def overhead(kind: DeviceKind, outer: str) -> int:
    """Bytes of outer headers when the outer address is `outer`."""
    return OVERHEAD[kind.value, number(outer)[0]]


def encapsulate(device: Device, next_hop: str, flow: FiveTuple) -> Encapsulation | None:
    """The outer header for a packet that leaves by a tunnel device; None where it does not know the next hop."""
    assert device.tunnel is not None
    mac = device.tunnel.macs.get(next_hop)
    remote = device.tunnel.remotes.get(next_hop) if mac is None else device.tunnel.ends.get(mac)
    if remote is None or next_hop in device.tunnel.unresolved:
        return None
    size = overhead(device.kind, remote)
    if device.kind is DeviceKind.IPIP:
        return Encapsulation("IPIP", device.tunnel.local, remote, size)
    return Encapsulation(
        "VXLAN",
        device.tunnel.local,
        remote,
        size,
        vxlan_source_port(flow),
        device.tunnel.port,
        device.tunnel.vni,
    )
