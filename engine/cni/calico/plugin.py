"""Calico: no bridge. Every pod hangs on a routed veth (cali...), and nodes know each other's blocks by routes.

Sources: Calico's "Networking" reference; projectcalico/calico cni-plugin (169.254.1.1, proxy ARP), felix (IPIP and
VXLAN routes), confd's BIRD templates (blackhole for the node's own block).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from engine.cluster import CNIConfig, Node
from engine.cni.calico import detection
from engine.cni.calico.chains import WRITER
from engine.cni.calico.detection import tunnel_address
from engine.cni.enforcement import CALICO, PolicyEnforcement
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, PodPlan, Wiring, WrittenRules
from engine.errors import UnsupportedFeature
from engine.netfilter.chain_meaning import ChainWriter
from engine.network.devices import Device, DeviceKind, InterfaceAddress, Scope, Tunnel, interface
from engine.network.routes import Route, RouteKind, contains, number
from engine.network.tunnel import overhead
from engine.packet import Family

GATEWAY = {4: "169.254.1.1", 6: "fe80::ecee:eeff:feee:eeee"}
# Of all cali devices (cni-plugin, dataplane/linux): IPv6's gateway follows from it.
CALI_MAC = "ee:ee:ee:ee:ee:ee"
_TUNNEL_DEVICE = {"ipip": "tunl0", "vxlan": "vxlan.calico"}


class Calico:
    """bgp: routes to the other nodes' blocks by their addresses. ipip: the same by tunl0. vxlan: by vxlan.calico."""

    name: str = "calico"
    backends: tuple[str, ...] = ("bgp", "ipip", "vxlan")
    usual_backend: str = "bgp"
    usual: CNIConfig = detection.USUAL
    bridge: str | None = None
    port_prefix: str = "cali"
    block_lengths: Mapping[int, int] = MappingProxyType({4: 26, 6: 122})
    has_more_blocks: bool = True
    on_underlay: bool = False
    route_protocol: str = "bird"
    pod_annotation: str = "cni.projectcalico.org/"
    masquerading: str = "natOutgoing"
    chains: ChainWriter | None = WRITER
    in_lab: tuple[LabNetwork, ...] = (
        LabNetwork("bgp"),
        LabNetwork("vxlan", ipv4_only=True),
        LabNetwork("ipip", ipv4_only=True, needs="ipip"),
    )

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return detection.from_node(node, annotations, configured)

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        return detection.from_config_map(config_map)

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        return detection.from_daemon_set(daemon_set, configured)

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return detection.from_object(kind, fields, configured)

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        return detection.unsaid(config)

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return detection.node_annotations(backend, address, tunnel_address)

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return ()

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        own = tunnel_address(config.backend, node) if config.backend in _TUNNEL_DEVICE else None
        return () if own is None else (own,)

    def tunnel_device(self, backend: str) -> str | None:
        return _TUNNEL_DEVICE.get(backend)

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return ()

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        # Most of what reads manifests asks for no rules.
        from engine.cni.calico.rules import pools_of, written_rules

        own = _TUNNEL_DEVICE.get(config.backend)
        tunnels = (own,) if own is not None and family is Family.IPV4 else ()
        yield written_rules(pools_of(config), family, tunnels)

    def empty_rules(self, family: Family) -> WrittenRules:
        """felix without pools and tunnels, as Canal has it."""
        from engine.cni.calico.rules import written_rules

        return written_rules((), family, ())

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        return CALICO

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        others = tuple(others)
        devices: list[Device] = []
        if config.backend != "bgp":
            devices.append(_tunnel_device(config, node, others))
        pods = self.wire_pods(node, _pod_mtu(config, node))
        remote = _remote_routes(config, node, others)
        return Wiring((*devices, *pods.devices), (*pods.routes, *remote))

    def wire_pods(self, node: NodePlan, mtu: int) -> Wiring:
        """The node's end of all its pods' veths, and the routes to them."""
        devices: list[Device] = []
        routes: list[Route] = []
        for pod in node.pods:
            name = self.port_name(pod)
            peer = (pod.host, "eth0")
            devices.append(Device(name, DeviceKind.VETH, mtu=mtu, peer=peer, mac=CALI_MAC, proxy_arp=True))
            # A /32 a pod: there is no bridge that could find out behind which device it is.
            routes += [Route(_single(ip), name, scope=Scope.LINK, origin="calico") for ip in pod.ips]
        # What is in the node's own block and no pod's must not follow the default route out and come back for ever.
        routes += [Route(cidr, "*", kind=RouteKind.BLACKHOLE, origin="calico") for cidr in node.pod_cidrs]
        return Wiring(tuple(devices), tuple(routes))

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        return self.wire_pod_by(node, pod, _pod_mtu(config, node))

    def wire_pod_by(self, node: NodePlan, pod: PodPlan, mtu: int) -> Wiring:
        """The pod's end, with an MTU that somebody else has worked out."""
        addresses: list[InterfaceAddress] = []
        routes: list[Route] = []
        for ip in pod.ips:
            version = number(ip)[0]
            addresses.append(interface(_single(ip)))
            # The gateway is link-local and nobody's: the cali device answers ARP for it (proxy_arp), so a pod needs no subnet.
            routes.append(Route(f"{GATEWAY[version]}/{32 if version == 4 else 128}", "eth0", scope=Scope.LINK))
            routes.append(Route("0.0.0.0/0" if version == 4 else "::/0", "eth0", GATEWAY[version], origin="cni"))
        peer = (node.name, self.port_name(pod))
        device = Device("eth0", DeviceKind.VETH, tuple(addresses), mtu, peer=peer)
        return Wiring((device,), tuple(routes))

    def port_name(self, pod: PodPlan) -> str:
        """cali and the first eleven digits of SHA-1 over namespace.name (Calico's cni-plugin)."""
        return "cali" + hashlib.sha1(pod.key.replace("/", ".").encode(), usedforsecurity=False).hexdigest()[:11]


def _single(address: str) -> str:
    return f"{address}/{32 if number(address)[0] == 4 else 128}"


def _pod_mtu(config: CNIConfig, node: NodePlan) -> int:
    if config.backend == "bgp" or not node.addresses:
        return config.mtu
    return config.mtu - overhead(DeviceKind(config.backend), node.addresses[0])


def _tunnel_device(config: CNIConfig, node: NodePlan, others: tuple[NodePlan, ...]) -> Device:
    local = node.address(4)
    if local is None:
        raise UnsupportedFeature(
            f"node {node.name} has no IPv4 address; Calico's {config.backend} over IPv6",
            zh=f"节点 {node.name} 没有 IPv4 地址；未建模 Calico 在 IPv6 上的 {config.backend}",
        )
    own = tunnel_address(config.backend, node)
    remotes: dict[str, str] = {}
    for other in others:
        outer = other.address(4)
        # IPIP's next hop is the node itself; VXLAN's is the other node's tunnel address.
        inner = outer if config.backend == "ipip" else tunnel_address("vxlan", other)
        if outer is not None and inner is not None:
            remotes[inner] = outer
    kind = DeviceKind(config.backend)
    vni, port = (None, None) if kind is DeviceKind.IPIP else (4096, 4789)
    return Device(
        _TUNNEL_DEVICE[config.backend],
        kind,
        (interface(f"{own}/32"),) if own is not None else (),
        config.mtu - overhead(kind, local),
        tunnel=Tunnel(local, remotes, vni, port),
    )


def _through_tunnel(config: CNIConfig, node: NodePlan, other: NodePlan, cidr: str) -> bool:
    """Whether the other node's block is reached by the tunnel: so its pool's mode says (CrossSubnet: only where the other
    node lies beyond this one's own subnet, felix dataplane/linux/vxlan_mgr.go)."""
    pool = next((pool for pool in config.pools if contains(pool.cidr, cidr.partition("/")[0])), None)
    if pool is None:
        return True
    mode = pool.ipip_mode if config.backend == "ipip" else pool.vxlan_mode
    return mode == "Always" or (mode == "CrossSubnet" and not detection.same_subnet(node.annotations, other.address(4)))


def _remote_routes(config: CNIConfig, node: NodePlan, others: tuple[NodePlan, ...]) -> Iterator[Route]:
    for other in others:
        for cidr in other.pod_cidrs:
            version = number(cidr.partition("/")[0])[0]
            via = other.address(version)
            if via is None:
                continue
            # Tunnels carry IPv4 alone here; IPv6 blocks are routed plainly, as with BGP.
            if config.backend == "bgp" or version == 6 or not _through_tunnel(config, node, other, cidr):
                yield Route(cidr, node.underlay, via, origin="calico")
                continue
            hop = via if config.backend == "ipip" else tunnel_address("vxlan", other)
            if hop is not None:
                yield Route(cidr, _TUNNEL_DEVICE[config.backend], hop, origin="calico")
