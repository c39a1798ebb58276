"""What the chain that the AWS VPC CNI writes means. Read when manifests are; the rules themselves only when a node's are asked for."""

from __future__ import annotations

from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.trace import Text

SNAT, CONNMARK = "AWS-SNAT-CHAIN-0", "AWS-CONNMARK-CHAIN-0"
# Begins the names of the pods' veths on the node (AWS_VPC_K8S_CNI_VETHPREFIX).
PORT_PREFIX = "eni"

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
        ChainMeaning(
            CONNMARK,
            Text(
                "connections of pods beyond the VPC are marked, to leave by the primary card.",
                "为 Pod 去往 VPC 之外的连接打标记，使其从主网卡离开。",
            ),
        ),
    ),
    prefix="AWS-",
)
