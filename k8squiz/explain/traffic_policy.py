"""externalTrafficPolicy and internalTrafficPolicy: who keeps the client's address, and who drops."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.explain.clusters import HEALTH_CHECK_NODE_PORT, LB_VIP, NODE_PORT, NODES, PODS, Shape
from k8squiz.explain.walked import StoryCluster
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, same
from k8squiz.story.endings import address, brief, ending, reason

WITHOUT = ("masquerade",)
_NODE1 = NODES["node1"][0]
_NODE2 = NODES["node2"][0]
_B = PODS["pod-b"][0]
_REMOTE = ("pod-b",)


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live traces."""
    shapes = (Shape(endpoints=_REMOTE, external=policy, load_balancer=True) for policy in ("Cluster", "Local"))
    (cluster, whole_cluster), (local, whole_local) = (
        (StoryCluster(shape, without), StoryCluster(shape)) for shape in shapes
    )
    at_node1 = f"{_NODE1}:{NODE_PORT}"
    at_node2 = f"{_NODE2}:{NODE_PORT}"
    return Story(
        topic="traffic-policy",
        title=Text("externalTrafficPolicy: Cluster and Local", "externalTrafficPolicy：Cluster 与 Local"),
        summary=Text(
            "One pod, on node2. The client asks node1, then node2, under both policies. What does the pod see, and "
            "who gets no answer?",
            "只有一个 Pod，运行在 node2。客户端在两种策略下分别访问 node1 和 node2：Pod 看到的源地址是什么？谁得不到响应？",
        ),
        sections=(
            Section(
                Text("Side by side", "对照"),
                (_side_by_side(cluster, local), _who_masquerades(whole_local)),
            ),
            Section(
                Text("Cluster: node1 has no pod and serves all the same", "Cluster：node1 没有 Pod 也照样服务"),
                (cluster.told(same(f"client -> {at_node1}"), cluster.walk("client", at_node1)),),
            ),
            Section(
                Text(
                    "Local, a node with the pod: the client's address survives", "Local，节点上有 Pod：保留客户端地址"
                ),
                (local.told(same(f"client -> {at_node2}"), local.walk("client", at_node2)),),
            ),
            Section(
                Text("Local, a node without a pod: dropped", "Local，节点上没有 Pod：丢弃"),
                (
                    local.told(same(f"client -> {at_node1}"), local.walk("client", at_node1)),
                    Rules(
                        Text("node1, the rule that drops", "node1，丢弃它的规则"),
                        local.rule_lines("node1", "has no local endpoints", "health check node port"),
                    ),
                ),
            ),
            _load_balancer(local),
            _internal(),
        ),
        claims=_claims(whole_cluster, whole_local),
        points=_points(whole_cluster, whole_local),
        follow_ups=_FOLLOW_UPS,
        sources=(
            "kubernetes/kubernetes pkg/proxy/topology.go: CategorizeEndpoints",
            "KEP-2086: internalTrafficPolicy (GA v1.26)",
            "KEP-1669: terminating endpoints (GA v1.28)",
            "KEP-3836: kube-proxy's healthz and node deletion (GA v1.31)",
        ),
        without=WITHOUT,
        live=tuple(
            world.live(same(policy), who, f"{own}:{NODE_PORT}")
            for policy, world in (("Cluster", cluster), ("Local", local))
            for who, _ in _WHO
            for own, _ in NODES.values()
        ),
    )


_WHO: tuple[tuple[str, Text], ...] = (
    ("client", Text("the client outside", "集群外的客户端")),
    ("pod/pod-a", Text("pod-a, on node1", "node1 上的 pod-a")),
    ("pod/pod-b", Text("pod-b, on node2", "node2 上的 pod-b")),
    ("node/node1", Text("a process on node1", "node1 上的进程")),
)


def _side_by_side(cluster: StoryCluster, local: StoryCluster) -> Grid:
    rows = []
    for who, name in _WHO:
        for node, (own, _) in NODES.items():
            target = f"{own}:{NODE_PORT}"
            rows.append(
                (name, same(f"{node}:{NODE_PORT}"), brief(cluster.walk(who, target)), brief(local.walk(who, target)))
            )
    return Grid(
        Text("the pod runs on node2 only; each cell is a walk", "Pod 只在 node2 上；每格都是一次模拟"),
        (Text("from", "来源"), Text("to", "目标"), same("Cluster"), same("Local")),
        tuple(rows),
    )


def _who_masquerades(local: StoryCluster) -> Paragraph:
    there = brief(local.walk("pod/pod-a", f"{_NODE2}:{NODE_PORT}"))
    dropped = local.walk("pod/pod-b", f"{_NODE1}:{NODE_PORT}")
    return Paragraph(
        Text(
            "Two programs masquerade here. kube-proxy does what policy Cluster asks, on the node whose NodePort is used. "
            "flannel (--ip-masq) does what a pod sends to anything that is no pod, on the pod's own node: FLANNEL-POSTRTG. So "
            f"pod-a at node2's NodePort under Local is {there.en}, its node's address; and pod-b at node1's is {dropped.verdict}, "
            "for it arrives as node2, which is no pod. Only on its own node is a pod's call known for a pod's.",
            "这里有两个程序会做 MASQUERADE。kube-proxy 在被访问的节点上，按 Cluster 策略的需要做；flannel（--ip-masq）在 Pod "
            "所在节点上，对 Pod 发往非 Pod 地址的流量做（FLANNEL-POSTRTG）。所以 Local 策略下 pod-a 访问 node2 的 NodePort 是 "
            f"{there.zh}，即它所在节点的地址；pod-b 访问 node1 的则是 {dropped.verdict}，因为它到达时的源地址是 node2，不是 Pod。"
            "只有在自己的节点上，Pod 的流量才会被认作 Pod 的流量。",
        )
    )


def _load_balancer(local: StoryCluster) -> Section:
    found = [line for node in NODES for line in local.rule_lines(node, "health check node port")]
    return Section(
        Text("What a load balancer does with it", "负载均衡器如何配合"),
        (
            Rules(
                Text("the health check port is let in on every node", "每个节点都放行健康检查端口"),
                tuple(dict.fromkeys(found)),
            ),
            Paragraph(
                Text(
                    f"A load balancer that asks healthCheckNodePort {HEALTH_CHECK_NODE_PORT} hears 200 from nodes with "
                    "a local ready endpoint and 503 from the others, and sends to the first only. One that does not "
                    f"ask keeps sending to node1, where the packet to {LB_VIP} is dropped: a share of the clients "
                    "times out.",
                    f"会探测 healthCheckNodePort {HEALTH_CHECK_NODE_PORT} 的负载均衡器，从有本地就绪端点的节点得到 200，"
                    "从其他节点得到 503，因此只转发给前者。不做探测的负载均衡器会继续把流量发给 node1，"
                    f"发往 {LB_VIP} 的数据包在那里被丢弃：一部分客户端会超时。",
                )
            ),
        ),
    )


def _internal() -> Section:
    rows = []
    for policy in ("Cluster", "Local"):
        world = StoryCluster(Shape(endpoints=_REMOTE, internal=policy))
        outcome = world.walk("pod/pod-a", "svc/web")
        rows.append((same(policy), same(str(outcome.verdict)), ending(outcome)))
    return Section(
        Text("internalTrafficPolicy is another switch", "internalTrafficPolicy 是另一个开关"),
        (
            Grid(
                Text("pod-a on node1 -> ClusterIP, the pod on node2", "node1 上的 pod-a -> ClusterIP，Pod 在 node2"),
                (same("internalTrafficPolicy"), Text("verdict", "结果"), Text("what happened", "发生了什么")),
                tuple(rows),
            ),
        ),
    )


def _claims(cluster: StoryCluster, local: StoryCluster) -> tuple[Claim, ...]:
    target = f"{_NODE1}:{NODE_PORT}"
    seen = address(cluster.walk("client", target).source_seen or "")
    dropped = local.walk("client", target)
    from_pod = local.walk("pod/pod-a", target)
    from_other = local.walk("pod/pod-b", target)
    from_node = local.walk("node/node1", target)
    where = reason(dropped)
    return (
        Claim(
            Text("With Cluster the pod sees Node1's IP.", "Cluster 策略下 Pod 看到的是 Node1 的 IP。"),
            Text(
                f"It sees the address of the device node1 sends by: {seen} here (VXLAN). The node's IP is what "
                "host-gw or BGP would show.",
                f"看到的是 node1 出口设备的地址：这里（VXLAN）是 {seen}。只有 host-gw 或 BGP 时才是 Node IP。",
            ),
        ),
        Claim(
            Text(
                "With Local, traffic never reaches a node without a pod.", "Local 策略下，流量不会到达没有 Pod 的节点。"
            ),
            Text(
                "Only a load balancer that health-checks keeps it away. A client that asks that node directly is not "
                f"refused but {dropped.verdict}. {where.en}",
                f"只有会做健康检查的负载均衡器才会避开它。客户端直接访问该节点时不是被拒绝，而是 {dropped.verdict}。{where.zh}",
            ),
        ),
        Claim(
            Text("Local always drops where there is no local pod.", "只要本地没有 Pod，Local 就一定丢弃。"),
            Text(
                f"Not for traffic that starts on the node: pod-a on node1 gets {brief(from_pod).en}; node1's own process "
                f"gets {brief(from_node).en}. Both short-circuit to all endpoints. A pod of another node does not: the CNI has "
                f"masqueraded it, and pod-b at node1 gets {from_other.verdict}.",
                f"对从本节点发起的流量不是这样：node1 上的 pod-a 的结果是 {brief(from_pod).zh}；node1 自身进程的结果是 "
                f"{brief(from_node).zh}。两者都不受 Local 限制，可选全部端点。其他节点的 Pod 则不行：CNI 已对它做了 MASQUERADE，pod-b 访问 node1 "
                f"的结果是 {from_other.verdict}。",
            ),
        ),
        Claim(
            Text("Local is faster, so use it everywhere.", "Local 更快，所以应该处处使用。"),
            Text(
                "It saves a hop and keeps the source, and pays with balance: each node gets the same share from the "
                "load balancer, however many pods it runs.",
                "它省一跳并保留源地址，代价是均衡性：负载均衡器按节点平分流量，而不管节点上有几个 Pod。",
            ),
        ),
    )


def _points(cluster: StoryCluster, local: StoryCluster) -> tuple[Text, ...]:
    kept = local.walk("client", f"{_NODE2}:{NODE_PORT}")
    lost = cluster.walk("client", f"{_NODE1}:{NODE_PORT}")
    return (
        Text(
            f"Local keeps the source: the pod saw {kept.source_seen}. Cluster loses it: {lost.source_seen}.",
            f"Local 保留源地址：Pod 看到 {kept.source_seen}；Cluster 丢失源地址：看到 {lost.source_seen}。",
        ),
        Text(
            "Cluster has to masquerade, or the answer would not pass the node that holds the DNAT.",
            "Cluster 必须做 MASQUERADE，否则响应不会经过保存 DNAT 状态的节点。",
        ),
        Text(
            "No local endpoint: DROP (the client times out). No endpoint anywhere: REJECT (the client hears at once).",
            "本地没有端点：DROP（客户端超时）；整个集群都没有端点：REJECT（客户端立即得知）。",
        ),
        Text(
            "With Local a rolling update needs care: a terminating but serving local endpoint is used only while no "
            "ready local one is left (v1.28).",
            "Local 下滚动更新要小心：只有本地没有就绪端点时，才会使用正在终止但仍可服务的本地端点（v1.28）。",
        ),
        Text(
            "Other ways to keep the address: PROXY protocol, X-Forwarded-For at layer 7, DSR.",
            "保留客户端地址的其他办法：PROXY protocol、七层的 X-Forwarded-For、DSR。",
        ),
    )


_FOLLOW_UPS = (
    Text(
        "The only pod of node2 is terminating. What does healthCheckNodePort say, and where do packets go?",
        "node2 上唯一的 Pod 正在终止：healthCheckNodePort 返回什么？数据包去哪里？",
    ),
    Text("How does a load balancer of ipMode Proxy change it?", "负载均衡器的 ipMode 为 Proxy 时有何变化？"),
    Text("Who does loadBalancerSourceRanges keep out, and who not?", "loadBalancerSourceRanges 能挡住谁，挡不住谁？"),
    Text(
        "3 pods on node1, 1 on node2, Local: which share does each pod get?",
        "node1 上 3 个 Pod、node2 上 1 个，Local 策略：每个 Pod 分到多少流量？",
    ),
)
