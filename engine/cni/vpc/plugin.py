"""Pods with addresses of the nodes' own network: the network itself brings a packet for a pod to the pod's node.

On the node a routed veth leads to each pod. Sources: aws/amazon-vpc-cni-k8s docs/cni-proposal.md, pkg/networkutils/network.go
(AWS-SNAT-CHAIN-0); Azure/azure-container-networking docs/network.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from engine.cluster import CNIConfig, Node, PortMap
from engine.cni.enforcement import AKS_LABEL, PolicyEnforcement
from engine.cni.interface import DaemonSet, LabNetwork, ManifestFields, NodePlan, PodPlan, Wiring, WrittenRules
from engine.cni.masquerade import AKS, GKE, unsaid_of_agent
from engine.cni.vpc.chains import PORT_PREFIX, WRITER
from engine.netfilter.chain_meaning import ChainWriter
from engine.network.devices import Device, DeviceKind, Scope, interface
from engine.network.routes import Route, number
from engine.packet import Family

NAME = "vpc-native"
_GATEWAY = {4: "169.254.1.1", 6: "fe80::1"}
_ANY = {4: "0.0.0.0/0", 6: "::/0"}
_GKE = "cloud.google.com/gke-"
_DAEMON_SET, _EXTERNAL_SNAT = "aws-node", "AWS_VPC_K8S_CNI_EXTERNALSNAT"
_EXCLUDED, _RANDOM = "AWS_VPC_K8S_CNI_EXCLUDE_SNAT_CIDRS", "AWS_VPC_K8S_CNI_RANDOMIZESNAT"
# Pods on network cards of their own, or in networks that are not the nodes'.
_UNMODELLED = ("ENABLE_POD_ENI", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG")
_AGENT = "aws-eks-nodeagent"
_ON_GKE = (
    "The nodes are GKE's: Dataplane V2 (Cilium's) is taken to be off, and IP-MASQ to masquerade what leaves the private networks.",
    "节点属于 GKE：视为未启用 Dataplane V2（即 Cilium），且 IP-MASQ 链对离开私有网段的流量做 MASQUERADE。",
)


class VpcNative:
    """`aws` masquerades (SNAT to the node's address) what leaves the VPC; `routed` leaves that to others. `gke`: the network
    knows each node's podCIDR, and the nodes masquerade what leaves the private networks (engine.cni.masquerade)."""

    name: str = NAME
    backends: tuple[str, ...] = ("routed", "aws", "gke")
    usual_backend: str = "routed"
    usual: CNIConfig = CNIConfig(NAME, "routed", assumed=False)
    bridge: str | None = None
    port_prefix: str = PORT_PREFIX
    block_lengths: Mapping[int, int] = MappingProxyType({4: 32, 6: 128})
    has_more_blocks: bool = True
    on_underlay: bool = True
    route_protocol: str = ""
    pod_annotation: str = ""
    masquerading: str = ""
    chains: ChainWriter | None = WRITER
    in_lab: tuple[LabNetwork, ...] = (LabNetwork("routed"), LabNetwork("aws"))

    def from_node(self, node: Node, annotations: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        # AKS' kubenet with Calico's policies: Calico's plugin wires the pods, Azure's route table knows the podCIDRs.
        if node.pod_cidrs and node.labels.get(AKS_LABEL) == "calico":
            return CNIConfig(
                NAME, "routed", assumed=False, ip_masq=False, port_map=PortMap("k8s-pod-network"), masquerade_agent=AKS
            )
        # GKE without Dataplane V2, which is Cilium's.
        if not any(label.startswith(_GKE) for label in node.labels):
            return None
        return CNIConfig(
            NAME, "gke", assumed=False, ip_masq=False, port_map=PortMap("k8s-pod-network"), masquerade_agent=GKE
        )

    def from_config_map(self, config_map: ManifestFields) -> CNIConfig | None:
        return None

    def from_daemon_set(self, daemon_set: DaemonSet, configured: CNIConfig | None) -> CNIConfig | None:
        if daemon_set.name != _DAEMON_SET:
            return None
        told = daemon_set.environment
        on = {name for name, value in told.items() if value.lower() == "true"}
        given = tuple(f"{daemon_set.where}: aws-node's {name}" for name in _UNMODELLED if name in on)
        excluded = tuple(filter(None, map(_net, told.get(_EXCLUDED, "").split(","))))
        return CNIConfig(
            NAME,
            "aws",
            assumed=False,
            networks=excluded,
            ip_masq=_EXTERNAL_SNAT not in on,
            random_fully=told.get(_RANDOM, "prng") != "none",
            policies_by=_AGENT if "--enable-network-policy=true" in daemon_set.arguments else "",
            unmodelled=given,
        )

    def from_object(self, kind: str, fields: ManifestFields, configured: CNIConfig | None) -> CNIConfig | None:
        return None

    def unsaid(self, config: CNIConfig) -> Iterable[tuple[str, str]]:
        if config.backend == "gke":
            yield _ON_GKE
        yield from unsaid_of_agent(config.masquerade_agent)

    def node_annotations(self, backend: str, address: str, tunnel_address: str) -> dict[str, str]:
        return {}

    def objects(self, config: CNIConfig) -> Iterable[Mapping[str, object]]:
        return ()

    def addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return ()

    def underlay_addresses(self, config: CNIConfig, node: Node) -> tuple[str, ...]:
        return ()

    def tunnel_device(self, backend: str) -> str | None:
        return None

    def rules(self, config: CNIConfig, node: NodePlan, family: Family) -> Iterable[WrittenRules]:
        # Most of what reads manifests asks for no rules.
        from engine.cni.vpc.rules import written_rules

        return written_rules(config, node, family)

    def enforcement(self, nodes: Iterable[Node]) -> PolicyEnforcement | None:
        # AWS's and Azure's agents are switched on by what no object of the API says.
        return None

    def wire_node(self, config: CNIConfig, node: NodePlan, others: Iterable[NodePlan]) -> Wiring:
        devices = [
            Device(self.port_name(pod), DeviceKind.VETH, mtu=config.mtu, peer=(pod.host, "eth0")) for pod in node.pods
        ]
        routes = [
            Route(_single(ip), self.port_name(pod), scope=Scope.LINK, origin="cni")
            for pod in node.pods
            for ip in pod.ips
        ]
        return Wiring(tuple(devices), tuple(routes))

    def wire_pod(self, config: CNIConfig, node: NodePlan, pod: PodPlan) -> Wiring:
        routes: list[Route] = []
        for ip in pod.ips:
            version = number(ip)[0]
            # The gateway is nobody's address.
            routes.append(Route(_single(_GATEWAY[version]), "eth0", scope=Scope.LINK))
            routes.append(Route(_ANY[version], "eth0", _GATEWAY[version], origin="cni"))
        addresses = tuple(interface(_single(ip)) for ip in pod.ips)
        # The plugin writes the gateway's neighbour entry into the pod: the MAC address of the node's end.
        known = tuple(_GATEWAY[version] for version in dict.fromkeys(number(ip)[0] for ip in pod.ips))
        peer = (node.name, self.port_name(pod))
        device = Device("eth0", DeviceKind.VETH, addresses, config.mtu, peer=peer, fixed_neighbours=known)
        return Wiring((device,), tuple(routes))

    def port_name(self, pod: PodPlan) -> str:
        """eni and the first eleven digits of SHA-1 over namespace.name, as AWS's plugin names it."""
        digest = hashlib.sha1(pod.key.replace("/", ".").encode(), usedforsecurity=False).hexdigest()
        return self.port_prefix + digest[:11]


def native_config(aws: bool) -> CNIConfig:
    """Where nothing but the pods' addresses tells: as AWS's plugin does it, or plain routes and nobody's SNAT."""
    if aws:
        return CNIConfig(NAME, "aws", assumed=False)
    return CNIConfig(NAME, "routed", assumed=False, ip_masq=False, port_map=None)


def _single(address: str) -> str:
    return f"{address}/{32 if number(address)[0] == 4 else 128}"


def _net(text: str) -> str | None:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        return None
