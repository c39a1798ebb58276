"""What iptables mode costs at scale, who pays for it, and what IPVS and nftables do instead."""

from __future__ import annotations

from engine import compile_rules
from engine.cost import ModeCost, PacketCost, mode_cost, with_one_endpoint_replaced
from engine.proxy.nftables_transaction import full_sync_lines
from engine.proxy.partial import Transaction, full_transaction, partial_transaction
from engine.scale import NODES, synthetic_cluster
from engine.trace import Text
from k8squiz.explain.measured import CONNECT_MICROSECONDS, NANOSECONDS_PER_RULE, SYNC_SECONDS
from k8squiz.explain.story import Claim, Grid, Paragraph, Section, Story, same

WITHOUT: tuple[str, ...] = ()
SERVICES, ENDPOINTS = 1000, 10
_PACKETS_PER_SECOND = 100_000
_NODE = NODES[0]


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story; every count in it is of rules compiled and walked on the spot."""
    costs = {mode: mode_cost(mode, SERVICES, ENDPOINTS) for mode in ("iptables", "ipvs", "nftables")}
    cluster = synthetic_cluster(SERVICES, ENDPOINTS)
    after = with_one_endpoint_replaced(cluster)
    full = full_transaction(cluster, _NODE)
    partial = partial_transaction(cluster, after, _NODE)
    nft_lines = full_sync_lines(compile_rules(after, _NODE, "nftables"), compile_rules(cluster, _NODE, "nftables"))
    iptables = costs["iptables"]
    return Story(
        topic="iptables-vs-ipvs",
        title=Text("iptables, IPVS, nftables: what Services cost", "iptables、IPVS、nftables：Service 的代价"),
        summary=Text(
            f"{SERVICES} Services with {ENDPOINTS} pods each. How many rules is that, who walks through them, and what "
            "does a change cost?",
            f"{SERVICES} 个 Service，每个 {ENDPOINTS} 个 Pod：一共多少条规则？谁要逐条匹配？更新一次代价多大？",
        ),
        cluster_yaml="",
        sections=(
            _rule_count(iptables, full),
            _packets(costs),
            _updates(full, partial, nft_lines),
            _measured(),
            _what_ipvs_does(costs["ipvs"]),
        ),
        claims=_claims(costs, full, partial),
        points=_points(iptables, partial),
        follow_ups=_FOLLOW_UPS,
        sources=(
            "KEP-3453: minimize iptables-restore input size (GA v1.28)",
            "KEP-3866: nftables mode (GA v1.33)",
            "KEP-5495: ipvs mode deprecated (v1.35), behind the gate KubeProxyIPVS (v1.37)",
            "linux net/netfilter/nf_nat_core.c: nat rules see a connection's first packet only",
        ),
    )


def _rule_count(iptables: ModeCost, full: Transaction) -> Section:
    per_service = Text(
        "1 in KUBE-SERVICES + 1 mark rule + 1 jump an endpoint",
        "KUBE-SERVICES 中 1 条 + 标记规则 1 条 + 每个 Endpoint 1 条跳转",
    )
    rows = (
        (Text("a Service", "每个 Service"), per_service, same(f"{SERVICES} × (2 + {ENDPOINTS})")),
        (Text("an endpoint (KUBE-SEP)", "每个 Endpoint（KUBE-SEP）"), Text("mark rule and DNAT", "标记规则与 DNAT"),
         same(f"{SERVICES * ENDPOINTS} × 2")),
        (Text("a full sync, rule lines", "全量同步的规则行"), Text("with the frame", "含框架规则"), same(f"{full.rule_lines:,}")),
        (Text("a full sync, chain lines", "全量同步的链声明"), same("KUBE-SVC, KUBE-SEP, ..."), same(f"{full.chain_lines:,}")),
        (Text("listing in bytes", "规则文本字节数"), same("iptables-save"), same(f"{iptables.size.bytes:,}")),
    )  # fmt: skip
    return Section(
        Text("How many rules", "有多少规则"),
        (
            Grid(
                Text(f"{SERVICES} × {ENDPOINTS}, compiled", f"{SERVICES} × {ENDPOINTS}，实际编译"),
                (Text("what", "项目"), Text("made of", "组成"), Text("count", "数量")),
                rows,
            ),
            Paragraph(
                Text(
                    "It is a sum, not a product of rules a packet walks: one packet meets KUBE-SERVICES, then one "
                    "KUBE-SVC, then one KUBE-SEP.",
                    "规则数是相加而来，数据包也不会遍历全部规则：它只经过 KUBE-SERVICES，然后一条 KUBE-SVC，再一条 KUBE-SEP。",
                )
            ),
        ),
    )


def _packets(costs: dict[str, ModeCost]) -> Section:
    rows = tuple(
        (same(mode), _cell(c.first), _cell(c.middle), _cell(c.last), _cell(c.none), _cell(c.later))
        for mode, c in costs.items()
    )
    return Section(
        Text("What a packet pays", "一个数据包的代价"),
        (
            Grid(
                Text(
                    "rules evaluated + look-ups, a pod's packet on its node, mean over the endpoints",
                    "匹配的规则数 + 查表次数；Pod 发出的包在本节点上，对各 Endpoint 取平均",
                ),
                (
                    Text("mode", "模式"),
                    Text("first packet, first Service", "首包，第一个 Service"),
                    Text("middle", "中间"),
                    Text("last", "最后"),
                    Text("to no Service", "非 Service 目标"),
                    Text("any later packet", "后续数据包"),
                ),
                rows,
            ),
            Paragraph(
                Text(
                    "NAT is decided once for a connection. Later packets never see the nat table; a connection to no "
                    "Service at all walks the whole list too.",
                    "NAT 在每个连接上只决定一次，后续数据包不再经过 nat 表；目标不是任何 Service 的连接同样要走完整个列表。",
                )
            ),
        ),
    )


def _cell(cost: PacketCost) -> Text:
    rules = f"{float(cost.rules):.10g}"
    return same(rules if not cost.lookups else f"{rules} + {float(cost.lookups):.10g}")


def _updates(full: Transaction, partial: Transaction, nft_lines: int) -> Section:
    rows = (
        (Text("iptables, full sync", "iptables，全量同步"), same(f"{full.rule_lines:,} + {full.chain_lines:,}")),
        (
            Text("iptables, partial sync (GA v1.28)", "iptables，增量同步（v1.28 GA）"),
            same(f"{partial.rule_lines:,} + {partial.chain_lines:,}"),
        ),
        (Text("nftables as of v1.30", "nftables（v1.30）"), same(f"{nft_lines:,}")),
        (
            Text("IPVS", "IPVS"),
            Text(
                "one netlink message for the real server; its ipsets", "一条 netlink 消息更新 real server，外加 ipset"
            ),
        ),
    )
    return Section(
        Text("What one changed endpoint costs", "一个 Endpoint 变化的代价"),
        (
            Grid(
                Text("lines rewritten (rules + chains)", "重写的行数（规则 + 链）"),
                (Text("how", "方式"), Text("lines", "行数")),
                rows,
            ),
        ),
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
                Text("seconds: full sync / one endpoint, two cores", "秒：全量同步 / 单个 Endpoint 变化，两核"),
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
                    f"About {NANOSECONDS_PER_RULE} ns a rule: real, linear, and paid once for a connection.",
                    f"每条规则约 {NANOSECONDS_PER_RULE} ns：线性增长确实存在，但每个连接只付一次。",
                )
            ),
        ),
    )


def _what_ipvs_does(ipvs: ModeCost) -> Section:
    return Section(
        Text("What IPVS does instead", "IPVS 的做法"),
        (
            Paragraph(
                Text(
                    "The address of every Service is bound to the dummy device kube-ipvs0, so routing calls it local; "
                    "at LOCAL_IN IPVS finds the virtual server by hash, rewrites the destination and sends the packet "
                    f"on. {ipvs.size.rules} iptables rules stay, whatever the number of Services, with ipsets for who "
                    "is masqueraded: ipvs mode still needs iptables.",
                    "每个 Service 的地址都绑定在虚拟设备 kube-ipvs0 上，因此路由判定为本机；IPVS 在 LOCAL_IN 处用哈希找到虚拟服务器，"
                    f"改写目的地址后继续发送。无论有多少 Service，iptables 规则始终是 {ipvs.size.rules} 条，由 ipset 决定谁做 "
                    "MASQUERADE：ipvs 模式仍然离不开 iptables。",
                )
            ),
        ),
    )


def _claims(costs: dict[str, ModeCost], full: Transaction, partial: Transaction) -> tuple[Claim, ...]:
    iptables = costs["iptables"]
    middle, later = float(iptables.middle.rules), float(iptables.later.rules)
    return (
        Claim(
            Text(
                "About 20,000 rules for 1000 Services of 10 pods.",
                "1000 个 Service、每个 10 个 Pod，总规则数约 20000+ 条。",
            ),
            Text(
                f"{full.rule_lines:,} rule lines and {full.chain_lines:,} chains with today's kube-proxy.",
                f"以现在的 kube-proxy 计，是 {full.rule_lines:,} 行规则和 {full.chain_lines:,} 条链。",
            ),
        ),
        Claim(
            Text(
                f"{_PACKETS_PER_SECOND:,} packets/s × 500 rules = 50 million matches/s.",
                "每秒 10 万个数据包 × 500 次匹配 = 每秒 5000 万次匹配。",
            ),
            Text(
                f"Only a connection's first packet has about {middle:g} rules evaluated (to the middle Service); a "
                f"later one has {later:g}. It would take {_PACKETS_PER_SECOND:,} NEW connections a second.",
                f"只有每个连接的首包平均匹配约 {middle:g} 条规则（中间的 Service），后续数据包只匹配 {later:g} 条。"
                f"要达到那个数字，需要每秒新建 {_PACKETS_PER_SECOND:,} 个连接。",
            ),
        ),
        Claim(
            Text("Every update rewrites all the rules and takes seconds.", "每次更新都要重写全部规则，耗时数秒。"),
            Text(
                f"Since v1.28 one changed endpoint rewrites {partial.rule_lines:,} lines, not {full.rule_lines:,}; "
                f"measured at this size: {SYNC_SECONDS['iptables (legacy)'][1000][1]} s. Seconds come with much larger "
                "clusters or the nft backend's full sync.",
                f"自 v1.28 起，一个 Endpoint 变化只重写 {partial.rule_lines:,} 行，而不是 {full.rule_lines:,} 行；"
                f"此规模下实测 {SYNC_SECONDS['iptables (legacy)'][1000][1]} 秒。数秒级只出现在大得多的集群或 nft 后端的全量同步。",
            ),
        ),
        Claim(
            Text("Packets may be lost while rules are reloaded.", "规则重新加载期间可能丢包。"),
            Text(
                "iptables-restore replaces a table in one step: a packet sees the old table or the new one, never half "
                "of each. What hurts is staleness: until the sync, new connections may go to an endpoint that is gone.",
                "iptables-restore 一次性替换整张表：数据包看到的要么是旧表，要么是新表，不会是一半。真正的问题是滞后："
                "同步完成之前，新连接可能被送到已经消失的 Endpoint。",
            ),
        ),
        Claim(
            Text("iptables balances round robin.", "iptables 是轮询。"),
            Text(
                "It draws at random, each endpoint with the same probability; see the statistic rules.",
                "它是等概率随机抽取，见 statistic 规则。",
            ),
        ),
        Claim(
            Text("IPVS is the future for large clusters.", "大集群就应该用 IPVS。"),
            Text(
                "It was: as of v1.37 ipvs mode is deprecated (v1.35) and behind a feature gate, to be off in v1.40 and "
                "removed in v1.43 (KEP-5495). nftables mode, GA since v1.33, has the constant look-up too.",
                "那是过去：截至 v1.37，ipvs 模式已弃用（v1.35）并受特性门控控制，计划 v1.40 默认关闭、v1.43 移除（KEP-5495）。"
                "v1.33 GA 的 nftables 模式同样是常数级查找。",
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


def _points(iptables: ModeCost, partial: Transaction) -> tuple[Text, ...]:
    return (
        Text(
            f"O(n) in the number of Services, by first packets only: {float(iptables.first.rules):g} rules to the first "
            f"Service, {float(iptables.last.rules):g} to the last.",
            f"与 Service 数量成线性，但只针对首包：第一个 Service 匹配 {float(iptables.first.rules):g} 条规则，"
            f"最后一个 {float(iptables.last.rules):g} 条。",
        ),
        Text(
            "IPVS and nftables look up a hash instead: the cost does not grow with the number of Services.",
            "IPVS 和 nftables 用哈希查找：代价不随 Service 数量增长。",
        ),
        Text(
            f"Updates: a partial sync rewrites {partial.rule_lines:,} lines here; most of them are the dispatch rules.",
            f"更新：这里的增量同步重写 {partial.rule_lines:,} 行，其中大部分是分发规则。",
        ),
        Text(
            "What IPVS adds is schedulers (least connections, ...), which iptables and nftables do not have.",
            "IPVS 真正多出来的是调度算法（如最少连接），iptables 和 nftables 都没有。",
        ),
        Text("Say what you would choose today, and since which release.", "说明今天你会选什么，以及依据的版本。"),
    )


_FOLLOW_UPS = (
    Text("Which connections pay most in iptables mode, and why?", "iptables 模式下哪些连接代价最大？为什么？"),
    Text(
        "Why does a long-lived gRPC connection not balance in any mode?", "为什么长连接的 gRPC 在任何模式下都不均衡？"
    ),
    Text("What happens to the rules if kube-proxy stops? And to new pods?", "kube-proxy 停止后规则会怎样？新 Pod 呢？"),
    Text(
        "Which differences does a user notice when moving to nftables mode?",
        "切换到 nftables 模式后用户会察觉哪些差异？",
    ),
)
