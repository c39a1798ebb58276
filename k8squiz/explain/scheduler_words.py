"""What is said of the schedulers: what each computes in a line, and the common claims held against what was measured."""

from __future__ import annotations

from engine.ipvs import SCENARIOS, SCHEDULERS, Measured, Workload, WorkServer, measure
from engine.trace import Text
from k8squiz.story.blocks import Claim

# The seed's answer names these six.
_SEED = ("rr", "lc", "dh", "sh", "sed", "nq")

# Sources: net/netfilter/ipvs/ip_vs_<name>.c.
COMPUTES: dict[str, Text] = {
    "rr": Text("the next in the list", "列表中的下一个"),
    "wrr": Text("the next, as often in a cycle as its weight says", "轮流，每轮次数等于权重"),
    "lc": Text("least active × 256 + inactive", "活动 × 256 + 非活动，最小者"),
    "wlc": Text("the same over the weight", "同上，再除以权重"),
    "lblc": Text("the address's own server, unless overloaded; then wlc", "该目的地址的专属服务器，过载时按 wlc 另选"),
    "lblcr": Text("the same with a set of servers for each address", "同上，每个地址对应一组服务器"),
    "dh": Text("a hash of the destination's address", "目的地址的哈希"),
    "sh": Text("a hash of the source's address, 256 buckets", "源地址的哈希，256 个桶"),
    "sed": Text("least (active + 1) / weight", "（活动 + 1）/ 权重，最小者"),
    "nq": Text("an idle one, else sed", "先找空闲的，否则按 sed"),
    "fo": Text("the greatest weight", "权重最大者"),
    "ovf": Text("the greatest weight that has room (active ≤ weight)", "有余量（活动 ≤ 权重）的服务器中权重最大者"),
    "mh": Text("Maglev's hash of the source's address", "源地址的 Maglev 哈希"),
    "twos": Text("the lighter of two drawn by weight", "按权重随机取两台，取较轻者"),
}


def _in(scenario: str, scheduler: str) -> Measured:
    return SCENARIOS[scenario].measure(scheduler)


def claims() -> tuple[Claim, ...]:
    """What candidates and the seed say, and what was measured."""
    return (_list(), _destination(), _stickiness(), _expected_delay(), _never_queues(), _fair(), _least())


def _list() -> Claim:
    rest = [name for name in SCHEDULERS if name not in _SEED]
    return Claim(
        Text("IPVS has rr, lc, dh, sh, sed and nq.", "IPVS 的调度算法有 rr、lc、dh、sh、sed、nq。"),
        Text(
            f"The kernel has {len(SCHEDULERS)}; also {', '.join(rest)}. And under kube-proxy the choice is one for the "
            "whole cluster, with all weights 1.",
            f"内核共有 {len(SCHEDULERS)} 种，还有 {'、'.join(rest)}。而在 kube-proxy 之下，全集群只能选一种，且权重全为 1。",
        ),
    )  # fmt: skip


def _destination() -> Claim:
    load = Workload(tuple(WorkServer(f"pod-{n}", slots=20) for n in range(1, 5)), clients=60, connections=600)
    used = sum(served > 0 for _, served in measure(load, "dh").connections)
    return Claim(
        Text("dh spreads a Service by destination.", "dh 按目的地址为 Service 分流。"),
        Text(
            f"A Service has one ClusterIP: of four pods, {used} got all {load.connections} connections.",
            f"一个 Service 只有一个 ClusterIP：四个 Pod 中有 {used} 个接下了全部 {load.connections} 个连接。",
        ),
    )


def _stickiness() -> Claim:
    sh, mh = _in("remove-one", "sh"), _in("remove-one", "mh")
    return Claim(
        Text("sh keeps sessions, so it does for sessionAffinity.", "sh 能保持会话，可以代替 sessionAffinity。"),
        Text(
            f"Only while nothing changes. When one of five pods went, {sh.moved:.0%} of the clients of the other pods "
            f"moved under sh, {mh.moved:.1%} under mh (Maglev's hash is made for that). Clients behind one NAT count as "
            f"one, and a server of weight 0 refuses its clients ({_in('drain-one', 'sh').refused} here) unless "
            "sh-fallback is set.",
            f"只在服务器不变时成立。五个 Pod 去掉一个后，其余 Pod 的客户端在 sh 下有 {sh.moved:.0%} 被移走，mh 下只有 "
            f"{mh.moved:.1%}（Maglev 哈希正为此而生）。同一 NAT 后面的客户端算作一个；权重为 0 的服务器会拒绝它的客户端"
            f"（这里是 {_in('drain-one', 'sh').refused} 个连接），除非设置 sh-fallback。",
        ),
    )


def _expected_delay() -> Claim:
    sed, wlc = _in("unequal-servers", "sed"), _in("unequal-servers", "wlc")
    return Claim(
        Text("sed measures the delay and picks the fastest server.", "sed 会测量延迟，选择最快的服务器。"),
        Text(
            "It measures nothing: (active + 1) / weight, weight being what somebody wrote. On servers of weight 1, 1, "
            f"2, 4 its busiest server had {sed.load_spread:.2f} of the mean load (wlc: {wlc.load_spread:.2f}), and its "
            f"connections waited {sed.mean_wait:.0f} ms, wlc {wlc.mean_wait:.0f} ms.",
            "它什么都不测：只算（活动 + 1）/ 权重，权重是人写的。在权重为 1、1、2、4 的服务器上，最忙的一台是平均负载的 "
            f"{sed.load_spread:.2f} 倍（wlc 为 {wlc.load_spread:.2f} 倍），连接平均等待 {sed.mean_wait:.0f} 毫秒，wlc 为 "
            f"{wlc.mean_wait:.0f} 毫秒。",
        ),
    )  # fmt: skip


def _never_queues() -> Claim:
    nq, sed = _in("never-queue", "nq"), _in("never-queue", "sed")
    return Claim(
        Text("With nq no connection ever queues.", "用了 nq，连接永远不会排队。"),
        Text(
            f"It never queues behind a busy server while another is idle ({nq.idle_while_queued:.0%} of the "
            f"connections; sed {sed.idle_while_queued:.0%}). When all are busy it queues like any other: "
            f"{nq.worst_queue} deep at worst here.",
            f"它只保证：有空闲服务器时不会排在正在处理连接的服务器后面（有空闲却仍排队的连接占 "
            f"{nq.idle_while_queued:.0%}；sed 为 {sed.idle_while_queued:.0%}）。全都忙时照样排队：这里最长 {nq.worst_queue} 个。",
        ),
    )


def _fair() -> Claim:
    rr, lc = _in("long-and-short", "rr"), _in("long-and-short", "lc")
    return Claim(
        Text("rr shares the load evenly.", "rr 能均匀分担负载。"),
        Text(
            f"It shares connections evenly (the fullest server had {rr.spread:.2f} of the mean), not work: with a few "
            f"connections a hundred times as long, a connection waited {rr.mean_wait:.0f} ms on average under rr, "
            f"{lc.mean_wait:.0f} ms under lc.",
            f"它均分的是连接数（最多的服务器为均值的 {rr.spread:.2f} 倍），不是工作量：少数连接长一百倍时，rr 下平均等待 "
            f"{rr.mean_wait:.0f} 毫秒，lc 下 {lc.mean_wait:.0f} 毫秒。",
        ),
    )


def _least() -> Claim:
    return Claim(
        Text("lc counts requests, so it balances gRPC as well.", "lc 统计请求数，所以也能均衡 gRPC。"),
        Text(
            "It counts connections on this node alone. A connection that stays open for hours is one, however many "
            "requests it carries, and every node's IPVS counts for itself.",
            "它只统计本节点上的连接数。持续几小时的连接也只算一个，无论承载多少请求；而且每个节点的 IPVS 各算各的。",
        ),
    )


def points() -> tuple[Text, ...]:
    """What an interviewer wants to hear."""
    return (
        Text(
            "Ask first whether it is bare IPVS or kube-proxy: with all weights 1, wrr is rr, wlc is lc, nq is sed.",
            "先问清是纯 IPVS 还是 kube-proxy：权重全为 1 时，wrr 就是 rr，wlc 就是 lc，nq 就是 sed。",
        ),
        Text(
            "Sticky: sh by address, mh where servers come and go, persistence (sessionAffinity) where it must hold.",
            "要固定客户端：按地址用 sh；服务器常变用 mh；必须保证就用会话保持（sessionAffinity）。",
        ),
        Text(
            "Connections of very different length: lc or wlc, not rr. Servers of different size: weights, and wlc or nq.",
            "连接时长悬殊：用 lc 或 wlc，不用 rr。服务器规格不同：配权重，用 wlc 或 nq。",
        ),
        Text(
            "dh, lblc, lblcr are for caches; fo and ovf for spares. None of these five suits a Service.",
            "dh、lblc、lblcr 用于缓存，fo 和 ovf 用于备用机；这五种都不适合 Service。",
        ),
        Text(
            "Each node decides by what it sees itself: with many nodes and few connections each, least-connection comes "
            "close to chance. It is one reason why the schedulers are not missed (KEP-5495).",
            "每个节点只凭自己看到的连接做决定：节点多、每个节点连接少时，最少连接与随机相差无几。这也是弃用影响不大的原因之一"
            "（KEP-5495）。",
        ),
    )


FOLLOW_UPS = (
    Text(
        "A pod was restarted and gets nearly no connections under lc. Why, and for how long?",
        "一个 Pod 重启后在 lc 下几乎分不到连接：为什么？会持续多久？",
    ),
    Text(
        "Ten replicas, fifty nodes, rr: is the load even? What does each node know?",
        "十个副本、五十个节点、rr：负载均匀吗？每个节点知道什么？",
    ),
    Text(
        "What is left of sessionAffinity ClientIP when clients come through a masquerading NodePort?",
        "客户端经过做 MASQUERADE 的 NodePort 时，sessionAffinity: ClientIP 还剩多少作用？",
    ),
    Text(
        "Why is wlc the kernel's default and rr kube-proxy's?",
        "为什么内核默认是 wlc，而 kube-proxy 默认是 rr？",
    ),
)
SOURCES = (
    "linux net/netfilter/ipvs/ip_vs_{rr,wrr,lc,wlc,lblc,lblcr,dh,sh,sed,nq,fo,ovf,mh,twos}.c",
    "linux net/netfilter/ipvs/ip_vs_ctl.c: ip_vs_trash_get_dest(), __ip_vs_del_dest()",
    "linux Documentation/networking/ipvs-sysctl.rst: conn_reuse_mode, expire_nodest_conn",
    "kubernetes/kubernetes pkg/proxy/ipvs: proxier.go, graceful_termination.go",
    "ipvsadm(8)",
)
