"""flannel: a bridge on every node, and between nodes VXLAN or plain routes.

Sources: flannel's backend/vxlan and backend/hostgw; the CNI plugin `flannel` delegates to `bridge` with isGateway and
hairpinMode (flannel's kube-flannel.yml).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from engine.cluster import CNIConfig, Node
from engine.cni.bridge import PORT_PREFIX, gateway, port_name, wire_bridge, wire_bridged_pod
from engine.cni.enforcement import KUBE_ROUTER, PolicyEnforcement
from engine.cni.flannel import detection
from engine.cni.flannel.addresses import tunnel
from engine.cni.flannel.chains import WRITER
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, PodPlan, Wiring, WrittenRules
from engine.errors import UnsupportedFeature
from engine.netfilter.chain_meaning import ChainWriter
from engine.network.devices import Device, DeviceKind, Tunnel, interface
from engine.network.routes import Route, number
from engine.network.tunnel import overhead
from engine.packet import Family

BRIDGE = "cni0"
# What a cluster may have set otherwise than is usual (engine.cluster.CNIConfig).
_OPTIONS = ("ip_masq", "nftables")


class Flannel:
    """vxlan: routes by flannel.VNI, whose neighbours are the other nodes' tunnel addresses. host-gw: routes by the
    nodes' own addresses, which must be on one Ethernet network."""

    name: str = "flannel"
    backends: tuple[str, ...] = ("vxlan", "host-gw")
    usual_backend: str = "vxlan"
    usual: CNIConfig = CNIConfig("flannel", "vxlan", assumed=False)
    bridge: str | None = BRIDGE
    port_prefix: str = PORT_PREFIX
    block_lengths: Mapping[int, int] = MappingProxyType({4: 24, 6: 64})
    has_more_blocks: bool = False
    on_underlay: bool = False
    route_protocol: str = ""
    pod_annotation: str = ""
    masquerading: str = "--ip-masq"
    chains: ChainWriter | None = WRITER
    # More often than others, as clusters are.
    in_lab: tuple[LabNetwork, ...] = (
        LabNetwork("vxlan", _OPTIONS),
        LabNetwork("vxlan", _OPTIONS),
        LabNetwork("host-gw", _OPTIONS),
    )

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return detection.from_node(node, annotations, configured)

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        return detection.from_config_map(config_map)

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        return detection.from_daemon_set(daemon_set, configured)

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        return ()

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return detection.node_annotations(backend or self.usual_backend, address)

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return detection.objects(config)

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        tunnels = map(tunnel, node.pod_cidrs) if config.backend == "vxlan" else ()
        return (*tunnels, *map(gateway, node.pod_cidrs))

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return detection.public_addresses(node.annotations)

    def tunnel_device(self, backend: str) -> str | None:
        return _tunnel_name(CNIConfig(), 4) if backend == "vxlan" else None

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        # Most of what reads manifests asks for no rules.
        from engine.cni.flannel.rules import written_rules

        return written_rules(config, node, family)

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        # flannel enforces nothing; k3s, which carries it, brings kube-router's policy controller along.
        return KUBE_ROUTER if detection.k3s_enforces(nodes) else None

    def pod_mtu(self, config: CNIConfig, node: NodePlan) -> int:
        """What a tunnel leaves of the underlay's."""
        return _pod_mtu(config, node)

    def wire_between(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        """The tunnel device and the routes to the other nodes' pods, without anything of the node's own pods."""
        others = tuple(others)
        tunnelled = node.pod_cidrs if config.backend == "vxlan" else ()
        devices = tuple(_vxlan(config, node, others, cidr) for cidr in tunnelled)
        return Wiring(devices, tuple(_remote_routes(config, node, others)))

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        between = self.wire_between(config, node, others)
        # kube-flannel.yml sets hairpinMode.
        own = wire_bridge(self.bridge or BRIDGE, node, _pod_mtu(config, node), config.hairpin_mode)
        return Wiring((*between.devices, *own.devices), (*own.routes, *between.routes))

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        return wire_bridged_pod(node, pod, _pod_mtu(config, node))

    def port_name(self, pod: PodPlan) -> str:
        return port_name(pod)


def _pod_mtu(config: CNIConfig, node: NodePlan) -> int:
    if config.backend != "vxlan" or not node.addresses:
        return config.mtu
    return config.mtu - overhead(DeviceKind.VXLAN, node.addresses[0])


def _endpoint(node: NodePlan, version: int) -> str | None:
    """Where the others send what is for the node's pods: what flanneld wrote as its public IP, else its own address."""
    public = (address for address in detection.public_addresses(node.annotations) if number(address)[0] == version)
    return next(public, None) or node.address(version)


def _tunnel_name(config: CNIConfig, version: int) -> str:
    return f"flannel.{config.vni}" if version == 4 else f"flannel-v6.{config.vni}"


def _vxlan(config: CNIConfig, node: NodePlan, others: tuple[NodePlan, ...], cidr: str) -> Device:
    version = number(gateway(cidr))[0]
    local = _endpoint(node, version)
    if local is None:
        raise UnsupportedFeature(
            f"node {node.name} has pods of IPv{version} but no IPv{version} address for VXLAN",
            zh=f"节点 {node.name} 有 IPv{version} 的 Pod，却没有用于 VXLAN 的 IPv{version} 地址",
        )
    # flanneld writes a neighbour and an FDB entry for every other node: no ARP and no flooding over the underlay.
    remotes = {
        tunnel(c): outer
        for other in others
        for c in other.pod_cidrs
        if number(gateway(c))[0] == version and (outer := _endpoint(other, version)) is not None
    }
    address = interface(f"{tunnel(cidr)}/{32 if version == 4 else 128}")
    return Device(
        _tunnel_name(config, version),
        DeviceKind.VXLAN,
        (address,),
        config.mtu - overhead(DeviceKind.VXLAN, local),
        tunnel=Tunnel(local, remotes, config.vni, config.port),
    )


def _remote_routes(config: CNIConfig, node: NodePlan, others: tuple[NodePlan, ...]) -> Iterator[Route]:
    for other in others:
        for cidr in other.pod_cidrs:
            version = number(gateway(cidr))[0]
            via = _endpoint(other, version)
            if via is None:
                continue
            # The next hop is the other node's tunnel address, on-link, so that the packet leaves by the tunnel device.
            if config.backend == "vxlan":
                # A node without a pod network of its own has no tunnel device to route by.
                if any(number(gateway(c))[0] == version for c in node.pod_cidrs):
                    yield Route(cidr, _tunnel_name(config, version), tunnel(cidr), origin="flannel")
            else:
                # host-gw: the other node is the gateway, so both must be on one Ethernet network.
                yield Route(cidr, node.underlay, via, origin="flannel")
