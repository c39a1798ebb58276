"""Routes, what the kernel refuses on input, tunnels."""

from __future__ import annotations

import dataclasses

import pytest

from engine.network.checks import refuses
from engine.network.devices import Device, DeviceKind, Tunnel, interface, loopback
from engine.network.host import Host, HostKind, Sysctls
from engine.network.routes import Route, RouteKind, RoutingTable, contains
from engine.network.tunnel import encapsulate, vxlan_source_port
from engine.packet import L4, FiveTuple

TABLE = RoutingTable(
    (
        Route("0.0.0.0/0", "eth0", "192.168.1.1"),
        Route("192.168.1.0/24", "eth0", src="192.168.1.10"),
        Route("10.244.2.0/24", "flannel.1", "10.244.2.0"),
        Route("10.244.2.7/32", "cali7"),
        Route("10.244.1.0/26", "*", kind=RouteKind.BLACKHOLE),
        Route("::/0", "eth0", "fd00::1"),
    )
)
HOST = Host(
    "node1",
    HostKind.NODE,
    {
        "lo": loopback(),
        "eth0": Device("eth0", DeviceKind.ETHERNET, (interface("192.168.1.10/24"), interface("fd00::10/64"))),
        "flannel.1": Device("flannel.1", DeviceKind.VXLAN),
    },
    TABLE,
)


@pytest.mark.parametrize(
    ("destination", "route"),
    [
        ("8.8.8.8", "default via 192.168.1.1 dev eth0"),
        ("192.168.1.77", "192.168.1.0/24 dev eth0"),
        ("10.244.2.8", "10.244.2.0/24 via 10.244.2.0 dev flannel.1"),
        ("10.244.2.7", "10.244.2.7/32 dev cali7"),
        ("10.244.1.9", "blackhole 10.244.1.0/26"),
        ("fd01::1", "default via fd00::1 dev eth0"),
    ],
)
def test_the_longest_prefix_wins(destination: str, route: str) -> None:
    assert str(TABLE.lookup(destination)) == route


def test_no_route() -> None:
    assert RoutingTable(()).lookup("10.0.0.1") is None


def test_contains_keeps_families_apart() -> None:
    assert contains("0.0.0.0/0", "1.2.3.4")
    assert not contains("0.0.0.0/0", "::1")


@pytest.mark.parametrize(
    ("sysctls", "device", "src", "dst", "expected"),
    [
        (Sysctls(), "eth0", "1.2.3.4", "192.168.1.10", None),
        (Sysctls(), "eth0", "192.168.1.10", "10.244.2.8", "martian-source"),
        (Sysctls(), "lo", "192.168.1.10", "192.168.1.10", None),
        (Sysctls(), "eth0", "127.0.0.1", "192.168.1.10", "martian-source"),
        (Sysctls(), "eth0", "1.2.3.4", "127.0.0.1", "martian-destination"),
        (Sysctls(route_localnet=True), "eth0", "1.2.3.4", "127.0.0.1", None),
        (Sysctls(rp_filter=1), "eth0", "10.244.2.8", "192.168.1.10", "rp-filter"),
        (Sysctls(rp_filter=2), "eth0", "10.244.2.8", "192.168.1.10", None),
        (Sysctls(rp_filter=1), "flannel.1", "10.244.2.8", "192.168.1.10", None),
        (Sysctls(rp_filter=2), "eth0", "10.244.1.9", "192.168.1.10", "rp-filter"),
        (Sysctls(rp_filter=1), "flannel.1", "fd01::1", "fd00::10", None),
        (Sysctls(), "eth0", "fd00::10", "fd00::10", None),
        (Sysctls(), "eth0", "::1", "fd00::10", "martian-source"),
        (Sysctls(), "eth0", "fd01::1", "::1", "martian-destination"),
    ],
)
def test_what_is_refused_on_input(sysctls: Sysctls, device: str, src: str, dst: str, expected: str | None) -> None:
    host = Host(HOST.name, HOST.kind, HOST.devices, TABLE, sysctls)
    assert refuses(host, device, src, dst) == expected


def test_encapsulation() -> None:
    flow = FiveTuple(L4.TCP, "10.244.1.0", 40000, "10.244.2.8", 8080)
    tunnel = Tunnel("192.168.1.10", {"10.244.2.0": "192.168.1.11"}, 1, 8472)
    vxlan = Device("flannel.1", DeviceKind.VXLAN, tunnel=tunnel)
    outer = encapsulate(vxlan, "10.244.2.0", flow)
    assert outer is not None
    assert (outer.kind, outer.src, outer.dst, outer.overhead, outer.vni) == (
        "VXLAN",
        "192.168.1.10",
        "192.168.1.11",
        50,
        1,
    )
    assert encapsulate(vxlan, "10.244.9.0", flow) is None
    ipip = dataclasses.replace(
        vxlan, kind=DeviceKind.IPIP, tunnel=Tunnel("192.168.1.10", {"192.168.1.11": "192.168.1.11"})
    )
    outer = encapsulate(ipip, "192.168.1.11", flow)
    assert outer is not None
    assert (outer.kind, outer.overhead, outer.sport) == ("IPIP", 20, None)


def test_the_outer_port_depends_on_the_flow_alone() -> None:
    flow = FiveTuple(L4.TCP, "10.244.1.0", 40000, "10.244.2.8", 8080)
    assert vxlan_source_port(flow) == vxlan_source_port(dataclasses.replace(flow))
    assert vxlan_source_port(flow) != vxlan_source_port(flow.reply())
    assert 32768 <= vxlan_source_port(flow) <= 60999


def test_vxlan_over_ipv6_takes_70_bytes() -> None:
    tunnel = Tunnel("fd00::10", {"fd00:244:2::": "fd00::11"}, 1, 8472)
    device = Device("flannel-v6.1", DeviceKind.VXLAN, tunnel=tunnel)
    outer = encapsulate(device, "fd00:244:2::", FiveTuple(L4.TCP, "fd00:244:1::5", 1, "fd00:244:2::8", 2))
    assert outer is not None
    assert outer.overhead == 70
