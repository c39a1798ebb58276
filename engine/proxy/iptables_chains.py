"""What the chains of kube-proxy's iptables mode mean, a row each.

Source: pkg/proxy/iptables/proxier.go of Kubernetes (the comments on the chains' constants and in syncProxyRules).
"""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning as Row
from engine.netfilter.chain_meaning import ChainRole, ChainWriter
from engine.proxy import chain_texts as texts
from engine.trace import ReasonCode, Text

ROWS = (
    Row(
        "KUBE-SERVICES",
        texts.LOOK_UP,
        Text("{host}: KUBE-SERVICES looks for the Service", "{host}：KUBE-SERVICES 查找对应的 Service"),
    ),
    Row(
        "KUBE-NODEPORTS",
        texts.NODE_PORT,
        Text("{host}: KUBE-NODEPORTS matches the NodePort", "{host}：KUBE-NODEPORTS 匹配 NodePort"),
    ),
    Row(
        "KUBE-EXT-",
        texts.EXTERNAL,
        Text("{host}: KUBE-EXT-…, the chain for traffic from outside", "{host}：KUBE-EXT-…，外部流量的入口链"),
    ),
    # Before v1.24 the chain for traffic from outside, with policy Local alone.
    Row("KUBE-XLB-", texts.EXTERNAL),
    Row(
        "KUBE-SVC-",
        texts.DRAW,
        Text("{host}: KUBE-SVC-… picks one of all endpoints", "{host}：KUBE-SVC-… 从全部端点中选一个"),
    ),
    Row(
        "KUBE-SVL-",
        texts.LOCAL,
        Text("{host}: KUBE-SVL-… picks one of the local endpoints", "{host}：KUBE-SVL-… 从本地端点中选一个"),
    ),
    Row(
        "KUBE-SEP-",
        texts.DRAWN,
        Text("{host}: KUBE-SEP-…, the chain of one endpoint, does DNAT", "{host}：KUBE-SEP-…，单个端点的链，执行 DNAT"),
        role=ChainRole.ENDPOINT,
    ),
    Row(
        "KUBE-FW-",
        texts.SOURCE_RANGES,
        Text("{host}: KUBE-FW-… checks loadBalancerSourceRanges", "{host}：KUBE-FW-… 检查 loadBalancerSourceRanges"),
    ),
    Row(
        "KUBE-MARK-MASQ",
        texts.MARK,
        Text("{host}: KUBE-MARK-MASQ sets the masquerade mark", "{host}：KUBE-MARK-MASQ 打上 MASQUERADE 标记"),
        role=ChainRole.MARK,
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
    # Its one DROP is of packets that conntrack finds INVALID (kubernetes/kubernetes#74839).
    Row(
        "KUBE-FORWARD",
        texts.FORWARDED,
        Text("{host}: KUBE-FORWARD accepts what is marked", "{host}：KUBE-FORWARD 放行带标记的数据包"),
        ReasonCode.INVALID_STATE,
    ),
    Row(
        "KUBE-EXTERNAL-SERVICES",
        Text("Services that are to be refused from outside.", "需要拒绝的外部 Service 流量。"),
        Text("{host}: KUBE-EXTERNAL-SERVICES drops or rejects", "{host}：KUBE-EXTERNAL-SERVICES 丢弃或拒绝"),
    ),
    # KUBE-FW only marks what may pass; what it let through to here is dropped.
    Row(
        "KUBE-PROXY-FIREWALL",
        texts.FIREWALL,
        Text("{host}: KUBE-PROXY-FIREWALL drops", "{host}：KUBE-PROXY-FIREWALL 丢弃"),
        ReasonCode.SOURCE_RANGES,
    ),
    # kubelet writes it too: against CVE-2020-8558, packets to 127.0.0.0/8 from other hosts.
    Row(
        "KUBE-FIREWALL",
        Text("the guard of 127.0.0.0/8.", "保护 127.0.0.0/8 的规则。"),
        code=ReasonCode.LOCALHOST_FIREWALL,
    ),
)

WRITER = ChainWriter(
    "iptables",
    ROWS,
    prefix="KUBE-",
    refusals=texts.REFUSALS,
    reasons=texts.REASONS,
    short=texts.short,
)
