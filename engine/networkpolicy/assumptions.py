"""What the API leaves open and a decision takes one way: said wherever the policies asked make it matter."""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster.policies import NetworkPolicy, NetworkPolicyPeer, PolicyType
from engine.networkpolicy.decision import Assumption
from engine.networkpolicy.index import PolicyIndex
from engine.networkpolicy.peers import pods_match
from engine.networkpolicy.traffic import Traffic, TrafficPeer

ITSELF = Assumption(
    "A pod reaches itself whatever the policies say (Kubernetes' page on network policies); plugins differ where it goes"
    " through a Service.",
    "Pod 访问自身不受策略限制（Kubernetes 网络策略文档）；经由 Service 访问自身时，各网络插件的行为不同。",
    "itself",
)
OWN_NODE = Assumption(
    "Traffic between a pod and its own node is never blocked by NetworkPolicies: types.go says so of traffic from the"
    " node, the documentation of both directions.",
    "NetworkPolicy 从不阻断 Pod 与其所在节点之间的流量：types.go 对来自节点的流量如此规定，文档则称双向都如此。",
    "own-node",
)
HOST_NETWORK = Assumption(
    "What policies do with host-network pods is not defined; here, as with most plugins, their traffic is their node's,"
    " and no selector selects them.",
    "策略对 hostNetwork Pod 的作用没有定义；这里与多数插件一致：其流量视为节点的流量，任何选择器都不会选中它们。",
    "host-network",
)
NAT = Assumption(
    "ipBlock (networks) is compared with the address given here; whether a plugin sees addresses before or after NAT is not defined"
    " (behind a NodePort's masquerade it sees the node's).",
    "ipBlock（networks）与此处给出的地址比较；网络插件看到的是 NAT 之前还是之后的地址没有定义（NodePort 经 masquerade 后看到的是节点地址）。",
    "nat",
)


def assumptions(
    index: PolicyIndex, direction: PolicyType, traffic: Traffic, policies: tuple[NetworkPolicy, ...]
) -> tuple[Assumption, ...]:
    """What the decision at one end assumes; `policies` are those that isolate its pod."""
    return tuple(_assumptions(index, direction, traffic, policies))


def _assumptions(
    index: PolicyIndex, direction: PolicyType, traffic: Traffic, policies: tuple[NetworkPolicy, ...]
) -> Iterator[Assumption]:
    own, other = traffic.own(direction), traffic.other(direction)
    if index.empty:
        return
    if own.host_pod is not None or other.host_pod is not None:
        yield HOST_NETWORK
    if traffic.to_itself:
        yield ITSELF
    if policies and other.is_node and other.node == own.node:
        yield OWN_NODE
    yield from _of_addresses(_compares_addresses(index, direction, own, policies), other)
    asked = [other.pod] if any(peer.namespace_selector for peer in _peers(direction, policies)) else []
    asked = [own.pod, other.pod] if index.tiers else asked
    for pod in asked:
        if pod is not None and pod.namespace not in index.namespaces:
            yield namespace_labels(pod.namespace)


def _peers(direction: PolicyType, policies: tuple[NetworkPolicy, ...]) -> Iterator[NetworkPolicyPeer]:
    return (peer for policy in policies for rule in policy.rules(direction) for peer in rule.peers)


def _compares_addresses(
    index: PolicyIndex, direction: PolicyType, own: TrafficPeer, policies: tuple[NetworkPolicy, ...]
) -> bool:
    """Whether any rule that is asked about this pod names CIDRs or nodes."""
    if any(peer.ip_block is not None for peer in _peers(direction, policies)):
        return True
    asked = (p for level in index.tiers.values() for group in level for p in group if pods_match(index, p.subject, own))
    return any(peer.pods is None for policy in asked for rule in policy.rules(direction) for peer in rule.peers)


def _of_addresses(compared: bool, other: TrafficPeer) -> Iterator[Assumption]:
    if compared and other.pod is None:
        yield NAT
        if other.is_node and not other.address_told:
            yield node_address(other.node or "", other.address or "")


def node_address(node: str, address: str) -> Assumption:
    """A node was named, so which of its addresses the packet carries had to be chosen."""
    return Assumption(
        f"node/{node} is taken by its InternalIP {address}; through an overlay the packet carries the tunnel device's.",
        f"node/{node} 取其 InternalIP {address}；经过 overlay 时，数据包携带的是隧道设备的地址。",
        "node-address",
    )


def namespace_labels(name: str) -> Assumption:
    """A namespace whose labels are asked for has no manifest."""
    return Assumption(
        f"No manifest describes namespace {name}: it is taken to have no label but kubernetes.io/metadata.name.",
        f"清单中没有命名空间 {name}：视为只有 kubernetes.io/metadata.name 这一个标签。",
        "namespace-labels",
    )
