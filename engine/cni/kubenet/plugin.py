"""kubenet of AKS: containerd's template for the plugins `bridge` (cbr0) and portmap; Azure's route table knows each podCIDR.

Sources: Azure/AgentBaker pkg/agent/baker.go (kubenetCniTemplate), parts/linux/cloud-init/artifacts/ensure-no-dup.sh;
learn.microsoft.com/azure/aks/configure-kubenet (routes, NAT to the node's address beyond the pods' networks).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.cluster import CNIConfig, Node, PortMap
from engine.cni.bridge import PORT_PREFIX, gateway, port_name, wire_bridge, wire_bridged_pod
from engine.cni.enforcement import PolicyEnforcement
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, PodPlan, Wiring, WrittenRules
from engine.cni.masquerade import AKS, unsaid_of_agent
from engine.netfilter.chain_meaning import ChainWriter
from engine.packet import Family

NAME = "kubenet"
BRIDGE = "cbr0"
# The resource group that AKS makes for a cluster's nodes.
_AZURE, _MANAGED = "azure://", "/resourcegroups/mc_"
_AKS = "kubernetes.azure.com/"
_AGENT = "azure-ip-masq-agent"
_ASSUMED = (
    (
        "The nodes are AKS's and have podCIDRs, and nothing tells of Azure CNI: kubenet is assumed (bridge cbr0, Azure's route"
        " table between nodes). cbr0, which is promiscuous, is taken to send a frame back as hairpin mode does."
    ),
    (
        "节点属于 AKS 且有 podCIDR，也没有 Azure CNI 的痕迹：假定使用 kubenet（网桥 cbr0，节点之间由 Azure 路由表转发）。"
        "视 cbr0 的混杂模式与 hairpin 模式一样能把帧从原端口发回。"
    ),
)


class Kubenet:
    """One bridge a node, nothing between nodes: the virtual network's routes bring a packet for a podCIDR to its node."""

    name: str = NAME
    backends: tuple[str, ...] = ("bridge",)
    usual_backend: str = "bridge"
    usual: CNIConfig = CNIConfig(
        NAME,
        "bridge",
        assumed=False,
        ip_masq=False,
        bridge_ip_masq=False,
        # Azure's own list of plugins has portmap mark by kube-proxy's chain what is to be masqueraded.
        port_map=PortMap(NAME, mark_chain="KUBE-MARK-MASQ"),
        masquerade_agent=AKS,
    )
    bridge: str | None = BRIDGE
    port_prefix: str = PORT_PREFIX
    block_lengths: Mapping[int, int] = MappingProxyType({4: 24, 6: 64})
    has_more_blocks: bool = False
    on_underlay: bool = True
    route_protocol: str = ""
    pod_annotation: str = ""
    masquerading: str = _AGENT
    chains: ChainWriter | None = None
    in_lab: tuple[LabNetwork, ...] = (LabNetwork("bridge"),)

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        # kubenet leaves nothing on a Node: one of AKS' with podCIDRs, of which nothing else tells, has it.
        aks = any(label.startswith(_AKS) for label in node.labels) or _managed(node.provider_id)
        return (configured or self.usual) if aks and node.pod_cidrs else None

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        return None

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        yield _ASSUMED
        yield from unsaid_of_agent(config.masquerade_agent)

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return {}

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return ()

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return tuple(map(gateway, node.pod_cidrs))

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return ()

    def tunnel_device(self, backend: str) -> str | None:
        return None

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        return ()

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        return None

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        return wire_bridge(BRIDGE, node, config.mtu, hairpin=True)

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        return wire_bridged_pod(node, pod, config.mtu)

    def port_name(self, pod: PodPlan) -> str:
        return port_name(pod)


def _managed(provider_id: str) -> bool:
    lower = provider_id.lower()
    return lower.startswith(_AZURE) and _MANAGED in lower
