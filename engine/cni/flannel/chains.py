"""What the chains that flanneld writes mean. Read when manifests are; the rules themselves only when a node's are asked for."""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.trace import Text

POSTROUTING, FORWARD = "FLANNEL-POSTRTG", "FLANNEL-FWD"
_LEAVES = Text("flannel's source NAT for what leaves the pods' network.", "flannel 对离开 Pod 网络的流量做的 SNAT。")
_MAY_PASS = Text("flannel lets the pods' network be forwarded.", "flannel 放行 Pod 网络的转发流量。")

WRITER = ChainWriter(
    "flannel",
    (
        ChainMeaning(
            POSTROUTING,
            _LEAVES,
            Text(
                "{host}: FLANNEL-POSTRTG masquerades what leaves the pods' network",
                "{host}：FLANNEL-POSTRTG 对离开 Pod 网络的数据包做 MASQUERADE",
            ),
        ),
        ChainMeaning(
            FORWARD,
            _MAY_PASS,
            Text(
                "{host}: FLANNEL-FWD accepts what comes from pods or goes to them",
                "{host}：FLANNEL-FWD 放行来自 Pod 或去往 Pod 的数据包",
            ),
        ),
    ),
    prefix="FLANNEL-",
)
