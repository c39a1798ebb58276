"""`allowed`: the question in names. Source and destination as they are typed, found in the cluster."""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster
from engine.errors import EngineError, NoSuchObject, UnsupportedFeature
from engine.networkpolicy.decision import PolicyDecision
from engine.networkpolicy.evaluate import decide
from engine.networkpolicy.index import PolicyIndex, index_policies
from engine.networkpolicy.traffic import Traffic, TrafficPeer
from engine.packet import L4, Family, canonical, family_of

FORMS, FORMS_ZH = (
    "pod/NAME, pod/NAMESPACE/NAME, node/NAME or an address",
    "pod/名称、pod/命名空间/名称、node/名称或地址",
)
_PROTOCOLS = (L4.TCP, L4.UDP, L4.SCTP)


def allowed(
    cluster: Cluster,
    *,
    source: str,
    destination: str,
    port: int,
    protocol: str = "TCP",
    family: str = "ipv4",
) -> PolicyDecision:
    """What the policies of `cluster` say of a connection.

    `source` and `destination`: pod/NAME (of namespace default), pod/NAMESPACE/NAME, node/NAME or an address, as they
    are at the pods' doors; `port` is the destination pod's own, not a Service's. `protocol` is TCP, UDP or SCTP (ICMP
    is left open by the API). `family`, ipv4 or ipv6, says which addresses pods and nodes have; an address given says
    it itself. Raises NoSuchObject for what is not there, EngineError for what is not written so, UnsupportedFeature
    for what the API or the model gives no answer to.
    """
    l4 = _protocol(protocol)
    if family not in tuple(Family):
        raise EngineError(
            f"{family!r} is no address family; ipv4 or ipv6", zh=f"{family!r} 不是地址族；可用 ipv4 或 ipv6"
        )
    if port.__class__ is not int or not 1 <= port <= 65535:
        raise EngineError(f"{port!r} is not a port between 1 and 65535", zh=f"{port!r} 不是 1 到 65535 之间的端口")
    index = index_policies(cluster)
    families = {found for text in (source, destination) if (found := _family(text)) is not None}
    if len(families) > 1:
        raise EngineError(
            f"{source} and {destination} are of different address families",
            zh=f"{source} 与 {destination} 的地址族不同",
        )
    wanted = families.pop() if families else Family(family)
    ends = (_end(cluster, index, source, wanted), _end(cluster, index, destination, wanted))
    return decide(index, Traffic(*ends, l4, port))


def _protocol(text: str) -> L4:
    found = next((one for one in _PROTOCOLS if one == text.upper()), None)
    if found is None:
        raise UnsupportedFeature(
            f"{text!r}: policies are defined for TCP, UDP and SCTP; what they do with other protocols is the plugin's affair",
            zh=f"{text!r}：策略只对 TCP、UDP、SCTP 有定义；对其他协议的处理取决于网络插件",
        )
    return found


def _family(text: str) -> Family | None:
    """The family of an address; None for a name."""
    if text.startswith(("pod/", "node/")):
        return None
    return family_of(_address(text))


def _address(text: str) -> str:
    try:
        address = canonical(text)
    except ValueError:
        raise EngineError(
            f"{text!r} is not understood; write {FORMS}", zh=f"无法理解 {text!r}；请写成 {FORMS_ZH}"
        ) from None
    parsed = ipaddress.ip_address(address)
    if parsed.is_loopback or parsed.is_multicast or parsed.is_unspecified or address == "255.255.255.255":
        raise UnsupportedFeature(
            f"{address} is no single host's address in the network, so no policy can be asked about it",
            zh=f"{address} 不是网络中某一台主机的地址，无法就它询问策略",
        )
    return address


def _end(cluster: Cluster, index: PolicyIndex, text: str, family: Family) -> TrafficPeer:
    kind, _, rest = text.partition("/")
    if kind == "pod" and rest:
        return _pod(index, rest, family)
    if kind == "node" and rest:
        return _node(index, rest, family)
    address = _address(text)
    service = next((s for s in cluster.services if address in s.cluster_ips), None)
    if service is not None:
        raise UnsupportedFeature(
            f"{address} is the clusterIP of Service {service.key}: policies are asked about where it leads to; name a pod",
            zh=f"{address} 是 Service {service.key} 的 clusterIP：策略针对它所指向的后端；请指定 Pod",
        )
    return index.peer_at(address)


def _pod(index: PolicyIndex, text: str, family: Family) -> TrafficPeer:
    namespace, _, name = text.rpartition("/")
    pod = index.pods.get((namespace or "default", name))
    if pod is None:
        known = ", ".join(f"pod/{ns}/{one}" for ns, one in sorted(index.pods)[:20]) or "none"
        raise NoSuchObject(f"there is no pod/{text}; known pods: {known}", zh=f"没有 pod/{text}；已知 Pod：{known}")
    if pod.finished:
        raise NoSuchObject(f"pod/{text} has ended and has no address any more", zh=f"pod/{text} 已结束，不再有地址")
    end = index.pod_peer(pod, family=family)
    if end.address is None and (pod.ips or pod.host_network):
        raise NoSuchObject(
            f"pod/{text} has no {family.ip_family} address", zh=f"pod/{text} 没有 {family.ip_family} 地址"
        )
    return end


def _node(index: PolicyIndex, name: str, family: Family) -> TrafficPeer:
    if name not in index.nodes:
        known = ", ".join(sorted(index.nodes)) or "none"
        raise NoSuchObject(
            f"there is no node {name!r}; known nodes: {known}", zh=f"没有节点 {name!r}；已知节点：{known}"
        )
    address = index.node_address(name, family)
    if address is None:
        raise NoSuchObject(
            f"node {name} has no {family.ip_family} InternalIP", zh=f"节点 {name} 没有 {family.ip_family} InternalIP"
        )
    return TrafficPeer(address, node=name, address_told=False)
