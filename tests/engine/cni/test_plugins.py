"""What each CNI plugin and backend gives to nodes and pods."""

from __future__ import annotations

import pytest

from engine.cluster import CNIConfig
from engine.cni import PLUGINS, plugin_named
from engine.cni.interface import NodePlan, PodPlan
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import build_fabric

from ..clusters import A, cluster


def node(plugin: str, backend: str, **fields: object) -> tuple[dict[str, int], list[str]]:
    """(device -> MTU without pods' ports, routes) of node1."""
    host = build_fabric(cluster(cni=CNIConfig(plugin, backend, False, **fields))).host("node1")  # type: ignore[arg-type]
    ports = {device.name for device in host.devices.values() if device.peer}
    devices = {device.name: device.mtu for device in host.devices.values() if device.name not in ports | {"lo"}}
    return devices, [str(route) for route in host.table.routes if route.device not in ports]


ETH0 = ["192.168.1.0/24 dev eth0", "default via 192.168.1.1 dev eth0"]


@pytest.mark.parametrize(
    ("plugin", "backend", "devices", "routes"),
    [
        (
            "flannel",
            "vxlan",
            {"eth0": 1500, "flannel.1": 1450, "cni0": 1450},
            ["10.244.1.0/24 dev cni0", "10.244.2.0/24 via 10.244.2.0 dev flannel.1"],
        ),
        (
            "flannel",
            "host-gw",
            {"eth0": 1500, "cni0": 1500},
            ["10.244.1.0/24 dev cni0", "10.244.2.0/24 via 192.168.1.11 dev eth0"],
        ),
        ("calico", "bgp", {"eth0": 1500}, ["blackhole 10.244.1.0/24", "10.244.2.0/24 via 192.168.1.11 dev eth0"]),
        (
            "calico",
            "ipip",
            {"eth0": 1500, "tunl0": 1480},
            ["blackhole 10.244.1.0/24", "10.244.2.0/24 via 192.168.1.11 dev tunl0"],
        ),
        ("kubenet", "bridge", {"eth0": 1500, "cbr0": 1500}, ["10.244.1.0/24 dev cbr0"]),
        (
            "calico",
            "vxlan",
            {"eth0": 1500, "vxlan.calico": 1450},
            ["blackhole 10.244.1.0/24", "10.244.2.0/24 via 10.244.2.0 dev vxlan.calico"],
        ),
    ],
)
def test_devices_and_routes(plugin: str, backend: str, devices: dict[str, int], routes: list[str]) -> None:
    assert node(plugin, backend) == (devices, ETH0 + routes)


def test_the_underlays_mtu_is_what_is_left_of() -> None:
    devices, _ = node("flannel", "vxlan", mtu=9000)
    assert devices == {"eth0": 9000, "flannel.1": 8950, "cni0": 8950}


def test_pods_are_bridge_ports_with_flannel_and_routed_with_calico() -> None:
    flannel = build_fabric(cluster()).host("pod-a")
    assert [str(route) for route in flannel.table.routes] == [
        "10.244.1.0/24 dev eth0",
        "default via 10.244.1.1 dev eth0",
    ]
    fabric = build_fabric(cluster(cni=CNIConfig("calico", "bgp", False)))
    calico = fabric.host("pod-a")
    assert [str(route) for route in calico.table.routes] == [
        "169.254.1.1/32 dev eth0",
        "default via 169.254.1.1 dev eth0",
    ]
    peer = calico.devices["eth0"].peer
    assert peer is not None
    assert str(fabric.host("node1").table.lookup(A)) == f"{A}/32 dev {peer[1]}"


def test_calico_names_its_devices_by_sha1() -> None:
    assert PLUGINS["calico"].port_name(PodPlan("pod-a", "default/pod-a", (A,))).startswith("cali")
    assert len(PLUGINS["calico"].port_name(PodPlan("x", "default/x", ()))) == 15


def test_calico_takes_the_tunnels_address_from_the_annotation() -> None:
    plan = NodePlan(
        "node1",
        ("192.168.1.10",),
        ("10.244.1.0/24",),
        annotations={"projectcalico.org/IPv4IPIPTunnelAddr": "10.244.1.9"},
    )
    wiring = PLUGINS["calico"].wire_node(CNIConfig("calico", "ipip", False), plan, ())
    assert wiring.devices[0].addresses[0].address == "10.244.1.9"


@pytest.mark.parametrize(("plugin", "backend"), [("cilium", "vxlan"), ("flannel", "wireguard"), ("calico", "host-gw")])
def test_what_is_not_modelled_is_refused(plugin: str, backend: str) -> None:
    with pytest.raises(UnsupportedFeature, match="not modelled; known"):
        plugin_named(plugin, backend)


@pytest.mark.parametrize(("plugin", "backend"), [("flannel", "vxlan"), ("calico", "ipip")])
def test_a_tunnel_needs_an_address_of_the_family(plugin: str, backend: str) -> None:
    plan = NodePlan("node1", ("fd00::1",), ("10.244.1.0/24",))
    with pytest.raises(UnsupportedFeature, match="IPv4 address"):
        PLUGINS[plugin].wire_node(CNIConfig(plugin, backend, False), plan, ())


def test_the_plugins_there_are_in_the_order_in_which_they_are_asked() -> None:
    assert " ".join(PLUGINS) == "canal flannel calico vpc-native kubenet kindnet"
