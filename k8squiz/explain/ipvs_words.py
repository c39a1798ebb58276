"""What is said of ipvs mode: the claims held against walks, the points, the questions that follow."""

from __future__ import annotations

from engine import compile_rules
from engine.cluster import Mode
from engine.netfilter.ipvs import IpvsRuleset
from engine.trace import Outcome, Stage, Text, Where
from k8squiz.explain.clusters import NODE_PORT, NODES, PORT, VIP, Shape
from k8squiz.explain.walked import StoryCluster, first
from k8squiz.story.blocks import Claim
from k8squiz.story.endings import address

_NODE_PORT = f"{NODES['node1'][0]}:{NODE_PORT}"
_REMOTE = Shape(endpoints=("pod-b",))


def _walk(source: str, destination: str, *without: str, mode: Mode = Mode.IPVS, shape: Shape = _REMOTE) -> Outcome:
    return StoryCluster(shape, frozenset(without), mode).walk(source, destination)


def _where(outcome: Outcome) -> Where:
    assert outcome.where is not None
    return outcome.where


def claims() -> tuple[Claim, ...]:
    """What candidates say, and what the walks show."""
    return (_needs_iptables(), _falls_back(), _at_prerouting(), _no_conntrack(), *_schedulers(), _wrong_port())


def _needs_iptables() -> Claim:
    compiled = compile_rules(StoryCluster(_REMOTE, mode=Mode.IPVS).cluster, "node1", Mode.IPVS)
    assert isinstance(compiled, IpvsRuleset)
    rules = sum(len(chain.rules) for table in compiled.tables.values() for chain in table.chains.values())
    sets = len(compiled.ipsets)
    return Claim(
        Text("ipvs mode does without iptables.", "ipvs 模式不需要 iptables。"),
        Text(
            f"{rules} iptables rules of kube-proxy and {sets} ipsets stand on node1, however many Services there are: they decide "
            "who is masqueraded, which source ranges are let in, and reject what no Service has. IPVS itself only "
            "rewrites the destination.",
            f"无论有多少 Service，node1 上都有 kube-proxy 的 {rules} 条 iptables 规则和 {sets} 个 ipset：由它们决定谁做 "
            "MASQUERADE、放行哪些来源网段、拒绝没有 Service 的端口。IPVS 自己只改写目的地址。",
        ),
    )


def _falls_back() -> Claim:
    return Claim(
        Text(
            "Where the kernel has no IPVS modules, kube-proxy falls back to iptables.",
            "内核没有 IPVS 模块时，kube-proxy 会退回 iptables 模式。",
        ),
        Text(
            "It did, long ago. Today it exits with an error: no modules or no ipset, no kube-proxy.",
            "那是很久以前的行为。现在它会报错退出：没有内核模块或 ipset，就没有 kube-proxy。",
        ),
    )


def _at_prerouting() -> Claim:
    outcome = _walk("pod/pod-a", "svc/web")
    taken = first(outcome.hops, Stage.IPVS)
    lost = _where(_walk("pod/pod-a", "svc/web", "kube-ipvs0"))
    own = _walk("node/node1", "svc/web", "kube-ipvs0")
    hook = taken.hook if taken is not None and taken.hook is not None else "-"
    return Claim(
        Text("IPVS takes the packet at PREROUTING, as DNAT does.", "IPVS 和 DNAT 一样，在 PREROUTING 处接管数据包。"),
        Text(
            f"At {hook}: hence kube-ipvs0, without which routing would not bring it there. Take its addresses away and "
            f"the packet is lost ({lost.code}, on {lost.host}); node1's own process still gets {own.verdict}, because "
            "what the node itself sends meets IPVS at OUTPUT.",
            f"是在 {hook}：所以才需要 kube-ipvs0，否则路由不会把包送到那里。去掉它的地址，数据包就丢失（{lost.code}，在 "
            f"{lost.host} 上）；node1 自己的进程仍然是 {own.verdict}，因为本机发出的包在 OUTPUT 处遇到 IPVS。",
        ),
    )


def _no_conntrack() -> Claim:
    entries = [e for e in _walk("client", _NODE_PORT).conntrack if e.host == "node1"]
    broken = _walk("client", _NODE_PORT, "vs-conntrack")
    seen = address(broken.source_seen or "")
    return Claim(
        Text("IPVS has its own connection table, so conntrack is not involved.", "IPVS 有自己的连接表，与 conntrack 无关。"),
        Text(
            f"It has its own, and kube-proxy sets net.ipv4.vs.conntrack=1 on top: node1 holds {len(entries)} conntrack "
            "entry for the NodePort connection, and the masquerade rests on it. With 0 the pod sees "
            f"{seen} and the client's connection ends {broken.verdict}.",
            f"它确实有自己的表，但 kube-proxy 还会设置 net.ipv4.vs.conntrack=1：NodePort 连接在 node1 上有 {len(entries)} 条 "
            f"conntrack 表项，MASQUERADE 就靠它。设为 0 时 Pod 看到 {seen}，客户端的连接以 {broken.verdict} 告终。",
        ),
    )  # fmt: skip


def _schedulers() -> tuple[Claim, ...]:
    lines = StoryCluster(Shape(), mode=Mode.IPVS).rule_lines("node1", "-a -t")
    weights = sorted({line.split("-w ")[1] for line in lines})
    return (
        Claim(
            Text(
                "Choose a scheduler and a weight for each Service.", "可以给每个 Service 选择调度算法和权重。"
            ),
            Text(
                f"One scheduler for the cluster (ipvs.scheduler, rr by default); the weights here: {', '.join(weights)}. "
                "A setting for each Service was asked for and declined (kubernetes issues 75502, 118784). See "
                "`k8squiz explain schedulers`.",
                f"全集群只有一个调度算法（ipvs.scheduler，默认 rr）；这里的权重只有：{', '.join(weights)}。按 Service 设置的提议"
                "已被拒绝（kubernetes issue 75502、118784）。参见 `k8squiz explain schedulers`。",
            ),
        ),
    )  # fmt: skip


def _wrong_port() -> Claim:
    ipvs, iptables = (_walk("pod/pod-a", f"{VIP}:81", mode=mode) for mode in (Mode.IPVS, Mode.IPTABLES))
    return Claim(
        Text(
            "All addresses being local, any ClusterIP reaches the node's sshd.",
            "既然地址都在本机，任何 ClusterIP 都能访问到节点的 sshd。",
        ),
        Text(
            f"Once so. Now {_where(ipvs).chain} rejects new connections to kube-ipvs0's addresses that no Service has: "
            f"{VIP}:81 ends {ipvs.verdict} here, {iptables.verdict} in iptables mode.",
            f"曾经如此。现在 {_where(ipvs).chain} 会拒绝发往 kube-ipvs0 地址、但没有 Service 的新连接：{VIP}:81 在这里是 "
            f"{ipvs.verdict}，在 iptables 模式下是 {iptables.verdict}。",
        ),
    )


def points() -> tuple[Text, ...]:
    """What an interviewer wants to hear."""
    return (
        Text(
            "PREROUTING (sets, marks), routing says local because of kube-ipvs0, INPUT, IPVS at LOCAL_IN rewrites the "
            "destination, routing again, OUTPUT, POSTROUTING. FORWARD of this node sees only the answers.",
            "PREROUTING（集合与标记）→ 因为 kube-ipvs0 路由判为本机 → INPUT → IPVS 在 LOCAL_IN 改写目的地址 → 再次路由 → OUTPUT → "
            "POSTROUTING。在这个节点上，只有响应经过 FORWARD。",
        ),
        Text(
            f"The look-up is one hash, whatever the number of Services; {VIP}:{PORT} is found by protocol, address, port.",
            f"无论有多少 Service，都只是一次哈希查找；{VIP}:{PORT} 按协议、地址、端口查到。",
        ),
        Text(
            "kube-proxy masquerades NodePorts under policy Cluster, ClusterIPs asked by what is no pod, and a pod that "
            "reaches itself (KUBE-LOOP-BACK). What it leaves alone the CNI may masquerade.",
            "kube-proxy 做 MASQUERADE 的有：Cluster 策略的 NodePort、非 Pod 访问的 ClusterIP、访问到自己的 Pod（KUBE-LOOP-BACK）。"
            "它不管的，CNI 可能会做。",
        ),
        Text(
            "A pod that goes is not cut off: kube-proxy sets its weight to 0, and removes it once its connections are "
            "gone; UDP at once.",
            "Pod 下线不会切断连接：kube-proxy 先把权重设为 0，等连接结束后再移除；UDP 则立即移除。",
        ),
        Text(
            "It is on its way out (KEP-5495). Its successor is nftables mode, not a better IPVS: what it gave, the "
            "constant look-up, nftables gives too; the schedulers go.",
            "它正在被淘汰（KEP-5495）。接替者是 nftables 模式，而不是更好的 IPVS：常数级查找 nftables 也有，调度算法则不再提供。",
        ),
    )


FOLLOW_UPS = (
    Text(
        "Why must strictARP be on with MetalLB or kube-vip in ipvs mode?",
        "ipvs 模式下使用 MetalLB 或 kube-vip 时，为什么要开启 strictARP？",
    ),
    Text(
        "An externalIP is another node's address. What happens to traffic for that node?",
        "externalIP 恰好是另一个节点的地址，发往该节点的流量会怎样？",
    ),
    Text(
        "Why do answers pass FORWARD and requests not? What does ip_forward=0 break?",
        "为什么响应经过 FORWARD 而请求不经过？ip_forward=0 会破坏什么？",
    ),
    Text(
        "You move a cluster from ipvs to nftables. What do you check first, what is left behind on the nodes?",
        "集群要从 ipvs 迁移到 nftables：先检查什么？节点上会留下什么？",
    ),
)
SOURCES = (
    "kubernetes/kubernetes pkg/proxy/ipvs: proxier.go, ipset.go, graceful_termination.go",
    "linux net/netfilter/ipvs/ip_vs_core.c: the hooks; ip_vs_xmit.c ip_vs_nat_send_or_cont(): conntrack kept or dropped",
    "linux Documentation/networking/ipvs-sysctl.rst: conntrack",
    "KEP-5495: ipvs mode deprecated (v1.35), gate KubeProxyIPVS (v1.37)",
)
