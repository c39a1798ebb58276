"""The plugin `bridge` with isGateway and host-local: a node's pods hang on one bridge, which is their gateway.

Several plugins delegate to it. Source: containernetworking/plugins plugins/main/bridge/bridge.go.
"""

from __future__ import annotations

import functools
import hashlib
import ipaddress

from engine.cni.interface import NodePlan, PodPlan, Wiring
from engine.network.devices import Device, DeviceKind, InterfaceAddress, interface
from engine.network.routes import Route, number

PORT_PREFIX = "veth"


@functools.lru_cache(maxsize=4096)
def gateway(pod_cidr: str) -> str:
    """The bridge's address, the first host address of the node's pod network."""
    return str(ipaddress.ip_network(pod_cidr).network_address + 1)


def port_name(pod: PodPlan) -> str:
    """veth and eight hexadecimal digits; the real ones are random, these a hash of the pod's name."""
    return PORT_PREFIX + hashlib.sha256(pod.key.encode()).hexdigest()[:8]


def wire_bridge(name: str, node: NodePlan, mtu: int, hairpin: bool) -> Wiring:
    """The bridge `name` of the node and its ports; nothing where the node has no pod network. `hairpin`: a frame may leave
    by the port that it came in by, so that a pod reaches itself through its Service."""
    if not node.pod_cidrs:
        return Wiring((), ())
    addresses = tuple(interface(f"{gateway(cidr)}/{cidr.rpartition('/')[2]}") for cidr in node.pod_cidrs)
    ports = (
        Device(port_name(pod), DeviceKind.VETH, mtu=mtu, master=name, peer=(pod.host, "eth0"), hairpin=hairpin)
        for pod in node.pods
    )
    routes = tuple(Route(cidr, name, src=gateway(cidr)) for cidr in node.pod_cidrs)
    return Wiring((Device(name, DeviceKind.BRIDGE, addresses, mtu), *ports), routes)


def wire_bridged_pod(node: NodePlan, pod: PodPlan, mtu: int) -> Wiring:
    """eth0 of a pod, in its node's pod networks, which the bridge is the way out of."""
    addresses: list[InterfaceAddress] = []
    routes: list[Route] = []
    for cidr in node.pod_cidrs:
        version = number(gateway(cidr))[0]
        own = next((ip for ip in pod.ips if number(ip)[0] == version), None)
        if own is None:
            continue
        addresses.append(interface(f"{own}/{cidr.rpartition('/')[2]}"))
        routes.append(Route(addresses[-1].network, "eth0", src=own))
        routes.append(Route("0.0.0.0/0" if version == 4 else "::/0", "eth0", gateway(cidr), origin="cni"))
    peer = (node.name, port_name(pod))
    return Wiring((Device("eth0", DeviceKind.VETH, tuple(addresses), mtu, peer=peer),), tuple(routes))
