"""The peers of a rule: whom they name.

Sources: NetworkPolicyPeer and IPBlock in k8s.io/api/networking/v1/types.go; ClusterNetworkPolicyIngressPeer and
...EgressPeer in apis/v1alpha2 of network-policy-api. Selectors select pods of the pod network and nobody else: no
address outside the cluster, no node, no host-network pod. CIDRs are asked about whoever has an address, pods too.
"""

from __future__ import annotations

from engine.cluster.policies import ClusterNetworkPolicyPeer, IPBlock, LabelSelector, NamespacedPod, NetworkPolicyPeer
from engine.errors import NoSuchObject, UnsupportedFeature
from engine.network.routes import contains
from engine.networkpolicy.index import PolicyIndex
from engine.networkpolicy.selectors import selects
from engine.networkpolicy.traffic import TrafficPeer


def peer_matches(index: PolicyIndex, namespace: str, peer: NetworkPolicyPeer, end: TrafficPeer) -> bool:
    """Whether a peer in a NetworkPolicy of `namespace` names `end`. podSelector alone means that namespace."""
    if peer.ip_block is not None:
        return _in_block(peer.ip_block, end)
    pod = described(end).pod
    if pod is None:
        return False
    if peer.namespace_selector is None:
        if pod.namespace != namespace:
            return False
    elif not selects(peer.namespace_selector, index.namespace_labels(pod.namespace)):
        return False
    return peer.pod_selector is None or selects(peer.pod_selector, pod.labels)


def pods_match(index: PolicyIndex, pods: NamespacedPod, end: TrafficPeer) -> bool:
    """Whether a ClusterNetworkPolicy's subject or peer of pods names `end`."""
    pod = described(end).pod
    if pod is None:
        return False
    labels = index.namespace_labels(pod.namespace)
    return selects(pods.namespace_selector, labels) and selects(pods.pod_selector, pod.labels)


def cluster_peer_matches(index: PolicyIndex, peer: ClusterNetworkPolicyPeer, end: TrafficPeer) -> bool | None:
    """Whether a peer in a ClusterNetworkPolicy names `end`; None where only its domain names could tell."""
    if peer.pods is not None:
        return pods_match(index, peer.pods, end)
    if peer.nodes is not None:
        return _is_node(index, peer.nodes, end)
    if peer.networks:
        address = _address(end)
        return any(contains(network, address) for network in peer.networks)
    return None


def described(end: TrafficPeer) -> TrafficPeer:
    """`end`, unless it is a pod whose labels no manifest tells: then what selectors say of it would be a guess."""
    if not end.described:
        raise NoSuchObject(
            f"{end.address} lies in {end.node}'s pod network, but no Pod among the manifests has that address, and policies"
            " go by its labels; add the Pod",
            zh=f"{end.address} 位于 {end.node} 的 Pod 网段，但清单中没有 Pod 使用该地址，而策略要看它的标签；请补上该 Pod",
        )
    return end


def _in_block(block: IPBlock, end: TrafficPeer) -> bool:
    address = _address(end)
    return contains(block.cidr, address) and not any(contains(network, address) for network in block.excepted)


def _is_node(index: PolicyIndex, selector: LabelSelector, end: TrafficPeer) -> bool:
    """By the addresses in the node's status, as the API says: those of a CNI's devices are not there."""
    node = index.nodes.get(end.node or "") if end.pod is None and end.described else None
    if node is None or end.address not in (*node.internal_ips, *node.external_ips):
        return False
    return selects(selector, node.labels)


def _address(end: TrafficPeer) -> str:
    if end.address is None:
        raise NoSuchObject(
            f"{end.name} has no address in the manifests (status.podIPs), and a policy asks for it (ipBlock or networks)",
            zh=f"清单中 {end.name} 没有地址（status.podIPs），而有策略按地址判断（ipBlock 或 networks）",
        )
    return end.address


def refuse_domain_names(policy: str, path: str) -> UnsupportedFeature:
    """The error where a decision hangs on domainNames (NPEP-133): which names an address was looked up by is not known."""
    return UnsupportedFeature(
        f"ClusterNetworkPolicy {policy}: {path} names domainNames, which are not modelled; name networks instead",
        zh=f"ClusterNetworkPolicy {policy}：{path} 使用了 domainNames，不在模型之内；请改用 networks",
    )
