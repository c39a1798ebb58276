"""What netfilter's rules ask of a host's routes and devices: of what type an address is, by which device the way back to
it leaves, which address a device has.

Sources: net/ipv4/fib_frontend.c (inet_dev_addr_type, fib_lookup), net/netfilter/xt_addrtype.c (match_type6,
match_lookup_rt6), net/netfilter/nf_nat_redirect.c.
"""

from __future__ import annotations

import ipaddress

from engine.network.devices import Scope
from engine.network.host import Host
from engine.network.routes import number
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class HostRouting:
    """The answers of one host (netfilter.context.Routing)."""

    host: Host

    def address_types(self, address: str, device: str | None) -> frozenset[str]:
        """Names as `-m addrtype` has them. An IPv4 address has exactly one, an IPv6 address may have several."""
        if number(address)[0] == 6:
            return frozenset(self._types_v6(ipaddress.IPv6Address(address), device))
        return frozenset({self._type_v4(ipaddress.IPv4Address(address), device)})

    def way_back(self, address: str) -> tuple[str, str] | None:
        """fib_lookup: the local table stands before main (ip rule, priority 0)."""
        if self.host.is_local(address):
            return "LOCAL", self.host.own.get(address, "lo")
        found = self.host.lookup(address)
        return ("UNICAST", found.device) if found is not None and found.kind == "unicast" else None

    def device_mtu(self, device: str) -> int | None:
        found = self.host.devices.get(device)
        return None if found is None else found.mtu

    def device_address(self, device: str, family: Family) -> str | None:
        """The device's first address of the family that is not link-local."""
        found = self.host.devices.get(device)
        version = family.version
        own = found.addresses if found is not None else ()
        return next((a.address for a in own if number(a.address)[0] == version and a.scope != Scope.LINK), None)

    def _type_v4(self, address: ipaddress.IPv4Address, device: str | None) -> str:
        """__inet_dev_addr_type: the local table alone is asked; what is not in it is UNICAST, whatever routes there are."""
        if int(address) >> 24 == 0 or int(address) == 0xFFFFFFFF:
            return "BROADCAST"
        if address.is_multicast:
            return "MULTICAST"
        text = str(address)
        if self.host.is_local(text):
            return "LOCAL" if device in (None, self.host.own.get(text, "lo")) else "UNICAST"
        at = self._broadcast_device(address)
        return "BROADCAST" if at is not None and device in (None, at) else "UNICAST"

    def _broadcast_device(self, address: ipaddress.IPv4Address) -> str | None:
        """The device whose network has `address` as its broadcast address, or as its first one (fib_add_ifaddr)."""
        for device in self.host.devices.values():
            for own in device.addresses:
                # A network of two addresses or one has none (RFC 3021).
                if number(own.address)[0] == 4 and own.length < 31:
                    network = ipaddress.IPv4Network(own.network)
                    if address in (network.broadcast_address, network.network_address):
                        return device.name
        return None

    def _types_v6(self, address: ipaddress.IPv6Address, device: str | None) -> list[str]:
        if address.is_multicast:
            return ["MULTICAST"]
        text = str(address)
        found = ["UNSPEC"] if address.is_unspecified else ["UNICAST"]
        if self.host.is_local(text):
            if device in (None, self.host.own.get(text, "lo")):
                found.append("LOCAL")
            return found
        route = self.host.lookup(text)
        if route is None or route.kind != "unicast" or device not in (None, route.device):
            found.append("UNREACHABLE")
        return found
