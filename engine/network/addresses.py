"""Which of its addresses a host sends from, and which MASQUERADE takes.

IPv4: inet_select_addr() in net/ipv4/devinet.c. IPv6: ipv6_dev_get_saddr() in net/ipv6/addrconf.c (RFC 6724).
"""

from __future__ import annotations

from engine.network.devices import Device, Scope
from engine.network.host import Host
from engine.network.routes import Route, contains, number
from engine.packet import FiveTuple

# The labels of RFC 6724, 2.1, longest prefix first, as far as unicast addresses of a cluster meet them.
_LABELS = (("::1/128", 0), ("2002::/16", 2), ("2001::/32", 5), ("fc00::/7", 13), ("::/0", 1))


def masquerade_address(host: Host, device: Device, next_hop: str) -> str | None:
    """The address MASQUERADE gives to a packet that leaves by `device` towards `next_hop` (nf_nat_masquerade.c)."""
    if number(next_hop)[0] == 6:
        return _select_v6(host, device, next_hop)
    return _select_v4(host, device, next_hop, Scope.UNIVERSE)


def source_address(host: Host, destination: str, route: Route | None) -> str | None:
    """The source of a packet the host itself sends to `destination` by `route`; without a route its first address."""
    version = number(destination)[0]
    if host.is_loopback(destination):
        return "127.0.0.1" if version == 4 else "::1"
    # To oneself one speaks from the address spoken to (fib lookup in the local table).
    if host.is_local(destination):
        return destination
    if route is None or route.kind != "unicast":
        own = (a for device in host.devices.values() for a in device.addresses if a.scope == Scope.UNIVERSE)
        return next((a.address for a in own if number(a.address)[0] == version), None)
    # A route's preferred source wins: `src` of `ip route`.
    if route.src is not None:
        return route.src
    device = host.devices[route.device]
    if version == 6:
        return _select_v6(host, device, destination)
    return _select_v4(host, device, route.via, route.scope)


def arp_source(host: Host, device: Device, next_hop: str, flow: FiveTuple) -> str | None:
    """The address that the question for `next_hop` comes from as a packet of `flow` waits for it: its source where that is
    the host's own (arp.c arp_solicit, arp_announce 0), else one of the device."""
    return flow.src if host.is_local(flow.src) else _select_v4(host, device, next_hop, Scope.LINK)


def icmp_source(host: Host, flow: FiveTuple) -> str:
    """The address that an ICMP error about `flow` is sent from (icmp.c icmp_send): the one spoken to where it is the
    host's own, else the one that the route back asks for."""
    if host.is_local(flow.dst):
        return flow.dst
    return source_address(host, flow.src, host.lookup(flow.src)) or flow.dst


def _select_v4(host: Host, device: Device, towards: str | None, scope: Scope) -> str | None:
    """The device's first address whose network holds `towards`, else its first; a device without one borrows from
    the others in the order of their indexes."""
    own = [a for a in device.addresses if number(a.address)[0] == 4 and a.scope <= scope]
    if own:
        return next((a.address for a in own if towards is not None and contains(a.network, towards)), own[0].address)
    for other in host.devices.values():
        for a in other.addresses:
            if number(a.address)[0] == 4 and a.scope != Scope.LINK and a.scope <= scope:
                return a.address
    return None


def _select_v6(host: Host, device: Device, destination: str) -> str | None:
    """RFC 6724's rules as far as they can differ here: outgoing device (5), label (6), longest prefix (8)."""
    best: tuple[tuple[bool, bool, int], str] | None = None
    for other in host.devices.values():
        for a in other.addresses:
            if number(a.address)[0] != 6 or a.scope != Scope.UNIVERSE:
                continue
            score = (
                other.name == device.name,
                _label(a.address) == _label(destination),
                min(_common_bits(a.address, destination), a.length),
            )
            if best is None or score > best[0]:
                best = score, a.address
    return best[1] if best else None


def _label(address: str) -> int:
    return next(label for prefix, label in _LABELS if contains(prefix, address))


def _common_bits(first: str, second: str) -> int:
    return 128 - (number(first)[1] ^ number(second)[1]).bit_length()
