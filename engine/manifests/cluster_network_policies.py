"""policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy, with what its CustomResourceDefinition refuses.

Source: apis/v1alpha2/clusternetworkpolicy_types.go of kubernetes-sigs/network-policy-api, whose kubebuilder markers make
the CustomResourceDefinition (the experimental channel's fields included). An unknown field is an error: the API asks
that whoever does not know a peer's field fail closed.
"""

from __future__ import annotations

import re

from engine.cluster.policies import (
    ClusterNetworkPolicy,
    ClusterNetworkPolicyPeer,
    ClusterNetworkPolicyProtocol,
    ClusterNetworkPolicyRule,
    NamespacedPod,
    RuleAction,
    Tier,
)
from engine.manifests.fields import Fields, shown, shown_zh
from engine.manifests.label_selectors import label_selector
from engine.manifests.objects import name_of
from engine.packet import L4

_MOST = 25
_LONGEST_NAME = 100
_INGRESS_PEERS = ("namespaces", "pods")
_EGRESS_PEERS = (*_INGRESS_PEERS, "nodes", "networks", "domainNames")
_PROTOCOLS = {"tcp": L4.TCP, "udp": L4.UDP, "sctp": L4.SCTP}
_DOMAIN = re.compile(
    r"(?:\*\.)?(?:[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?\.)+[A-Za-z0-9](?:[-A-Za-z0-9_]*[A-Za-z0-9])?\.?\Z"
)


def cluster_network_policy(document: Fields) -> ClusterNetworkPolicy:
    """policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy."""
    document.only(("apiVersion", "kind", "metadata", "spec", "status"))
    spec = document.mapping("spec")
    spec.only(("tier", "priority", "subject", "ingress", "egress"))
    _needed(spec, "priority")
    subject = spec.mapping("subject")
    return ClusterNetworkPolicy(
        name=name_of(document.mapping("metadata")),
        tier=Tier(spec.word("tier", (Tier.ADMIN.value, Tier.BASELINE.value), "")),
        priority=spec.integer("priority", 0, 0, 1000),
        subject=_pods(subject, _one_of(subject, _INGRESS_PEERS)),
        ingress=tuple(_rule(rule, "from", _INGRESS_PEERS) for rule in _some(spec, "ingress", least=0)),
        egress=tuple(_rule(rule, "to", _EGRESS_PEERS) for rule in _some(spec, "egress", least=0)),
    )


def _needed(fields: Fields, key: str) -> None:
    if key not in fields:
        raise fields.error(key, "is missing", zh="缺失")


def _some(fields: Fields, key: str, least: int = 1) -> list[Fields]:
    found = list(fields.items(key))
    _count(fields, key, len(found), least)
    return found


def _count(fields: Fields, key: str, count: int, least: int = 1) -> None:
    if not least <= count <= _MOST:
        raise fields.error(
            key,
            f"must hold {least} to {_MOST} entries, not {count}",
            zh=f"必须有 {least} 到 {_MOST} 项，而不是 {count} 项",
        )


def _one_of(fields: Fields, known: tuple[str, ...]) -> str:
    """The one field that is set."""
    fields.only(known)
    found = [key for key in known if key in fields]
    if len(found) != 1:
        named = ", ".join(known)
        what = " and ".join(found) if found else "nothing"
        raise fields.place("").error(
            f"must set exactly one of {named}; it sets {what}",
            zh=f"必须且只能设置 {named} 之一；现在设置了 {'、'.join(found) if found else '零个'}",
        )
    return found[0]


def _pods(fields: Fields, key: str) -> NamespacedPod:
    inside = fields.mapping(key)
    if key == "namespaces":
        return NamespacedPod(label_selector(inside))
    inside.only(("namespaceSelector", "podSelector"))
    _needed(inside, "podSelector")
    return NamespacedPod(
        label_selector(inside.mapping("namespaceSelector")), label_selector(inside.mapping("podSelector"))
    )


def _rule(rule: Fields, peers: str, known: tuple[str, ...]) -> ClusterNetworkPolicyRule:
    rule.only(("name", "action", peers, "protocols"))
    name = rule.text("name")
    if len(name) > _LONGEST_NAME:
        raise rule.error("name", f"is longer than {_LONGEST_NAME} characters", zh=f"超过 {_LONGEST_NAME} 个字符")
    made = ClusterNetworkPolicyRule(
        action=RuleAction(rule.word("action", tuple(action.value for action in RuleAction), "")),
        peers=tuple(_peer(peer, known) for peer in _some(rule, peers)),
        protocols=tuple(map(_protocol, _some(rule, "protocols"))) if "protocols" in rule else (),
        name=name,
    )
    named = any(protocol.named_port for protocol in made.protocols)
    if named and any(peer.pods is None for peer in made.peers):
        raise rule.error(
            "protocols",
            "must not hold destinationNamedPort where a peer is networks, nodes or domainNames, which have no named ports",
            zh="不能在对端为 networks、nodes 或 domainNames 时使用 destinationNamedPort，它们没有命名端口",
        )
    return made


def _peer(peer: Fields, known: tuple[str, ...]) -> ClusterNetworkPolicyPeer:
    key = _one_of(peer, known)
    if key in _INGRESS_PEERS:
        return ClusterNetworkPolicyPeer(pods=_pods(peer, key))
    if key == "nodes":
        return ClusterNetworkPolicyPeer(nodes=label_selector(peer.mapping(key)))
    if key == "networks":
        networks = tuple(at.network(value) for value, at in peer.strings(key))
        _count(peer, key, len(networks))
        return ClusterNetworkPolicyPeer(networks=networks)
    names = []
    for value, at in peer.strings(key):
        if not _DOMAIN.match(value):
            raise at.error(f"is no domain name: {shown(value)}", zh=f"不是域名：{shown_zh(value)}")
        names.append(value)
    _count(peer, key, len(names))
    return ClusterNetworkPolicyPeer(domain_names=tuple(names))


def _protocol(entry: Fields) -> ClusterNetworkPolicyProtocol:
    key = _one_of(entry, (*_PROTOCOLS, "destinationNamedPort"))
    if key == "destinationNamedPort":
        if not entry.text(key):
            raise entry.error(key, "is empty", zh="为空")
        return ClusterNetworkPolicyProtocol(named_port=entry.text(key))
    inside = entry.mapping(key)
    inside.only(("destinationPort",))
    _needed(inside, "destinationPort")
    port = inside.mapping("destinationPort")
    if _one_of(port, ("number", "range")) == "number":
        number = port.port("number")
        return ClusterNetworkPolicyProtocol(_PROTOCOLS[key], number, number)
    ports = port.mapping("range")
    ports.only(("start", "end"))
    _needed(ports, "start")
    _needed(ports, "end")
    first, last = ports.port("start"), ports.port("end")
    if first >= last:
        raise ports.error(
            "end", f"must be above start {first}, but is {last}", zh=f"必须大于 start {first}，而它是 {last}"
        )
    return ClusterNetworkPolicyProtocol(_PROTOCOLS[key], first, last)
