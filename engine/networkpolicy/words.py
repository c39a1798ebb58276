"""What a policy names, in phrases, English and Chinese. Selectors are written as kubectl writes them."""

from __future__ import annotations

from engine.cluster.policies import (
    ClusterNetworkPolicyPeer,
    ClusterNetworkPolicyProtocol,
    LabelSelector,
    LabelSelectorRequirement,
    NamespacedPod,
    NetworkPolicyPeer,
    NetworkPolicyPort,
)
from engine.trace import Text


def selector_words(selector: LabelSelector) -> str:
    """As kubectl's -l takes it: app=web,tier in (a,b),!legacy."""
    labels = [f"{key}={value}" for key, value in selector.match_labels.items()]
    return ",".join((*labels, *map(_requirement, selector.match_expressions)))


def _requirement(one: LabelSelectorRequirement) -> str:
    if one.operator in ("Exists", "DoesNotExist"):
        return f"{'!' if one.operator == 'DoesNotExist' else ''}{one.key}"
    return f"{one.key} {one.operator.lower()} ({','.join(one.values)})"


def peer_words(peer: NetworkPolicyPeer | ClusterNetworkPolicyPeer, namespace: str) -> Text:
    """Whom a peer names; `namespace` is the policy's own."""
    if isinstance(peer, ClusterNetworkPolicyPeer):
        return _cluster_peer(peer)
    if peer.ip_block is not None:
        except_en = f" except {', '.join(peer.ip_block.excepted)}" if peer.ip_block.excepted else ""
        except_zh = f"（除 {'、'.join(peer.ip_block.excepted)}）" if peer.ip_block.excepted else ""
        return Text(f"addresses in {peer.ip_block.cidr}{except_en}", f"{peer.ip_block.cidr} 中的地址{except_zh}")
    pods = peer.pod_selector or LabelSelector()
    if peer.namespace_selector is not None:
        return _pods(NamespacedPod(peer.namespace_selector, pods))
    which = _with(pods)
    return Text(f"{which.en} of namespace {namespace}", f"命名空间 {namespace} 中{which.zh}")


def _with(pods: LabelSelector) -> Text:
    said = selector_words(pods)
    return Text(f"pods with {said}", f"带有 {said} 的 Pod") if said else Text("all pods", "的所有 Pod")


def _pods(pods: NamespacedPod) -> Text:
    which, where = _with(pods.pod_selector), selector_words(pods.namespace_selector)
    if not where:
        return Text(f"{which.en} of all namespaces", f"所有命名空间中{which.zh}")
    return Text(f"{which.en} of namespaces with {where}", f"带有 {where} 的命名空间中{which.zh}")


def _cluster_peer(peer: ClusterNetworkPolicyPeer) -> Text:
    if peer.pods is not None:
        return _pods(peer.pods)
    if peer.nodes is not None:
        said = selector_words(peer.nodes)
        return Text(f"nodes with {said}", f"带有 {said} 的节点") if said else Text("all nodes", "所有节点")
    return Text(f"addresses in {', '.join(peer.networks)}", f"{'、'.join(peer.networks)} 中的地址")


def port_words(port: NetworkPolicyPort | ClusterNetworkPolicyProtocol) -> Text:
    """Which ports one entry means."""
    if isinstance(port, ClusterNetworkPolicyProtocol):
        if port.named_port is not None:
            return Text(f"the port named {port.named_port}", f"名为 {port.named_port} 的端口")
        numbers = f"{port.first}" if port.first == port.last else f"{port.first}-{port.last}"
        return Text(f"{port.protocol} {numbers}", f"{port.protocol} {numbers}")
    if port.port is None:
        return Text(f"every {port.protocol} port", f"所有 {port.protocol} 端口")
    if isinstance(port.port, str):
        return Text(f"the {port.protocol} port named {port.port}", f"名为 {port.port} 的 {port.protocol} 端口")
    numbers = f"{port.port}" if port.end_port in (None, port.port) else f"{port.port}-{port.end_port}"
    return Text(f"{port.protocol} {numbers}", f"{port.protocol} {numbers}")
