"""The IP networks of the nodes' Ethernet, and the router's address on each."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from engine.cluster import Node
from engine.fabric.address_index import common_network
from engine.network.routes import contains, number
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Lan:
    """One IP network of the nodes' Ethernet: its prefix and the router's address on it."""

    prefix: str
    router: str


def lans_of(nodes: tuple[Node, ...], addresses: Mapping[str, tuple[str, ...]]) -> tuple[Lan, ...]:
    """The IP networks of the nodes' Ethernet. One where the InternalIPs are near each other, else one for each /24."""
    prefixes: list[str] = []
    everything = {a for own in addresses.values() for a in own}
    for version, shortest in ((4, 16), (6, 48)):
        internal = [a for node in nodes for a in node.internal_ips if number(a)[0] == version]
        pods = [c for node in nodes for c in node.pod_cidrs if number(c.partition("/")[0])[0] == version]
        if not internal:
            continue
        whole = common_network(internal)
        far = int(whole.rpartition("/")[2]) < shortest or any(contains(whole, c.partition("/")[0]) for c in pods)
        prefixes += sorted({common_network([a]) for a in internal}) if far else [whole]
    for address in sorted(everything):
        if not any(contains(prefix, address) for prefix in prefixes):
            prefixes.append(common_network([address]))
    return tuple(Lan(prefix, _router_address(prefix, everything)) for prefix in prefixes)


def _router_address(prefix: str, taken: set[str]) -> str:
    """The first address of the network that no node has."""
    network = ipaddress.ip_network(prefix)
    first = int(network.network_address) + 1
    make = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
    return next(a for offset in range(len(taken) + 1) if (a := str(make(first + offset))) not in taken)
