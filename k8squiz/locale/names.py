"""What topics, kinds of question and the requests of a question are called on a screen. English says them as a file does."""

from __future__ import annotations

import re

from k8squiz.locale.i18n import Lang

TOPICS = {
    "nodeport": "NodePort",
    "traffic-policy": "流量策略",
    "iptables-vs-ipvs": "iptables 与 IPVS",
    "hairpin": "hairpin",
    "schedulers": "IPVS 调度算法",
    "ipvs": "ipvs 模式",
    "nftables": "nftables 模式",
    "scale": "规模与开销",
    "network-policy": "网络策略",
    "pod-to-pod": "Pod 到 Pod",
    "dns": "DNS",
    "services": "Service 基础",
    "evidence": "看证据排障",
    "egress": "出集群流量",
    "mtu": "MTU",
    "debugging": "排障",
    "rollouts": "滚动更新",
    "incidents": "故障处理",
}

KINDS = {
    "choice": "选择题",
    "compare": "方案比较",
    "evidence": "看证据排障",
    "hop-order": "步骤排序",
    "matrix": "连通矩阵",
    "number": "数值题",
    "outcome": "判断结果",
    "path": "写出路径",
    "repair": "修复故障",
    "rewrite": "填写地址",
    "scheduler": "选调度算法",
    "talk": "口述题",
    "write": "编写清单",
    "timeline": "时间线题",
    "incident": "故障演练",
}

# The names that question files give their requests. One that is not here is told by from whom to where it goes.
REQUESTS = {
    "after": "修改之后",
    "before": "修改之前",
    "bgp": "BGP",
    "by-balancer": "经负载均衡器",
    "by-node": "经节点地址",
    "by-pod": "按 Pod 地址",
    "by-service": "经 Service",
    "Cluster": "Cluster 策略",
    "cluster": "Cluster 策略",
    "cluster-pod": "Cluster 策略，Pod 访问",
    "cluster-vip": "Cluster 策略，经 ClusterIP",
    "clusterip": "ClusterIP",
    "connection": "连接",
    "direct": "直连 Pod",
    "distant-off": "跨节点，br_netfilter 关闭",
    "dns": "DNS 查询",
    "far": "其他节点的 Pod",
    "first": "第一个",
    "five": "ndots:5",
    "fourth-card": "第四块网卡",
    "guest": "外部客户端",
    "hairpin": "hairpin",
    "headless": "无头服务",
    "headless-other": "无头服务，其他端口",
    "headless-target": "无头服务，targetPort",
    "host-gw": "host-gw",
    "hostport": "hostPort",
    "hostport-pod": "hostPort，Pod 访问",
    "hostport-two": "hostPort，第二个节点",
    "inside": "集群内",
    "inside-nft": "集群内，nftables",
    "internal-ip": "InternalIP",
    "ipip": "IPIP",
    "iptables": "iptables 模式",
    "iptables-direct": "直连 Pod，iptables",
    "iptables-loop": "iptables 模式，回环地址",
    "iptables-second": "iptables 模式，第二块网卡",
    "iptables-wrong": "iptables 模式，错误端口",
    "ipvs": "ipvs 模式",
    "ipvs-loop": "ipvs 模式，回环地址",
    "ipvs-second": "ipvs 模式，第二块网卡",
    "ipvs-wrong": "ipvs 模式，错误端口",
    "local": "Local 策略的 Service",
    "Local": "Local 策略",
    "local-pod": "Local 策略，Pod 访问",
    "Local-there": "Local，端点所在节点",
    "local-vip": "Local 策略，经 ClusterIP",
    "loopback": "回环地址",
    "loopback-nft": "回环地址，nftables",
    "near": "端点所在节点的 Pod",
    "near-off": "同节点，br_netfilter 关闭",
    "near-on": "同节点，br_netfilter 开启",
    "neighbour": "另一个 Pod",
    "nftables": "nftables 模式",
    "nftables-loop": "nftables 模式，回环地址",
    "nftables-second": "nftables 模式，第二块网卡",
    "nftables-wrong": "nftables 模式，错误端口",
    "node": "节点进程",
    "nodeport": "NodePort",
    "nodeport-pod": "NodePort，Pod 访问",
    "nodeport-two": "NodePort，第二个节点",
    "none": "没有端点的 Service",
    "normal": "ClusterIP",
    "normal-other": "ClusterIP，其他端口",
    "normal-target": "ClusterIP，targetPort",
    "now": "现状",
    "office": "办公网",
    "one": "第一个",
    "one-big": "第一个，大包",
    "one-gap": "第一个，缺少路由",
    "one-lost": "第一个，节点间丢包",
    "outside": "集群外",
    "outside-nft": "集群外，nftables",
    "partner": "合作方",
    "pod": "Pod",
    "pods": "直连 Pod",
    "pods-b": "直连另一个 Pod",
    "process": "节点进程",
    "query": "DNS 查询",
    "same-node": "PreferSameNode",
    "same-zone": "PreferSameZone",
    "second": "第二个",
    "second-card": "第二块网卡",
    "second-card-nft": "第二块网卡，nftables",
    "service": "经 Service",
    "service-b": "经 Service，另一个 Pod",
    "sound": "修复之后",
    "stranger": "陌生来源",
    "third": "第三个",
    "third-card": "第三块网卡",
    "three": "第三个",
    "to-the-pod": "到 Pod",
    "to-the-proxy": "到 Ingress 控制器",
    "two": "第二个",
    "two-big": "第二个，大包",
    "two-gap": "第二个，缺少路由",
    "two-lost": "第二个，节点间丢包",
    "unmarked": "没有打标记的规则",
    "unmasqueraded": "没有 MASQUERADE",
    "vain": "需要修复的连接",
    "vxlan": "VXLAN",
    "web": "访问 Service",
    "whole": "规则完整",
    "with": "有 NodeLocal DNSCache",
    "without": "没有 NodeLocal DNSCache",
    "works": "规则完整",
    "wrong-port": "错误端口",
    "wrong-port-nft": "错误端口，nftables",
}

_SUBJECTS = TOPICS | KINDS
# The end of a name that stands for a pair of a list: NAME-1-2.
_PAIR = re.compile(r"-\d+-\d+$")


def subject_name(name: str, lang: Lang) -> str:
    """A topic's or a kind's; what is neither (a level, a stranger's topic) is called by itself."""
    return _SUBJECTS.get(name, name) if lang == "zh" else name


def named_request(name: str, lang: Lang) -> str:
    """A request's name as it stands behind the word for a request; nothing where it says less than the way beside it."""
    if name not in REQUESTS and (lang == "zh" or _PAIR.search(name)):
        return ""
    return f"“{request_name(name, lang)}”" if lang == "zh" else f" {name}"


def request_name(name: str, lang: Lang, way: str = "") -> str:
    """A request's. One of the many that a list of callers and destinations stands for, or that has no Chinese here, is called by
    its `way`, from whom to where."""
    if name in REQUESTS:
        return REQUESTS[name] if lang == "zh" else name
    return way if way and (lang == "zh" or _PAIR.search(name)) else name
