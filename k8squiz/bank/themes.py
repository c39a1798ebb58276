"""The themes of an interview about Kubernetes networking: what a question is about, one name a theme.

A question file lists the themes it is the point of under `themes`. Topics are folders to practise by; a theme is one thing that
an interviewer wants to hear of, and several topics may touch it. The list is what question lists, hand-books and interview
notes of 2024 to 2026 ask, English and Chinese.
"""

from __future__ import annotations

from engine.trace import Text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """`asked` says how often it comes up: 5 in almost every round of interviews, 1 hardly ever."""

    name: Text
    asked: int


def _theme(asked: int, en: str, zh: str) -> Theme:
    return Theme(Text(en, zh), asked)


THEMES: dict[str, Theme] = {
    # Services and kube-proxy
    "nodeport-path": _theme(5, "NodePort: the path, DNAT before routing", "NodePort 路径：先 DNAT 后路由"),
    "iptables-chains": _theme(5, "kube-proxy's iptables chains", "kube-proxy 的 iptables 链"),
    "endpoint-choice": _theme(4, "How an endpoint is chosen", "端点如何选择"),
    "rule-cost": _theme(4, "What rules cost, and at what size", "规则开销与规模"),
    "partial-sync": _theme(2, "Partial sync", "增量同步"),
    "min-sync-period": _theme(1, "How often kube-proxy syncs", "kube-proxy 的同步间隔"),
    "ipvs-dataplane": _theme(3, "IPVS: path, tables, sets", "IPVS：路径、表与集合"),
    "ipvs-schedulers": _theme(2, "IPVS schedulers", "IPVS 调度算法"),
    "nftables-mode": _theme(3, "nftables mode", "nftables 模式"),
    "proxy-modes": _theme(4, "Proxy modes compared, and their future", "代理模式的比较与走向"),
    "kube-proxy-down": _theme(4, "kube-proxy down, restarted, late", "kube-proxy 停止、重启、滞后"),
    "localhost-nodeport": _theme(1, "NodePorts on 127.0.0.1", "127.0.0.1 上的 NodePort"),
    "selectors-and-ports": _theme(3, "Selectors, named ports, ports mapped wrong", "选择算符、命名端口与端口写错"),
    "mixed-protocols": _theme(1, "Several protocols in one Service", "一个 Service 多种协议"),
    "sctp": _theme(1, "SCTP", "SCTP"),
    "external-ips": _theme(1, "externalIPs", "externalIPs"),
    "host-network": _theme(3, "hostNetwork and hostPort", "hostNetwork 与 hostPort"),
    "icmp-to-a-service": _theme(2, "Ping to a ClusterIP", "ping ClusterIP"),
    "service-cidr": _theme(1, "Addresses of the ServiceCIDR", "ServiceCIDR 中的地址"),
    "address-bands": _theme(2, "ServiceCIDR growth, bands of addresses and ports", "ServiceCIDR 扩容、地址与端口分段"),
    "dual-stack": _theme(3, "Dual stack and IPv6", "双栈与 IPv6"),
    # Policies, endpoints, locality
    "external-traffic-policy": _theme(5, "externalTrafficPolicy", "外部流量策略"),
    "internal-traffic-policy": _theme(3, "internalTrafficPolicy", "内部流量策略"),
    "readiness": _theme(4, "Readiness, not-ready addresses", "就绪探针与未就绪地址"),
    "terminating-endpoints": _theme(3, "Terminating endpoints", "正在终止的端点"),
    "graceful-termination": _theme(5, "Graceful termination, rollouts without 502", "优雅终止与无 502 的滚动更新"),
    "long-lived-connections": _theme(4, "Long-lived connections do not rebalance", "长连接不会重新均衡"),
    "session-affinity": _theme(3, "Session affinity", "会话亲和性"),
    "traffic-distribution": _theme(2, "trafficDistribution", "trafficDistribution"),
    "topology-hints": _theme(1, "Topology hints", "拓扑提示"),
    "endpoint-slices": _theme(3, "EndpointSlices", "EndpointSlice"),
    # Load balancers and what stands before Services
    "source-ip": _theme(4, "The client's address through a load balancer", "经负载均衡器保留源 IP"),
    "health-check-node-port": _theme(2, "healthCheckNodePort", "healthCheckNodePort"),
    "node-health-checks": _theme(1, "Is kube-proxy well: /healthz and /livez", "kube-proxy 健康检查：/healthz 与 /livez"),
    "load-balancer-from-inside": _theme(2, "The load balancer's address from inside", "从集群内访问负载均衡器地址"),
    "source-ranges": _theme(2, "loadBalancerSourceRanges", "来源网段"),
    "no-node-ports": _theme(1, "Load balancers without NodePorts", "不分配 NodePort 的负载均衡器"),
    "metallb": _theme(3, "MetalLB: L2, BGP, ARP of a VIP", "MetalLB：L2、BGP 与 VIP 的 ARP"),
    "ingress": _theme(5, "Ingress and Gateway", "Ingress 与 Gateway"),
    "service-mesh": _theme(3, "Service mesh redirection", "服务网格的流量劫持"),
    # NAT and conntrack
    "masquerade-all": _theme(2, "Who is masqueraded, masqueradeAll", "谁被 MASQUERADE，masqueradeAll"),
    "cluster-cidr": _theme(1, "clusterCIDR: which traffic is local", "clusterCIDR：哪些算集群内流量"),
    "conntrack-tuples": _theme(3, "Reading conntrack's tuples", "读懂 conntrack 元组"),
    "conntrack-full": _theme(4, "A full conntrack table", "conntrack 表满"),
    "stale-udp": _theme(4, "Stale UDP entries", "过期的 UDP 表项"),
    "invalid-packets": _theme(2, "INVALID packets and resets", "INVALID 数据包与连接重置"),
    "egress": _theme(5, "Egress: whose address leaves the cluster", "出集群：用谁的地址"),
    # Pods, nodes, CNI
    "pod-to-pod": _theme(5, "Pod to pod", "Pod 到 Pod"),
    "cni-plugins": _theme(3, "CNI plugins compared: flannel, Calico, VPC", "CNI 插件比较：flannel、Calico、VPC"),
    "cni-add": _theme(4, "How a pod gets its address", "Pod 如何获得地址"),
    "hairpin": _theme(3, "Hairpin", "hairpin"),
    "br-netfilter": _theme(2, "br_netfilter", "br_netfilter"),
    "tunnel-overhead": _theme(3, "What a tunnel costs", "隧道的开销"),
    "wireguard": _theme(1, "Encryption between nodes: WireGuard", "节点间加密：WireGuard"),
    "mtu": _theme(4, "MTU and black holes", "MTU 与 PMTU 黑洞"),
    "missing-route": _theme(3, "A missing route", "缺少路由"),
    "asymmetric-routes": _theme(2, "Asymmetric routes, rp_filter", "非对称路由与 rp_filter"),
    "ebpf": _theme(4, "eBPF instead of kube-proxy", "eBPF 替代 kube-proxy"),
    "windows-dsr": _theme(1, "Windows nodes and DSR", "Windows 节点与 DSR"),
    # Names, policies, evidence
    "cluster-dns": _theme(5, "DNS in the cluster", "集群 DNS"),
    "dns-race": _theme(4, "Five-second look-ups, NodeLocal DNSCache", "DNS 5 秒超时与 NodeLocal DNSCache"),
    "network-policy": _theme(5, "NetworkPolicy", "网络策略（NetworkPolicy）"),
    "reading-evidence": _theme(5, "Debugging from evidence", "看证据排障"),
}  # fmt: skip
