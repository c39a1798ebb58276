"""What topics, kinds of question and the requests of a question are called on a screen. English says them as a file does."""

from __future__ import annotations

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

# The names that question files give their requests; what is not here is a mode, a policy, a name of the field.
REQUESTS = {
    "after": "修改之后",
    "before": "修改之前",
    "by-balancer": "经负载均衡器",
    "by-node": "经节点地址",
    "by-pod": "按 Pod 地址",
    "by-service": "经 Service",
    "clusterip": "ClusterIP",
    "connection": "连接",
    "direct": "直连 Pod",
    "dns": "DNS 查询",
    "first": "第一个",
    "fourth-card": "第四块网卡",
    "guest": "外部客户端",
    "inside": "集群内",
    "inside-nft": "集群内，nftables",
    "internal-ip": "InternalIP",
    "iptables-direct": "直连 Pod，iptables",
    "local": "Local 策略的 Service",
    "Local-there": "Local，端点所在节点",
    "loopback": "回环地址",
    "loopback-nft": "回环地址，nftables",
    "near": "端点所在节点的 Pod",
    "neighbour": "另一个 Pod",
    "node": "节点进程",
    "nodeport": "NodePort",
    "none": "没有端点的 Service",
    "now": "现状",
    "office": "办公网",
    "outside": "集群外",
    "outside-nft": "集群外，nftables",
    "partner": "合作方",
    "pod": "Pod",
    "process": "节点进程",
    "query": "DNS 查询",
    "second": "第二个",
    "second-card": "第二块网卡",
    "second-card-nft": "第二块网卡，nftables",
    "service": "经 Service",
    "sound": "修复之后",
    "stranger": "陌生来源",
    "third": "第三个",
    "third-card": "第三块网卡",
    "to-the-pod": "到 Pod",
    "to-the-proxy": "到 Ingress 控制器",
    "unmarked": "没有打标记的规则",
    "unmasqueraded": "没有 MASQUERADE",
    "vain": "需要修复的连接",
    "web": "访问 Service",
    "whole": "规则完整",
    "works": "规则完整",
    "wrong-port": "错误端口",
    "wrong-port-nft": "错误端口，nftables",
}

_SUBJECTS = TOPICS | KINDS


def subject_name(name: str, lang: Lang) -> str:
    """A topic's or a kind's; what is neither (a level, a stranger's topic) is called by itself."""
    return _SUBJECTS.get(name, name) if lang == "zh" else name


def named_request(name: str, lang: Lang) -> str:
    """A request's name as it stands behind the word for a request."""
    return f"“{request_name(name, lang)}”" if lang == "zh" else f" {name}"


def request_name(name: str, lang: Lang) -> str:
    """A request's; one that has no Chinese here is called by itself."""
    return REQUESTS.get(name, name) if lang == "zh" else name
