"""iptables against IPVS as it is asked, with the usual answer's figures worked out again, and nftables beside them."""

from __future__ import annotations

from engine import compile_rules
from engine.cluster import Mode
from engine.cost.count import PacketCost, mode_cost
from engine.cost.sizes import NODES, synthetic_cluster
from engine.trace import Text
from k8squiz.explain.clusters import PODS, Shape
from k8squiz.explain.releases import AS_OF, IPVS, NFTABLES, releases_grid
from k8squiz.explain.walked import StoryCluster
from k8squiz.scale.figures import Figures, compute
from k8squiz.scale.story import PACKETS_PER_SECOND, number
from k8squiz.scale.story import claims as scale_claims
from k8squiz.scale.story import sections as scale_sections
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, same
from k8squiz.story.measured import CONNECT_MICROSECONDS, NANOSECONDS_PER_RULE, SYNC_SECONDS
from k8squiz.world.release import EARLIER, RELEASE, spoken

WITHOUT: tuple[str, ...] = ()
SERVICES, ENDPOINTS = 1000, 10
_TENTH = SERVICES // 10


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story; every count in it is of rules compiled and walked on the spot."""
    figures = compute(SERVICES, ENDPOINTS, grow=False)
    return Story(
        topic="iptables-vs-ipvs",
        title=Text("iptables, IPVS, nftables: what Services cost", "iptables、IPVS、nftables：Service 的开销"),
        summary=Text(
            f"{SERVICES} Services with {ENDPOINTS} pods each. Why does iptables mode get slower, what does IPVS do about "
            "it, and is it as bad as they say? The usual answer's figures, each worked out again.",
            f"{SERVICES} 个 Service，每个 {ENDPOINTS} 个 Pod。iptables 模式为什么会变慢？IPVS 怎么解决？真有说的那么糟吗？"
            "把常见答案里的每个数字都重新算一遍。",
        ),
        sections=(
            _figure_by_figure(figures),
            *scale_sections(figures),
            _side_by_side(figures),
            _one_packet(),
            _measured(),
            _what_ipvs_does(),
            Section(Text("Where they stand", "现状"), (releases_grid(IPVS), releases_grid(NFTABLES))),
        ),
        claims=(*scale_claims(figures), *_CLAIMS),
        points=_points(figures),
        follow_ups=_FOLLOW_UPS,
        sources=(
            "KEP-3453: minimize iptables-restore input size (GA v1.28)",
            "KEP-3866: nftables mode (GA v1.33)",
            "KEP-5495: ipvs mode deprecated (v1.35), behind the gate KubeProxyIPVS (v1.37)",
            "linux net/netfilter/nf_nat_core.c: nat rules see a connection's first packet only",
            "linux net/ipv4/netfilter/ip_tables.c: a table is replaced as a whole",
        ),
    )


def _figure_by_figure(figures: Figures) -> Section:
    n, m = SERVICES, ENDPOINTS
    ipt = figures.of(Mode.IPTABLES)
    nat = compile_rules(synthetic_cluster(n, m), NODES[0], Mode.IPTABLES, release=RELEASE).tables["nat"]
    sizes = {name: len(chain.rules) for name, chain in nat.chains.items()}
    services, endpoints = (
        [size for name, size in sizes.items() if name.startswith(p)] for p in ("KUBE-SVC-", "KUBE-SEP-")
    )
    their_sum = n + n * m + n * m
    first, last, average, later = (ipt.cost.first, ipt.cost.last, ipt.cost.average, ipt.cost.later)
    rows = (
        (Text("KUBE-SERVICES: about 1000 rules", "KUBE-SERVICES：约 1000 条规则"), same(f"{sizes['KUBE-SERVICES']:,}"),
         Text("right; the one more is the jump to KUBE-NODEPORTS", "对；多出的一条跳转到 KUBE-NODEPORTS")),
        (Text("1000 KUBE-SVC chains of about 10 rules", "约 1000 条 KUBE-SVC 链，每条约 10 条规则"),
         same(f"{len(services):,} × {max(services)}"), Text("right, and a mark rule each", "对，另有一条标记规则")),
        (Text("about 10000 KUBE-SEP chains", "约 10000 条 KUBE-SEP 链"), same(f"{len(endpoints):,} × {max(endpoints)}"),
         Text("right; of two rules: hairpin mark, DNAT", "对；每条链两条规则：hairpin 标记与 DNAT")),
        (Text("20000+ rules in all", "总规则数约 20000+ 条"), same(f"{ipt.cost.size.rules:,}"),
         Text(f"too few: {their_sum:,} is that sum with one rule an endpoint", f"偏少：{their_sum:,} 是每个端点只算一条规则的和")),
        (Text("at worst 1000 rules for every packet", "最坏情况每个数据包遍历 1000 条"), same(_rules(last)),
         Text(f"for a connection's first packet; a later one {_rules(later)}", f"仅限连接的首包；后续数据包 {_rules(later)} 条")),
        (Text("500 on average", "平均 500 条"), same(_rules(average)),
         Text(f"the same; the first Service {_rules(first)}", f"同上；第一个 Service {_rules(first)} 条")),
        (Text("100000 packets/s × 500 = 50 million matches/s", "每秒 10 万包 × 500 = 5000 万次匹配"),
         same(f"{number(PACKETS_PER_SECOND * average.rules)}"),
         Text(f"for so many new connections; for packets of known ones {number(PACKETS_PER_SECOND * later.rules)}",
              f"须是同样多的新建连接；已有连接的数据包只有 {number(PACKETS_PER_SECOND * later.rules)} 次")),
        (Text("an update reloads all the rules", "更新要重新加载全部规则"), same(f"{ipt.update.partial:,} / {ipt.update.full:,}"),
         Text("lines for one endpoint, of all; since v1.28", "单个端点变化的行数 / 全量行数；自 v1.28 起")),
        (Text("which takes seconds", "可能需要数秒"), same(" / ".join(reversed(SYNC_SECONDS["iptables (legacy)"][n]))),
         Text("seconds, measured: one endpoint, all", "实测秒数：单个端点 / 全量")),
    )  # fmt: skip
    return Section(
        Text("The usual answer, figure by figure", "常见答案，逐个数字核对"),
        (
            Grid(
                Text(
                    f"{n} Services × {m} pods, compiled and walked, as of {spoken(RELEASE)}",
                    f"{n} 个 Service × {m} 个 Pod，生成规则并逐包模拟（{spoken(RELEASE)}）",
                ),
                (Text("said", "说法"), Text("counted", "实际"), Text("so", "结论")),
                rows,
            ),
        ),
    )


def _one_packet() -> Section:
    shape = Shape(endpoints=("pod-b",))
    iptables, ipvs = (StoryCluster(shape, mode=mode) for mode in (Mode.IPTABLES, Mode.IPVS))
    who = "pod-a -> svc/web"
    return Section(
        Text("One packet, both modes", "同一个数据包，两种模式"),
        (
            iptables.told(same(f"{who}, iptables"), iptables.walk("pod/pod-a", "svc/web")),
            ipvs.told(same(f"{who}, ipvs"), ipvs.walk("pod/pod-a", "svc/web")),
            iptables.beside(
                ipvs, Text("What differs on the way", "路径上的不同之处"), (same("iptables"), same("ipvs")),
                ("pod/pod-a", "svc/web"), PODS["pod-b"][0],
            ),
        ),
    )  # fmt: skip


def _rules(cost: PacketCost) -> str:
    return number(cost.rules)


def _cost(cost: PacketCost) -> str:
    return number(cost.rules) + (f" + {number(cost.lookups)}" if cost.lookups else "")


def _side_by_side(figures: Figures) -> Section:
    points = {mode: figures.of(mode) for mode in (Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES)}
    smaller = {mode: mode_cost(mode, _TENTH, ENDPOINTS, RELEASE) for mode in points}
    connect = CONNECT_MICROSECONDS[SERVICES]
    legacy, nft = SYNC_SECONDS["iptables (legacy)"][SERVICES], SYNC_SECONDS["nftables"][SERVICES]
    unmeasured = Text("not measured", "未测量")

    def row(what: Text, *cells: Text | str) -> tuple[Text, ...]:
        return what, *(same(cell) if isinstance(cell, str) else cell for cell in cells)

    grown = [number(p.cost.last.rules / smaller[mode].last.rules) for mode, p in points.items()]
    orders = [
        f"O(n): × {times}" if points[mode].cost.last.rules > smaller[mode].last.rules else "O(1)"
        for mode, times in zip(points, grown, strict=True)
    ]
    rows = (
        row(Text("rule look-up, ten times the Services", "规则查找，Service 增至十倍"), *orders),
        row(Text("first packet: first Service", "首包：第一个 Service"), *(_cost(p.cost.first) for p in points.values())),
        row(Text("first packet: last Service", "首包：最后一个 Service"), *(_cost(p.cost.last) for p in points.values())),
        row(Text("any later packet", "后续数据包"), *(_cost(p.cost.later) for p in points.values())),
        row(Text("update: lines for one endpoint", "更新：单个端点的行数"), *(f"{p.update.partial:,}" for p in points.values())),
        row(Text("update: lines of all", "更新：全量行数"), *(f"{p.update.full:,}" for p in points.values())),
        row(Text("update, measured (v1.30): one, all", "更新实测（v1.30）：单个，全量"),
            f"{legacy[1]} s, {legacy[0]} s", unmeasured, f"{nft[1]} s, {nft[0]} s"),
        row(Text("one connect(), measured", "一次 connect()，实测"), f"{connect[0]} - {connect[2]} μs", unmeasured, f"{connect[4]} μs"),
        row(Text("who gets a connection", "连接分给谁"), Text("drawn at random", "随机选择"),
            Text("the scheduler decides", "由调度算法决定"), Text("drawn at random", "随机选择")),
        row(Text("iptables rules it needs", "所需的 iptables 规则"), *(f"{points[mode].cost.size.rules:,}" for mode in (Mode.IPTABLES, Mode.IPVS)), "0"),
    )  # fmt: skip
    return Section(
        Text("The table, with its third column", "那张对比表，补上第三列"),
        (
            Grid(
                Text(
                    f"{SERVICES} × {ENDPOINTS}, {spoken(RELEASE)}; packets: rules evaluated + look-ups",
                    f"{SERVICES} × {ENDPOINTS}，{spoken(RELEASE)}；数据包：匹配的规则数 + 查找次数",
                ),
                (Text("what", "指标"), same("iptables"), same("IPVS"), same("nftables")),
                rows,
            ),
            Paragraph(_nftables_before(figures)),
            Paragraph(
                Text(
                    "The usual table ends here: O(n) against O(1), seconds against milliseconds, high CPU against low, "
                    "throughput falling against steady. The first is right, for first packets. The others mix up a "
                    "full sync of a far larger cluster with an everyday update, and new connections with packets.",
                    "常见的表到此为止：O(n) 对 O(1)，秒级对毫秒级，CPU 高对低，吞吐下降对稳定。第一条对首包成立；其余几条把"
                    "大得多的集群的全量同步当成日常更新，把新建连接当成数据包。",
                )
            ),
        ),
    )


def _nftables_before(figures: Figures) -> Text:
    now, was = figures.of(Mode.NFTABLES), figures.earlier
    return Text(
        f"nftables mode has two shapes. Until {spoken(EARLIER)} each endpoint had a chain: {was.cost.size.rules:,} rules "
        f"here, {was.update.full:,} lines in a full sync, {was.update.partial:,} for one endpoint. Since v1.36 one rule a "
        f"Service picks and translates: {now.cost.size.rules:,}, {now.update.full:,} and {now.update.partial:,}. What was "
        "measured is v1.30's.",
        f"nftables 模式有两种写法。{spoken(EARLIER)} 及以前每个端点有一条链：这里是 {was.cost.size.rules:,} 条规则，全量同步 "
        f"{was.update.full:,} 行，单个端点 {was.update.partial:,} 行。自 v1.36 起，每个 Service 用一条规则选端点并做 DNAT："
        f"分别是 {now.cost.size.rules:,} 条、{now.update.full:,} 行和 {now.update.partial:,} 行。实测数据来自 v1.30。",
    )


def _measured() -> Section:
    sync = tuple(
        (same(backend), *(same(" / ".join(figures[size])) for size in (100, 1000, 5000)))
        for backend, figures in SYNC_SECONDS.items()
    )
    connect = tuple((same(f"{size:,}"), *map(same, figures)) for size, figures in CONNECT_MICROSECONDS.items())
    return Section(
        Text("Measured, for scale", "实测数据"),
        (
            Grid(
                Text(
                    "seconds: full sync / one endpoint; kube-proxy v1.30.5, Linux 6.18, two cores",
                    "秒：全量同步 / 单个端点变化；kube-proxy v1.30.5，Linux 6.18，两核",
                ),
                (Text("backend", "后端"), same("100 × 10"), same("1000 × 10"), same("5000 × 10")),
                sync,
            ),
            Grid(
                Text("microseconds of one connect()", "一次 connect() 的微秒数"),
                (
                    same("Services"),
                    Text("iptables: first", "iptables：第一个"),
                    Text("middle", "中间"),
                    Text("last", "最后"),
                    Text("none", "非 Service"),
                    Text("nftables: any", "nftables：任意"),
                    Text("none", "非 Service"),
                ),
                connect,
            ),
            Paragraph(
                Text(
                    f"About {NANOSECONDS_PER_RULE} ns a rule: real, linear, and paid once for a connection, also by "
                    "connections to no Service at all. Time the tools on your own machine: `k8squiz scale --measure`.",
                    f"每条规则约 {NANOSECONDS_PER_RULE} ns：线性增长确实存在，但每个连接只有一次，目标不是 Service 的连接也一样。"
                    "在自己的机器上测：`k8squiz scale --measure`。",
                )
            ),
        ),
    )


def _what_ipvs_does() -> Section:
    lines = StoryCluster(Shape(endpoints=("pod-a",)), mode=Mode.IPVS).rule_lines("node1", "-t 10.96.0.10:80")
    return Section(
        Text("What IPVS does instead", "IPVS 的做法"),
        (
            Rules(
                Text("ipvsadm-save -n: a Service and its pod", "ipvsadm-save -n：一个 Service 和它的 Pod"),
                lines,
            ),
            Paragraph(
                Text(
                    "One hash look-up finds the virtual server, and a change is a message for one real server: that "
                    "much of the usual answer is right. The path, the ipsets and the iptables rules that stay: "
                    "`k8squiz explain ipvs`. The schedulers, and why most of them are of no use to a Service: `k8squiz "
                    "explain schedulers`. What came after: `k8squiz explain nftables`.",
                    "一次哈希查找就定位虚拟服务器，一次变化只是针对一台真实服务器的一条消息：常见答案的这一部分是对的。路径、ipset 和"
                    "保留的 iptables 规则见 `k8squiz explain ipvs`；各种调度算法以及为何多数对 Service 无用，见 `k8squiz explain "
                    "schedulers`；接替它的 nftables 模式见 `k8squiz explain nftables`。",
                )
            ),
        ),
    )


_CLAIMS = (
    Claim(
        Text("iptables balances round robin.", "iptables 是轮询。"),
        Text(
            "It draws at random, each endpoint with the same probability; see the statistic rules.",
            "它是等概率随机选择，见 statistic 规则。",
        ),
    ),
    Claim(
        Text("Above 1000 Services one should use IPVS.", "超过 1000 个 Service 就应该用 IPVS。"),
        Text(
            f"That was the advice. {AS_OF.en[:1].upper()}{AS_OF.en[1:]}, ipvs mode is deprecated and on its way out; "
            "who needs the constant look-up takes nftables mode.",
            f"那是过去的建议。{AS_OF.zh}，ipvs 模式已弃用并将移除；需要常数级查找就用 nftables 模式。",
        ),
    ),
    Claim(
        Text("With IPVS each Service can have its own scheduler.", "IPVS 下每个 Service 可以选自己的调度算法。"),
        Text(
            "Under kube-proxy it is one setting for the whole cluster, with every weight 1: wrr is rr, wlc is lc. "
            "dh hashes the destination, so a ClusterIP always gets one and the same pod.",
            "在 kube-proxy 中调度算法是全集群统一的，且权重全为 1：wrr 等于 rr，wlc 等于 lc。dh 按目的地址哈希，"
            "因此同一个 ClusterIP 永远落到同一个 Pod。",
        ),
    ),
)


def _points(figures: Figures) -> tuple[Text, ...]:
    ipt, nft = figures.of(Mode.IPTABLES), figures.of(Mode.NFTABLES)
    first, last, lines = _rules(ipt.cost.first), _rules(ipt.cost.last), f"{ipt.update.partial:,}"
    return (
        Text(
            f"O(n) in the number of Services, by first packets only: {first} rules to the first Service, {last} to the "
            "last.",
            f"与 Service 数量成线性，但只针对首包：第一个 Service 匹配 {first} 条规则，最后一个 {last} 条。",
        ),
        Text(
            "IPVS and nftables look up a hash instead: the cost does not grow with the number of Services.",
            "IPVS 和 nftables 用哈希查找：开销不随 Service 数量增长。",
        ),
        Text(
            f"Updates: a partial sync writes {lines} lines here; most of them are the dispatch rules. nftables mode writes "
            f"{nft.update.partial:,} since v1.36.",
            f"更新：这里的增量同步写 {lines} 行，其中大部分是分发规则。nftables 模式自 v1.36 起只写 {nft.update.partial:,} 行。",
        ),
        Text(
            "What IPVS adds is schedulers (least connections, ...), which iptables and nftables do not have.",
            "IPVS 真正多出来的是调度算法（如最少连接），iptables 和 nftables 都没有。",
        ),
        Text("Say what you would choose today, and since which release.", "说明今天你会选什么，以及依据的版本。"),
    )


_FOLLOW_UPS = (
    Text("Which connections pay most in iptables mode, and why?", "iptables 模式下哪些连接开销最大？为什么？"),
    Text(
        "Why does a long-lived gRPC connection not balance in any mode?", "为什么长连接的 gRPC 在任何模式下都不均衡？"
    ),
    Text("What happens to the rules if kube-proxy stops? And to new pods?", "kube-proxy 停止后规则会怎样？新 Pod 呢？"),
    Text(
        "Which differences does a user notice when moving to nftables mode?",
        "切换到 nftables 模式后用户会察觉哪些差异？",
    ),
)
