"""What the chain that the AWS VPC CNI writes means. Read when manifests are; the rules themselves only when a node's are asked for."""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.trace import Text

SNAT = "AWS-SNAT-CHAIN-0"

WRITER = ChainWriter(
    "aws-vpc-cni",
    (
        ChainMeaning(
            SNAT,
            Text("the VPC CNI's source NAT for what leaves the VPC.", "VPC CNI 对离开 VPC 的流量做的 SNAT。"),
            Text(
                "{host}: AWS-SNAT-CHAIN-0 rewrites the source of what leaves the VPC",
                "{host}：AWS-SNAT-CHAIN-0 改写离开 VPC 的数据包的源地址",
            ),
        ),
    ),
    prefix="AWS-",
)
