"""What the chains of kube-proxy's ipvs mode mean, a row each; some have the names of iptables mode's.

Source: pkg/proxy/ipvs/proxier.go and README.md of Kubernetes.
"""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning as Row
from engine.netfilter.chain_meaning import ChainRole, ChainWriter
from engine.proxy import chain_texts as texts
from engine.proxy.ipvs_sets import LOOP_BACK
from engine.trace import ReasonCode, Text

ROWS = (
    Row(
        "KUBE-SERVICES",
        texts.LOOK_UP,
        Text("{host}: KUBE-SERVICES looks the destination up in ipsets", "{host}：KUBE-SERVICES 用 ipset 查找目的地址"),
    ),
    Row(
        "KUBE-NODE-PORT",
        texts.NODE_PORT,
        Text("{host}: KUBE-NODE-PORT looks the port up in ipsets", "{host}：KUBE-NODE-PORT 用 ipset 查找端口"),
    ),
    Row(
        "KUBE-LOAD-BALANCER",
        card=Text(
            "{host}: KUBE-LOAD-BALANCER, for a load balancer's address",
            "{host}：KUBE-LOAD-BALANCER，处理负载均衡器地址",
        ),
    ),
    Row(
        "KUBE-MARK-MASQ",
        texts.MARK,
        Text("{host}: KUBE-MARK-MASQ sets the masquerade mark", "{host}：KUBE-MARK-MASQ 打上 MASQUERADE 标记"),
        role=ChainRole.MARK,
    ),
    # What is on kube-ipvs0 is the node's own: without this, any port of a ClusterIP would reach the node's sockets.
    Row(
        "KUBE-IPVS-FILTER",
        card=Text(
            "{host}: KUBE-IPVS-FILTER lets Service ports pass at INPUT",
            "{host}：KUBE-IPVS-FILTER 在 INPUT 处放行 Service 端口",
        ),
        code=ReasonCode.UNKNOWN_CLUSTER_IP_PORT,
    ),
    Row(
        "KUBE-PROXY-FIREWALL",
        texts.FIREWALL,
        Text(
            "{host}: KUBE-PROXY-FIREWALL, for addresses with source ranges",
            "{host}：KUBE-PROXY-FIREWALL，处理限定来源的地址",
        ),
        ReasonCode.SOURCE_RANGES,
    ),
    Row(
        "KUBE-SOURCE-RANGES-FIREWALL",
        card=Text(
            "{host}: KUBE-SOURCE-RANGES-FIREWALL checks the source", "{host}：KUBE-SOURCE-RANGES-FIREWALL 检查来源"
        ),
        code=ReasonCode.SOURCE_RANGES,
    ),
    # What the node itself sends does not pass INPUT, where the others are checked.
    Row("KUBE-IPVS-OUT-FILTER", code=ReasonCode.SOURCE_RANGES),
    Row(
        "KUBE-FORWARD",
        texts.FORWARDED,
        Text("{host}: KUBE-FORWARD accepts what is marked", "{host}：KUBE-FORWARD 放行带标记的数据包"),
        ReasonCode.INVALID_STATE,
    ),
    Row(
        "KUBE-POSTROUTING",
        texts.SOURCE_NAT,
        Text(
            "{host}: KUBE-POSTROUTING masquerades what is marked",
            "{host}：KUBE-POSTROUTING 对带标记的数据包做 MASQUERADE",
        ),
        role=ChainRole.MASQUERADE,
    ),
)

WRITER = ChainWriter(
    "ipvs",
    ROWS,
    prefix="KUBE-",
    refusals=texts.REFUSALS,
    reasons=texts.REASONS,
    hairpin_sets=(LOOP_BACK, LOOP_BACK.replace("KUBE-", "KUBE-6-")),
    short=texts.short,
)
