"""The hosts around a cluster's nodes and pods: the router, and what lies beyond it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.cluster import Cluster, CNIConfig
from engine.cni import NodePlan
from engine.fabric.address_index import AddressIndex
from engine.fabric.lans import Lan
from engine.network.devices import Device, DeviceKind, InterfaceAddress, interface, loopback
from engine.network.host import Host, HostKind, Sysctls
from engine.network.routes import Route, RoutingTable, number

if TYPE_CHECKING:
    from engine.network.policy_routing import PolicyRouting

ROUTER = "router"
CLIENT = "client"
LAN = "lan"
OUTSIDE = "outside"
ANY = {4: "0.0.0.0/0", 6: "::/0"}


def make_host(
    name: str,
    kind: HostKind,
    devices: Iterable[Device],
    routes: Iterable[Route],
    sysctls: Sysctls,
    policy: PolicyRouting | None = None,
) -> Host:
    return Host(name, kind, {device.name: device for device in devices}, RoutingTable(routes), sysctls, policy)


def router_host(lans: Iterable[Lan], pods: Iterable[Route], mtu: int) -> Host:
    """The nodes' gateway, which reaches `pods` where the network itself knows them."""
    lans = tuple(lans)
    inside = tuple(InterfaceAddress(lan.router, int(lan.prefix.rpartition("/")[2])) for lan in lans)
    devices = [
        loopback(),
        Device("eth0", DeviceKind.ETHERNET, inside, mtu, segment=LAN),
        Device("eth1", DeviceKind.ETHERNET, segment=OUTSIDE),
    ]
    routes = [Route(lan.prefix, "eth0", src=lan.router) for lan in lans]
    routes += pods
    routes += [Route(any_, "eth1", origin="static") for any_ in ANY.values()]
    return make_host(ROUTER, HostKind.ROUTER, devices, routes, Sysctls(ip_forward=True))


def external_host(name: str, addresses: tuple[str, ...]) -> Host:
    """A host beyond the router; its default route is its only one, since nobody shares its network here."""
    own = tuple(interface(f"{a}/{32 if number(a)[0] == 4 else 128}") for a in addresses)
    devices = [loopback(), Device("eth0", DeviceKind.ETHERNET, own, segment=OUTSIDE)]
    routes = [Route(ANY[number(a)[0]], "eth0", src=a, origin="dhcp") for a in addresses]
    return make_host(name, HostKind.EXTERNAL, devices, routes, Sysctls())


def external_hosts(cluster: Cluster, address_index: AddressIndex) -> dict[str, str]:
    """Address -> the host outside that has it."""
    facts = cluster.network
    found = {address: name for name, address in facts.external_hosts.items()}
    found[facts.client_address] = CLIENT
    found[facts.client_address_v6] = CLIENT
    for address in address_index.external:
        found.setdefault(address, address)
    return found


def own_networks(cluster: Cluster, cni: CNIConfig, plans: Iterable[NodePlan]) -> tuple[str, ...]:
    """The networks of pods and Services; around each ClusterIP, where no ServiceCIDR tells, as many addresses as the
    smallest that a cluster is given (a /20, IPv6: a /112)."""
    found = {*cni.networks, *cluster.service_cidrs}
    found.update(cidr for plan in plans for cidr in plan.pod_cidrs)
    for service in cluster.services:
        for ip in (*service.cluster_ips, *service.external_ips):
            found.add(str(ipaddress.ip_network(f"{ip}/{20 if number(ip)[0] == 4 else 112}", strict=False)))
    return tuple(found)
