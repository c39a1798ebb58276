"""The sentences of the story `ebpf`; figures come in. What no walk says has its source and its date."""

from __future__ import annotations

from engine.trace import Outcome, Text
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds, same
from k8squiz.story.endings import address, reason

TITLE = Text("eBPF instead of kube-proxy: what tcpdump does not show", "eBPF 替代 kube-proxy：tcpdump 看不到的部分")
SCOPE = Text("What is computed here, and what is not", "哪些是算出来的，哪些不是")
SCOPE_TOLD = Text(
    "No eBPF program is modelled. Computed are: what kube-proxy's rules do with a request, in iptables and nftables mode; what a"
    " connection looks like whose endpoint was chosen before there was a packet (from there on it is one from pod to pod, in the same"
    " network); and what dies when an answer goes straight back without anybody mending its source. What Cilium does beside is told from its"
    " documentation, as of November 2026, and marked so.",
    "这里没有对 eBPF 程序建模。算出来的有：kube-proxy 的规则（iptables 与 nftables 模式）怎样处理请求；在产生数据包之前就选好端点的连接是什么样子"
    "（此后它就是同一网络中 Pod 到 Pod 的连接）；以及响应直接返回而没有人改正源地址时会丢在哪里。Cilium 在此之外所做的，依据其截至 2026 年 11 月的文档讲述，并逐处注明。",
)
BY_RULES = Text("kube-proxy's way, as it was walked", "kube-proxy 的路径（由引擎逐步走出）")
BY_RULES_CAPTION = Text("pod-a -> Service web, iptables mode, hop by hop", "pod-a -> Service web，iptables 模式，逐跳")
STEPS = (
    Text("pod-a sends to the ClusterIP", "pod-a 发往 ClusterIP"),
    Text("node1's rules choose, and translate", "node1 的规则选择端点并转换"),
    Text("Only then is the packet routed", "然后才查路由"),
    Text("pod-b accepts", "pod-b 接受连接"),
    Text("conntrack translates the answer back", "conntrack 把响应还原"),
    Text("pod-a hears from the ClusterIP", "pod-a 收到来自 ClusterIP 的响应"),
)
AT_THE_SOCKET = Text("The choice at the socket", "在 socket 处选择")
AT_THE_SOCKET_TOLD = Text(
    "A program at the cgroup's connect() hook (for UDP: sendmsg and recvmsg) finds a Service's address in a map and puts an endpoint's in its"
    " place. The application still believes that it speaks to the ClusterIP; the kernel's socket is connected to the pod. There is no packet"
    " to translate, and nothing to translate back. (Cilium documentation, as of November 2026.) The second walk is that connection from its"
    " first packet on.",
    "cgroup 的 connect() hook 点上的程序（UDP 则是 sendmsg 和 recvmsg）在映射表中查到 Service 地址，换成某个端点的地址。应用仍以为自己连的是 ClusterIP，"
    "内核的 socket 实际连的是 Pod。没有数据包需要转换，响应也无需还原（Cilium 文档，截至 2026 年 11 月）。第二条路径就是这个连接从首包开始的样子。",
)
BESIDE = Text("The same request both ways", "同一请求的两种路径")
IPTABLES, CHOSEN = (
    Text("kube-proxy, iptables", "kube-proxy，iptables"),
    Text("chosen at the socket", "在 socket 处选好"),
)
CAPTURED_RULES = Text("pod-a with kube-proxy: the first packet on its eth0", "有 kube-proxy 时，pod-a 的 eth0 上的首包")
CAPTURED_CHOSEN = Text("and where the socket is connected to the pod already", "而 socket 已直接连到 Pod 时")
SIDE_BY_SIDE = Text("Side by side", "对照")
SIDE_BY_SIDE_CAPTION = Text(
    "pod-a -> web, answered by pod-b; all of it computed", "pod-a -> web，由 pod-b 响应；全部由计算得出"
)
WHAT = Text("what", "内容")
DESTINATION = Text("destination that tcpdump in the pod shows", "Pod 内 tcpdump 看到的目的地址")
REWRITES = Text("addresses and ports rewritten, there and back", "去程与回程改写地址和端口的次数")
TRACKED = Text("conntrack on node1, original | reply", "node1 的 conntrack，原始 | 回复")
COST = Text("the first packet's cost", "首包的开销")
ITSELF = Text("pod-a reaches itself", "pod-a 访问自己")
ITSELF_HOSTS = Text("by way of", "经过")
NONE = Text("none", "无")
SIDE_BY_SIDE_TOLD = Text(
    "The third column is not without rules: the packet still passes the node's hooks, as any pod's does. Cilium can route around those as well"
    " (eBPF host routing); that is not walked here. What remains the same is the network: routes, tunnel, MTU, policies.",
    "第三列并非没有规则：数据包仍像普通 Pod 流量一样经过节点的 hook 点。Cilium 还可以绕过它们（eBPF host routing），这里没有模拟。不变的是网络本身：路由、隧道、MTU、策略。",
)
OUTSIDE = Text("From outside, and DSR", "从集群外访问，以及 DSR")
OUTSIDE_HEADERS = (
    Text("rules", "规则"),
    Text("way back", "回程"),
    Text("pod sees", "Pod 看到"),
    Text("how it ends", "结果"),
)
CLUSTER_POLICY = Text("policy Cluster", "策略 Cluster")
NO_MASQUERADE = Text("the same, nobody masquerades", "同上，但不做 MASQUERADE")
OUTSIDE_TOLD = Text(
    "A client outside has no socket here, so a program at the network card (tc or XDP) translates its packet. By default Cilium masquerades as"
    " policy Cluster does (loadBalancer.mode snat). The second row is what DSR would be without its other half: the answer takes the short way,"
    " and the client does not know who is speaking. DSR tells the pod's node the Service's address with the packet, and that node puts it back"
    " as the answer's source.",
    "集群外的客户端在本机没有 socket，所以由网卡上的程序（tc 或 XDP）转换它的数据包。Cilium 默认像 Cluster 策略一样做 SNAT（loadBalancer.mode 为 snat）。"
    "第二行就是只做了一半的 DSR：响应走了近路，客户端却认不出是谁。DSR 把 Service 地址随数据包告诉 Pod 所在节点，由它把响应的源地址改回来。",
)
AS_OF = Text("not computed: Cilium documentation, read on 2026-11-30", "未经计算：Cilium 文档，2026-11-30 查阅")
DSR_HEADERS = (Text("question", "问题"), Text("answer", "答案"))
DSR = (
    (
        Text("How does the pod's node learn the Service's address?", "Pod 所在节点怎样得知 Service 地址？"),
        Text(
            "IPv4 option or IPv6 extension header (native routing only); Geneve option (native or Geneve tunnel); not with VXLAN tunnels",
            "IPv4 选项或 IPv6 扩展头（仅原生路由）；Geneve 选项（原生路由或 Geneve 隧道）；VXLAN 隧道不支持",
        ),
    ),
    (
        Text("What does it cost?", "代价是什么？"),
        Text(
            "a lower MTU for what carries it (TCP: the SYN alone); hybrid mode: DSR for TCP, SNAT for UDP",
            "携带该信息的包可用 MTU 变小（TCP 只有 SYN）；hybrid 模式：TCP 用 DSR，UDP 用 SNAT",
        ),
    ),
    (
        Text("Where does it fail?", "什么时候行不通？"),
        Text(
            "clouds that check sources and destinations (AWS, unless switched off); networks that drop unknown IP options",
            "检查源/目的地址的云（如 AWS，除非关闭检查）；丢弃未知 IP 选项的网络",
        ),
    ),
)
TOOLS = Text("Where one looks instead", "改看哪里")
TOOLS_HEADERS = (
    Text("with kube-proxy", "有 kube-proxy 时"),
    Text("with Cilium", "用 Cilium 时"),
    Text("because", "原因"),
)
TOOL_ROWS = (
    (same("iptables-save, nft list ruleset"), same("cilium-dbg service list, bpf lb list"), Text("Services are in maps", "Service 在映射表中")),
    (same("conntrack -L"), same("cilium-dbg bpf ct list global"), Text("its own connection table", "用自己的连接表")),
    (
        same("tcpdump -ni eth0"),
        same("cilium-dbg monitor, hubble observe"),
        Text("what XDP sends back never reaches the packet taps", "XDP 直接发回的包不经过抓包点"),
    ),
    (same("kubectl logs kube-proxy"), same("cilium-dbg status --verbose"), Text("nobody of that name runs", "没有 kube-proxy 在运行")),
)  # fmt: skip
BREAKS = Text("What breaks without each part", "缺了哪一部分会怎样")
BREAKS_CAPTION = Text(
    "each cell is a walk; what has no Service in it stands for a choice at the socket",
    "每格都是一次模拟；不经 Service 的代表在 socket 处已选好",
)
BREAKS_HEADERS = (
    Text("cluster", "集群"),
    Text("pod-a -> ClusterIP", "pod-a -> ClusterIP"),
    Text("pod-a -> pod-b", "pod-a -> pod-b"),
    Text("itself, by the Service", "经 Service 访问自己"),
    Text("itself", "访问自己"),
    Text("client -> NodePort", "客户端 -> NodePort"),
)
BREAKS_TOLD = Text(
    "The second row is a cluster between two worlds: kube-proxy's rules flushed, nothing in their place. Whoever is chosen at the socket does"
    " not notice; everything else does. In a migration, hence, node by node, with the pods' connections drained.",
    "第二行就是切换到一半的集群：kube-proxy 的规则已清空，还没有东西接替。在 socket 处选好的连接毫无察觉，其他全部受影响。所以迁移要逐节点进行，并先排空 Pod 的连接。",
)
_PARTS = {
    "kube-proxy": Text("kube-proxy's rules gone", "kube-proxy 的规则已清空"),
    "masquerade": Text("no MASQUERADE rule", "没有 MASQUERADE 规则"),
}
POINTS = (
    Text(
        "East-west: the endpoint is chosen at connect(), before a packet exists; no DNAT, no hairpin, nothing for conntrack to undo.",
        "东西向：在 connect() 时就选好端点，此时还没有数据包；没有 DNAT、没有 hairpin，conntrack 无需还原。",
    ),
    Text(
        "North-south: tc or XDP at the card, SNAT by default, DSR where the network allows it.",
        "南北向：网卡上的 tc 或 XDP，默认 SNAT，网络允许时用 DSR。",
    ),
    Text(
        "One debugs by maps: the ClusterIP is in no packet and in no rule.",
        "排障要看映射表：ClusterIP 不出现在任何数据包和规则里。",
    ),
    Text(
        "Check before moving: kernel, service mesh redirects, sandboxed runtimes, whatever reads iptables, NodeLocal DNSCache, MTU for DSR.",
        "迁移前检查：内核版本、服务网格的劫持、沙箱运行时、读取 iptables 的组件、NodeLocal DNSCache、DSR 的 MTU。",
    ),
)
FOLLOW_UPS = (
    Text("How can ClientIP affinity work at the socket, when there is no source address yet?", "在 socket 处还没有源地址，ClientIP 会话亲和性怎样实现？"),
    Text("A connected UDP socket's endpoint is gone. Who tells it, with kube-proxy and without?", "已连接的 UDP socket，其端点消失了：有无 kube-proxy 时，各由谁通知它？"),
    Text("Why does a VM in a pod (KubeVirt) not profit from socket load balancing?", "Pod 中的虚拟机（KubeVirt）为什么用不上 socket 负载均衡？"),
    Text("Which of your NetworkPolicies would mean something else with Cilium?", "哪些网络策略换成 Cilium 后含义会变？"),
)  # fmt: skip
CLAIM_MESH = Claim(
    Text("Socket load balancing is transparent to a service mesh.", "socket 负载均衡对服务网格是透明的。"),
    Text(
        "A sidecar that redirects by the ClusterIP sees the pod's address instead. socketLB.hostNamespaceOnly=true leaves pods to tc at the veth"
        " for that reason; likewise for KubeVirt, Kata and gVisor, whose sockets are not the host's. (Not computed: Cilium documentation, November"
        " 2026.)",
        "按 ClusterIP 劫持的 sidecar 看到的会是 Pod 地址。为此可设 socketLB.hostNamespaceOnly=true，让 Pod 改由 veth 上的 tc 处理；KubeVirt、Kata、gVisor "
        "同理，它们的 socket 不属于宿主机（未经计算：Cilium 文档，2026 年 11 月）。",
    ),
)


CLAIM_INSTALLED = Claim(
    Text("Once Cilium is installed, kube-proxy can go.", "装上 Cilium，就可以删掉 kube-proxy。"),
    Text(
        "By default Helm sets kubeProxyReplacement=false: ClusterIPs alone are balanced, packet by packet, and NodePorts are still kube-proxy's."
        " (Not computed: Cilium documentation, November 2026.)",
        "Helm 默认 kubeProxyReplacement=false：只逐包处理 ClusterIP，NodePort 仍由 kube-proxy 负责（未经计算：Cilium 文档，2026 年 11 月）。",
    ),
)


def summary(service: str, port: int) -> Text:
    return Text(
        f"pod-a calls {service}:{port}. With kube-proxy the packet leaves with that address and the node's rules change it; with load balancing at"
        " the socket it leaves with the pod's, and no tool that looks at packets or rules ever shows the Service. What kube-proxy does is walked"
        " here; of the eBPF half it is said what can be computed, and what is only known from sources.",
        f"pod-a 访问 {service}:{port}。有 kube-proxy 时，数据包带着这个地址发出，由节点的规则改写；在 socket 处做负载均衡时，发出时就是 Pod 的地址，"
        "看数据包或规则的工具都见不到这个 Service。这里逐跳模拟 kube-proxy 的做法；对 eBPF 的部分，讲明哪些能算、哪些只有出处。",
    )


def outside(way: str) -> Text:
    return Text(f"kube-proxy, computed; the way there is {way}", f"kube-proxy，由计算得出；去程为 {way}")


def refused(said: Text) -> Text:
    return Text(
        f"A cluster that runs Cilium is refused by name, everywhere in this program: `{said.en}`",
        f"运行 Cilium 的集群，本程序一律指名拒绝：`{said.zh}`",
    )


def cost(rules: int, lookups: int) -> Text:
    return Text(f"{rules} rules, {lookups} look-ups", f"{rules} 条规则，{lookups} 次查表")


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without)


def claim_no_rules(through: int, direct: int) -> Claim:
    return Claim(
        Text("With eBPF no iptables rule is passed any more.", "用了 eBPF 就不再经过任何 iptables 规则。"),
        Text(
            f"The choice needs none. The packet that follows is still forwarded by the nodes: {direct} rules on the way, {through} with the Service's"
            " among them. How many are left depends on what else writes rules, and on host routing.",
            f"选择端点不需要规则。但随后的数据包仍由节点转发：途中检查 {direct} 条，算上 Service 的规则是 {through} 条。还剩多少，取决于谁还在写规则，以及是否启用 host routing。",
        ),
        Holds.DEPENDS,
    )


def claim_tcpdump(through: str, direct: str) -> Claim:
    return Claim(
        Text("tcpdump in the pod shows the ClusterIP.", "在 Pod 里 tcpdump 能看到 ClusterIP。"),
        Text(
            f"With kube-proxy: {through}. Chosen at the socket: {direct}, in both directions.",
            f"有 kube-proxy 时：{through}。在 socket 处选好时：{direct}，两个方向都是。",
        ),
        Holds.DEPENDS,
    )


def claim_conntrack(through: str, direct: str) -> Claim:
    return Claim(
        Text(
            "conntrack -L tells which pod a Service's connection went to.",
            "conntrack -L 能看出 Service 的连接去了哪个 Pod。",
        ),
        Text(
            f"With kube-proxy: {through}. Chosen at the socket: {direct}, from which no Service can be read.",
            f"有 kube-proxy 时：{through}。在 socket 处选好时：{direct}，其中看不出任何 Service。",
        ),
        Holds.DEPENDS,
    )


def claim_hairpin(broken: Outcome, direct: Outcome) -> Claim:
    where = "pod-a"
    return Claim(
        Text(
            "A pod that reaches itself by its Service needs masquerade and hairpin mode.",
            "Pod 经 Service 访问自己，需要 MASQUERADE 和 hairpin 模式。",
        ),
        Text(
            f"By rules it does; without masquerade it is {broken.verdict}. {reason(broken).en} Chosen at the socket it is {direct.verdict}, and the"
            f" packet never leaves {where}.",
            f"按规则转发时需要；没有 MASQUERADE 就是 {broken.verdict}。{reason(broken).zh}在 socket 处选好时是 {direct.verdict}，数据包根本不离开 {where}。",
        ),
        Holds.DEPENDS,
    )


def claim_removed(service: Outcome, direct: Outcome) -> Claim:
    return Claim(
        Text(
            "Remove kube-proxy's rules first, then install the replacement.", "先清掉 kube-proxy 的规则，再装替代品。"
        ),
        Text(
            f"In between a ClusterIP is nobody's address: {service.verdict}. {reason(service).en} The kubelet's probes need no Service"
            f" ({direct.verdict}), so that all stays green meanwhile.",
            f"在这期间 ClusterIP 不属于任何人：{service.verdict}。{reason(service).zh}kubelet 的探针不经过 Service（{direct.verdict}），所以一切看上去都正常。",
        ),
    )


def claim_outside(outcome: Outcome) -> Claim:
    return Claim(
        Text("Socket load balancing serves clients outside as well.", "socket 负载均衡也服务集群外的客户端。"),
        Text(
            "Their sockets are on other machines. With kube-proxy the node masquerades them, and the pod sees"
            f" {address(outcome.source_seen or '')}; Cilium does the same at the card by default (documentation, November 2026).",
            f"它们的 socket 在别的机器上。有 kube-proxy 时由节点做 MASQUERADE，Pod 看到 {address(outcome.source_seen or '')}；"
            "Cilium 默认在网卡处做同样的事（文档，2026 年 11 月）。",
        ),
    )


def claim_dsr(outcome: Outcome) -> Claim:
    return Claim(
        Text("DSR is leaving out the masquerade.", "DSR 就是不做 MASQUERADE。"),
        Text(
            f"That alone is {outcome.verdict}: {reason(outcome).en} The pod saw {outcome.source_seen}, but the answer's source has to be the"
            " Service's, and the pod's node has to be told which.",
            f"仅此而已的结果是 {outcome.verdict}：{reason(outcome).zh}Pod 确实看到了 {outcome.source_seen}，但响应的源地址必须是 Service 的，而且要有人告诉 "
            "Pod 所在节点该用哪个。",
        ),
    )


def spoken(service: str, pod: str, rules: int) -> tuple[Text, ...]:
    return (
        Text(
            f"With kube-proxy the pod sends to {service}; the node's rules draw an endpoint, DNAT to {pod}, and conntrack undoes it for the answer:"
            f" {rules} rules for the first packet in this small cluster. With socket load balancing a program at connect() does the choosing, so the"
            " packet leaves with the pod's address: no DNAT, no conntrack entry for the Service, and a pod that picks itself never leaves its own"
            " namespace.",
            f"有 kube-proxy 时，Pod 发往 {service}；节点的规则随机选择端点，DNAT 到 {pod}，响应由 conntrack 还原：在这个小集群里首包要检查 {rules} 条规则。"
            "用 socket 负载均衡时，由 connect() 处的程序选择，数据包发出时就是 Pod 地址：没有 DNAT，conntrack 里没有 Service，Pod 选中自己时根本不出自己的命名空间。",
        ),
        Text(
            "Clients outside are translated at the card by tc or XDP, with SNAT or with DSR, where the pod's node answers directly with the Service's"
            " address as its source; that needs a way to carry that address, some MTU, and a network that does not check sources. For debugging it"
            " means: no ClusterIP in tcpdump, nothing in iptables-save, one asks the maps. I say what I have measured and what I have read.",
            "集群外的客户端由网卡上的 tc 或 XDP 转换，用 SNAT 或 DSR；DSR 由 Pod 所在节点直接响应，源地址写 Service 的，这要求能携带该地址、留出 MTU、网络不检查源地址。"
            "排障上意味着：tcpdump 里没有 ClusterIP，iptables-save 里什么都没有，要去查映射表。哪些是我测过的，哪些是读来的，我会分开说。",
        ),
    )
