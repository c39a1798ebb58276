"""What the modes' chains mean alike, and why a rule of kube-proxy's refuses: texts that more than one mode says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.trace import ReasonCode, Text

LOOK_UP = Text("every new connection is looked up among the Services.", "新连接都要在 Service 规则中查找。")
NODE_PORT = Text("the destination is one of the node's own addresses.", "目的地址是节点自己的地址，去查 NodePort。")
EXTERNAL = Text("external traffic of this Service.", "该 Service 的外部流量。")
SOURCE_RANGES = Text("the load balancer's source ranges are checked.", "检查负载均衡器的来源网段。")
DRAW = Text("the Service's endpoints, to draw one from.", "从该 Service 的端点中选择。")
LOCAL = Text("only endpoints on this node are considered.", "只考虑本节点上的端点。")
DRAWN = Text("this endpoint was drawn.", "选中了这个端点。")
MARK = Text("the connection is to be masqueraded.", "该连接需要 MASQUERADE。")
SOURCE_NAT = Text("kube-proxy's source NAT.", "kube-proxy 的 SNAT 规则。")
FORWARDED = Text("kube-proxy's rules for forwarded packets.", "kube-proxy 对转发数据包的规则。")
FIREWALL = Text("the load balancers' source ranges.", "负载均衡器的来源网段限制。")

# What a rule that refuses says in its comment (iptables and ipvs mode): the Service has nobody to send to. A policy of
# Local drops instead of rejecting, so that a load balancer's health check fails over in time.
REFUSALS = (("has no local endpoints", ReasonCode.NO_LOCAL_ENDPOINTS), ("has no endpoints", ReasonCode.NO_ENDPOINTS))

# The words in braces are filled in by engine.words.endings.
REASONS: Mapping[ReasonCode, Text] = MappingProxyType(
    {
        ReasonCode.NO_LOCAL_ENDPOINTS: Text(
            "the Service has endpoints, but none on {host}, and its traffic policy is Local: the packet is dropped",
            "该 Service 有端点，但 {host} 上没有，而流量策略是 Local：数据包被丢弃",
        ),
        ReasonCode.NO_ENDPOINTS: Text(
            "the Service has no usable endpoint: rejected at once", "该 Service 没有可用的端点：立即被拒绝"
        ),
        ReasonCode.SOURCE_RANGES: Text(
            "{src} is not in the Service's loadBalancerSourceRanges",
            "{src} 不在该 Service 的 loadBalancerSourceRanges 之内",
        ),
        ReasonCode.LOCALHOST_FIREWALL: Text(
            "KUBE-FIREWALL guards 127.0.0.0/8 against packets from elsewhere",
            "KUBE-FIREWALL 保护 127.0.0.0/8，不接受来自别处的数据包",
        ),
        ReasonCode.UNKNOWN_CLUSTER_IP_PORT: Text(
            "{dst} lies in the ClusterIPs but no Service has that port: rejected at once",
            "{dst} 属于 ClusterIP，但没有 Service 使用该端口：立即被拒绝",
        ),
        ReasonCode.UNASSIGNED_CLUSTER_IP: Text(
            "{dst_ip} lies in the ServiceCIDR but no Service has it: the packet is dropped",
            "{dst_ip} 属于 ServiceCIDR，但没有 Service 使用该地址：数据包被丢弃",
        ),
    }
)


def short(chain: str) -> str | None:
    """KUBE-SVC-LOLE…: a name of iptables' or ipvs mode with its hash cut short."""
    if not chain.startswith("KUBE-"):
        return None
    return chain[:13] + "…" if len(chain) > 22 else chain
