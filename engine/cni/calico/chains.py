"""What the chains of felix's nat table mean. Read when manifests are; the rules themselves only when a node's are asked for."""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.trace import Text

PREROUTING, OUTPUT, POSTROUTING = "cali-PREROUTING", "cali-OUTPUT", "cali-POSTROUTING"
FIP_DNAT, FIP_SNAT, NAT_OUTGOING = "cali-fip-dnat", "cali-fip-snat", "cali-nat-outgoing"

WRITER = ChainWriter(
    "calico",
    (
        ChainMeaning(PREROUTING, Text("Calico's floating IPs.", "Calico 的浮动 IP。")),
        ChainMeaning(OUTPUT, Text("Calico's floating IPs.", "Calico 的浮动 IP。")),
        ChainMeaning(POSTROUTING, Text("Calico's source NAT.", "Calico 的 SNAT 规则。")),
        ChainMeaning(
            NAT_OUTGOING,
            Text("what leaves the pools with natOutgoing.", "离开带 natOutgoing 的地址池的流量。"),
            Text(
                "{host}: cali-nat-outgoing masquerades what leaves the pools",
                "{host}：cali-nat-outgoing 对离开地址池的数据包做 MASQUERADE",
            ),
        ),
    ),
    prefix="cali-",
)
