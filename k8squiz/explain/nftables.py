"""kube-proxy's nftables mode: maps instead of lists, the path through them, what differs from iptables mode."""

from __future__ import annotations

from engine import compile_rules
from engine.cluster import Mode
from engine.cost.count import PacketCost, mode_cost
from engine.netfilter.nft import NamedSet
from engine.netfilter.rules import Goto, Jump, Ruleset
from engine.trace import Hop, Outcome, Stage, Text
from k8squiz.explain.clusters import (
    NODE_PORT,
    NODES,
    PODS,
    PORT,
    SECOND_ADDRESS,
    SERVICE_CIDR,
    VIP,
    Shape,
)
from k8squiz.explain.nftables_releases import two_shapes
from k8squiz.explain.nftables_words import FOLLOW_UPS, SOURCES, claims, points
from k8squiz.explain.releases import NFTABLES, releases_grid
from k8squiz.explain.walked import StoryCluster, first, last, step
from k8squiz.story.blocks import Grid, Paragraph, Rules, Section, Steps, Story, same
from k8squiz.story.endings import brief, ending
from k8squiz.world.release import RELEASE, spoken

# Its sets and maps of endpoints are those of nftables mode since then.
SINCE = "1.36"
WITHOUT = ("masquerade", "hairpin-masquerade", "cluster-ips-check", "route")
_NODE1 = NODES["node1"][0]
_ALL = Shape(service_cidr=True)
_REMOTE = Shape(endpoints=("pod-b",), service_cidr=True)
_LOCAL = Shape(endpoints=("pod-a",), service_cidr=True)
_UNUSED = "10.96.0.99"


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live traces."""
    world = StoryCluster(_ALL, without, Mode.NFTABLES)
    outcome = world.walk("client", f"{_NODE1}:{NODE_PORT}", to=PODS["pod-b"][0])
    return Story(
        topic="nftables",
        title=Text("kube-proxy's nftables mode: one look-up, and what it no longer does", "kube-proxy 的 nftables 模式：一次查找，以及它不再做的事"),
        summary=Text(
            "The list of Services has become a map: the kernel looks up address, protocol and port, and goes straight "
            f"to the Service's chain. How does a packet get through as of {spoken(RELEASE)}, what was different until v1.35, "
            "and what will users notice?",
            "Service 列表变成了映射：内核按地址、协议、端口查一次，就直接进入该 Service 的链。"
            f"在 {spoken(RELEASE)} 中数据包怎么走？v1.35 及以前有何不同？用户会察觉什么？",
        ),
        sections=(
            _maps(world),
            _path(world, outcome),
            _one_look_up(),
            two_shapes(),
            _differences(),
            _not_written(),
            _what_breaks(),
            Section(Text("Where it stands", "现状"), (releases_grid(NFTABLES),)),
        ),
        claims=claims(),
        points=points(),
        follow_ups=FOLLOW_UPS,
        sources=SOURCES,
        without=WITHOUT,
    )  # fmt: skip


_MAPS: dict[str, Text] = {
    "service-ips": Text("ClusterIP, external and load balancer addresses", "ClusterIP、externalIPs、负载均衡器地址"),
    "service-nodeports": Text("NodePorts, asked after nodeport-ips", "NodePort，先查 nodeport-ips"),
    "nodeport-ips": Text("the node's addresses that take NodePorts", "接受 NodePort 的节点地址"),
    "no-endpoint-services": Text("Services without endpoints: reject, or drop", "没有端点的 Service：拒绝或丢弃"),
    "cluster-ips": Text(
        "all ClusterIPs: whoever asks one from outside is marked, other ports are rejected",
        "所有 ClusterIP：从外部访问的打标记，其他端口一律拒绝",
    ),
    "hairpin-connections": Text(
        "this node's endpoints, each as source and destination: masqueraded (v1.36)",
        "本节点的端点，各自同时作为源和目的：做 MASQUERADE（v1.36）",
    ),
}


def _maps(world: StoryCluster) -> Section:
    compiled = compile_rules(world.cluster, "node1", Mode.NFTABLES)
    rows = tuple((same(name), same(_content(compiled, name)), meaning) for name, meaning in _MAPS.items())
    wanted = ("ip daddr . meta l4proto . th dport vmap @service-ips", "vmap @service-nodeports", "numgen random")
    return Section(
        Text("What stands on node1", "node1 上有什么"),
        (
            Grid(
                Text(
                    f"sets and maps of table ip kube-proxy, {spoken(RELEASE)}",
                    f"table ip kube-proxy 的集合与映射，{spoken(RELEASE)}",
                ),
                (Text("set or map", "集合或映射"), Text("holds", "内容"), Text("for", "用途")),
                rows,
            ),
            Rules(
                Text(
                    "the rules that ask them, and the one that picks and translates",
                    "查询它们的规则，以及选端点并做 DNAT 的规则",
                ),
                tuple(line.strip() for line in world.rule_lines("node1", *wanted)),
            ),
            Paragraph(
                Text(
                    "A verdict map holds for each key where to go: the rule is one, however many Services there are. "
                    "numgen draws a number and finds address and port for it in a map of the rule's own, and the same rule "
                    "does the DNAT: ten endpoints are one rule, where iptables mode has thirty.",
                    "判决映射（verdict map）为每个键存放去向：无论有多少 Service，规则只有一条。numgen 取一个随机数，在规则自带的映射里"
                    "查到地址和端口，同一条规则完成 DNAT：十个端点只有一条规则，而 iptables 模式要三十条。",
                )
            ),
        ),
    )


def _content(compiled: Ruleset, name: str) -> str:
    """The elements of a set or map, a verdict after a colon as nft prints it."""
    named = compiled.tables["kube-proxy"].sets[name]
    assert isinstance(named, NamedSet)
    told = []
    for key, element in named.elements.items():
        verdict = element.verdict
        goto = f" : goto {verdict.chain}" if isinstance(verdict, Goto | Jump) else ""
        told.append(" . ".join(key) + goto)
    return "; ".join(told) or "-"


def _path(world: StoryCluster, outcome: Outcome) -> Section:
    there, back = outcome.hops, outcome.reply

    def at(chain: str, marks: bool = False) -> Hop | None:
        return first(there, Stage.PREROUTING, lambda hop: (hop.chain or "").startswith(chain) and _marks(hop) is marks)

    path = (
        step(Text("The base chain at PREROUTING", "PREROUTING 的基础链"), at("nat-prerouting")),
        step(Text("The look-up", "查找"), at("services")),
        step(Text("external-…: what comes from outside is marked, right here", "external-…：当场给外部流量打标记"), at("external-", marks=True)),
        step(Text("external-…: on to the Service's chain", "external-…：进入该 Service 的链"), at("external-", marks=False)),
        step(Text("service-…: an endpoint is picked, and DNAT in the same rule", "service-…：选出端点，同一条规则做 DNAT"), first(there, Stage.DNAT)),
        step(Text("Routing", "路由"), first(there, Stage.ROUTING, lambda hop: hop.host == "node1")),
        step(Text("masquerading: the mark comes off, the source is rewritten", "masquerading：清除标记，改写源地址"), first(there, Stage.SNAT)),
        step(Text("The pod receives it", "Pod 收到请求"), first(there, Stage.SOCKET)),
        step(Text("The answer: conntrack undoes both", "响应：conntrack 还原两次转换"), next((hop for hop in back if hop.changes), None)),
        step(Text("The client receives it", "客户端收到响应"), last(back[1:], Stage.SOCKET)),
    )  # fmt: skip
    target = f"{_NODE1}:{NODE_PORT}"
    return Section(
        Text("A client asks a NodePort", "客户端访问 NodePort"),
        (
            Steps(ending(outcome), path),
            world.told(Text(f"client -> {target}, pod-b picked", f"client -> {target}，选中 pod-b"), outcome),
        ),
    )


def _marks(hop: Hop) -> bool:
    return any(change.field == "mark" for change in hop.changes)


_SIZES = (10, 200)


def _one_look_up() -> Section:
    rows = []
    for mode in (Mode.NFTABLES, Mode.IPTABLES):
        for size in _SIZES:
            cost = mode_cost(mode, size, 2, RELEASE)
            rows.append((same(mode), same(f"{size:,}"), *map(_cell, (cost.first, cost.last, cost.none, cost.later))))
    return Section(
        Text("The same cost for the first Service and the last", "第一个与最后一个 Service 开销相同"),
        (
            Grid(
                Text(f"rules evaluated + look-ups, {spoken(RELEASE)}", f"匹配的规则数 + 查找次数，{spoken(RELEASE)}"),
                (
                    Text("mode", "模式"),
                    same("Services"),
                    Text("first packet, first Service", "首包，第一个 Service"),
                    Text("last", "最后一个"),
                    Text("none", "非 Service"),
                    Text("any later packet", "后续数据包"),
                ),
                tuple(rows),
            ),
        ),
    )


def _cell(cost: PacketCost) -> Text:
    rules = f"{float(cost.rules):.10g}"
    return same(rules if not cost.lookups else f"{rules} + {float(cost.lookups):.10g}")


_OTHERS = Shape(endpoints=("pod-b",), second_address=True)
_EVERY = Shape(endpoints=("pod-b",), second_address=True, node_port_addresses="0.0.0.0/0")
_REQUESTS: tuple[tuple[Text, Shape, str, str], ...] = (
    (Text("a client, NodePort", "客户端，NodePort"), _REMOTE, "client", f"{_NODE1}:{NODE_PORT}"),
    (Text("the same on the node's second address", "同上，节点的第二个地址"), _OTHERS, "client", f"{SECOND_ADDRESS}:{NODE_PORT}"),
    (Text("the same with nodePortAddresses 0.0.0.0/0", "同上，nodePortAddresses 为 0.0.0.0/0"), _EVERY, "client", f"{SECOND_ADDRESS}:{NODE_PORT}"),
    (Text("node1 itself, NodePort on 127.0.0.1", "node1 自身，127.0.0.1 的 NodePort"), _REMOTE, "node/node1", f"127.0.0.1:{NODE_PORT}"),
    (Text("the same with nodePortAddresses 0.0.0.0/0", "同上，nodePortAddresses 为 0.0.0.0/0"), _EVERY, "node/node1", f"127.0.0.1:{NODE_PORT}"),
    (Text(f"a pod, {VIP}:81, which no Service has", f"Pod，{VIP}:81，没有任何 Service 使用"), _REMOTE, "pod/pod-a", f"{VIP}:81"),
    (Text(f"a pod, {_UNUSED}:{PORT}, nobody's, of the ServiceCIDR", f"Pod，{_UNUSED}:{PORT}，ServiceCIDR 内未分配的地址"), _REMOTE, "pod/pod-a", f"{_UNUSED}:{PORT}"),
    (Text("a pod, a Service without endpoints", "Pod，没有端点的 Service"), Shape(endpoints=()), "pod/pod-a", "svc/web"),
    (Text("a client, policy Local, no local pod", "客户端，策略 Local，本地没有 Pod"), Shape(endpoints=("pod-b",), external="Local"), "client", f"{_NODE1}:{NODE_PORT}"),
    (Text("a pod reaches itself (hairpin)", "Pod 访问到自己（hairpin）"), _LOCAL, "pod/pod-a", "svc/web"),
)  # fmt: skip


def _differences() -> Section:
    rows = []
    for name, shape, source, destination in _REQUESTS:
        node = "node1" if source == "client" else None
        found = [
            StoryCluster(shape, mode=mode).walk(source, destination, node=node)
            for mode in (Mode.NFTABLES, Mode.IPTABLES)
        ]
        rows.append((name, *(brief(outcome) for outcome in found)))
    return Section(
        Text("What users notice, beside iptables mode", "用户会察觉什么：与 iptables 模式对照"),
        (
            Grid(
                Text("each cell is a walk of its own", "每格都是一次单独的模拟"),
                (Text("who asks for what", "谁访问什么"), same("nftables"), same("iptables")),
                tuple(rows),
            ),
            Paragraph(
                Text(
                    "Without nodePortAddresses NodePorts are on the node's primary address alone; loopback never has "
                    f"any. What is wrong on a ClusterIP is rejected at once. An address of {SERVICE_CIDR} that nobody "
                    "has is dropped: it does not leave by the default route and come back in a circle (since v1.33, when "
                    "every cluster has ServiceCIDR objects).",
                    "未设置 nodePortAddresses 时，NodePort 只在节点的主地址上监听；回环地址永远没有。ClusterIP 上的错误端口立即被"
                    f"拒绝。{SERVICE_CIDR} 中未分配的地址被丢弃，不会从默认路由出去又绕回来（自 v1.33 起，每个集群都有 ServiceCIDR 对象）。",
                )
            ),
        ),
    )


def _not_written() -> Section:
    texts = {
        mode: str(compile_rules(StoryCluster(_ALL, mode=mode).cluster, "node1", mode))
        for mode in (Mode.NFTABLES, Mode.IPTABLES)
    }
    nft, ipt = (texts[mode].splitlines() for mode in (Mode.NFTABLES, Mode.IPTABLES))

    def row(what: Text, in_nft: str, in_ipt: str) -> tuple[Text, ...]:
        return what, same(str(sum(in_nft in line for line in nft))), same(str(sum(in_ipt in line for line in ipt)))

    rows = (
        row(Text("drops packets in conntrack state INVALID", "丢弃 conntrack 状态为 INVALID 的包"), "ct state invalid", "--ctstate INVALID "),
        row(Text("accepts what the host's firewall might drop", "放行主机防火墙可能丢弃的流量"), "accept comment", "-j ACCEPT"),
        row(Text("guards 127.0.0.0/8 (route_localnet)", "保护 127.0.0.0/8（route_localnet）"), "127.0.0.0/8", "! -s 127.0.0.0/8 -d 127.0.0.0/8"),
        row(Text("sets the masquerade mark 0x4000", "打上 MASQUERADE 标记 0x4000"), "| 0x00004000", "--set-xmark 0x4000/0x4000"),
        row(Text("masquerades, with a random port", "执行 MASQUERADE，随机端口"), "masquerade fully-random", "--random-fully"),
    )  # fmt: skip
    return Section(
        Text("What is not written any more, and what is", "不再写入的规则，以及保留的规则"),
        (
            Grid(
                Text("rules of node1 that ...", "node1 上的规则数"),
                (Text("what they do", "作用"), same("nftables"), same("iptables")),
                rows,
            ),
            Paragraph(
                Text(
                    "The mark has stayed: the rule that decides sets the same bit (until v1.35 by a jump to "
                    "mark-for-masquerade), another takes it off and masquerades; the second that masquerades is for "
                    "hairpin. What has gone is the work-around for INVALID packets (set conntrack.tcpBeLiberal where resets show up) and "
                    "every accept: in nftables an accept ends one base chain, not the others', so kube-proxy cannot "
                    "open a hole in somebody else's firewall and does not try.",
                    "标记还在：作出判断的规则设置同一个比特（v1.35 及以前跳到 mark-for-masquerade），另一条规则清除它并做 MASQUERADE；"
                    "做 MASQUERADE 的第二条用于 hairpin。不再有的是针对 INVALID 包的规避规则"
                    "（出现连接被重置时设置 conntrack.tcpBeLiberal），以及所有放行规则：nftables 的 accept 只结束一条基础链，管不了"
                    "别人的，所以 kube-proxy 无法、也不再替主机防火墙放行。",
                )
            ),
        ),
    )


_CASES: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset(), Text("everything in place", "一切正常")),
    (frozenset({"masquerade"}), Text("no masquerade rule", "没有 masquerade 规则")),
    (frozenset({"hairpin-masquerade"}), Text("no masquerade for hairpin", "hairpin 不做 MASQUERADE")),
    (frozenset({"cluster-ips-check"}), Text("no cluster-ips-check", "没有 cluster-ips-check")),
    (frozenset({"route"}), Text("no route to the other node's pods", "没有到另一节点 Pod 的路由")),
)


def _what_breaks() -> Section:
    asked = ((_REMOTE, "client", f"{_NODE1}:{NODE_PORT}"), (_LOCAL, "pod/pod-a", "svc/web"), (_REMOTE, "pod/pod-a", f"{VIP}:81"))  # fmt: skip
    rows = []
    for without, name in _CASES:
        rows.append(
            (name, *(brief(StoryCluster(shape, without, Mode.NFTABLES).walk(who, to)) for shape, who, to in asked))
        )
    return Section(
        Text("What breaks without each part", "缺了哪一部分会怎样"),
        (
            Grid(
                Text("each cell is a walk of its own", "每格都是一次单独的模拟"),
                (
                    Text("on the nodes", "节点状况"),
                    Text("client, NodePort, pod on node2", "客户端，NodePort，Pod 在 node2"),
                    Text("pod reaches itself", "Pod 访问到自己"),
                    same(f"Pod, {VIP}:81"),
                ),
                tuple(rows),
            ),
        ),
    )
