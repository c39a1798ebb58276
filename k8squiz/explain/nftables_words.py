"""What is said of nftables mode: the claims held against walks and counts, the points, the questions that follow."""

from __future__ import annotations

from engine.cluster import Mode
from engine.cost.count import mode_cost, update_cost
from engine.trace import Outcome, Text
from k8squiz.explain.clusters import NODE_PORT, NODES, VIP, Shape
from k8squiz.explain.releases import AS_OF
from k8squiz.explain.walked import StoryCluster
from k8squiz.story.blocks import Claim
from k8squiz.story.endings import brief
from k8squiz.story.measured import CONNECT_MICROSECONDS, SYNC_SECONDS
from k8squiz.world.release import EARLIER, RELEASE, spoken

_REMOTE = Shape(endpoints=("pod-b",), service_cidr=True)
_SERVICES, _ENDPOINTS = 100, 10


def _walk(source: str, destination: str, mode: Mode = Mode.NFTABLES) -> Outcome:
    return StoryCluster(_REMOTE, mode=mode).walk(source, destination)


def claims() -> tuple[Claim, ...]:
    """What candidates say, and what the walks, the counts and the measurements show."""
    return (_same_as_iptables(), _translation(), _marks(), _updates(), _faster(), _default())


def _same_as_iptables() -> Claim:
    asked = (("node/node1", f"127.0.0.1:{NODE_PORT}"), ("pod/pod-a", f"{VIP}:81"))
    (lo, port), (ipt_lo, ipt_port) = ([_walk(*one, mode) for one in asked] for mode in (Mode.NFTABLES, Mode.IPTABLES))
    return Claim(
        Text("For users it is just iptables mode, faster.", "对用户来说，它就是更快的 iptables 模式。"),
        Text(
            f"Nearly, not quite. A NodePort on 127.0.0.1: {brief(lo).en} here, {brief(ipt_lo).en} there. {VIP}:81: "
            f"{brief(port).en} here, {brief(ipt_port).en} there. A NodePort on a node's second address: not by default.",
            f"差不多，但不完全是。127.0.0.1 的 NodePort：这里 {brief(lo).zh}，那边 {brief(ipt_lo).zh}。{VIP}:81：这里 "
            f"{brief(port).zh}，那边 {brief(ipt_port).zh}。节点第二个地址上的 NodePort：默认没有。",
        ),
    )


def _translation() -> Claim:
    nft, ipt = (mode_cost(mode, _SERVICES, _ENDPOINTS, RELEASE).size for mode in (Mode.NFTABLES, Mode.IPTABLES))
    return Claim(
        Text(
            "iptables already runs on nftables (iptables-nft), so nothing is gained.",
            "iptables 底层已经是 nftables（iptables-nft），所以没有区别。",
        ),
        Text(
            "iptables-nft puts the same list into another kernel interface: still one rule a Service, walked in turn. "
            f"Gained is the shape: at {_SERVICES} Services of {_ENDPOINTS} pods {nft.rules:,} rules and {nft.elements} "
            f"set and map entries instead of {ipt.rules:,} rules, and a look-up instead of a walk. Measured, a full "
            f"sync of 1000 Services (v1.30): {SYNC_SECONDS['iptables (nft)'][1000][0]} s with iptables-nft, "
            f"{SYNC_SECONDS['nftables'][1000][0]} s in nftables mode, which then wrote {_times(nft.rules)} as many rules.",
            "iptables-nft 只是把同样的列表换了一个内核接口：仍是每个 Service 一条规则，逐条匹配。真正的收获是结构："
            f"{_SERVICES} 个 Service、每个 {_ENDPOINTS} 个 Pod 时，是 {nft.rules:,} 条规则加 {nft.elements} 个集合与映射元素，而不是 "
            f"{ipt.rules:,} 条规则；是查找而不是遍历。实测 1000 个 Service 的全量同步（v1.30）：iptables-nft "
            f"{SYNC_SECONDS['iptables (nft)'][1000][0]} 秒，nftables 模式 {SYNC_SECONDS['nftables'][1000][0]} 秒，而当时它的规则数是现在的 "
            f"{_times(nft.rules)}。",
        ),
    )


def _times(rules: int) -> str:
    """How many times as many rules EARLIER writes: 18×."""
    return f"{mode_cost('nftables', _SERVICES, _ENDPOINTS, EARLIER).size.rules / rules:.0f}×"


def _marks() -> Claim:
    lines = StoryCluster(_REMOTE, mode=Mode.NFTABLES).rule_lines("node1", "meta mark")
    return Claim(
        Text("nftables mode needs no packet marks.", "nftables 模式不再需要数据包标记。"),
        Text(
            f"It does, one: {len(lines)} rules of node1 speak of meta mark, all of them the masquerade bit. Nothing "
            "is marked for dropping: such verdicts stand in the maps themselves (no-endpoint-services). Hairpin needs none "
            "since v1.36: the set hairpin-connections is asked at POSTROUTING.",
            f"还需要一个：node1 上有 {len(lines)} 条规则涉及 meta mark，全是 MASQUERADE 那个比特。丢弃不靠标记："
            "判决直接放在映射里（no-endpoint-services）。hairpin 自 v1.36 起不用标记：在 POSTROUTING 处查询集合 "
            "hairpin-connections。",
        ),
    )


def _updates() -> Claim:
    nft, ipt = (update_cost(mode, _SERVICES, _ENDPOINTS, RELEASE) for mode in (Mode.NFTABLES, Mode.IPTABLES))
    was = update_cost(Mode.NFTABLES, _SERVICES, _ENDPOINTS, EARLIER)
    return Claim(
        Text(
            "Each change sends only what changed, that is the point of nftables.",
            "每次变化只下发变化的部分，这正是 nftables 的意义。",
        ),
        Text(
            f"Not from the start: v1.30 wrote all {was.full:,} lines at {_SERVICES} Services of {_ENDPOINTS} pods (and "
            f"took {SYNC_SECONDS['nftables'][5000][1]} s at 5000). v1.31 to {spoken(EARLIER)} wrote {was.partial} for one "
            f"endpoint; since v1.36 it is {nft.partial}, the Service's one rule written anew, and a full sync is "
            f"{nft.full:,}. Neither {was.partial} nor {nft.partial} grows with the Services; iptables mode's partial sync "
            f"writes {ipt.partial:,}, and does.",
            f"一开始并非如此：{_SERVICES} 个 Service、每个 {_ENDPOINTS} 个 Pod 时，v1.30 会写全部 {was.full:,} 行（5000 个 Service 时要 "
            f"{SYNC_SECONDS['nftables'][5000][1]} 秒）。v1.31 到 {spoken(EARLIER)} 为单个端点写 {was.partial} 行；自 v1.36 起只写 "
            f"{nft.partial} 行，即重写该 Service 的那一条规则，全量同步则是 {nft.full:,} 行。{was.partial} 和 {nft.partial} "
            f"都不随 Service 数量增长；iptables 模式的增量同步写 {ipt.partial:,} 行，而且会增长。",
        ),
    )


def _faster() -> Claim:
    small, large = CONNECT_MICROSECONDS[10], CONNECT_MICROSECONDS[1000]
    return Claim(
        Text("nftables makes all traffic faster.", "nftables 让所有流量都变快。"),
        Text(
            f"It makes new connections cost the same everywhere: measured on v1.30, one connect() takes {large[4]} μs at 1000 "
            f"Services, where iptables mode takes {large[0]} to {large[2]} (at 10: {small[4]} against {small[0]}). "
            "Later packets are conntrack's business in both.",
            f"它让新建连接的开销处处相同：在 v1.30 上实测，1000 个 Service 时一次 connect() 为 {large[4]} 微秒，iptables 模式为 {large[0]} 到 "
            f"{large[2]} 微秒（10 个时：{small[4]} 对 {small[0]}）。后续数据包在两种模式下都由 conntrack 处理。",
        ),
    )


def _default() -> Claim:
    return Claim(
        Text("nftables is the default now.", "现在默认就是 nftables。"),
        Text(
            f"Not {AS_OF.en}: iptables is, on Linux, and kube-proxy warns that it will change. Some distributions set "
            "nftables themselves.",
            f"{AS_OF.zh}还不是：Linux 上默认仍是 iptables，kube-proxy 会警告这将改变。有些发行版已自行改为 nftables。",
        ),
    )


def points() -> tuple[Text, ...]:
    """What an interviewer wants to hear."""
    return (
        Text(
            "Verdict maps: the first packet of a connection is looked up once, by address, protocol and port; the cost "
            "does not depend on the number of Services.",
            "判决映射：连接的首包按地址、协议、端口查一次，开销与 Service 数量无关。",
        ),
        Text(
            "The hooks, conntrack and NAT are the same as ever: nat prerouting and output, masquerade at postrouting, "
            "later packets never asked again.",
            "hook 点、conntrack 和 NAT 与以前一样：nat 的 prerouting 和 output，postrouting 做 masquerade，后续数据包不再查询。",
        ),
        Text(
            f"NodePorts: only the node's primary address ({NODES['node1'][0]} here) unless nodePortAddresses says more; "
            "never 127.0.0.1 (an opt-in userspace proxy for it is alpha in v1.37, KEP-6032).",
            f"NodePort：默认只在节点主地址（这里是 {NODES['node1'][0]}）上，除非 nodePortAddresses 另有指定；"
            "127.0.0.1 永远不行（v1.37 有一个可选的用户态代理，alpha，KEP-6032）。",
        ),
        Text(
            "Before switching: kernel 5.13, a CNI and monitoring that do not read "
            "iptables rules, host firewalls that let NodePorts in, nobody who needs localhost NodePorts.",
            "切换之前检查：内核 5.13；CNI 和监控不依赖读取 iptables 规则；主机防火墙放行 NodePort；没有人依赖 localhost NodePort。",
        ),
        Text(
            "What it does not bring: schedulers. It draws at random, as iptables mode does.",
            "它不带来的：调度算法。和 iptables 模式一样是随机选择。",
        ),
        Text(
            "Say the release: until v1.35 chains of endpoints and mark-for-masquerade; since v1.36 one rule a Service, marks "
            "set where they are decided, hairpin in a set; since v1.37 no map for a single endpoint.",
            "说明版本：v1.35 及以前有端点链和 mark-for-masquerade；自 v1.36 起每个 Service 一条规则，标记当场打，hairpin 用集合；"
            "自 v1.37 起单个端点不用映射。",
        ),
    )


FOLLOW_UPS = (
    Text(
        "Why can an accept in kube-proxy's table not overrule a drop in firewalld's?",
        "为什么 kube-proxy 表里的 accept 挡不住 firewalld 表里的 drop？",
    ),
    Text(
        "A pod sees connection resets once in a while after the move. What is missing, and which setting helps?",
        "迁移之后 Pod 偶尔遇到连接被重置：少了什么？哪个设置有用？",
    ),
    Text(
        "An agent on the node talks to 127.0.0.1:30080. Which ways out are there?",
        "节点上有个 agent 访问 127.0.0.1:30080，有哪些出路？",
    ),
    Text(
        "What did v1.36 gain by doing without the endpoints' chains, and why does session affinity still need them?",
        "v1.36 去掉端点链得到了什么？为什么会话亲和性仍然需要它们？",
    ),
    Text(
        "How do you roll the change out node by node, and what happens to running connections?",
        "如何逐个节点切换？正在进行的连接会怎样？",
    ),
)
SOURCES = (
    "kubernetes/kubernetes pkg/proxy/nftables/proxier.go",
    "kubernetes pull requests 135800, 136499 (v1.36), 140723 (v1.37): the table's present shape",
    "KEP-3866: nftables mode (GA v1.33): differences from iptables mode",
    "KEP-5343: nftables as the default (provisional)",
    "kubernetes.io/docs/reference/networking/virtual-ips: proxy-mode-nftables",
    "nft(8): verdict maps; numgen",
)
