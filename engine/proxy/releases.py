"""What a release of kube-proxy does that another does not: one table, and the Behaviour that writers ask.

A release is a minor version, "1.28" to "1.37"; without a patch number it means its last patch release. A row of
DIFFERENCES is something that holds from one release on, or up to one; the writers never compare versions themselves. v1.30.5, v1.34.9 and v1.36.3 are
held against recordings, v1.37's two rule changes too; the others follow from the pull requests that the rows name.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping
from types import MappingProxyType

from engine.cluster import Cluster, Mode, Node
from engine.errors import UnsupportedFeature
from engine.proxy.endpoints import EndpointRules
from engine.trace import Text
from engine.values import dataclass, pattern

RELEASES = tuple(f"1.{minor}" for minor in range(28, 38))
NEWEST = RELEASES[-1]

_VERSION = pattern(r"v?(1\.\d{1,3})(?:\.(\d{1,5}))?(?:[-+][0-9A-Za-z.+~_-]*)?", re.ASCII)
# Behind every patch release there is.
_LAST_PATCH = 1_000_000


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How one release writes rules; every field but the first two is a row of DIFFERENCES, which says what it means."""

    release: str
    endpoints: EndpointRules
    counts_by_nfacct: bool
    knows_tcp_be_liberal: bool
    knows_primary: bool
    knows_node_port_words: bool
    has_nftables: bool
    filters_after_dnat: bool
    masquerades_by_port: bool
    comments_on_firewall_ips: bool
    bridge_by_index: bool
    service_cidrs_are_known: bool
    marks_inline: bool
    has_hairpin_set: bool
    has_endpoint_map: bool
    single_endpoint_without_map: bool
    cuts_comments: bool
    reconciles_conntrack: bool
    passes_over_empty_services: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: `name` is the field of Behaviour (or EndpointRules) that is true from release `since` to release
    `until`, both included; None leaves that end open, and either may be a patch release. `modes` are the proxy modes it
    can be seen in, `also` patch releases outside for which it is true too."""

    name: str
    since: str | None
    until: str | None
    modes: tuple[Mode, ...]
    what: Text
    source: str
    also: tuple[str, ...] = ()

    def holds(self, version: str) -> bool:
        """Whether it is so in `version`, a release with its patch number or without."""
        at = _point(version, _LAST_PATCH)
        since = self.since is None or _point(self.since, 0) <= at
        until = self.until is None or at <= _point(self.until, _LAST_PATCH)
        return (since and until) or version in self.also


def _point(version: str, patch: int) -> tuple[int, ...]:
    """A version to be compared, with that patch number where it names none."""
    numbers = tuple(map(int, version.split(".")))
    return numbers if len(numbers) == 3 else (*numbers, patch)


_ALL = (Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES)
_IPTABLES, _NFTABLES = (Mode.IPTABLES,), (Mode.NFTABLES,)

DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        "hints_on_request", None, "1.30", _ALL,
        Text(
            "Topology hints count only where the Service asks for them (annotation topology-mode, or trafficDistribution);"
            " later releases follow every hint that stands in an EndpointSlice",
            "只有 Service 要求时（注解 topology-mode 或字段 trafficDistribution）才理会拓扑提示；"
            "之后的版本只要 EndpointSlice 中有提示就遵循",
        ),
        "pkg/proxy/topology.go; feature gate ServiceTrafficDistribution (KEP-4444), on since v1.31",
    ),
    Difference(
        "traffic_distribution_asks", "1.30", None, _ALL,
        Text(
            "trafficDistribution asks for hints as the annotation does",
            "字段 trafficDistribution 与注解一样表示要求拓扑提示",
        ),
        "KEP-4444, alpha in v1.30",
    ),
    Difference(
        "node_hints", "1.34", None, _ALL,
        Text(
            "Hints for nodes (PreferSameNode) are followed, before those for zones",
            "遵循节点提示（PreferSameNode），优先于可用区提示",
        ),
        "KEP-3015; feature gate PreferSameTrafficDistribution, on since v1.34",
    ),
    Difference(
        "load_balancer_ip_mode", "1.30", None, _ALL,
        Text(
            "A load balancer's address with ipMode Proxy gets no rules; before, every address counts as ipMode VIP",
            "ipMode 为 Proxy 的负载均衡器地址不写规则；之前所有地址都视为 VIP",
        ),
        "KEP-1860; feature gate LoadBalancerIPMode, on since v1.30",
    ),
    Difference(
        "open_ranges_need_no_firewall", "1.34", None, _ALL,
        Text(
            "loadBalancerSourceRanges that hold 0.0.0.0/0 (or ::/0) write no firewall: it would let everything through",
            "loadBalancerSourceRanges 中含 0.0.0.0/0（或 ::/0）时不写防火墙规则：反正全部放行",
        ),
        "pkg/proxy/serviceport.go of v1.34",
    ),
    Difference(
        "lasting_report_wins", "1.36", None, _ALL,
        Text(
            "Of two endpoints with one address and port, the last that is not terminating counts; before, the node's own",
            "两个端点的地址和端口相同时，取后出现的、未在终止的那个；之前取本节点上的那个",
        ),
        "pull request 135593; pkg/proxy/endpointslicecache.go, addEndpoints",
    ),
    Difference(
        "labels_hide_alike", None, "1.35", _ALL,
        Text(
            "The labels service-proxy-name and headless hide Services and EndpointSlices alike; later the first hides a"
            " Service only, the second an EndpointSlice only",
            "标签 service-proxy-name 与 headless 对 Service 和 EndpointSlice 同样生效；之后前者只隐藏 Service，"
            "后者只隐藏 EndpointSlice",
        ),
        "pull request 134623; cmd/kube-proxy/app/server.go (the informers' selectors)",
    ),
    Difference(
        "knows_tcp_be_liberal", "1.29", None, _IPTABLES,
        Text(
            "KUBE-FORWARD does not drop INVALID packets where conntrack.tcpBeLiberal is set",
            "设置了 conntrack.tcpBeLiberal 时，KUBE-FORWARD 不丢弃 INVALID 数据包",
        ),
        "pull request 120412",
    ),
    Difference(
        "counts_by_nfacct", "1.31", None, _IPTABLES,
        Text(
            "Dropped INVALID packets and NodePorts asked on 127.0.0.0/8 are counted by -m nfacct, the latter in a rule of"
            " their own, where the kernel has nfnetlink_acct (taken for granted here)",
            "用 -m nfacct 统计被丢弃的 INVALID 数据包，以及经 127.0.0.0/8 访问的 NodePort（后者另有一条规则）；"
            "前提是内核有 nfnetlink_acct（此处视为有）",
        ),
        "pull requests 122812 and 125015",
    ),
    Difference(
        "knows_primary", "1.30", None, _ALL,
        Text(
            'nodePortAddresses may be the one word "primary"; nftables mode takes it where nothing is said',
            "nodePortAddresses 可以写成单独一个词 primary；nftables 模式下它是默认值",
        ),
        "pull requests 122724 and 123105",
    ),
    Difference(
        "knows_node_port_words", "1.37", None, _ALL,
        Text(
            'nodePortAddresses takes the words "primary", "localhost" and "all", beside networks and each other',
            "nodePortAddresses 可写 primary、localhost、all，并可与网段及彼此混用",
        ),
        "pull request 138427",
    ),
    Difference(
        "has_nftables", "1.30", None, _NFTABLES,
        Text(
            "nftables mode is there as modelled here; v1.29's alpha writes another table, v1.28 has none",
            "有 nftables 模式且已建模；v1.29 的 alpha 版写的是另一种表，v1.28 没有该模式",
        ),
        "KEP-3866; pkg/proxy/nftables/proxier.go",
    ),
    Difference(
        "comments_on_firewall_ips", None, "1.30", _NFTABLES,
        Text("Elements of firewall-ips carry the Service's name", "firewall-ips 的元素带有 Service 名称作注释"),
        "pkg/proxy/nftables/proxier.go of v1.30 and v1.31",
    ),
    Difference(
        "bridge_by_index", None, "1.33.5", _NFTABLES,
        Text(
            "detectLocalMode BridgeInterface asks by iif, which wants the device to exist; later by iifname",
            "detectLocalMode 为 BridgeInterface 时用 iif（要求设备已存在）；之后改用 iifname",
        ),
        "pkg/proxy/util/localdetector.go of v1.33.6, v1.34.2 and v1.35",
        ("1.34.0", "1.34.1"),
    ),
    Difference(
        "masquerades_by_port", None, "1.33", _NFTABLES,
        Text(
            "The rule that masquerades traffic to a ClusterIP names protocol and port beside the address",
            "对发往 ClusterIP 的流量做 MASQUERADE 的规则除地址外还写明协议和端口",
        ),
        "pkg/proxy/nftables/proxier.go of v1.33.13 and v1.34",
    ),
    Difference(
        "filters_after_dnat", "1.33.6", None, _NFTABLES,
        Text(
            "filter-input, -forward and -output run after DNAT, the firewall in chains of its own before it: a pod or node"
            " that asks an external address is not judged by the external traffic policy",
            "filter-input、-forward、-output 在 DNAT 之后运行，防火墙检查放到 DNAT 之前的单独链中："
            "Pod 或节点访问外部地址时不再受 externalTrafficPolicy 约束",
        ),
        "pull requests 132456 and 133969 (v1.34.0, v1.33.6)",
    ),
    Difference(
        "service_cidrs_are_known", "1.33", None, _NFTABLES,
        Text(
            "Every cluster has ServiceCIDR objects, so ClusterIPs that no Service has are dropped; before, only where"
            " the gate MultiCIDRServiceAllocator was switched on",
            "每个集群都有 ServiceCIDR 对象，因此丢弃发往未分配 ClusterIP 的数据包；"
            "之前只有打开 MultiCIDRServiceAllocator 才有",
        ),
        "KEP-1880; pull request 122692",
    ),
    Difference(
        "marks_inline", "1.36", None, _NFTABLES,
        Text(
            "No chain mark-for-masquerade: the mark is set where it is decided, for ClusterIPs by one rule of services,"
            " and masquerading takes it off in the rule that masquerades",
            "没有 mark-for-masquerade 链：在判定处直接打标记（ClusterIP 由 services 链中的一条规则完成），"
            "masquerading 链在执行 MASQUERADE 的同一条规则里清除标记",
        ),
        "pull request 135800",
    ),
    Difference(
        "has_hairpin_set", "1.36", None, _NFTABLES,
        Text(
            "Endpoints that reach themselves are found in the set hairpin-connections at POSTROUTING; before, a rule in each"
            " endpoint's chain marks them",
            "端点经 Service 访问自身由 POSTROUTING 处的集合 hairpin-connections 识别；之前在每个端点的链里打标记",
        ),
        "pull request 136499",
    ),
    Difference(
        "has_endpoint_map", "1.36", None, _NFTABLES,
        Text(
            "The endpoint is drawn and the DNAT done in one rule with a map of addresses; endpoints have a chain of their own"
            " only with sessionAffinity ClientIP",
            "用一条带地址映射的规则选出端点并完成 DNAT；只有 sessionAffinity 为 ClientIP 时端点才有自己的链",
        ),
        "pkg/proxy/nftables/proxier.go of v1.36; pull request 140723 shows the rule",
    ),
    Difference(
        "single_endpoint_without_map", "1.37", None, _NFTABLES,
        Text(
            "A Service with one endpoint needs no map: dnat to ADDRESS:PORT",
            "只有一个端点的 Service 不用映射：dnat to 地址:端口",
        ),
        "pull request 140723",
    ),
    Difference(
        "cuts_comments", "1.37", None, _NFTABLES,
        Text(
            "Comments are cut to the 128 bytes that nft takes; before, a longer one makes nft refuse the whole transaction",
            "注释截到 nft 允许的 128 字节；之前过长的注释会使 nft 拒绝整个事务",
        ),
        "pull request 139516, issue 139515",
    ),
    Difference(
        "reconciles_conntrack", "1.32", None, _ALL,
        Text(
            "Every sync compares conntrack's UDP entries with the serving endpoints and deletes those that lead elsewhere;"
            " before, those of an endpoint that it saw go, and all of a Service that it saw get its first endpoint (after its"
            " own start: of every Service)",
            "每次同步都把 conntrack 的 UDP 表项与可服务的端点比较，删除指向别处的表项；之前只删除它看到消失的端点的表项，"
            "以及它看到刚有端点的 Service 的全部表项（自身启动后：所有 Service）",
        ),
        "pull request 127318; pkg/proxy/conntrack/cleanup.go, CleanStaleEntries; issue 122740",
    ),
    Difference(
        "passes_over_empty_services", "1.32", "1.36", _ALL,
        Text(
            "UDP entries of a Service without serving endpoints are left alone, so that a client that goes on sending keeps"
            " sending to the pod that is gone",
            "没有可服务端点的 Service，其 UDP 表项不会被删除，持续发送的客户端会一直发往已消失的 Pod",
        ),
        "issue 139628; pull request 139629 (v1.37)",
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Difference] = MappingProxyType({row.name: row for row in DIFFERENCES})


@functools.lru_cache(maxsize=64)
def _behaviour(version: str) -> Behaviour:
    said = {row.name: row.holds(version) for row in DIFFERENCES}
    endpoints = EndpointRules(**{field.name: said.pop(field.name) for field in dataclasses.fields(EndpointRules)})
    release = ".".join(version.split(".")[:2])
    return Behaviour(release=release, endpoints=endpoints, **said)


def behaviour_of(release: str) -> Behaviour:
    """The Behaviour of `release`: "1.30", "v1.30", "v1.30.5", "v1.30.5+k3s1". Raises UnsupportedFeature for one that is
    not known."""
    return _behaviour(_known(release, ""))


def behaviour_on(node: Node, release: str | None = None) -> Behaviour:
    """The Behaviour of `release`; without one, of the kube-proxy that `node` reports, else of the newest release.

    Raises UnsupportedFeature for a release that is not known.
    """
    if release is not None:
        return behaviour_of(release)
    return _behaviour(_known(node.proxy_version, node.name)) if node.proxy_version else _behaviour(NEWEST)


def reported(cluster: Cluster, release: str | None) -> Cluster:
    """`cluster` whose every node reports kube-proxy `release`; itself where that is None. Raises UnsupportedFeature as
    behaviour_of."""
    if release is None:
        return cluster
    behaviour_of(release)
    nodes = tuple(dataclasses.replace(node, proxy_version=release) for node in cluster.nodes)
    return dataclasses.replace(cluster, nodes=nodes)


def _known(version: str, node: str) -> str:
    """`version` as the table names it: 1.30, 1.30.5."""
    found = _VERSION.fullmatch(version)
    if found is not None and found[1] in RELEASES:
        return found[1] if found[2] is None else f"{found[1]}.{int(found[2])}"
    first, shown = RELEASES[0], version if len(version) <= 40 else f"{version[:40]}..."
    if node:
        raise UnsupportedFeature(
            f"node {node} reports kube-proxy {shown!r}; releases {first} to {NEWEST} are modelled:"
            " name the one to go by (--release, release=)",
            zh=f"节点 {node} 报告的 kube-proxy 版本为 {shown!r}；已建模的是 {first} 到 {NEWEST}："
            "请指明按哪个版本（--release，release=）",
        )
    raise UnsupportedFeature(
        f"there is no kube-proxy release {shown!r} here; {first} to {NEWEST} are modelled",
        zh=f"没有 kube-proxy 版本 {shown!r}；已建模的是 {first} 到 {NEWEST}",
    )
