"""What the chain that kindnetd writes means. Read when manifests are; the rules themselves only when a node's are asked for."""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.trace import Text

MASQUERADE = "KIND-MASQ-AGENT"

WRITER = ChainWriter(
    "kindnet",
    (
        ChainMeaning(
            MASQUERADE,
            Text("kindnet's source NAT for what goes to no pod.", "kindnet 对不去往 Pod 的流量做的 SNAT。"),
            Text(
                "{host}: KIND-MASQ-AGENT masquerades what goes to no pod",
                "{host}：KIND-MASQ-AGENT 对不去往 Pod 的数据包做 MASQUERADE",
            ),
        ),
    ),
    prefix="KIND-",
)
