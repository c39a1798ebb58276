"""The sentences of the story `pod-to-pod`; figures come in."""

from __future__ import annotations

from engine.trace import Outcome, Text
from engine.values import dataclass
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds
from k8squiz.story.endings import brief, reason

TITLE = Text("Pod to pod, across two nodes", "跨节点的 Pod 到 Pod")
TABLES = Text("Who knows the way: three tables", "谁知道怎么走：三张表")
TABLES_SHOWN = Text("as the tools print them", "工具的输出")
PATH = Text("The way there and back, as it was walked", "去程与回程（由引擎逐步走出）")
PATH_CAPTION = Text("pod-a on node1 -> pod-b on node2, hop by hop", "node1 上的 pod-a -> node2 上的 pod-b，逐跳")
STEPS = (
    Text("pod-a sends by its default route", "pod-a 按默认路由发出"),
    Text("Through the veth pair onto the node", "经 veth 对到达节点"),
    Text("node1 looks up its routes", "node1 查路由"),
    Text("FORWARD lets it pass", "FORWARD 放行"),
    Text("POSTROUTING: is it masqueraded?", "POSTROUTING：要做 MASQUERADE 吗？"),
    Text("The tunnel wraps it", "隧道封装"),
    Text("On the wire it is node to node", "线路上是节点到节点"),
    Text("The other end takes the wrapping off", "对端解封装"),
    Text("node2 looks up its routes", "node2 查路由"),
    Text("The bridge finds the port", "网桥找到端口"),
    Text("pod-b accepts", "pod-b 接受连接"),
    Text("The answer is wrapped the other way", "响应反向封装"),
    Text("pod-a has its answer", "pod-a 收到响应"),
)
CAPTURE = Text("What tcpdump shows where", "在哪里抓包能看到什么")
CAPTURED = Text(
    "one ping: first what cni0 shows, then what eth0 shows", "一次 ping：先是 cni0 上的输出，然后是 eth0 上的"
)
SAME_NODE = Text("On the same node", "同一节点上")
SAME_NODE_CAPTION = Text("pod-a -> pod-c, both on node1", "pod-a -> pod-c，都在 node1 上")
BACKENDS = Text("The same pods, other backends", "同样的 Pod，换一种后端")
BACKENDS_CAPTION = Text(
    "each row is a cluster of its own, as its manifest ships it; cards of 1500 bytes",
    "每一行是一个独立的集群，按其自带清单部署；网卡 MTU 为 1500",
)
BACKENDS_HEADERS = (
    Text("CNI", "CNI"),
    Text("node1's route to node2's pods", "node1 到 node2 的 Pod 的路由"),
    Text("outer header on the wire", "线路上的外层头部"),
    Text("pods' MTU", "Pod 的 MTU"),
    Text("nodes in two subnets", "节点在两个子网"),
)
PLAIN = Text("none: the pods' own addresses", "无：就是 Pod 自己的地址")
BREAKS = Text("What breaks without each part", "缺了哪一部分会怎样")
BREAKS_CAPTION = Text("pod-a -> pod-b; each row is a walk of its own", "pod-a -> pod-b；每一行都是一次单独的模拟")
BREAKS_TOLD = Text(
    "Where the request dies, tcpdump in pod-b shows nothing of it; where the answer dies, pod-b sees the SYN and answers,"
    " and pod-a sees only its own. Looking at both ends first halves the search.",
    "丢在去程时，在 pod-b 里抓不到请求；丢在回程时，pod-b 能看到 SYN 并已响应，而 pod-a 只看到自己发出的包。"
    "先在两端各抓一次包，排查范围就缩小一半。",
)
FORWARD_DROP = Text("FORWARD's policy is DROP (Docker's)", "FORWARD 默认策略为 DROP（如 Docker 所设）")
FORWARD_DROP_BARE = Text("the same, flannel's rules gone", "同上，且 flannel 的规则丢失")
_PARTS = {
    "route": Text("node1 has no route to node2's pods", "node1 没有到 node2 的 Pod 的路由"),
    "route-back": Text("node2 has no route to node1's pods", "node2 没有到 node1 的 Pod 的路由"),
    "fdb": Text("flannel.1 has no FDB entry for node2", "flannel.1 没有 node2 的 FDB 表项"),
    "ip_forward": Text("ip_forward=0", "ip_forward=0"),
    "udp-8472": Text("a firewall between the nodes drops UDP 8472", "节点之间的防火墙丢弃 UDP 8472"),
    "br_netfilter": Text("br_netfilter off", "关闭 br_netfilter"),
    "loose-rp-filter": Text("rp_filter=1 (strict)", "rp_filter=1（严格）"),
}
FOLLOW_UPS = (
    Text("How does flannel on node1 learn the MAC address of node2's flannel.1, and its node's address?", "node1 上的 flannel 怎样得知 node2 的 flannel.1 的 MAC 地址和节点地址？"),
    Text("Which of the three tables does Calico's IPIP not need, and why?", "这三张表中，Calico 的 IPIP 不需要哪一张？为什么？"),
    Text("The same request through a Service: at which hop does the walk differ, and does it differ on node2?", "同样的请求改走 Service：从哪一跳开始不同？在 node2 上有区别吗？"),
    Text("Why do cloud networks drop host-gw's packets until the source and destination check is off?", "为什么云上的网络会丢弃 host-gw 的数据包，直到关闭源/目的地址检查？"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """What the walk with everything in place showed."""

    seen: str
    outer: str
    overhead: int
    mtu: int
    card: int
    next_hop: str
    first: int
    later: int
    ttl: str
    changes: int


def summary(source: str, destination: str, port: str) -> Text:
    return Text(
        f"pod-a ({source}) on node1 opens a connection to pod-b ({destination}:{port}) on node2; no Service is asked. Three tables"
        " have to be right for the way there, three more for the way back, and no address is changed.",
        f"node1 上的 pod-a（{source}）直接访问 node2 上的 pod-b（{destination}:{port}），不经过 Service。去程要有三张表正确，回程也有三张，"
        "而地址自始至终不变。",
    )


def tables(next_hop: str, node: str) -> Text:
    return Text(
        f"The pod knows nothing: everything that is not its own network goes to cni0. node1's route says that node2's pods are behind"
        f" {next_hop} on flannel.1; that address is nobody's pod, it is the name of node2's end of the tunnel. The neighbour entry gives"
        f" that end's MAC address, and the forwarding database (FDB) says to which node a frame for it is sent: {node}. flanneld writes"
        " all three from the Node objects; nothing is asked by ARP and nothing is learned.",
        f"Pod 什么都不知道：不在本网段的都交给 cni0。node1 的路由说 node2 的 Pod 在 flannel.1 上的 {next_hop} 之后；这个地址不属于任何 Pod，"
        f"只是 node2 那一端隧道的标识。邻居表项给出该端的 MAC 地址，转发数据库（FDB）则说明发给它的帧要送往哪个节点：{node}。"
        "三张表都由 flanneld 根据 Node 对象写入，既不靠 ARP 查询，也不靠学习。",
    )


def captured(tunnel: str) -> Text:
    return Text(
        f"On cni0 and {tunnel} one sees the pods' packet, on eth0 the nodes' UDP packet with the pods' packet in it (tcpdump calls port"
        " 8472 OTV). A filter for the pod's address on eth0 finds nothing. A capture that shows the ping on cni0 and nothing on eth0"
        " puts the fault on this node: route, neighbour, FDB, FORWARD.",
        f"在 cni0 和 {tunnel} 上看到的是 Pod 的数据包；在 eth0 上是节点之间的 UDP 报文，里面装着 Pod 的数据包（tcpdump 把 8472 端口显示为 OTV）。"
        "在 eth0 上按 Pod 地址过滤是抓不到的。如果 cni0 上有 ping 而 eth0 上什么都没有，问题就在本节点：路由、邻居、FDB 或 FORWARD。",
    )


def same_node(other: str, passed: int, bridged: int) -> Text:
    return Text(
        f"{other} is in pod-a's own network, so pod-a asks for its MAC address and the bridge delivers the frame: no route of the node's is"
        f" asked and no TTL is taken. With br_netfilter on, the bridge shows the frame to iptables all the same: {passed} rules are"
        f" evaluated for the first packet; with it off, {bridged}.",
        f"{other} 与 pod-a 在同一网段，pod-a 直接查询它的 MAC 地址，由网桥转发帧：不查节点路由，TTL 也不减。"
        f"br_netfilter 开启时，网桥仍会把帧交给 iptables：首包检查 {passed} 条规则；关闭时为 {bridged} 条。",
    )


def backends(other: str) -> Text:
    return Text(
        f"In the last column node2 has {other}, with a router between the nodes. A tunnel needs nothing but that the nodes reach each"
        " other. A plain route needs its next hop to be a neighbour: the kernel refuses it otherwise, and the packet goes to the router,"
        " which knows no pods unless it speaks BGP with the nodes. Calico's CrossSubnet tunnels exactly there.",
        f"最后一列中 node2 的地址是 {other}，与 node1 之间隔着路由器。隧道只要求节点之间互通；纯路由要求下一跳是邻居，否则内核拒绝添加这条路由，"
        "数据包就走到路由器，而它不认识 Pod（除非它也与节点跑 BGP）。Calico 的 CrossSubnet 正是只在这种情况下封装。",
    )


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def claim_no_nat(figures: Figures) -> Claim:
    return Claim(
        Text(
            "Pods see each other's real addresses: there is no NAT between pods.",
            "Pod 之间看到的是真实地址：没有 NAT。",
        ),
        Text(
            f"pod-b saw {figures.seen}, pod-a's own address; on the way there and back addresses and ports were rewritten {figures.changes} times. The outer"
            f" header {figures.outer} is put on and taken off, which is no NAT.",
            f"pod-b 看到的是 {figures.seen}，即 pod-a 自己的地址；去程和回程共改写了 {figures.changes} 次地址或端口。外层头部 {figures.outer} "
            "只是加上再去掉，不算 NAT。",
        ),
        Holds.YES,
    )


def claim_kube_proxy(figures: Figures) -> Claim:
    return Claim(
        Text("kube-proxy has no part in pod-to-pod traffic.", "Pod 到 Pod 的流量与 kube-proxy 无关。"),
        Text(
            f"It changes nothing, but its chains lie on the way: the first packet evaluates {figures.first} rules on the two nodes, a later"
            f" one {figures.later}. And its rules can drop it: KUBE-FORWARD drops what conntrack calls INVALID.",
            f"它什么都不改，但它的链在路径上：首包在两个节点上共检查 {figures.first} 条规则，后续数据包 {figures.later} 条。它的规则也可能丢包："
            "KUBE-FORWARD 丢弃 conntrack 判为 INVALID 的包。",
        ),
        Holds.DEPENDS,
    )


def claim_node_seen(tunnelled: Outcome, routed: Outcome, node: str) -> Claim:
    wrapped, plain = brief(tunnelled), brief(routed)
    return Claim(
        Text("A process on node1 is seen as node1's IP, too.", "node1 上的进程访问 Pod 时，看到的是 node1 的 IP。"),
        Text(
            f"On {node} it is {wrapped.en}: the address of the device that the packet leaves by. With host-gw it is {plain.en}. NetworkPolicies"
            " and logs that look for the node's IP miss the first.",
            f"在 {node} 上的结果是 {wrapped.zh}：是出口设备的地址。用 host-gw 时是 {plain.zh}。按 Node IP 写的网络策略和日志过滤会漏掉前者。",
        ),
        Holds.DEPENDS,
    )


def claim_overlay(near: Outcome, far: Outcome) -> Claim:
    return Claim(
        Text("Pods of different nodes need an overlay.", "跨节点的 Pod 通信必须有 overlay。"),
        Text(
            f"They need routes. With host-gw the same request is {near.verdict} without any outer header, as long as the nodes are"
            f" neighbours; with a router between them it is {far.verdict}: {reason(far).en}",
            f"需要的是路由。用 host-gw 时同样的请求是 {near.verdict}，没有任何外层头部，前提是节点互为邻居；中间隔着路由器时是 {far.verdict}：{reason(far).zh}",
        ),
        Holds.DEPENDS,
    )


def claim_no_route(outcome: Outcome) -> Claim:
    where = outcome.where.host if outcome.where is not None else ""
    return Claim(
        Text("Without a route the sender hears 'no route to host'.", "没有路由时，发送方会收到 no route to host。"),
        Text(
            f"node1 still has its default route, so the packet leaves by eth0 with the pod's address on it and is {outcome.verdict} on"
            f" the {where}: {reason(outcome).en} The client waits. tcpdump on eth0 shows a bare packet between pods where UDP 8472"
            " should be: that is the sign.",
            f"node1 还有默认路由，所以数据包带着 Pod 地址从 eth0 发出，在 {where} 上 {outcome.verdict}：{reason(outcome).zh}客户端只能等待。"
            "eth0 上本该是 UDP 8472，却抓到裸的 Pod 到 Pod 数据包：这就是标志。",
        ),
    )


def claim_bridge(passed: int, bridged: int) -> Claim:
    return Claim(
        Text(
            "Pods on one node talk over the bridge, so iptables does not see them.",
            "同节点的 Pod 走网桥，iptables 看不到。",
        ),
        Text(
            f"With br_netfilter the first packet of pod-a to pod-c evaluates {passed} rules, without it {bridged}. Services within a node"
            " and policies depend on the former.",
            f"有 br_netfilter 时，pod-a 到 pod-c 的首包检查 {passed} 条规则；没有时为 {bridged} 条。同节点的 Service 和网络策略依赖前者。",
        ),
        Holds.DEPENDS,
    )


def claim_rp_filter(whole: Outcome, strict: Outcome, off: Outcome) -> Claim:
    return Claim(
        Text("rp_filter has to be off for pod networks.", "Pod 网络必须关闭 rp_filter。"),
        Text(
            f"Strict (1) is {whole.verdict} as long as both ways take the same device. It bites where they do not: with node2's route back"
            f" missing, the request is already lost. {reason(strict).en} With 0 the request arrives and the answer is lost: {reason(off).en}",
            f"只要去程和回程走同一个设备，严格模式（1）的结果就是 {whole.verdict}。两者不同时它才起作用：node2 缺少回程路由时，请求就已经丢了。"
            f"{reason(strict).zh}设为 0 时请求能到达，丢的是响应：{reason(off).zh}",
        ),
        Holds.DEPENDS,
    )


def points(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            "The model: every pod reaches every pod by its own address, without NAT. How is left to the CNI: routes, a tunnel, or a"
            " network that knows the pods.",
            "网络模型：任何 Pod 都能用对方自己的地址访问，不经过 NAT。怎样实现由 CNI 决定：路由、隧道，或认识 Pod 的底层网络。",
        ),
        Text(
            f"With VXLAN: route, neighbour, FDB, in this order; then an outer header of {figures.overhead} bytes, so pods get {figures.mtu}"
            f" of {figures.card}.",
            f"VXLAN 依次查：路由、邻居、FDB；然后加上 {figures.overhead} 字节的外层头部，所以网卡 {figures.card} 字节时 Pod 为 {figures.mtu}。",
        ),
        Text(
            f"Each node is a router: ip_forward has to be on, and it takes one off the TTL. A ping's answer comes with ttl={figures.ttl} of"
            " 64, so two routers lie between: the two nodes.",
            f"每个节点都是路由器：必须开启 ip_forward，TTL 各减一。ping 的响应 ttl={figures.ttl}（初始为 64），说明中间有两台路由器，即两个节点。",
        ),
        Text(
            "How I look: can it reach a pod on its own node; its node; the other node; then tcpdump on cni0, flannel.1, eth0, and the same"
            " on the other side.",
            "排查顺序：先访问同节点的 Pod，再访问本节点、对端节点；然后依次在 cni0、flannel.1、eth0 上抓包，对端同样。",
        ),
    )


def spoken(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            "pod-a has one default route, to the bridge of its node. The packet crosses the veth pair, and from here on node1 is an"
            f" ordinary router: its route for node2's pod network says by flannel.1, next hop {figures.next_hop}. The neighbour table has"
            " that hop's MAC address and the FDB has node2's address, both written by flanneld. FORWARD has to let it pass, and"
            " POSTROUTING does not masquerade, because source and destination are both pods.",
            f"pod-a 只有一条默认路由，指向节点的网桥。数据包经过 veth 对，之后 node1 就是一台普通路由器：到 node2 Pod 网段的路由走 flannel.1，下一跳 "
            f"{figures.next_hop}；邻居表给出它的 MAC，FDB 给出 node2 的地址，都是 flanneld 写好的。FORWARD 要放行；POSTROUTING 不做 MASQUERADE，"
            "因为源和目的都是 Pod。",
        ),
        Text(
            f"The tunnel puts {figures.overhead} bytes in front: UDP {figures.outer}, port 8472. node2 takes them off, routes to cni0, and"
            f" the bridge delivers. pod-b sees {figures.seen}. The answer takes the same three look-ups on node2. If it does not work I ask"
            " first whether the request or the answer is lost, and then which look-up is empty.",
            f"隧道在前面加 {figures.overhead} 字节：UDP {figures.outer}，端口 8472。node2 解封装，路由到 cni0，由网桥送达。pod-b 看到的源地址是 "
            f"{figures.seen}。响应在 node2 上同样查这三张表。如果不通，我先确认丢的是请求还是响应，再看哪张表缺了内容。",
        ),
    )
