"""Canal: pods hang on Calico's routed veths, nodes reach each other as flannel has them do, and flannel masquerades.

Source: projectcalico/calico manifests/canal.yaml (CNI type calico with host-local usePodCidr, CALICO_NETWORKING_BACKEND none,
NO_DEFAULT_POOLS, FLANNELD_IP_MASQ).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Protocol

from engine.cluster import CNIConfig, Node, PortMap
from engine.cni.enforcement import PolicyEnforcement
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, Plugin, PodPlan, Wiring, WrittenRules
from engine.netfilter.chain_meaning import ChainWriter
from engine.packet import Family

NAME = "canal"
_FLANNEL, _CALICO = "flannel.alpha.coreos.com/backend-type", "projectcalico.org/"
_DEVICE = "canal_iface"


class BetweenNodes(Plugin, Protocol):
    """A plugin that can wire nodes to each other without their pods."""

    def wire_between(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring: ...

    def pod_mtu(self, config: CNIConfig, node: NodePlan) -> int: ...


class AtPods(Plugin, Protocol):
    """A plugin that can wire pods to their node without anything beyond it."""

    def wire_pods(self, node: NodePlan, mtu: int) -> Wiring: ...

    def wire_pod_by(self, node: NodePlan, pod: PodPlan, mtu: int) -> Wiring: ...

    def empty_rules(self, family: Family) -> WrittenRules: ...


class Canal:
    """`between` is flannel, `at_pods` Calico."""

    name: str = NAME
    bridge: str | None = None
    has_more_blocks: bool = False
    on_underlay: bool = False
    route_protocol: str = ""
    pod_annotation: str = ""
    # Both halves say themselves what their chains mean.
    chains: ChainWriter | None = None
    in_lab: tuple[LabNetwork, ...] = (LabNetwork("vxlan"),)

    def __init__(self, between: BetweenNodes, at_pods: AtPods) -> None:
        self._between, self._at_pods = between, at_pods
        self.backends: tuple[str, ...] = between.backends
        self.usual_backend: str = between.usual_backend
        self.usual: CNIConfig = _named(between.usual)
        self.masquerading: str = between.masquerading
        self.port_prefix: str = at_pods.port_prefix
        self.block_lengths: Mapping[int, int] = between.block_lengths

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        """Its nodes have the annotations of both."""
        both = _FLANNEL in node.annotations and any(name.startswith(_CALICO) for name in node.annotations)
        told = self._between.from_node(node, annotations, configured)
        if told is None or not (both or configured is not None):
            return None
        return _named(told)

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        """ConfigMap canal-config: flannel's net-conf.json, and what is Canal's alone."""
        if _DEVICE not in config_map.mapping("data"):
            return None
        return _named(self._between.from_config_map(config_map) or CNIConfig())

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        return _named(configured or CNIConfig()) if daemon_set.name in (NAME, f"rke2-{NAME}") else None

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        return ()

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        mine = self._between.node_annotations(backend, address, tunnel_address)
        return {**mine, f"{_CALICO}IPv4Address": f"{address}/24"}

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return ()

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        # flannel's tunnel; there is no bridge that would hold the pods' gateway.
        gateways = set(self._between.addresses(dataclasses.replace(config, backend="host-gw"), node))
        return tuple(address for address in self._between.addresses(config, node) if address not in gateways)

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return self._between.underlay_addresses(config, node)

    def tunnel_device(self, backend: str) -> str | None:
        return self._between.tunnel_device(backend)

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        yield from self._between.rules(config, node, family)
        yield self._at_pods.empty_rules(family)

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        return self._at_pods.enforcement(nodes)

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        between = self._between.wire_between(config, node, others)
        pods = self._at_pods.wire_pods(node, self._between.pod_mtu(config, node))
        return Wiring((*between.devices, *pods.devices), (*pods.routes, *between.routes))

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        return self._at_pods.wire_pod_by(node, pod, self._between.pod_mtu(config, node))

    def port_name(self, pod: PodPlan) -> str:
        return self._at_pods.port_name(pod)


def _named(config: CNIConfig) -> CNIConfig:
    """flannel's configuration as Canal's: the network's name in the CNI configuration list is Calico's."""
    return dataclasses.replace(config, plugin=NAME, assumed=False, port_map=PortMap("k8s-pod-network"))
