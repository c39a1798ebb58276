"""A host: a network namespace with devices, routes and sysctls."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import TYPE_CHECKING

from engine.network.devices import Device
from engine.network.routes import Route, RoutingTable
from engine.values import dataclass

if TYPE_CHECKING:
    from engine.network.policy_routing import PolicyRouting


class HostKind(enum.StrEnum):
    NODE = "node"
    POD = "pod"
    ROUTER = "router"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Sysctls:
    """The sysctls that decide outcomes (ip-sysctl.rst, bridge(8)). `rp_filter` is 0 off, 1 strict, 2 loose:
    conf/all's; `rp_filter_of` holds single devices', of which the greater counts (IN_DEV_RPFILTER, a maximum).
    `route_localnet` is that of all devices, `localnet_devices` are those that have their own set."""

    ip_forward: bool = False
    rp_filter: int = 0
    route_localnet: bool = False
    bridge_nf_call_iptables: bool = False
    rp_filter_of: Mapping[str, int] = dataclasses.field(default_factory=dict)
    localnet_devices: frozenset[str] = frozenset()

    def localnet(self, device: str) -> bool:
        """Whether 127.0.0.0/8 may come in and leave by that device (IN_DEV_ROUTE_LOCALNET: all or its own)."""
        return self.route_localnet or device in self.localnet_devices


@dataclass(frozen=True, slots=True, eq=False)
class Host:
    """One host. `devices` are in the order of their interface indexes, lo first; `table` is its main routing table, `policy`
    says which others are asked (None: no other)."""

    name: str
    kind: HostKind
    devices: Mapping[str, Device]
    table: RoutingTable
    sysctls: Sysctls = Sysctls()
    policy: PolicyRouting | None = None
    own: Mapping[str, str] = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        own = {a.address: device.name for device in self.devices.values() for a in device.addresses}
        object.__setattr__(self, "own", own)

    def lookup(
        self, destination: str, source: str | None = None, mark: int = 0, in_device: str | None = None
    ) -> Route | None:
        """The route of a packet, the local table left aside: of the table that the rules lead to, else of main. `source` is
        None where it is still to be chosen, `in_device` where the host sends the packet itself."""
        if self.policy is None:
            return self.table.lookup(destination)
        return self.policy.lookup(self.table, destination, source, mark, in_device)

    def is_local(self, address: str) -> bool:
        """Whether the local routing table holds the address (fib type LOCAL)."""
        return address in self.own or self.is_loopback(address)

    def is_loopback(self, address: str) -> bool:
        """Whether it is of 127.0.0.0/8, or ::1."""
        return address.startswith("127.") or address == "::1"
