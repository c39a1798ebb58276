"""Which address a host sends from and which one MASQUERADE takes, seen on a real kernel."""

from __future__ import annotations

import pytest

from engine.fabric.fabric import build_fabric
from engine.network.addresses import masquerade_address, source_address
from engine.network.devices import Device, DeviceKind, Scope, interface, loopback
from engine.network.host import Host, HostKind
from engine.network.routes import Route, RoutingTable

from ..clusters import B, cluster


def host(*devices: Device, routes: tuple[Route, ...] = ()) -> Host:
    return Host("h", HostKind.NODE, {d.name: d for d in (loopback(), *devices)}, RoutingTable(routes))


ETH0 = Device("eth0", DeviceKind.ETHERNET, (interface("192.168.1.10/24"), interface("10.9.0.1/16")))
CALI = Device("cali0", DeviceKind.VETH)
TUNNEL = Device("tunl0", DeviceKind.IPIP, (interface("10.244.1.0/32"),))
ETH6 = Device("eth0", DeviceKind.ETHERNET, (interface("2001:db8::10/64"), interface("fd00:1::10/64")))
BRIDGE6 = Device("cni0", DeviceKind.BRIDGE, (interface("fd00:244:1::1/64"),))


@pytest.mark.parametrize(
    ("device", "next_hop", "expected"),
    [
        (ETH0, "192.168.1.1", "192.168.1.10"),
        (ETH0, "10.9.3.3", "10.9.0.1"),
        (ETH0, "8.8.8.8", "192.168.1.10"),
        (CALI, "10.244.1.5", "192.168.1.10"),
        (TUNNEL, "192.168.1.11", "10.244.1.0"),
        (loopback(), "192.168.1.10", "192.168.1.10"),
    ],
)
def test_masquerade_takes_the_devices_address(device: Device, next_hop: str, expected: str) -> None:
    node = host(ETH0, CALI, TUNNEL)
    assert masquerade_address(node, device, next_hop) == expected


def test_no_address_at_all() -> None:
    assert masquerade_address(host(CALI), CALI, "10.0.0.1") is None
    assert masquerade_address(host(CALI), CALI, "fd00::1") is None


@pytest.mark.parametrize(
    ("device", "towards", "expected"),
    [
        (BRIDGE6, "fd00:244:1::5", "fd00:244:1::1"),
        (ETH6, "fd00:1::11", "fd00:1::10"),
        (ETH6, "2001:db8::99", "2001:db8::10"),
        (CALI, "fd00:244:1::5", "fd00:244:1::1"),
    ],
)
def test_ipv6_prefers_the_outgoing_device_then_label_then_prefix(device: Device, towards: str, expected: str) -> None:
    assert masquerade_address(host(ETH6, BRIDGE6, CALI), device, towards) == expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("192.168.1.10", "192.168.1.10")],
)
def test_to_itself_a_host_speaks_from_the_address_spoken_to(destination: str, expected: str) -> None:
    assert source_address(host(ETH0), destination, None) == expected


@pytest.mark.parametrize(
    ("destination", "expected"),
    [("10.96.0.10", "192.168.1.10"), ("10.244.1.6", "10.244.1.1"), (B, "10.244.1.0")],
)
def test_a_nodes_source_follows_its_route(destination: str, expected: str) -> None:
    node = build_fabric(cluster(B)).host("node1")
    assert source_address(node, destination, node.table.lookup(destination)) == expected


def test_a_scope_link_route_may_use_link_scope_addresses() -> None:
    device = Device("eth9", DeviceKind.ETHERNET, (interface("169.254.7.7/16", Scope.LINK),))
    node = host(device, routes=(Route("10.0.0.0/8", "eth9", scope=Scope.LINK),))
    assert source_address(node, "10.1.1.1", node.table.lookup("10.1.1.1")) == "169.254.7.7"
    assert masquerade_address(node, device, "10.1.1.1") is None
