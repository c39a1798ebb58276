"""The NodePort path: from a client outside the cluster to the application in a pod, and the way back."""

from __future__ import annotations

from engine.hooks import Hook
from engine.trace import Hop, Outcome, Stage, Text
from k8squiz.explain.clusters import LB_VIP, NODE_PORT, NODES, PODS, Shape
from k8squiz.explain.walked import StoryCluster, first, snat_source, step
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Step, Steps, Story, same
from k8squiz.story.endings import address, ending, reason

WITHOUT = ("masquerade", "route")
_NODE1 = NODES["node1"][0]
_NODE2 = NODES["node2"][0]
_A = PODS["pod-a"][0]
_B = PODS["pod-b"][0]
_ENTRY = f"{_NODE1}:{NODE_PORT}"


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live trace."""
    world = StoryCluster(Shape(), without)
    outcome = world.walk("client", _ENTRY, to=_B)
    working = StoryCluster(Shape()).walk("client", _ENTRY, to=_B)
    return Story(
        topic="nodeport",
        title=Text("A request from outside to a NodePort, hop by hop", "集群外部请求经 NodePort 到达 Pod 的完整路径"),
        summary=Text(
            f"A client connects to {_ENTRY}. node1 picks pod-b ({_B}), which runs on node2; flannel carries the packet "
            "there in VXLAN. Then the answer finds its way back, which is half of the question.",
            f"客户端连接 {_ENTRY}。node1 选中了运行在 node2 上的 pod-b（{_B}），flannel 用 VXLAN 把数据包送过去。"
            "响应再原路返回，这是题目的另一半。",
        ),
        sections=(
            _eleven_steps(world, outcome),
            _rules(world),
            _the_way_back(outcome),
            _which_source(),
        ),
        claims=_claims(working),
        points=_points(working),
        follow_ups=_FOLLOW_UPS,
        sources=(
            "kubernetes/kubernetes pkg/proxy/iptables/proxier.go",
            "RFC 7348: VXLAN; RFC 2003: IPIP",
            "linux net/netfilter/nf_nat_masquerade.c: the address of the outgoing device",
            "linux drivers/net/vxlan: the outer source port is a hash of the inner flow",
        ),
        without=WITHOUT,
        live=tuple(
            StoryCluster(Shape(endpoints=(pod,)), without).live(
                Text(f"the answer comes from {pod}", f"由 {pod} 响应"), "client", _ENTRY
            )
            for pod in ("pod-b", "pod-a")
        ),
    )


def _eleven_steps(world: StoryCluster, outcome: Outcome) -> Section:
    hops = outcome.hops

    def on_node1(hop: Hop) -> bool:
        return hop.host == "node1"

    def on_node2(hop: Hop) -> bool:
        return hop.host == "node2"

    steps = (
        Step(
            Text("DNS gives the node's address", "DNS 解析得到 Node IP"),
            Text(
                "Before any packet of this connection: whatever name stands before a NodePort is resolved outside "
                f"the cluster, here to {_NODE1}.",
                f"发生在本连接的任何数据包之前：NodePort 前面的域名由集群外的 DNS 解析，这里得到 {_NODE1}。",
            ),
        ),
        step(Text("TCP connects to NodeIP:NodePort", "TCP 连接 NodeIP:NodePort"), first(hops, Stage.CONNECT)),
        step(
            Text("The packet arrives on the node's eth0", "数据包到达节点网卡 eth0"), first(hops, Stage.NIC, on_node1)
        ),
        step(
            Text("nat PREROUTING: DNAT to a pod", "nat 表 PREROUTING：DNAT 到 Pod"), first(hops, Stage.DNAT, on_node1)
        ),
        step(Text("Routing, after DNAT", "路由决策（在 DNAT 之后）"), first(hops, Stage.ROUTING, on_node1)),
        step(Text("nat POSTROUTING: MASQUERADE", "nat 表 POSTROUTING：MASQUERADE"), first(hops, Stage.SNAT, on_node1)),
        step(Text("Encapsulation", "封装"), first(hops, Stage.ENCAPSULATE, on_node1)),
        step(Text("Over the physical network", "物理网络传输"), first(hops, Stage.WIRE, _encapsulated)),
        step(Text("node2 decapsulates", "node2 解封装"), first(hops, Stage.DECAPSULATE, on_node2)),
        step(
            Text("Over cni0 and the veth pair into the pod", "经 cni0 与 veth pair 进入 Pod"),
            first(hops, Stage.BRIDGE, on_node2) or first(hops, Stage.VETH),
        ),
        step(Text("The application receives it", "应用程序收到请求"), first(hops, Stage.SOCKET)),
    )
    return Section(
        Text("The eleven steps, as they were walked", "十一个步骤（由引擎逐步走出）"),
        (
            Steps(ending(outcome), steps),
            world.told(Text(f"client -> {_ENTRY}, pod-b picked", f"client -> {_ENTRY}，选中 pod-b"), outcome),
        ),
    )


def _encapsulated(hop: Hop) -> bool:
    return hop.encapsulation is not None


def _rules(world: StoryCluster) -> Section:
    lines = world.rule_lines(
        "node1", "must be the last rule", "-A KUBE-NODEPORTS -p", "-A KUBE-EXT", "-A KUBE-SVC", "--to-destination"
    )
    return Section(
        Text("The chains of step 4", "第 4 步经过的链"),
        (
            Rules(Text("node1, table nat", "node1，nat 表"), lines),
            Paragraph(
                Text(
                    "KUBE-SERVICES ends in KUBE-NODEPORTS; that jumps to KUBE-EXT, where external traffic is marked "
                    "for masquerade; KUBE-SVC draws the endpoint; KUBE-SEP does the DNAT. KUBE-EXT exists since v1.24: "
                    "before, KUBE-NODEPORTS jumped straight to KUBE-SVC (or, with policy Local, to KUBE-XLB).",
                    "KUBE-SERVICES 的最后一条规则跳到 KUBE-NODEPORTS，再跳到 KUBE-EXT（外部流量在这里打上 MASQUERADE 标记），"
                    "由 KUBE-SVC 随机选择端点，KUBE-SEP 执行 DNAT。KUBE-EXT 自 v1.24 才有：此前 KUBE-NODEPORTS "
                    "直接跳到 KUBE-SVC（Local 策略时跳到 KUBE-XLB）。",
                )
            ),
        ),
    )


def _the_way_back(outcome: Outcome) -> Section:
    rows = tuple(
        (same(entry.host), same(str(entry.original)), same(str(entry.reply)), same(entry.state))
        for entry in outcome.conntrack
        if entry.host.startswith("node")
    )
    return Section(
        Text("The way back", "回程"),
        (
            Grid(
                Text("conntrack once the connection stands", "连接建立后的 conntrack 表项"),
                (Text("host", "主机"), Text("original", "原始方向"), Text("reply", "回复方向"), Text("state", "状态")),
                rows,
            ),
            Paragraph(
                Text(
                    "Both translations are undone on node1 alone: node2 knows nothing of the client. Were the packet not "
                    "masqueraded, node2 would send the pod's answer straight to the client, from an address the client "
                    "never spoke to. (Were it kube-proxy's rule alone that is missing, flannel's --ip-masq would stand in for "
                    "it here: FLANNEL-POSTRTG masquerades what comes from no pod and goes to another node's. Calico's "
                    "natOutgoing would not.)",
                    "两次转换都只在 node1 上还原，node2 对客户端一无所知。如果数据包没有做 MASQUERADE，node2 会把 Pod 的响应直接发给客户端，"
                    "而那个源地址客户端从未访问过。（如果只是缺了 kube-proxy 的规则，这里会有 flannel 的 --ip-masq 顶上："
                    "FLANNEL-POSTRTG 对来自非 Pod、去往其他节点 Pod 的流量做 MASQUERADE；Calico 的 natOutgoing 则不会。）",
                )
            ),
        ),
    )


def _which_source() -> Section:
    rows = []
    for backend in ("vxlan", "host-gw"):
        world = StoryCluster(Shape(backend=backend))
        for pod, place in ((_B, Text("on the other node", "在另一个节点")), (_A, Text("on this node", "在本节点"))):
            outcome = world.walk("client", _ENTRY, to=pod)
            rows.append((same(backend), place, same(address(outcome.source_seen or "-"))))
    return Section(
        Text(
            'Which source does the pod see? "The node\'s IP" is one case only',
            "Pod 看到的源地址？“Node IP”只是其中一种",
        ),
        (
            Grid(
                Text(f"client -> {_ENTRY}, policy Cluster", f"client -> {_ENTRY}，Cluster 策略"),
                (Text("flannel backend", "flannel 后端"), Text("the pod runs", "Pod 位置"), Text("it sees", "它看到")),
                tuple(rows),
            ),
        ),
    )


def _claims(working: Outcome) -> tuple[Claim, ...]:
    seen = address(working.source_seen or "")
    forward = first(working.hops, Stage.FORWARD)
    host_gw = StoryCluster(Shape(backend="host-gw")).walk("client", _ENTRY, to=_B)
    broken = StoryCluster(Shape(), frozenset({"masquerade"})).walk("client", _ENTRY, to=_B)
    return (
        Claim(
            Text("MASQUERADE changes the source to the node's IP.", "MASQUERADE 把源地址改为 Node IP。"),
            Text(
                f"To the address of the device the packet leaves by after DNAT: {seen} with VXLAN, "
                f"{address(host_gw.source_seen or '')} with host-gw.",
                f"改为 DNAT 之后出口设备的地址：VXLAN 下是 {seen}，host-gw 下是 {address(host_gw.source_seen or '')}。",
            ),
        ),
        Claim(
            Text("KUBE-SEP picks a random endpoint.", "KUBE-SEP 随机选择端点。"),
            Text(
                "KUBE-SVC draws, with one statistic rule an endpoint; a KUBE-SEP chain stands for one endpoint and "
                "does its DNAT. The draw is random, not round robin, and once for a connection.",
                "选择端点的是 KUBE-SVC（每个端点一条 statistic 规则）；一条 KUBE-SEP 链只代表一个端点，负责 DNAT。"
                "选择是随机的而不是轮询，且每个连接只选一次。",
            ),
        ),
        Claim(
            Text(
                "The packet passes PREROUTING and POSTROUTING; that is all.",
                "数据包只经过 PREROUTING 和 POSTROUTING。",
            ),
            Text(
                "Between them it is forwarded"
                + (f" ({forward.chain or Hook.FORWARD} in table {forward.table or 'filter'})" if forward else "")
                + ": KUBE-FORWARD accepts it by its mark. And the encapsulated packet is a new one that the node "
                "itself sends, through OUTPUT and POSTROUTING.",
                "两者之间还有 FORWARD"
                + (f"（{forward.table or 'filter'} 表 {forward.chain or Hook.FORWARD}）" if forward else "")
                + "：KUBE-FORWARD 凭标记放行。封装后的外层包是节点自己发出的新包，走 OUTPUT 和 POSTROUTING。",
            ),
        ),
        Claim(
            Text("The answer takes any way home.", "响应走哪条路回去都行。"),
            Text(
                f"It has to pass node1, which alone can undo the NAT. If nobody masquerades, neither kube-proxy nor flannel, the "
                f"walk ends {broken.verdict}. {reason(broken).en}",
                f"必须经过 node1，只有它能还原 NAT。kube-proxy 和 flannel 都不做 MASQUERADE 时，结果是 {broken.verdict}。{reason(broken).zh}",
            ),
        ),
        Claim(
            Text("With policy Local there is no SNAT.", "externalTrafficPolicy=Local 就不做 SNAT。"),
            Text(
                "True of traffic from outside. What the node itself sends to its NodePort kube-proxy masquerades still "
                "(`--src-type LOCAL` in KUBE-EXT), and what a pod sends to another node's NodePort the CNI masquerades on the "
                "pod's own node.",
                "对集群外的流量成立。但节点自己访问 NodePort 的流量仍由 kube-proxy 做 MASQUERADE（KUBE-EXT 中的 `--src-type LOCAL`），"
                "Pod 访问其他节点 NodePort 的流量则由 CNI 在 Pod 所在节点上做。",
            ),
        ),
    )


def _points(working: Outcome) -> tuple[Text, ...]:
    seen = snat_source(working)
    cost = working.cost.rules_evaluated
    return (
        Text(
            "DNAT before routing, masquerade after it: that is why the hooks stand in this order.",
            "先 DNAT 再路由，最后 MASQUERADE：各 hook 点的顺序正是为此。",
        ),
        Text(
            f"Name the source and destination after each NAT, with ports: here {seen} -> {working.destination}.",
            f"说清每次 NAT 之后的源和目的（含端口）：这里是 {seen} -> {working.destination}。",
        ),
        Text(
            f"The first packet had {cost} rules evaluated on all hosts, kube-proxy's and flannel's; later ones never see the "
            "nat table.",
            f"首包在所有主机上共匹配了 kube-proxy 和 flannel 的 {cost} 条规则；后续数据包不再经过 nat 表。",
        ),
        Text(
            f"Any node answers on the NodePort, {_NODE2} too, whether or not it runs a pod (policy Cluster).",
            f"任何节点都接受访问该 NodePort 的请求，{_NODE2} 也一样，无论其上有没有 Pod（Cluster 策略）。",
        ),
        Text(
            "VXLAN takes 50 bytes of the MTU; IPIP 20. A wrong MTU shows as connections that open and then hang.",
            "VXLAN 占用 MTU 的 50 字节，IPIP 占用 20 字节。MTU 配错的表现是：连接能建立，传大包时卡死。",
        ),
    )


_FOLLOW_UPS = (
    Text(
        "Now externalTrafficPolicy is Local: what changes, step by step?",
        "现在改成 externalTrafficPolicy: Local，每一步有什么变化？",
    ),
    Text("What differs with Calico and BGP, or with IPIP?", "换成 Calico 的 BGP 或 IPIP 模式有何不同？"),
    Text(
        f"Does 127.0.0.1:{NODE_PORT} work on the node? In every mode?",
        f"在节点上访问 127.0.0.1:{NODE_PORT} 能通吗？各种模式都一样吗？",
    ),
    Text(
        f"And a LoadBalancer address such as {LB_VIP}: where does it differ?",
        f"如果访问的是 LoadBalancer 地址（如 {LB_VIP}），有什么不同？",
    ),
)
