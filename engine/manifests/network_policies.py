"""networking.k8s.io/v1 NetworkPolicy and v1 Namespace's labels, with what the API server adds and refuses.

Sources: SetDefaults_NetworkPolicy in pkg/apis/networking/v1/defaults.go; ValidateNetworkPolicySpec and its sisters in
pkg/apis/networking/validation/validation.go; SetDefaults_Namespace in pkg/apis/core/v1/defaults.go (Kubernetes 1.36).
Unlike elsewhere, an unknown field is an error: without it the rule it stands in would allow more, or less.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping

from engine.cluster.policies import (
    IPBlock,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from engine.manifests.fields import Fields, Place, shown, shown_zh
from engine.manifests.label_selectors import label_selector, optional_selector
from engine.manifests.objects import name_of, namespace_of

LABEL_METADATA_NAME = "kubernetes.io/metadata.name"
# IsValidPortName: an IANA service name (RFC 6335).
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9](?:-?[a-z0-9]){0,14}\Z")
_LONGEST_PORT_NAME = 15


def namespace_labels(document: Fields) -> tuple[str, Mapping[str, str]]:
    """v1 Namespace: its name and labels, among them the one that the API server sets itself."""
    metadata = document.mapping("metadata")
    name = name_of(metadata, label=True)
    return name, {**metadata.string_map("labels"), LABEL_METADATA_NAME: name}


def network_policy(document: Fields) -> NetworkPolicy:
    """networking.k8s.io/v1 NetworkPolicy."""
    document.only(("apiVersion", "kind", "metadata", "spec", "status"))
    metadata, spec = document.mapping("metadata"), document.mapping("spec")
    spec.only(("podSelector", "policyTypes", "ingress", "egress"))
    egress = _rules(spec, "egress", "to")
    return NetworkPolicy(
        namespace=namespace_of(metadata),
        name=name_of(metadata),
        pod_selector=label_selector(spec.mapping("podSelector")),
        policy_types=_policy_types(spec, bool(egress)),
        ingress=_rules(spec, "ingress", "from"),
        egress=egress,
    )


def _policy_types(spec: Fields, has_egress: bool) -> tuple[PolicyType, ...]:
    found = []
    for value, at in spec.strings("policyTypes"):
        if value not in tuple(PolicyType):
            raise at.error(
                f"must be Ingress or Egress, not {shown(value)}",
                zh=f"必须是 Ingress 或 Egress，而不是 {shown_zh(value)}",
            )
        found.append(PolicyType(value))
    if len(found) > len(PolicyType):
        raise spec.error("policyTypes", "must not hold more than two", zh="不能多于两项")
    if not found:
        return (PolicyType.INGRESS, PolicyType.EGRESS) if has_egress else (PolicyType.INGRESS,)
    return tuple(kind for kind in PolicyType if kind in found)


def _rules(spec: Fields, key: str, peers: str) -> tuple[NetworkPolicyRule, ...]:
    found = []
    for rule in spec.items(key):
        rule.only((peers, "ports"))
        ports = tuple(_port(entry) for entry in rule.items("ports"))
        found.append(NetworkPolicyRule(tuple(_peer(entry) for entry in rule.items(peers)), ports))
    return tuple(found)


def _peer(entry: Fields) -> NetworkPolicyPeer:
    entry.only(("podSelector", "namespaceSelector", "ipBlock"))
    if "ipBlock" in entry:
        for other in ("podSelector", "namespaceSelector"):
            if other in entry:
                raise entry.error(
                    other,
                    "must not stand beside ipBlock; make two entries of the list of them",
                    zh="不能与 ipBlock 并列；请写成列表的两项",
                )
        return NetworkPolicyPeer(ip_block=_ip_block(entry.mapping("ipBlock")))
    if "podSelector" not in entry and "namespaceSelector" not in entry:
        raise entry.place("").error(
            "names nobody: it needs podSelector, namespaceSelector or ipBlock ({} of a selector is all of them)",
            zh="没有指定任何对象：需要 podSelector、namespaceSelector 或 ipBlock（选择器写 {} 表示全部）",
        )
    return NetworkPolicyPeer(optional_selector(entry, "podSelector"), optional_selector(entry, "namespaceSelector"))


def _ip_block(block: Fields) -> IPBlock:
    block.only(("cidr", "except"))
    cidr = block.text("cidr")
    if not cidr:
        raise block.error("cidr", "is missing", zh="缺失")
    whole = _network(block.place("cidr"), cidr)
    excepted = []
    for value, at in block.strings("except"):
        part = _network(at, value)
        inside = part.version == whole.version and int(part.network_address) & int(whole.netmask) == int(
            whole.network_address
        )
        if not inside or part.prefixlen <= whole.prefixlen:
            raise at.error(
                f"must be a part of cidr {whole}, and smaller than it; not {part}",
                zh=f"必须是 cidr {whole} 的一部分，且小于它；而不是 {part}",
            )
        excepted.append(str(part))
    return IPBlock(str(whole), tuple(excepted))


def _network(at: Place, value: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """A CIDR. Host bits are cleared: what holds them the API server took before 1.36, and reads it so."""
    network = ipaddress.ip_network(at.network(value))
    if network.version == 6 and network.network_address.ipv4_mapped is not None:
        raise at.error(
            f"is an IPv4 network written as IPv6: {shown(value)}; write it as IPv4, such as 10.0.0.0/8",
            zh=f"用 IPv6 形式写了 IPv4 网段：{shown_zh(value)}；请写成 IPv4，例如 10.0.0.0/8",
        )
    return network


def _port(entry: Fields) -> NetworkPolicyPort:
    entry.only(("protocol", "port", "endPort"))
    protocol = entry.protocol()
    value = entry.data.get("port")
    end = entry.port("endPort") or None
    if isinstance(value, str):
        name = entry.text("port")
        check_port_name(entry.place("port"), name)
        if end is not None:
            raise entry.error(
                "endPort", f"needs a number in port, not a name ({name})", zh=f"要求 port 是数字，而不是名称（{name}）"
            )
        return NetworkPolicyPort(protocol, name)
    if value is None and end is not None:
        raise entry.error("endPort", "needs port, the first port of the range", zh="需要 port，即范围的第一个端口")
    port = entry.port("port") or None
    if port is not None and end is not None and end < port:
        raise entry.error(
            "endPort", f"must not be below port {port}, but is {end}", zh=f"不能小于 port {port}，而它是 {end}"
        )
    return NetworkPolicyPort(protocol, port, end)


def check_port_name(at: Place, name: str) -> None:
    """Refuse what no container port can be called."""
    if len(name) > _LONGEST_PORT_NAME or not _PORT_NAME.match(name):
        raise at.error(
            f"is no port's name: {shown(name)}; it is at most 15 of a-z, 0-9 and -, with a letter in it and no - at"
            " either end or beside another; a number is written without quotes",
            zh=f"不是端口名称：{shown_zh(name)}；名称最多 15 个字符（a-z、0-9 和 -），至少一个字母，- 不能在首尾，也不能相连；数字请去掉引号",
        )
