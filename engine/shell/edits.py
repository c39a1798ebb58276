"""What ip(8), bridge(8), sysctl(8) change on a host: each change a value that says what a Host is after it.

They are kept in the order in which they were made and made again on the host as the cluster has it then, so that a pod
that comes later finds its node as it was left. Sources: net/ipv4/fib_frontend.c (fib_netdev_event, fib_sync_down_dev),
net/ipv4/devinet.c (inet_del_ifa).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from engine.network.devices import Device, DeviceKind, InterfaceAddress, Tunnel
from engine.network.host import Host, Sysctls
from engine.network.routes import Route, RoutingTable, number
from engine.values import dataclass


class Edit:
    """Base of all changes of one host."""

    __slots__ = ()

    def apply(self, host: Host) -> Host:
        """`host` after the change; itself where there is nothing left to change."""
        raise NotImplementedError


def apply_all(host: Host, edits: Iterable[Edit]) -> Host:
    """`host` after all changes, in their order."""
    for edit in edits:
        host = edit.apply(host)
    return host


def _with_device(host: Host, device: Device) -> Host:
    return dataclasses.replace(host, devices={**host.devices, device.name: device})


def _with_routes(host: Host, routes: Iterable[Route]) -> Host:
    return dataclasses.replace(host, table=RoutingTable(routes))


@dataclass(frozen=True, slots=True)
class RouteAdded(Edit):
    """`ip route add`; `first`: as `ip route prepend` and a smaller metric do."""

    route: Route
    first: bool = False

    def apply(self, host: Host) -> Host:
        others = host.table.routes
        if self.route in others:
            return host
        return _with_routes(host, (self.route, *others) if self.first else (*others, self.route))


@dataclass(frozen=True, slots=True)
class RouteDeleted(Edit):
    """`ip route del`: that route alone, not another to the same prefix."""

    route: Route

    def apply(self, host: Host) -> Host:
        return _with_routes(host, (route for route in host.table.routes if route != self.route))


@dataclass(frozen=True, slots=True)
class AddressAdded(Edit):
    """`ip address add`, and the connected route that comes with it (fib_add_ifaddr)."""

    device: str
    address: InterfaceAddress

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or self.address in device.addresses:
            return host
        host = _with_device(host, dataclasses.replace(device, addresses=(*device.addresses, self.address)))
        return _connected(host, device, self.address) if device.up else host


@dataclass(frozen=True, slots=True)
class AddressDeleted(Edit):
    """`ip address del`: its connected route goes with it, and what prefers it as a source (fib_sync_down_addr). With its last
    IPv4 address a device loses all routes of IPv4 (fib_inetaddr_event, fib_disable_ip)."""

    device: str
    address: InterfaceAddress

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or self.address not in device.addresses:
            return host
        left = tuple(one for one in device.addresses if one != self.address)
        host = _with_device(host, dataclasses.replace(device, addresses=left))
        version = number(self.address.address)[0]
        last = version == 4 and all(number(one.address)[0] != 4 for one in left)
        kept = {one.network for one in left}
        return _with_routes(
            host, (r for r in host.table.routes if not (last and _is_by(r, device, 4)) and self._keeps(r, kept))
        )

    def _keeps(self, route: Route, networks: set[str]) -> bool:
        if route.src == self.address.address:
            return False
        connected = route.device == self.device and route.via is None and route.prefix == self.address.network
        return not connected or route.prefix in networks


def _is_by(route: Route, device: Device, version: int) -> bool:
    return route.device == device.name and number(route.prefix.partition("/")[0])[0] == version


def _connected(host: Host, device: Device, address: InterfaceAddress) -> Host:
    full = 32 if number(address.address)[0] == 4 else 128
    if address.length == full or any(r.prefix == address.network for r in host.table.routes):
        return host
    return _with_routes(host, (Route(address.network, device.name, src=address.address), *host.table.routes))


@dataclass(frozen=True, slots=True)
class LinkSet(Edit):
    """`ip link set DEVICE`: what is not None changes. A device that goes down takes the routes by it and its neighbour entries
    along, permanent ones too (neigh_ifdown); up again brings back the routes of its addresses alone. With another MAC address the
    neighbour entries go too (neigh_changeaddr)."""

    device: str
    up: bool | None = None
    mtu: int | None = None
    hairpin: bool | None = None
    mac: str | None = None

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None:
            return host
        changed = dataclasses.replace(
            device,
            up=device.up if self.up is None else self.up,
            mtu=device.mtu if self.mtu is None else self.mtu,
            hairpin=device.hairpin if self.hairpin is None else self.hairpin,
            mac=device.mac if self.mac is None else self.mac,
        )
        emptied = (device.up and not changed.up) or self.mac is not None
        if emptied and device.kind is DeviceKind.VXLAN and changed.tunnel is not None:
            tunnel = dataclasses.replace(changed.tunnel, unresolved=frozenset(changed.tunnel.remotes), macs={})
            changed = dataclasses.replace(changed, tunnel=tunnel)
        host = _with_device(host, changed)
        if device.up and not changed.up:
            return _with_routes(host, (route for route in host.table.routes if route.device != device.name))
        if changed.up and not device.up:
            for address in changed.addresses:
                host = _connected(host, changed, address)
        return host


@dataclass(frozen=True, slots=True)
class MasterSet(Edit):
    """`ip link set DEVICE master BRIDGE`, `nomaster` where None."""

    device: str
    master: str | None

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        return host if device is None else _with_device(host, dataclasses.replace(device, master=self.master))


@dataclass(frozen=True, slots=True)
class DeviceAdded(Edit):
    """`ip link add`."""

    device: Device

    def apply(self, host: Host) -> Host:
        return host if self.device.name in host.devices else _with_device(host, self.device)


@dataclass(frozen=True, slots=True)
class DeviceDeleted(Edit):
    """`ip link del`: addresses and routes go with it."""

    device: str

    def apply(self, host: Host) -> Host:
        devices = {
            name: dataclasses.replace(one, master=None) if one.master == self.device else one
            for name, one in host.devices.items()
            if name != self.device
        }
        host = dataclasses.replace(host, devices=devices)
        return _with_routes(host, (route for route in host.table.routes if route.device != self.device))


@dataclass(frozen=True, slots=True)
class TunnelPeerSet(Edit):
    """`bridge fdb append|del ... dst OUTER` for the neighbour entry of `next_hop`: where a tunnel sends what goes to that
    next hop, nowhere where `outer` is None."""

    device: str
    next_hop: str
    outer: str | None

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or device.tunnel is None:
            return host
        remotes = {hop: outer for hop, outer in device.tunnel.remotes.items() if hop != self.next_hop}
        if self.outer is not None:
            remotes[self.next_hop] = self.outer
        return _with_device(
            host, dataclasses.replace(device, tunnel=dataclasses.replace(device.tunnel, remotes=remotes))
        )


@dataclass(frozen=True, slots=True)
class NeighbourSet(Edit):
    """`ip neighbour replace|del` of a tunnel's next hop, `known`: with the MAC address that the device there was made with, or
    with `mac`."""

    device: str
    next_hop: str
    known: bool
    mac: str = ""

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or device.tunnel is None:
            return host
        hop = frozenset({self.next_hop})
        unresolved = device.tunnel.unresolved - hop if self.known else device.tunnel.unresolved | hop
        macs = {one: mac for one, mac in device.tunnel.macs.items() if one != self.next_hop}
        if self.mac:
            macs[self.next_hop] = self.mac
        tunnel = dataclasses.replace(device.tunnel, unresolved=unresolved, macs=macs)
        return _with_device(host, dataclasses.replace(device, tunnel=tunnel))


@dataclass(frozen=True, slots=True)
class TunnelEndSet(Edit):
    """`bridge fdb append|del MAC ... dst OUTER` of a MAC address that no device of the tunnel was made with; None: gone."""

    device: str
    mac: str
    outer: str | None

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or device.tunnel is None:
            return host
        ends = {mac: outer for mac, outer in device.tunnel.ends.items() if mac != self.mac}
        if self.outer is not None:
            ends[self.mac] = self.outer
        return _with_device(host, dataclasses.replace(device, tunnel=dataclasses.replace(device.tunnel, ends=ends)))


@dataclass(frozen=True, slots=True)
class TunnelSet(Edit):
    """Another local address, VNI or port of a tunnel device, as its plugin makes it anew."""

    device: str
    local: str | None = None
    vni: int | None = None
    port: int | None = None

    def apply(self, host: Host) -> Host:
        device = host.devices.get(self.device)
        if device is None or device.kind not in (DeviceKind.VXLAN, DeviceKind.IPIP) or device.tunnel is None:
            return host
        old = device.tunnel
        tunnel = Tunnel(
            self.local or old.local,
            old.remotes,
            old.vni if self.vni is None else self.vni,
            old.port if self.port is None else self.port,
        )
        return _with_device(host, dataclasses.replace(device, tunnel=tunnel))


@dataclass(frozen=True, slots=True)
class SysctlsSet(Edit):
    """Sysctls that decide outcomes: fields of Sysctls by name (`rp_filter_of` and `localnet_devices` whole)."""

    fields: Mapping[str, object]

    def apply(self, host: Host) -> Host:
        changed: Sysctls = dataclasses.replace(host.sysctls, **self.fields)  # type: ignore[arg-type]
        return dataclasses.replace(host, sysctls=changed)
