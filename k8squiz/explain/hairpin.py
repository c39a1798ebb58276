"""Hairpin NAT: a pod reaches itself through its own Service. Seven steps, two parts it cannot do without."""

from __future__ import annotations

from engine.trace import Outcome, Stage, Text, Verdict
from k8squiz.explain.clusters import PODS, PORT, VIP, Shape
from k8squiz.explain.walked import StoryCluster, first, last, snat_source, step
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Steps, Story, same
from k8squiz.story.endings import address, ending, reason

WITHOUT = ("masquerade", "hairpin-mode", "br_netfilter")
_SHAPE = Shape(endpoints=("pod-a",))
_A = PODS["pod-a"][0]


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the live trace."""
    world = StoryCluster(_SHAPE, without)
    outcome = world.walk("pod/pod-a", "svc/web")
    working = StoryCluster(_SHAPE).walk("pod/pod-a", "svc/web")
    return Story(
        topic="hairpin",
        title=Text(
            "Hairpin NAT: a pod calls itself through its Service", "发夹（hairpin）NAT：Pod 通过 Service 访问自己"
        ),
        summary=Text(
            f"pod-a ({_A}) connects to {VIP}:{PORT} and kube-proxy picks pod-a itself. The packet has to turn round "
            "on the node and come back in by the port it left from, and it must not look as if the pod had "
            "written to itself.",
            f"pod-a（{_A}）访问 {VIP}:{PORT}，kube-proxy 恰好选中 pod-a 自己。数据包必须在节点上掉头，"
            "从它进来的端口再出去，而且不能看起来像是 Pod 发给自己的。",
        ),
        sections=(
            _path(world, outcome),
            _rules(world),
            _what_breaks(),
        ),
        claims=_claims(working),
        points=_points(working),
        follow_ups=_FOLLOW_UPS,
        sources=(
            "kubernetes/kubernetes pkg/proxy/iptables/proxier.go: the KUBE-SEP rule that marks an endpoint's own address",
            "linux net/bridge/br_forward.c should_deliver(): a port does not get back what it sent, unless in hairpin mode",
            "linux net/ipv4/fib_frontend.c fib_validate_source(): one's own address as a source from outside is martian",
            "containernetworking/plugins bridge: hairpinMode; flannel's delegate sets it",
        ),
        without=WITHOUT,
        live=tuple(
            StoryCluster(_SHAPE, parts).live(name, "pod/pod-a", "svc/web")
            for parts, name in _CASES
            if without in (frozenset(), parts)
        ),
    )


def _path(world: StoryCluster, outcome: Outcome) -> Section:
    there, back = outcome.hops, outcome.reply
    steps = (
        step(Text("Pod A sends", "Pod A 发出请求"), there[0] if there else None),
        step(Text("DNAT, and the mark for masquerade", "DNAT，并打上 MASQUERADE 标记"), first(there, Stage.DNAT)),
        step(Text("MASQUERADE", "MASQUERADE（SNAT）"), first(there, Stage.SNAT)),
        step(Text("Pod A receives the request", "Pod A 收到请求"), first(there, Stage.SOCKET)),
        step(Text("Pod A answers", "Pod A 发出响应"), back[0] if back else None),
        step(
            Text("conntrack undoes both translations", "conntrack 反向还原两次 NAT"),
            next((hop for hop in back if hop.changes), None),
        ),
        step(Text("Pod A receives the answer", "Pod A 收到响应"), last(back[1:], Stage.SOCKET)),
    )
    return Section(
        Text("The seven steps, as they were walked", "七个步骤（由引擎逐步走出）"),
        (
            Steps(ending(outcome), steps),
            world.told(Text("pod-a -> its own Service, hop by hop", "pod-a -> 自己的 Service，逐跳"), outcome),
        ),
    )


def _rules(world: StoryCluster) -> Section:
    lines = world.rule_lines("node1", "-A KUBE-SEP", "-A KUBE-MARK-MASQ", "-A KUBE-POSTROUTING")
    return Section(
        Text("The rules that do it", "起作用的规则"),
        (
            Rules(Text("node1, table nat", "node1，nat 表"), lines),
            Paragraph(
                Text(
                    "The first KUBE-SEP rule marks a connection whose source is the endpoint itself. KUBE-POSTROUTING "
                    "lets unmarked packets go, takes the mark off the others and masquerades them.",
                    "KUBE-SEP 的第一条规则给源地址等于该端点自身的连接打标记；KUBE-POSTROUTING 放行没有标记的包，"
                    "对有标记的包先清除标记再做 MASQUERADE。",
                )
            ),
        ),
    )


_CASES: tuple[tuple[frozenset[str], Text], ...] = (
    (frozenset(), Text("everything in place", "一切正常")),
    (frozenset({"br_netfilter"}), Text("br_netfilter off", "关闭 br_netfilter")),
    (frozenset({"masquerade"}), Text("no masquerade rule", "没有 MASQUERADE 规则")),
    (frozenset({"hairpin-mode"}), Text("no hairpin mode on the bridge port", "网桥端口未开启 hairpin 模式")),
    (
        frozenset({"hairpin-mode", "br_netfilter"}),
        Text("no hairpin mode, br_netfilter off", "未开启 hairpin 模式，且关闭 br_netfilter"),
    ),
    (
        frozenset({"masquerade", "hairpin-mode"}),
        Text("neither masquerade rule nor hairpin mode", "既没有 MASQUERADE 规则，也没有 hairpin 模式"),
    ),
)


def _what_breaks() -> Section:
    rows = []
    for without, name in _CASES:
        outcome = StoryCluster(_SHAPE, without).walk("pod/pod-a", "svc/web")
        rows.append((name, same(str(outcome.verdict)), ending(outcome)))
    return Section(
        Text("What breaks without each part", "缺了哪一部分会怎样"),
        (
            Grid(
                Text("each row is a walk of its own", "每一行都是一次单独的模拟"),
                (Text("cluster", "集群"), Text("verdict", "结果"), Text("what happened", "发生了什么")),
                tuple(rows),
            ),
        ),
    )


def _claims(working: Outcome) -> tuple[Claim, ...]:
    broken = StoryCluster(_SHAPE, frozenset({"masquerade"})).walk("pod/pod-a", "svc/web")
    refused = StoryCluster(_SHAPE, frozenset({"hairpin-mode"})).walk("pod/pod-a", "svc/web")
    no_bridge_nf = StoryCluster(_SHAPE, frozenset({"hairpin-mode", "br_netfilter"})).walk("pod/pod-a", "svc/web")
    seen = snat_source(working)
    claims = [
        Claim(
            Text(
                "Without SNAT the pod gets an answer whose source is itself, so TCP fails.",
                "没有 SNAT 时，Pod 收到源 IP 是自己的响应，所以 TCP 连接无法建立。",
            ),
            Text(
                f"No answer is ever sent. It is the request that dies: {reason(broken).en} "
                f"The trace has {len(broken.reply)} hops back.",
                f"根本没有响应发出，丢的是请求包：{reason(broken).zh}回程共 {len(broken.reply)} 跳。",
            ),
        ),
        Claim(
            Text(
                "The masquerade rule alone solves hairpin.",
                "只要有 MASQUERADE 规则，hairpin 的问题就解决了。",
            ),
            Text(
                f"With br_netfilter on, the bridge port's hairpin mode is needed too: {reason(refused).en} "
                f"With br_netfilter off the same cluster ends {no_bridge_nf.verdict}: the frame was handed up to the "
                "IP stack, and what is routed back out is no bridged frame any more.",
                f"br_netfilter 开启时还需要网桥端口的 hairpin 模式：{reason(refused).zh}"
                f"关闭 br_netfilter 后，同一集群的结果是 {no_bridge_nf.verdict}：帧被上交给 IP 协议栈，"
                "再路由出来的就不再是被网桥转发的帧了。",
            ),
        ),
        Claim(
            Text("DNAT changes only the address.", "DNAT 只改目的 IP 地址。"),
            Text(
                f"It changes the port as well: {VIP}:{PORT} became {working.destination}. MASQUERADE also gives the "
                f"source a new port (--random-fully): the pod saw {seen}, where pod-a had sent from {working.hops[0].src}.",
                f"端口也会改：{VIP}:{PORT} 变成了 {working.destination}。MASQUERADE 还会换掉源端口"
                f"（--random-fully）：Pod 看到的是 {seen}，而 pod-a 发出时是 {working.hops[0].src}。",
            ),
        ),
        Claim(
            Text(
                "The rule is `-m mark --mark 0x4000/0x4000 -j MASQUERADE`.",
                "规则是 `-m mark --mark 0x4000/0x4000 -j MASQUERADE`。",
            ),
            Text(
                "That was the old form. Since v1.19 KUBE-POSTROUTING is three rules: RETURN what is not marked, clear "
                "the mark, MASQUERADE --random-fully.",
                "这是旧写法。自 v1.19 起 KUBE-POSTROUTING 是三条规则：未打标记的 RETURN，清除标记，"
                "MASQUERADE --random-fully。",
            ),
        ),
        Claim(
            Text("Set kubelet's --hairpin-mode.", "设置 kubelet 的 --hairpin-mode 就行。"),
            Text(
                "The code behind it left kubelet with dockershim (v1.24). The CNI plugin sets the bridge port's "
                "hairpin mode (`hairpinMode` in the bridge plugin's configuration).",
                "真正生效的代码已随 dockershim 从 kubelet 中移除（v1.24）。网桥端口的 hairpin 模式由 CNI 插件设置"
                "（bridge 插件配置中的 `hairpinMode`）。",
            ),
        ),
    ]
    return tuple(claims)


def _points(working: Outcome) -> tuple[Text, ...]:
    seen = address(working.source_seen or "")
    connected = working.verdict is Verdict.DELIVERED
    return (
        Text(
            "One needs both NATs: DNAT to reach the pod, masquerade so that the answer has to pass the node again.",
            "两次 NAT 缺一不可：DNAT 让请求到达 Pod，MASQUERADE 让响应必须再次经过节点。",
        ),
        Text(
            f"The source becomes the address of the device the packet leaves by after DNAT: {seen}, cni0's, "
            "not the node's IP.",
            f"源地址变成 DNAT 之后出口设备的地址：{seen}，即 cni0 的地址，而不是 Node IP。",
        ),
        Text(
            "NAT is decided once for a connection; conntrack undoes both for the answer, so the client hears "
            f"{VIP}:{PORT}." + ("" if connected else " (Not in this trace.)"),
            f"NAT 在每个连接上只决定一次；响应由 conntrack 还原两次转换，所以客户端看到的响应来自 "
            f"{VIP}:{PORT}。" + ("" if connected else "（这次没有发生。）"),
        ),
        Text(
            "It happens on 1 of n connections, n being the number of endpoints: a flaky failure, and a sure one "
            "with a single replica.",
            "n 个端点时平均每 n 个连接中有 1 个会命中：表现为偶发失败；只有一个副本时则必然失败。",
        ),
        Text(
            "How to see it: `conntrack -L` shows SYN_SENT [UNREPLIED] with the pod's address on both sides; "
            "`bridge -d link` shows hairpin on or off.",
            "如何验证：`conntrack -L` 可见 SYN_SENT [UNREPLIED] 且两侧都是该 Pod 的地址；"
            "`bridge -d link` 可查看 hairpin on/off。",
        ),
    )


_FOLLOW_UPS = (
    Text(
        "Would it also happen with Calico's routed veth, where there is no bridge?",
        "Calico 用路由 veth、没有网桥，会有同样的问题吗？",
    ),
    Text(
        "Which source does a NetworkPolicy see for a hairpin connection?",
        "对 hairpin 连接，NetworkPolicy 看到的源地址是哪个？",
    ),
    Text(
        "What changes with nftables mode? And with a socket-level eBPF load balancer?",
        "nftables 模式有何不同？在 socket 层做负载均衡的 eBPF 又如何？",
    ),
    Text("Why does curl to the pod's own IP work without any of this?", "为什么直接 curl Pod 自己的 IP 不需要这些？"),
)
