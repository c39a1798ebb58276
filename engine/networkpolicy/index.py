"""A cluster's policies, pods and addresses, put where a decision looks for them. Built once, asked for each packet."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from engine.cluster import Cluster, Node, Pod
from engine.cluster.policies import ClusterNetworkPolicy, NetworkPolicy, Tier
from engine.cni import cni_addresses
from engine.errors import UnsupportedFeature
from engine.network.routes import Route, RoutingTable
from engine.networkpolicy.traffic import TrafficPeer
from engine.packet import Family, family_of
from engine.values import dataclass

LABEL_METADATA_NAME = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class PolicyIndex:
    """`by_namespace`: NetworkPolicies by name. `tiers`: ClusterNetworkPolicies, those of one priority together, the
    lowest first. `owners`: who has an address, a pod of the pod network or a node's name. `blocks`: the nodes' pod
    networks."""

    nodes: Mapping[str, Node]
    pods: Mapping[tuple[str, str], Pod]
    namespaces: Mapping[str, Mapping[str, str]]
    by_namespace: Mapping[str, tuple[NetworkPolicy, ...]]
    tiers: Mapping[Tier, tuple[tuple[ClusterNetworkPolicy, ...], ...]]
    owners: Mapping[str, Pod | str]
    blocks: RoutingTable

    @property
    def empty(self) -> bool:
        """Whether there is no policy at all, so that everything is allowed."""
        return not self.by_namespace and not self.tiers

    def namespace_labels(self, name: str) -> Mapping[str, str]:
        """A namespace's labels; of one that no manifest describes, the label that the API server sets."""
        found = self.namespaces.get(name)
        return {LABEL_METADATA_NAME: name} if found is None else found

    def pod_peer(self, pod: Pod, address: str | None = None, family: Family = Family.IPV4) -> TrafficPeer:
        """The end that is `pod`; `address` is what the packet carries, else the pod's own of that family."""
        own = next((ip for ip in pod.ips if family_of(ip) is family), None)
        if pod.host_network:
            told = address is not None
            return TrafficPeer(
                address or own or self.node_address(pod.node_name, family), None, pod.node_name, pod, address_told=told
            )
        return TrafficPeer(address or own, pod, pod.node_name)

    def peer_at(self, address: str) -> TrafficPeer:
        """The end that has `address` (canonical): a pod's, a node's, or outside the cluster."""
        owner = self.owners.get(address)
        if isinstance(owner, Pod):
            return TrafficPeer(address, owner, owner.node_name)
        if owner is not None:
            return TrafficPeer(address, node=owner)
        block = self.blocks.lookup(address)
        if block is not None:
            return TrafficPeer(address, node=block.device, described=False)
        return TrafficPeer(address)

    def node_address(self, name: str | None, family: Family) -> str | None:
        """The node's first InternalIP of that family."""
        node = self.nodes.get(name or "")
        return next((ip for ip in node.internal_ips if family_of(ip) is family), None) if node else None


def index_policies(cluster: Cluster) -> PolicyIndex:
    """One pass over the cluster. Raises UnsupportedFeature where it holds policies of kinds that are not modelled."""
    if cluster.other_policies:
        listed = ", ".join(cluster.other_policies[:5])
        raise UnsupportedFeature(
            f"policies of other kinds than NetworkPolicy and ClusterNetworkPolicy are not modelled: {listed};"
            " leave them out to see what the others allow",
            zh=f"除 NetworkPolicy 和 ClusterNetworkPolicy 外，其他策略类型不在模型之内：{listed}；可以去掉它们，只看其余策略的结果",
        )
    by_namespace: dict[str, list[NetworkPolicy]] = {}
    for policy in sorted(cluster.network_policies, key=lambda policy: policy.name):
        by_namespace.setdefault(policy.namespace, []).append(policy)
    return PolicyIndex(
        nodes={node.name: node for node in cluster.nodes},
        pods={(pod.namespace, pod.name): pod for pod in cluster.pods},
        namespaces=cluster.namespaces,
        by_namespace={name: tuple(policies) for name, policies in by_namespace.items()},
        tiers=_tiers(cluster),
        owners=_owners(cluster),
        blocks=RoutingTable(Route(cidr, node.name) for node in cluster.nodes for cidr in node.pod_cidrs),
    )


def _tiers(cluster: Cluster) -> dict[Tier, tuple[tuple[ClusterNetworkPolicy, ...], ...]]:
    def place(policy: ClusterNetworkPolicy) -> tuple[str, int]:
        return policy.tier, policy.priority

    ordered = sorted(cluster.cluster_network_policies, key=lambda policy: (*place(policy), policy.name))
    found: dict[Tier, tuple[tuple[ClusterNetworkPolicy, ...], ...]] = {}
    for (tier, _), policies in groupby(ordered, place):
        found[Tier(tier)] = (*found.get(Tier(tier), ()), tuple(policies))
    return found


def _owners(cluster: Cluster) -> dict[str, Pod | str]:
    owners: dict[str, Pod | str] = {}
    for node in cluster.nodes:
        own = (*node.internal_ips, *node.addresses, *node.external_ips, *cni_addresses(cluster.cni, node))
        owners.update((address, node.name) for address in own)
    for pod in cluster.pods:
        if not pod.host_network:
            owners.update((address, pod) for address in pod.ips)
    return owners
