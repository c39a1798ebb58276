"""What kube-proxy's chains are called on a card, in each mode: (name or prefix, English, Chinese)."""

from __future__ import annotations

import re
from typing import TypeAlias

from engine.trace import Hop

_Cards: TypeAlias = tuple[tuple[str, str, str], ...]

_IPTABLES: _Cards = (
    ("KUBE-SERVICES", "{host}: KUBE-SERVICES looks for the Service", "{host}：KUBE-SERVICES 查找对应的 Service"),
    ("KUBE-NODEPORTS", "{host}: KUBE-NODEPORTS matches the NodePort", "{host}：KUBE-NODEPORTS 匹配 NodePort"),
    ("KUBE-EXT-", "{host}: KUBE-EXT-…, the chain for traffic from outside", "{host}：KUBE-EXT-…，外部流量的入口链"),
    ("KUBE-SVC-", "{host}: KUBE-SVC-… picks one of all endpoints", "{host}：KUBE-SVC-… 从全部端点中选一个"),
    ("KUBE-SVL-", "{host}: KUBE-SVL-… picks one of the local endpoints", "{host}：KUBE-SVL-… 从本地端点中选一个"),
    ("KUBE-SEP-", "{host}: KUBE-SEP-…, the chain of one endpoint, does DNAT", "{host}：KUBE-SEP-…，单个端点的链，执行 DNAT"),
    ("KUBE-FW-", "{host}: KUBE-FW-… checks loadBalancerSourceRanges", "{host}：KUBE-FW-… 检查 loadBalancerSourceRanges"),
    ("KUBE-MARK-MASQ", "{host}: KUBE-MARK-MASQ sets the masquerade mark", "{host}：KUBE-MARK-MASQ 打上 MASQUERADE 标记"),
    ("KUBE-POSTROUTING", "{host}: KUBE-POSTROUTING masquerades what is marked", "{host}：KUBE-POSTROUTING 对带标记的数据包做 MASQUERADE"),
    ("KUBE-FORWARD", "{host}: KUBE-FORWARD accepts what is marked", "{host}：KUBE-FORWARD 放行带标记的数据包"),
    ("KUBE-EXTERNAL-SERVICES", "{host}: KUBE-EXTERNAL-SERVICES drops or rejects", "{host}：KUBE-EXTERNAL-SERVICES 丢弃或拒绝"),
    ("KUBE-PROXY-FIREWALL", "{host}: KUBE-PROXY-FIREWALL drops", "{host}：KUBE-PROXY-FIREWALL 丢弃"),
)  # fmt: skip

# ipvs mode has a few chains of its own among those of the same names.
_IPVS: _Cards = (
    ("KUBE-SERVICES", "{host}: KUBE-SERVICES looks the destination up in ipsets", "{host}：KUBE-SERVICES 用 ipset 查找目的地址"),
    ("KUBE-NODE-PORT", "{host}: KUBE-NODE-PORT looks the port up in ipsets", "{host}：KUBE-NODE-PORT 用 ipset 查找端口"),
    ("KUBE-LOAD-BALANCER", "{host}: KUBE-LOAD-BALANCER, for a load balancer's address", "{host}：KUBE-LOAD-BALANCER，处理负载均衡地址"),
    ("KUBE-MARK-MASQ", "{host}: KUBE-MARK-MASQ sets the masquerade mark", "{host}：KUBE-MARK-MASQ 打上 MASQUERADE 标记"),
    ("KUBE-IPVS-FILTER", "{host}: KUBE-IPVS-FILTER lets Service ports pass at INPUT", "{host}：KUBE-IPVS-FILTER 在 INPUT 处放过 Service 端口"),
    ("KUBE-PROXY-FIREWALL", "{host}: KUBE-PROXY-FIREWALL, for addresses with source ranges", "{host}：KUBE-PROXY-FIREWALL，处理限定来源的地址"),
    ("KUBE-SOURCE-RANGES-FIREWALL", "{host}: KUBE-SOURCE-RANGES-FIREWALL checks the source", "{host}：KUBE-SOURCE-RANGES-FIREWALL 检查来源"),
    ("KUBE-FORWARD", "{host}: KUBE-FORWARD accepts what is marked", "{host}：KUBE-FORWARD 放行带标记的数据包"),
    ("KUBE-POSTROUTING", "{host}: KUBE-POSTROUTING masquerades what is marked", "{host}：KUBE-POSTROUTING 对带标记的数据包做 MASQUERADE"),
)  # fmt: skip
_NFTABLES: _Cards = (
    ("services", "{host}: services, two look-ups in verdict maps", "{host}：services，在判决映射中查找两次"),
    ("service-endpoints-check", "{host}: service-endpoints-check, Services without endpoints", "{host}：service-endpoints-check，没有端点的 Service"),
    ("nodeport-endpoints-check", "{host}: nodeport-endpoints-check, NodePorts without endpoints", "{host}：nodeport-endpoints-check，没有端点的 NodePort"),
    ("cluster-ips-check", "{host}: cluster-ips-check rejects unknown ports of ClusterIPs", "{host}：cluster-ips-check 拒绝 ClusterIP 的未知端口"),
    ("firewall-check", "{host}: firewall-check, addresses with source ranges", "{host}：firewall-check，限定来源的地址"),
    ("external-", "{host}: external-…, the chain for traffic from outside", "{host}：external-…，外部流量的入口链"),
    ("service-", "{host}: service-…, numgen picks an endpoint", "{host}：service-…，由 numgen 选出端点"),
    ("endpoint-", "{host}: endpoint-…, the chain of one endpoint, does DNAT", "{host}：endpoint-…，单个端点的链，执行 DNAT"),
    ("mark-for-masquerade", "{host}: mark-for-masquerade sets the mark", "{host}：mark-for-masquerade 打上标记"),
    ("masquerading", "{host}: masquerading masquerades what is marked", "{host}：masquerading 对带标记的数据包做 MASQUERADE"),
    ("reject-chain", "{host}: reject-chain rejects", "{host}：reject-chain 拒绝"),
)  # fmt: skip
CHAINS: dict[str, _Cards] = {"iptables": _IPTABLES, "ipvs": _IPVS, "nftables": _NFTABLES}


def card(chain: str, mode: str) -> tuple[str, str, str] | None:
    """The row of a chain: its own name, or the longest prefix ending in `-` that it begins with. None where it is no
    step of its own."""
    fitting = [row for row in CHAINS[mode] if chain == row[0] or (row[0].endswith("-") and chain.startswith(row[0]))]
    return max(fitting, key=lambda row: (chain == row[0], len(row[0])), default=None)


# nftables mode has base chains of its own at every hook, where the others hang theirs on the kernel's built-in chains.
_BASE = re.compile(r"(nat|filter)-[a-z]+(-(pre|post)-dnat)?")
# A chain of one Service or endpoint: what it is, its hash, whose it is.
_OF_A_SERVICE = re.compile(r"([a-z]+)-[A-Z2-7]{8}-(?:[^_]*__)?(.+)")


def is_own(hop: Hop) -> bool:
    """Whether the hop stands in a chain by which kube-proxy tells Services apart, in any mode: no hook's own chain."""
    if hop.chain is None:
        return False
    if hop.chain.startswith("KUBE-"):
        return True
    return (hop.table or "").endswith("kube-proxy") and _BASE.fullmatch(hop.chain) is None


def short(chain: str) -> str:
    """A chain's name with its hash cut short or left out: KUBE-SVC-LOLE…, service-…default/web/tcp,
    endpoint-…10.244.2.8/8080."""
    named = _OF_A_SERVICE.fullmatch(chain)
    if named is not None:
        return f"{named[1]}-…{named[2].rstrip('/')}"
    return chain[:13] + "…" if chain.startswith("KUBE-") and len(chain) > 22 else chain
