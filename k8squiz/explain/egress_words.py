"""The sentences of the story `egress`; figures come in."""

from __future__ import annotations

from fractions import Fraction

from engine.timeline.ports import PortUse
from engine.trace import Outcome, Text
from engine.values import dataclass
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds
from k8squiz.story.endings import address, reason

TITLE = Text("Egress: whose address leaves the cluster", "出集群：用谁的地址")
PATH = Text("The way out and back, as it was walked", "出去与回来（由引擎逐步走出）")
STEPS = (
    Text("pod-a sends by its default route", "pod-a 按默认路由发出"),
    Text("node1's default route", "node1 的默认路由"),
    Text("kube-proxy's POSTROUTING has nothing to do with it", "kube-proxy 的 POSTROUTING 不处理它"),
    Text("The CNI's rule masquerades it", "CNI 的规则做 MASQUERADE"),
    Text("It leaves as node1", "以 node1 的地址离开"),
    Text("The server sees the node", "服务端看到的是节点"),
    Text("conntrack on node1 undoes it for the answer", "node1 的 conntrack 为响应还原"),
    Text("pod-a has its answer", "pod-a 收到响应"),
)
EVIDENCE = Text("What node1 has to show for it", "node1 上的证据")
TYPED = Text("on node1 and in pod-a", "在 node1 和 pod-a 上")
EVIDENCE_TOLD = Text(
    "Read FLANNEL-POSTRTG from the top: what kube-proxy has marked goes on; what stays between pods goes on; the rest of what a pod sends is"
    " masqueraded. The entry of conntrack says both: who asked, and in its second half to whom the answer is addressed.",
    "从上往下读 FLANNEL-POSTRTG：kube-proxy 打了标记的放过；Pod 之间的放过；Pod 发往其他地方的做 MASQUERADE。conntrack 表项两半各说一件事："
    "前半是谁发起，后半是响应发给谁。",
)
WHO = Text("Who is masqueraded, and where to", "去哪里才做 MASQUERADE")
DESTINATION = Text("to", "目标")
TO_WORLD = Text("a server outside", "集群外的服务器")
TO_NODE = Text("a process on node2", "node2 上的进程")
TO_POD = Text("pod-b on node2", "node2 上的 pod-b")
TO_SERVICE = Text("a ClusterIP, pod-b behind it", "ClusterIP，后端为 pod-b")
TO_OUTSIDE_SERVICE = Text("a ClusterIP, a server outside behind it", "ClusterIP，后端为集群外的服务器")
TO_NODE_PORT = Text("node2's NodePort, pod-b behind it", "node2 的 NodePort，后端为 pod-b")
WHO_TOLD = Text(
    "A pod keeps its address towards pods, directly or by a ClusterIP, and loses it towards everything else, the other nodes included. At"
    " the NodePort two masquerades follow each other: the CNI's on node1, kube-proxy's on node2.",
    "Pod 对 Pod（直接或经 ClusterIP）保留自己的地址；对其他任何地方都不保留，包括别的节点。访问 NodePort 时先后有两次 MASQUERADE：node1 上 CNI 的，"
    "node2 上 kube-proxy 的。",
)
KNOWING = Text("Networks that know the pods, and ip-masq-agent", "认识 Pod 的网络，以及 ip-masq-agent")
KNOWING_CAPTION = Text(
    "pod-a's connection: how it ends, and the source that arrived", "pod-a 的连接：结果，以及到达时的源地址"
)
CLUSTER = Text("cluster", "集群")
FLANNEL, FLANNEL_BARE = Text("flannel", "flannel"), Text("flannel, nobody masquerades", "flannel，无人做 MASQUERADE")
NATIVE = Text("GKE, whose network knows the pods, as shipped", "GKE（网络认识 Pod），默认配置")
NATIVE_AGENT = Text(
    "the same, ip-masq-agent with nonMasqueradeCIDRs 10.0.0.0/8",
    "同上，ip-masq-agent 的 nonMasqueradeCIDRs 为 10.0.0.0/8",
)
AGENT = Text(
    "the same with ip-masq-agent, nonMasqueradeCIDRs 172.16.0.0/12, 192.168.0.0/16",
    "同上，加 ip-masq-agent，nonMasqueradeCIDRs 为 172.16.0.0/12、192.168.0.0/16",
)
AGENT = Text("what the agent writes", "该组件写入的规则")
KNOWING_TOLD = Text(
    "Where the network routes to pods, no masquerade is needed to get an answer, and the far end may see the pod itself. GKE leaves the"
    " private and reserved ranges alone; ip-masq-agent's list takes the place of that: RETURN for its networks, MASQUERADE for the rest. On a public way a NAT gateway of the cloud follows, which is not"
    " walked here: the world then sees the gateway's address, whatever the node did.",
    "网络本身能路由到 Pod 时，不做 MASQUERADE 也能收到响应，对端看到的可以是 Pod 自己。GKE 默认放过私有与保留网段；ip-masq-agent 的列表取而代之：列表中的网段 RETURN，其余 MASQUERADE。"
    "去公网的路上后面还有云的 NAT 网关，这里没有模拟：无论节点怎么做，外面看到的都是网关的地址。",
)
PORTS = Text("How many connections fit behind one address", "一个地址后面容得下多少连接")
PORTS_CAPTION = Text("500 new connections a second", "每秒 500 个新连接")
PORTS_HEADERS = (
    Text("to whom, and how long each is open", "目标，以及每个连接保持多久"),
    Text("ports there are", "可用端口"),
    Text("ports wanted", "需要端口"),
    Text("used up after", "用尽时间"),
)
USES = (
    Text("one server, 60 s each", "一个服务器，各 60 秒"),
    Text("one server, 240 s each", "一个服务器，各 240 秒"),
    Text("four servers, 240 s each", "四个服务器，各 240 秒"),
    Text("one server, pods on two nodes, 240 s each", "一个服务器，Pod 分布在两个节点，各 240 秒"),
    Text("one server, a single process without NAT, 240 s each", "一个服务器，单个进程且不经 NAT，各 240 秒"),
)
NEVER = Text("never", "不会")
PORTS_TOLD = Text(
    "MASQUERADE needs a source port of its own for each connection to one address, port and protocol. When there is none the SYN is dropped"
    " in silence: conntrack -S counts insert_failed, the client waits. More destinations, more nodes, or connections that are reused are the"
    " cure. Kernels of today may take a port over from an entry in TIME_WAIT; older ones hold it for 120 s more.",
    "对同一个目的地址、端口和协议，MASQUERADE 要为每个连接找一个独占的源端口。找不到时 SYN 被静默丢弃：conntrack -S 的 insert_failed 增加，客户端只能等。"
    "解法是更多目的地址、更多节点，或复用连接。较新的内核可以接管处于 TIME_WAIT 的表项的端口，较旧的要多占 120 秒。",
)
BREAKS = Text("What breaks without each part", "缺了哪一部分会怎样")
FORWARD_DROP = Text("FORWARD's policy is DROP, flannel's rules gone", "FORWARD 默认策略为 DROP，且 flannel 的规则丢失")
HOST_NETWORK = Text("a process on node1 itself, no MASQUERADE rule", "node1 自身的进程，没有 MASQUERADE 规则")
_PARTS = {
    "masquerade": Text("no MASQUERADE rule", "没有 MASQUERADE 规则"),
    "ip_forward": Text("ip_forward=0", "ip_forward=0"),
    "default-route": Text("node1 has no default route", "node1 没有默认路由"),
}
FOLLOW_UPS = (
    Text("A partner wants one address for its allow-list. Which ways are there, and what does each cost?", "合作方的白名单只收一个地址：有哪些办法？各有什么代价？"),
    Text("Which source does an egress NetworkPolicy judge, and which one does a firewall outside?", "egress 网络策略检查的是哪个源地址？集群外的防火墙呢？"),
    Text("Why may a pod reach a database by its node and not by the node next to it?", "为什么同一个 Pod 调度到别的节点上就连不上数据库？"),
    Text("What changes with IPv6, where pods have global addresses?", "IPv6 中 Pod 有全局地址，会有什么不同？"),
    Text("How do you see that source ports run out, before users do?", "怎样在用户之前发现源端口快用完了？"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """The rewrite as it was walked, ip:port before and after, and the chain that did it; how many ports there are."""

    pod: str
    seen: str
    chain: str
    ports: int
    local: int


def summary(server: str) -> Text:
    return Text(
        f"pod-a on node1 connects to {server}:443 in the world. Nobody out there knows the way to a pod's address, so somebody has to put"
        " another in its place, and put the pod's back for the answer. That is the CNI's work, or the network's; kube-proxy has no part in it.",
        f"node1 上的 pod-a 访问外部的 {server}:443。外面没有谁知道怎么到达 Pod 的地址，所以必须有人换上别的地址，并在响应回来时换回去。"
        "这是 CNI 或底层网络的事，与 kube-proxy 无关。",
    )


def who(pod: str) -> Text:
    return Text(
        f"pod-a on node1 ({pod}): the source with which its packet arrives",
        f"node1 上的 pod-a（{pod}）：数据包到达时的源地址",
    )


def path(to: str) -> Text:
    return Text(f"pod-a -> {to}, hop by hop", f"pod-a -> {to}，逐跳")


def breaks(to: str) -> Text:
    return Text(f"pod-a -> {to}; each row is a walk of its own", f"pod-a -> {to}；每一行都是一次单独的模拟")


def seen(verdict: str, source: str) -> Text:
    return Text(f"{verdict}, arrived as {source}", f"{verdict}，到达时为 {source}")


def seconds(value: Fraction) -> Text:
    return Text(f"{float(value):.0f} s", f"{float(value):.0f} 秒")


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def claim_kube_proxy(figures: Figures) -> Claim:
    return Claim(
        Text("kube-proxy masquerades what pods send to the internet.", "Pod 访问公网由 kube-proxy 做 MASQUERADE。"),
        Text(
            f"{figures.chain} did, which is the CNI's: {figures.pod} became {figures.seen}. KUBE-POSTROUTING was passed before and found no mark.",
            f"是 {figures.chain} 做的，即 CNI 的链：{figures.pod} 变成 {figures.seen}。之前经过 KUBE-POSTROUTING 时没有标记，原样放过。",
        ),
    )


def claim_node(figures: Figures, native: Text) -> Claim:
    return Claim(
        Text("The server outside sees the node's address.", "外部服务器看到的是节点的地址。"),
        Text(
            f"With flannel yes: {address(figures.seen)}. On GKE, whose network knows the pods, towards a private range: {native.en}.",
            f"flannel 是这样：{address(figures.seen)}。GKE 的网络认识 Pod，访问私有网段时：{native.zh}。",
        ),
        Holds.DEPENDS,
    )


def claim_one_address(first: str, other: str) -> Claim:
    return Claim(
        Text("The cluster has one address towards the world.", "集群对外只有一个地址。"),
        Text(
            f"Each node has its own: pod-a is seen as {first}, pod-b as {other}. An allow-list has to hold all nodes, also those that an autoscaler"
            " adds, or an egress gateway.",
            f"每个节点各有一个：pod-a 被看作 {first}，pod-b 被看作 {other}。白名单要包含所有节点（包括自动扩容出来的），或者使用出口网关。",
        ),
    )


def claim_never_leaves(outcome: Outcome) -> Claim:
    return Claim(
        Text("Without masquerade the packet does not leave.", "没有 MASQUERADE，数据包就出不去。"),
        Text(
            f"It leaves and arrives: the server saw {outcome.source_seen}. It is the answer that dies. {reason(outcome).en} (Clouds may drop it"
            " before, where they check sources.)",
            f"它出得去，也到得了：服务端看到的是 {outcome.source_seen}。丢的是响应。{reason(outcome).zh}（云网络若检查源地址，可能更早丢弃。）",
        ),
    )


def claim_inside(node: str, pod: str) -> Claim:
    return Claim(
        Text("Within the cluster pods keep their address.", "在集群内部，Pod 保留自己的地址。"),
        Text(
            f"Towards pods: {pod} at pod-b. Towards a process on node2 pod-a arrives as {node} (flannel): a node is not of the pods' network.",
            f"对 Pod 是这样：pod-b 看到 {pod}。对 node2 上的进程，pod-a 到达时是 {node}（flannel）：节点不属于 Pod 网络。",
        ),
        Holds.DEPENDS,
    )


def claim_port(figures: Figures, kept: str) -> Claim:
    return Claim(
        Text("MASQUERADE keeps the source port.", "MASQUERADE 保留源端口。"),
        Text(
            f"With --random-fully, as flannel and kube-proxy write it, it is drawn: {figures.pod} became {figures.seen}. kindnet's rule has no"
            f" such option: {kept}.",
            f"flannel 和 kube-proxy 写了 --random-fully，端口是随机的：{figures.pod} 变成 {figures.seen}。kindnet 的规则没有这个选项：{kept}。",
        ),
        Holds.DEPENDS,
    )


def claim_local_ports(figures: Figures, masqueraded: PortUse, plain: PortUse) -> Claim:
    return Claim(
        Text(
            "ip_local_port_range limits what pods may open through the node.",
            "Pod 经节点能建立的连接数受 ip_local_port_range 限制。",
        ),
        Text(
            f"That is for sockets of one host: {figures.local:,} ports, used up after {float(plain.runs_out_after or 0):.0f} s in the table above."
            f" MASQUERADE draws from {figures.ports:,} for each destination: {float(masqueraded.runs_out_after or 0):.0f} s.",
            f"那是针对单台主机的 socket：{figures.local:,} 个端口，在上表中 {float(plain.runs_out_after or 0):.0f} 秒用尽。MASQUERADE 对每个目的地址有 "
            f"{figures.ports:,} 个可选：{float(masqueraded.runs_out_after or 0):.0f} 秒。",
        ),
    )


def claim_agent(native: Text, bare: Outcome) -> Claim:
    return Claim(
        Text(
            "A network in nonMasqueradeCIDRs is reached with the pods' own addresses.",
            "nonMasqueradeCIDRs 中的网段会看到 Pod 自己的地址。",
        ),
        Text(
            f"Where it has a route to the pods: {native.en}. Where it has none, the same exemption is an outage: {bare.verdict}. {reason(bare).en}",
            f"前提是对方有到 Pod 的路由：{native.zh}。没有路由时，同样的豁免就是故障：{bare.verdict}。{reason(bare).zh}",
        ),
        Holds.DEPENDS,
    )


def points(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            "kube-proxy masquerades so that answers come back by the node that translated; the CNI masquerades so that answers come back at all.",
            "kube-proxy 做 MASQUERADE，是为了让响应回到做过转换的节点；CNI 做 MASQUERADE，是为了让响应回得来。",
        ),
        Text(
            "It happens on the pod's own node, in POSTROUTING, for what leaves the pods' networks: flannel's ip-masq, Calico's natOutgoing.",
            "发生在 Pod 自己的节点上，POSTROUTING 中，针对离开 Pod 网络的流量：flannel 的 ip-masq、Calico 的 natOutgoing。",
        ),
        Text(
            f"Ports: {figures.ports:,} for each destination address and port behind one node; without a free one the SYN is dropped silently.",
            f"端口：每个节点对每个目的地址和端口有 {figures.ports:,} 个；没有空闲端口时 SYN 被静默丢弃。",
        ),
        Text(
            "A NetworkPolicy sees the pod (it judges before SNAT), a firewall outside sees the node or the NAT gateway.",
            "网络策略看到的是 Pod（在 SNAT 之前检查）；集群外的防火墙看到的是节点或 NAT 网关。",
        ),
        Text(
            "How I look: tcpdump on cni0 and on eth0 of the node, side by side: the source changes between them, or it does not.",
            "排查：在节点的 cni0 和 eth0 上同时抓包，看源地址有没有变。",
        ),
    )


def spoken(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            f"The pod sends from {address(figures.pod)}, by its node's default route. Nobody outside can answer that address, so in POSTROUTING"
            f" the CNI's rule, {figures.chain} with flannel, rewrites the source to {figures.seen}: the node's address and a drawn port. conntrack"
            " remembers it and puts the pod's address back when the answer comes.",
            f"Pod 以 {address(figures.pod)} 为源，走节点的默认路由。外面没有人能响应这个地址，所以在 POSTROUTING 里，CNI 的规则（flannel 是 {figures.chain}）"
            f"把源改成 {figures.seen}：节点的地址加一个随机端口。conntrack 记下来，响应回来时再换回 Pod 的地址。",
        ),
        Text(
            "So the far end sees nodes, not pods, and a different one after each rescheduling. Between pods nothing is rewritten. In a cloud whose"
            " network knows the pods one may leave it out, by ip-masq-agent's list for instance, and then a NAT gateway does it at the edge. If"
            " connections to one server time out under load I count source ports.",
            "所以对端看到的是节点而不是 Pod，重新调度后还会换。Pod 之间不改写。如果云网络本身认识 Pod，可以不做，比如用 ip-masq-agent 的列表，"
            "再由边界上的 NAT 网关来做。如果高负载下到某个服务器的连接超时，我会去数源端口。",
        ),
    )
