"""The figures told: tables, and the seed's own figures held against them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from engine.cluster import Mode
from engine.cost.count import PacketCost
from engine.proxy.interface import MODES
from engine.trace import Text
from k8squiz.scale.figures import Figures, ScalePoint
from k8squiz.story.blocks import Claim, Grid, Section, same
from k8squiz.story.measured import CONNECT_MICROSECONDS, NANOSECONDS_PER_RULE, SYNC_SECONDS
from k8squiz.world.release import EARLIER, spoken

PACKETS_PER_SECOND = 100_000

RULES_CHART = Text(
    "Rules evaluated by a connection's first packet to the last Service, by number of Services",
    "访问最后一个 Service 的连接，其首包匹配的规则数（横轴为 Service 数量）",
)
FULL_CHART = Text("Lines a full sync writes, by number of Services", "全量同步写入的行数（横轴为 Service 数量）")
PARTIAL_CHART = Text(
    "Lines written after one endpoint changed, by number of Services",
    "一个端点变化后写入的行数（横轴为 Service 数量）",
)


def number(value: Fraction | int | float) -> str:
    """A figure as tables show it: 1,234, or 5.5 where it is no whole number."""
    return f"{int(value):,}" if value == int(value) else f"{float(value):,.1f}"


def _cost(cost: PacketCost) -> Text:
    return same(number(cost.rules) + (f" + {number(cost.lookups)}" if cost.lookups else ""))


def _lines(lines: int, chains: int) -> Text:
    return same(f"{lines - chains:,} + {chains:,}" if chains else f"{lines:,}")


def sections(figures: Figures) -> tuple[Section, ...]:
    """What stands in the kernel, what a packet pays, what an update writes."""
    heads = (Text("mode", "模式"),)
    rows = (*((same(p.mode), p) for p in figures.points), (same(f"nftables {spoken(EARLIER)}"), figures.earlier))
    size = Grid(
        Text("What stands in the kernel of one node", "一个节点内核中的内容"),
        (*heads, Text("chains", "链"), Text("rules", "规则"), Text("set, map and server entries", "集合与映射的元素、IPVS 表项"),
         Text("bytes listed", "列出的字节数")),
        tuple(
            (name, *(same(number(n)) for n in (p.cost.size.chains, p.cost.size.rules, p.cost.size.elements, p.cost.size.bytes)))
            for name, p in rows
        ),
    )  # fmt: skip
    packets = Grid(
        Text(
            "Rules evaluated + look-ups, for a pod's packet on its node, mean over the endpoints",
            "匹配的规则数 + 查找次数；Pod 发出的数据包在本节点上，对各端点取平均",
        ),
        (*heads, Text("first packet to the first Service", "首包，第一个 Service"), Text("the middle", "中间"),
         Text("on average", "平均"), Text("the last", "最后一个"), Text("none", "非 Service"),
         Text("any later packet", "后续数据包")),
        tuple(
            (name, _cost(p.cost.first), _cost(p.cost.middle), _cost(p.cost.average), _cost(p.cost.last), _cost(p.cost.none), _cost(p.cost.later))
            for name, p in rows
        ),
    )  # fmt: skip
    updates = Grid(
        Text("Lines written (iptables: rules + chains)", "写入的行数（iptables：规则 + 链）"),
        (*heads, Text("full sync", "全量同步"), Text("one endpoint changed", "一个端点变化")),
        tuple(
            (
                name,
                _lines(p.update.full, p.update.full_chains),
                _lines(p.update.partial, p.update.partial_chains),
            )
            for name, p in rows
        ),
    )
    title = Text(
        f"{figures.services:,} Services of {figures.endpoints:,} endpoints, compiled and walked, as of {spoken(figures.release)}",
        f"{figures.services:,} 个 Service，每个 {figures.endpoints:,} 个端点：生成规则并逐包模拟（{spoken(figures.release)}）",
    )
    return (Section(title, (size, packets, updates)),)


def growth_grid(figures: Figures) -> Grid:
    """A row for each figure and number of Services, a column for each mode."""
    wanted: tuple[tuple[Text, Callable[[ScalePoint], int | Fraction]], ...] = (
        (Text("chains in the kernel", "内核中的链数"), lambda point: point.cost.size.chains),
        (Text("rules in the kernel", "内核中的规则数"), lambda point: point.cost.size.rules),
        (Text("bytes listed", "列出的字节数"), lambda point: point.cost.size.bytes),
        (Text("first packet to the last", "首包到最后一个"), lambda point: point.cost.last.rules),
        (Text("look-ups it makes", "其中的查找次数"), lambda point: point.cost.last.lookups),
        (Text("lines, full sync", "全量同步行数"), lambda point: point.update.full),
        (Text("lines, one endpoint", "单个端点变化行数"), lambda point: point.update.partial),
    )
    rows = []
    for what, value in wanted:
        for position, size in enumerate(figures.sizes):
            cells = (same(number(value(point))) for point in figures.growth if point.services == size)
            rows.append((what if position == 0 else same(""), same(f"{size:,}"), *cells))
    heads = (same(""), same("Services"), *(same(mode) for mode in MODES))
    return Grid(Text("In figures", "具体数字"), heads, tuple(rows))


def claims(figures: Figures) -> tuple[Claim, ...]:
    """What is said of iptables at scale, with this size's numbers put in, and what the figures say."""
    n, m = figures.services, figures.endpoints
    ipt, ipvs, nft = (figures.of(mode) for mode in (Mode.IPTABLES, Mode.IPVS, Mode.NFTABLES))
    was, later = figures.earlier, ipt.cost.later.rules
    full_rules = number(ipt.update.full - ipt.update.full_chains)
    new_a_second = PACKETS_PER_SECOND * ipt.cost.average.rules
    busy = f"{float(new_a_second) * int(NANOSECONDS_PER_RULE) / 1e9:.2g}"
    found = [
        Claim(
            Text(
                f"{n:,} Services of {m:,} pods are about {2 * n * m:,} rules.",
                f"{n:,} 个 Service、每个 {m:,} 个 Pod，约 {2 * n * m:,} 条规则。",
            ),
            Text(
                f"{number(ipt.cost.size.rules)} rules in {number(ipt.cost.size.chains)} chains: two for each endpoint, "
                f"one jump for each endpoint, two for each Service, and a frame: a sum, with {full_rules} rules written by a "
                f"full sync. No packet meets them all. In ipvs mode {number(ipvs.cost.size.rules)} rules stand, in nftables mode "
                f"{number(nft.cost.size.rules)} ({number(was.cost.size.rules)} until {spoken(EARLIER)}, when endpoints had chains there too).",
                f"{number(ipt.cost.size.rules)} 条规则、{number(ipt.cost.size.chains)} 条链：每个端点两条规则加一条跳转，"
                f"每个 Service 两条，再加框架规则：是相加而来；全量同步写入其中 {full_rules} 条。没有哪个数据包会全部匹配一遍。ipvs 模式有 "
                f"{number(ipvs.cost.size.rules)} 条规则，nftables 模式有 {number(nft.cost.size.rules)} 条"
                f"（{spoken(EARLIER)} 及以前端点也有自己的链，是 {number(was.cost.size.rules)} 条）。",
            ),
        ),
        Claim(
            Text(
                f"Every packet has {n:,} rules evaluated at worst and {n // 2:,} on average.",
                f"每个数据包最坏匹配 {n:,} 条规则，平均 {n // 2:,} 条。",
            ),
            Text(
                f"A connection's first packet: {number(ipt.cost.last.rules)} at worst, {number(ipt.cost.average.rules)} on "
                f"average. Every later packet: {number(later)}, for conntrack remembers the translation. A first packet "
                f"to no Service at all walks the whole list too: {number(ipt.cost.none.rules)}.",
                f"连接的首包：最坏 {number(ipt.cost.last.rules)} 条，平均 {number(ipt.cost.average.rules)} 条。之后每个"
                f"数据包只有 {number(later)} 条，因为 conntrack 记住了转换结果。目标不属于任何 Service 的首包同样要走完"
                f"整个列表：{number(ipt.cost.none.rules)} 条。",
            ),
        ),
        Claim(
            Text(
                f"{PACKETS_PER_SECOND:,} packets/s × {n // 2:,} rules = {PACKETS_PER_SECOND * (n // 2):,} matches/s.",
                f"每秒 {PACKETS_PER_SECOND:,} 个数据包 × {n // 2:,} 次匹配 = 每秒 {PACKETS_PER_SECOND * (n // 2):,} 次匹配。",
            ),
            Text(
                f"True only of {PACKETS_PER_SECOND:,} new connections a second: {number(new_a_second)} then. As packets of known connections they are "
                f"{number(PACKETS_PER_SECOND * later)} rule evaluations, the same whatever the number of Services. Walking "
                f"past one rule was measured at about {NANOSECONDS_PER_RULE} ns: even those connections keep {busy} of one "
                "processor busy.",
                f"只有每秒新建 {PACKETS_PER_SECOND:,} 个连接时才成立（此时为 {number(new_a_second)} 次）。如果是已有连接的数据包，只有 "
                f"{number(PACKETS_PER_SECOND * later)} 次规则匹配，与 Service 数量无关。实测每经过一条规则约 "
                f"{NANOSECONDS_PER_RULE} 纳秒：即使全是新连接，也只占用 {busy} 个核。",
            ),
        ),
        Claim(
            Text(
                "An update rewrites all rules and takes seconds; IPVS takes milliseconds.",
                "更新要重写全部规则，耗时数秒；IPVS 只要几毫秒。",
            ),
            Text(
                f"One changed endpoint writes {number(ipt.update.partial)} lines of {number(ipt.update.full)} in iptables "
                f"mode (partial sync, GA v1.28), {number(nft.update.partial)} in nftables mode ({number(was.update.partial)} "
                f"until {spoken(EARLIER)}; v1.30 wrote all {number(was.update.full)}), {number(ipvs.update.partial)} in ipvs mode."
                + _seconds(n, m)[0],
                f"一个端点变化时，iptables 模式写 {number(ipt.update.partial)} 行（全量为 {number(ipt.update.full)} 行；"
                f"增量同步 v1.28 GA），nftables 模式 {number(nft.update.partial)} 行（{spoken(EARLIER)} 及以前 "
                f"{number(was.update.partial)} 行；v1.30 每次写全部 {number(was.update.full)} 行），ipvs 模式 "
                f"{number(ipvs.update.partial)} 行。" + _seconds(n, m)[1],
            ),
        ),
        Claim(
            Text("iptables is O(n), IPVS O(1): so use IPVS.", "iptables 是 O(n)，IPVS 是 O(1)，所以用 IPVS。"),
            Text(
                f"nftables mode is O(1) too: {number(nft.cost.last.rules)} rules and {number(nft.cost.last.lookups)} look-ups "
                "to the last Service as to the first. ipvs mode is deprecated since v1.35 (KEP-5495), and still needs "
                f"{number(ipvs.cost.size.rules)} iptables rules.",
                f"nftables 模式同样是 O(1)：到最后一个 Service 与到第一个一样，都是 {number(nft.cost.last.rules)} 条规则和 "
                f"{number(nft.cost.last.lookups)} 次查找。ipvs 模式自 v1.35 起弃用（KEP-5495），而且仍然需要 "
                f"{number(ipvs.cost.size.rules)} 条 iptables 规则。",
            ),
        ),
    ]
    return (*found, _RELOAD, *_throughput(n, m))


_RELOAD = Claim(
    Text("Packets may be lost while the rules are reloaded.", "重新加载规则期间可能丢包。"),
    Text(
        "iptables-restore and nft replace all in one step: a packet meets the old rules or the new. What hurts is the "
        "delay: until then new connections may go to an endpoint that is gone.",
        "iptables-restore 和 nft 都是一次性替换：数据包遇到的要么是旧规则，要么是新规则。真正的问题是滞后："
        "规则更新之前，新连接可能被送到已消失的端点。",
    ),
)


def _throughput(services: int, endpoints: int) -> tuple[Claim, ...]:
    """Measured microseconds of a connect(), where this very size was measured."""
    if endpoints != 10 or services not in CONNECT_MICROSECONDS:
        return ()
    first, _, last, _, nft, _ = CONNECT_MICROSECONDS[services]
    compared = "" if nft == "-" else f"; nftables {nft}"
    compared_zh = "" if nft == "-" else f"；nftables {nft}"
    return (
        Claim(
            Text("iptables: high CPU, throughput falls visibly.", "iptables：CPU 占用高，吞吐量明显下降。"),
            Text(
                f"Measured, microseconds of one connect(): {first} to the first Service, {last} to the last{compared}. "
                "It is the rate of new connections that suffers; packets of known ones pay the same in any cluster.",
                f"实测一次 connect() 的微秒数：第一个 Service {first}，最后一个 {last}{compared_zh}。受影响的是新建连接的速率；"
                "已有连接的数据包在任何规模下开销相同。",
            ),
        ),
    )


def _seconds(services: int, endpoints: int) -> tuple[str, str]:
    """Measured seconds, where this very size was measured."""
    if endpoints != 10 or services not in SYNC_SECONDS["iptables (legacy)"]:
        return "", ""
    full, partial = SYNC_SECONDS["iptables (legacy)"][services]
    return (
        f" Measured on two cores with iptables: {full} s for all, {partial} s for the change.",
        f"两核机器上用 iptables 实测：全量 {full} 秒，单个变化 {partial} 秒。",
    )
