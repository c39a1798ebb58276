"""kindnet: the CNI plugin `ptp`, then portmap; every node routes the others' podCIDRs by their addresses.

Sources: kubernetes-sigs/kind images/kindnetd (main.go: routes, POD_SUBNET; masq.go: KIND-MASQ-AGENT); containernetworking/
plugins plugins/main/ptp/ptp.go.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.cluster import CNIConfig, Node, PortMap
from engine.cni.enforcement import KINDNET, PolicyEnforcement
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, PodPlan, Wiring, WrittenRules
from engine.cni.kindnet.chains import WRITER
from engine.netfilter.chain_meaning import ChainWriter
from engine.network.devices import Device, DeviceKind, InterfaceAddress, Scope, interface
from engine.network.routes import Route, number
from engine.packet import Family

NAME = "kindnet"
_PROVIDER = "kind://"
_SUBNET = "POD_SUBNET"


class Kindnet:
    """The node's end of every veth holds the first address of the node's podCIDR, the pods' gateway."""

    name: str = NAME
    backends: tuple[str, ...] = ("ptp",)
    usual_backend: str = "ptp"
    usual: CNIConfig = CNIConfig(NAME, "ptp", assumed=False, port_map=PortMap(NAME))
    bridge: str | None = None
    port_prefix: str = "veth"
    block_lengths: Mapping[int, int] = MappingProxyType({4: 24, 6: 64})
    has_more_blocks: bool = False
    on_underlay: bool = False
    route_protocol: str = ""
    pod_annotation: str = ""
    masquerading: str = "KIND-MASQ-AGENT"
    chains: ChainWriter | None = WRITER
    in_lab: tuple[LabNetwork, ...] = (LabNetwork("ptp"),)

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        # kindnet leaves nothing on a Node; a node of kind that has no other plugin's words has it.
        return (configured or self.usual) if node.provider_id.startswith(_PROVIDER) else None

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        return None

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        if daemon_set.name != NAME:
            return None
        subnets = daemon_set.environment.get(_SUBNET, "")
        nets = tuple(str(ipaddress.ip_network(net.strip(), strict=False)) for net in subnets.split(",") if _is_net(net))
        return dataclasses.replace(self.usual, networks=nets)

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        return ()

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return {}

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return ()

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return tuple(_gateway(cidr) for cidr in node.pod_cidrs)

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return ()

    def tunnel_device(self, backend: str) -> str | None:
        return None

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        # Most of what reads manifests asks for no rules.
        from engine.cni.kindnet.rules import written_rules

        return written_rules(config, family)

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        return KINDNET

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        devices: list[Device] = []
        routes: list[Route] = []
        gateways = [InterfaceAddress(g, 32 if number(g)[0] == 4 else 128) for g in map(_gateway, node.pod_cidrs)]
        for pod in node.pods:
            name = self.port_name(pod)
            devices.append(Device(name, DeviceKind.VETH, tuple(gateways), config.mtu, peer=(pod.host, "eth0")))
            routes += [Route(_single(ip), name, scope=Scope.LINK, origin="cni") for ip in pod.ips]
        for other in others:
            for cidr in other.pod_cidrs:
                via = other.address(number(_gateway(cidr))[0])
                if via is not None:
                    routes.append(Route(cidr, node.underlay, via, origin=NAME))
        return Wiring(tuple(devices), tuple(routes))

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        addresses: list[InterfaceAddress] = []
        routes: list[Route] = []
        for cidr in node.pod_cidrs:
            gateway = _gateway(cidr)
            version = number(gateway)[0]
            own = next((ip for ip in pod.ips if number(ip)[0] == version), None)
            if own is None:
                continue
            addresses.append(interface(f"{own}/{cidr.rpartition('/')[2]}"))
            # Even the neighbours of its own node it reaches by the gateway: behind its veth there is nobody else.
            routes.append(Route(_single(gateway), "eth0", src=own, scope=Scope.LINK))
            routes.append(Route(addresses[-1].network, "eth0", gateway, src=own))
            routes.append(Route("0.0.0.0/0" if version == 4 else "::/0", "eth0", gateway, origin="cni"))
        peer = (node.name, self.port_name(pod))
        return Wiring((Device("eth0", DeviceKind.VETH, tuple(addresses), config.mtu, peer=peer),), tuple(routes))

    def port_name(self, pod: PodPlan) -> str:
        """veth and eight hexadecimal digits; the real ones are random, these a hash of the pod's name."""
        return "veth" + hashlib.sha256(pod.key.encode()).hexdigest()[:8]


def _is_net(text: str) -> bool:
    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True


def _gateway(cidr: str) -> str:
    return str(ipaddress.ip_network(cidr).network_address + 1)


def _single(address: str) -> str:
    return f"{address}/{32 if number(address)[0] == 4 else 128}"
