"""The themes that questions name: one table, known to the schema, and a lint that says what is amiss."""

from __future__ import annotations

from pathlib import Path

import pytest

from k8squiz.bank import find as bank
from k8squiz.bank.question import QuestionMeta
from k8squiz.bank.themes import THEMES
from k8squiz.errors import QuizError
from k8squiz.kinds.skeleton import skeleton
from k8squiz.lint.lint import lint
from k8squiz.lint.themes import over_the_bank, without_question
from tests.rows import named

GOOD = skeleton("outcome", "nodeport")
# How many there are at the least with a question; a review of the bank counts 63.
COVERED = 63


# How often each is asked, and how its name begins.
TABLE = [
    ("nodeport-path", 5, "NodePort", "NodePort 路径"),
    ("iptables-chains", 5, "kube-proxy's iptables chains", "kube-proxy 的 iptables 链"),
    ("endpoint-choice", 4, "How an endpoint is chosen", "端点如何选择"),
    ("rule-cost", 4, "What rules cost", "规则开销与规模"),
    ("partial-sync", 2, "Partial sync", "增量同步"),
    ("min-sync-period", 1, "How often kube-proxy syncs", "kube-proxy 的同步间隔"),
    ("ipvs-dataplane", 3, "IPVS", "IPVS"),
    ("ipvs-schedulers", 2, "IPVS schedulers", "IPVS 调度算法"),
    ("nftables-mode", 3, "nftables mode", "nftables 模式"),
    ("proxy-modes", 4, "Proxy modes compared", "代理模式的比较与走向"),
    ("kube-proxy-down", 4, "kube-proxy down", "kube-proxy 停止"),
    ("localhost-nodeport", 1, "NodePorts on 127.0.0.1", "127.0.0.1 上的 NodePort"),
    ("selectors-and-ports", 3, "Selectors", "选择算符"),
    ("mixed-protocols", 1, "Several protocols in one Service", "一个 Service 多种协议"),
    ("sctp", 1, "SCTP", "SCTP"),
    ("external-ips", 1, "externalIPs", "externalIPs"),
    ("host-network", 3, "hostNetwork and hostPort", "hostNetwork 与 hostPort"),
    ("icmp-to-a-service", 2, "Ping to a ClusterIP", "ping ClusterIP"),
    ("service-cidr", 1, "Addresses of the ServiceCIDR", "ServiceCIDR 中的地址"),
    ("address-bands", 2, "ServiceCIDR growth", "ServiceCIDR 扩容"),
    ("dual-stack", 3, "Dual stack and IPv6", "双栈与 IPv6"),
    ("external-traffic-policy", 5, "externalTrafficPolicy", "外部流量策略"),
    ("internal-traffic-policy", 3, "internalTrafficPolicy", "内部流量策略"),
    ("readiness", 4, "Readiness", "就绪探针与未就绪地址"),
    ("terminating-endpoints", 3, "Terminating endpoints", "正在终止的端点"),
    ("graceful-termination", 5, "Graceful termination", "优雅终止与无 502 的滚动更新"),
    ("long-lived-connections", 4, "Long-lived connections do not rebalance", "长连接不会重新均衡"),
    ("session-affinity", 3, "Session affinity", "会话亲和性"),
    ("traffic-distribution", 2, "trafficDistribution", "trafficDistribution"),
    ("topology-hints", 1, "Topology hints", "拓扑提示"),
    ("endpoint-slices", 3, "EndpointSlices", "EndpointSlice"),
    ("source-ip", 4, "The client's address through a load balancer", "经负载均衡器保留源 IP"),
    ("health-check-node-port", 2, "healthCheckNodePort", "healthCheckNodePort"),
    ("node-health-checks", 1, "Is kube-proxy well", "kube-proxy 健康检查"),
    ("load-balancer-from-inside", 2, "The load balancer's address from inside", "从集群内访问负载均衡器地址"),
    ("source-ranges", 2, "loadBalancerSourceRanges", "来源网段"),
    ("no-node-ports", 1, "Load balancers without NodePorts", "不分配 NodePort 的负载均衡器"),
    ("metallb", 3, "MetalLB", "MetalLB"),
    ("ingress", 5, "Ingress and Gateway", "Ingress 与 Gateway"),
    ("service-mesh", 3, "Service mesh redirection", "服务网格的流量劫持"),
    ("masquerade-all", 2, "Who is masqueraded", "谁被 MASQUERADE"),
    ("cluster-cidr", 1, "clusterCIDR", "clusterCIDR"),
    ("conntrack-tuples", 3, "Reading conntrack's tuples", "读懂 conntrack 元组"),
    ("conntrack-full", 4, "A full conntrack table", "conntrack 表满"),
    ("stale-udp", 4, "Stale UDP entries", "过期的 UDP 表项"),
    ("invalid-packets", 2, "INVALID packets and resets", "INVALID 数据包与连接重置"),
    ("egress", 5, "Egress", "出集群"),
    ("pod-to-pod", 5, "Pod to pod", "Pod 到 Pod"),
    ("cni-plugins", 3, "CNI plugins compared", "CNI 插件比较"),
    ("cni-add", 4, "How a pod gets its address", "Pod 如何获得地址"),
    ("hairpin", 3, "Hairpin", "hairpin"),
    ("br-netfilter", 2, "br_netfilter", "br_netfilter"),
    ("tunnel-overhead", 3, "What a tunnel costs", "隧道的开销"),
    ("wireguard", 1, "Encryption between nodes", "节点间加密"),
    ("mtu", 4, "MTU and black holes", "MTU 与 PMTU 黑洞"),
    ("missing-route", 3, "A missing route", "缺少路由"),
    ("asymmetric-routes", 2, "Asymmetric routes", "非对称路由与 rp_filter"),
    ("ebpf", 4, "eBPF instead of kube-proxy", "eBPF 替代 kube-proxy"),
    ("windows-dsr", 1, "Windows nodes and DSR", "Windows 节点与 DSR"),
    ("cluster-dns", 5, "DNS in the cluster", "集群 DNS"),
    ("dns-race", 4, "Five-second look-ups", "DNS 5 秒超时与 NodeLocal DNSCache"),
    ("network-policy", 5, "NetworkPolicy", "网络策略（NetworkPolicy）"),
    ("reading-evidence", 5, "Debugging from evidence", "看证据排障"),
]


def test_the_table() -> None:
    assert [name for name, *_ in TABLE] == list(THEMES)
    assert len({theme.name for theme in THEMES.values()}) == len(THEMES)
    assert {theme.asked for theme in THEMES.values()} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(("name", "asked", "en", "zh"), TABLE)
def test_a_theme(name: str, asked: int, en: str, zh: str) -> None:
    theme = THEMES[name]
    assert theme.asked == asked
    assert theme.name.en.startswith(en)
    assert theme.name.zh.startswith(zh)


def test_most_themes_have_a_question() -> None:
    assert len(THEMES) - len(without_question(bank.metas())) >= COVERED, without_question(bank.metas())


def test_every_question_of_the_bank_names_its_themes() -> None:
    assert [meta.id for meta in bank.metas() if not meta.themes] == []


WRITTEN = {
    "one": ("themes: [hairpin]\n", ("hairpin",)),
    "two": ("themes: [hairpin, dual-stack]  # both\n", ("hairpin", "dual-stack")),
    "none": ("", ()),
}


@pytest.mark.parametrize(("line", "themes"), named(WRITTEN))
def test_they_are_read_off_the_first_lines_as_out_of_the_file(
    line: str, themes: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", f"{line}title:", 1), encoding="utf-8")
    scanned = bank.scan(path)
    assert scanned is not None
    assert scanned.themes == bank.load(path).meta.themes == themes


def test_an_unknown_theme_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", "themes: [hair]\ntitle:", 1), encoding="utf-8")
    with pytest.raises(QuizError) as caught:
        bank.load(path)
    assert str(caught.value).startswith(f"{path}:7: themes.0: 'hair'"), str(caught.value)


def test_themes_that_the_list_cannot_read_are_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "my-question.yaml"
    path.write_text(GOOD.replace("title:", "themes:\n- hairpin\ntitle:", 1), encoding="utf-8")
    (finding,) = lint([path], 1).findings
    assert (finding.place, finding.warning) == (f"{path}:7", True)


def meta(name: str, *themes: str) -> QuestionMeta:
    return QuestionMeta(name, "nodeport", 1, "choice", f"{name}.yaml", themes)


BANKS = {
    "all of them": ([meta("a", *THEMES)], []),
    "one theme alone": ([meta("a", *list(THEMES)[1:])], [f"1 of {len(THEMES)} themes have no question: nodeport-path"]),
    "a question without": ([meta("a", *THEMES), meta("b")], ["no `themes`"]),
    "a bank that has none": ([meta("a"), meta("b")], []),
}


@pytest.mark.parametrize(("metas", "said"), named(BANKS))
def test_what_is_said_of_a_bank(metas: list[QuestionMeta], said: list[str]) -> None:
    found = list(over_the_bank(tuple(metas)))
    assert [finding.message.startswith(words) for finding, words in zip(found, said, strict=True)] == [True] * len(said)
