"""The sentences of the story `mtu`; figures come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine.trace import ReasonCode, Text, Verdict
from engine.values import dataclass
from k8squiz.explain.missing import missing
from k8squiz.story.blocks import Claim, Holds

TITLE = Text("MTU: small packets pass, full ones hang", "MTU：小包能通，满载的包卡住")
SUMMARY = Text(
    "pod-a on node1 sends pod-b on node2 as much as fits into a packet. A tunnel takes its header off what the cards carry; three nets"
    " keep a packet that is too large from getting lost: the pods' own MTU, the ICMP message that tells the sender, and a rule that"
    " lowers the MSS. With all three gone the connection stands and nothing large ever arrives.",
    "node1 上的 pod-a 向 node2 上的 pod-b 发送满载的数据包。隧道头部要占用网卡 MTU 的一部分；有三道保险防止过大的包丢失：Pod 自己的 MTU、通知发送方的 ICMP "
    "消息、降低 MSS 的规则。三道都没有时，连接能建立，但大包永远到不了。",
)
ARITHMETIC = Text("What a tunnel leaves", "隧道占掉多少")
ARITHMETIC_CAPTION = Text("bytes, computed from each backend's devices", "单位：字节，由各后端的设备计算得出")
ARITHMETIC_HEADERS = (
    Text("CNI", "CNI"),
    Text("outer header", "外层头部"),
    Text("pods' MTU, cards 1500", "网卡 1500 时 Pod 的 MTU"),
    Text("MSS then", "此时的 MSS"),
    Text("pods' MTU, cards 9000", "网卡 9000 时 Pod 的 MTU"),
)
ARITHMETIC_TOLD = Text(
    "VXLAN: outer IP 20, UDP 8, VXLAN 8, inner Ethernet 14. IPIP: one more IP header. WireGuard takes 60 over IPv4 (its documentation; not"
    " walked here). The MSS is what a TCP segment carries: MTU less 40 for the IP and TCP headers.",
    "VXLAN：外层 IP 20、UDP 8、VXLAN 8、内层以太网 14。IPIP：多一个 IP 头部。WireGuard 在 IPv4 上占 60（据其文档，此处未模拟）。"
    "MSS 是 TCP 报文段能携带的数据：MTU 减去 IP 与 TCP 头部的 40 字节。",
)
FULL = Text("A connection, and then a full packet", "先建立连接，再发满载的包")
FULL_CAPTION = Text("pod-a -> pod-b: the handshake, whose packets are small", "pod-a -> pod-b：握手，包都很小")
MTUS = Text("what each device carries", "各设备的 MTU")
NETS = Text("Three nets", "三道保险")
NETS_TOLD = Text(
    "The pod's MTU keeps it from building such a packet. If the pod believes in more, the node where it does not fit sends ICMP"
    " `fragmentation needed`, and the pod sends less. If that ICMP is filtered, a TCPMSS rule has told both ends at the handshake to send"
    " less. Any one of them is enough for TCP; for UDP the third does nothing.",
    "Pod 的 MTU 正确，就不会构造过大的包。如果 Pod 以为可以更大，放不下的那个节点会发 ICMP `fragmentation needed`，Pod 随之减小。如果这条 ICMP 被过滤，"
    "TCPMSS 规则在握手时就已经告诉两端少发一些。对 TCP 来说任意一道就够；对 UDP，第三道不起作用。",
)
NETS_CAPTION = Text(
    "each row is a cluster of its own; the packet is as large as pod-a's device takes",
    "每一行是一个独立的集群；包的大小为 pod-a 网卡所能承载的最大值",
)
NETS_HEADERS = (Text("missing", "缺少"), Text("packet", "包大小"), Text("what becomes of it", "结果"))
COMBINATIONS: tuple[frozenset[str], ...] = tuple(
    frozenset(parts.split())
    for parts in ("", "icmp", "clamp", "icmp clamp", "pod-mtu", "pod-mtu icmp", "pod-mtu clamp", "pod-mtu icmp clamp")
)
_PARTS = {
    "pod-mtu": Text("the pods' MTU (they believe in 1500)", "Pod 的 MTU（以为是 1500）"),
    "icmp": Text("ICMP errors (filtered)", "ICMP 差错（被过滤）"),
    "clamp": Text("the TCPMSS rule", "TCPMSS 规则"),
    "underlay-1500": Text("a switch that carries 1500", "能承载 1500 的交换机"),
}
SIZES = Text("Where it ends, to the byte", "精确到字节的界限")
SIZES_CAPTION = Text(
    "a datagram with DF, as ping sends one; pods of 1500, ICMP filtered, no TCPMSS rule",
    "带 DF 的数据报，与 ping 所发的一样；Pod 为 1500，ICMP 被过滤，没有 TCPMSS 规则",
)
SIZES_HEADERS = (
    Text("IP packet", "IP 包"),
    Text("ping -M do -s", "ping -M do -s"),
    Text("as TCP: payload", "若为 TCP：数据"),
    Text("what becomes of it", "结果"),
)
PING_HEARD = Text("one byte more than fits, where ICMP gets through", "多一个字节，ICMP 能到达时")
PING_EATEN = Text("the same where ICMP is filtered: not a word", "同样的包，ICMP 被过滤时：没有任何提示")
BEYOND_TOLD = Text(
    "A switch is no router: it drops what is too long and tells nobody. No device of the nodes knows of the smaller number, so that"
    " neither the pods' MTU, nor ICMP, nor --clamp-mss-to-pmtu can know it.",
    "交换机不是路由器：过长的帧直接丢弃，不通知任何人。节点上没有设备知道这个更小的数字，所以 Pod 的 MTU、ICMP、--clamp-mss-to-pmtu 都不可能知道。",
)
BEYOND_CAPTION = Text("each row is one cure on its own", "每一行单独采用一种办法")
BEYOND_HEADERS = (Text("cure", "办法"), Text("packet", "包大小"), Text("what becomes of it", "结果"))
NO_CURE = Text("none", "无")
CURE_CLAMP = Text("--clamp-mss-to-pmtu on both nodes", "两个节点都加 --clamp-mss-to-pmtu")
CURE_PROBING = Text("tcp_mtu_probing=1 in the pods", "Pod 中设 tcp_mtu_probing=1")
CUTTING = Text("A tunnel that says 1500", "声称 MTU 为 1500 的隧道")
CUT_CAPTION = Text(
    "pods and tunnel 1500, cards 1500: the outer packet is too long", "Pod 与隧道为 1500，网卡 1500：外层报文过长"
)
CLUSTER, BECOMES = Text("cluster", "集群"), Text("what becomes of a full packet", "满载的包的结果")
CUT = Text("the network carries fragments", "网络允许分片")
CUT_DROPPED = Text("the network drops fragments", "网络丢弃分片")
CUT_TOLD = Text(
    "The inner packet has DF, the outer one has not (VXLAN's df is unset by default), so the node cuts the outer packet in two and the"
    " other end puts it together: twice the packets, nothing in any log. Firewalls that drop fragments make a black hole of it.",
    "内层包带 DF，外层不带（VXLAN 的 df 默认不设），所以节点把外层报文切成两片，对端再重组：包数翻倍，而任何日志里都看不到。遇到丢弃分片的防火墙，就成了黑洞。",
)
WHOLE = Text("It arrives as it was sent.", "原样到达。")
FOLLOW_UPS = (
    Text("You lower the MTU in the CNI's configuration. Why do old pods still hang?", "在 CNI 配置中调低了 MTU，为什么旧 Pod 仍然卡住？"),
    Text("Why does the same download work between pods of one node?", "为什么同一节点的 Pod 之间下载正常？"),
    Text("What does a UDP application with large datagrams see in each of the eight rows?", "使用大 UDP 数据报的应用，在这八行中各会遇到什么？"),
    Text("Where does a load balancer or a VPN before the cluster come into this?", "集群前面有负载均衡器或 VPN 时，还要考虑什么？"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """Bytes: what a card carries, what the tunnel takes, what pods are told, what arrives where nothing catches."""

    card: int
    overhead: int
    pods: int
    limit: int


def hangs(why: Text) -> Text:
    return Text(f"It hangs: {why.en}.", f"卡住：{why.zh}。")


def filtered(why: Text) -> Text:
    return Text(f"It hangs: {why.en}, which is filtered and never gets there.", f"卡住：{why.zh}，但被过滤，收不到。")


def never_leaves(why: Text) -> Text:
    return Text(f"It never leaves the pod: {why.en}.", f"发不出 Pod：{why.zh}。")


# Of what stops a large packet, what is not plain silence.
STUCK: Mapping[ReasonCode, Callable[[Text], Text]] = {
    ReasonCode.FRAGMENTATION_NEEDED: filtered,
    ReasonCode.MESSAGE_TOO_LONG: never_leaves,
}


def full(size: int, fate: Text) -> Text:
    return Text(
        f"Then pod-a sends a packet of {size} bytes, the largest that its own device takes. {fate.en}",
        f"随后 pod-a 发出 {size} 字节的包，即它自己的网卡所能承载的最大值。{fate.zh}",
    )


def case(without: frozenset[str]) -> Text:
    return missing(_PARTS, without, Text("nothing", "不缺"))


def sizes(limit: int) -> Text:
    return Text(
        f"{limit} is the last size that arrives. Health checks and handshakes are far below it, a page of HTML is above: hence `it connects,"
        " and then it hangs`.",
        f"{limit} 是能到达的最大值。健康检查和握手远小于它，一个网页就超过它：所以表现为“能连上，然后卡住”。",
    )


def beyond(carried: int) -> Text:
    return Text(f"A switch that carries {carried}", f"只能承载 {carried} 的交换机")


def cure_set(mss: int) -> Text:
    return Text(f"--set-mss {mss} on both nodes", f"两个节点都加 --set-mss {mss}")


def cure_pods(mtu: int) -> Text:
    return Text(f"pods' MTU {mtu}", f"Pod 的 MTU 设为 {mtu}")


def cure_cards(mtu: int) -> Text:
    return Text(f"the nodes' cards told: MTU {mtu}", f"节点网卡的 MTU 设为 {mtu}")


def claim_connects(verdict: Verdict, fate: Text) -> Claim:
    return Claim(
        Text("If the MTU is wrong, pods cannot connect.", "MTU 不对，Pod 之间就连不上。"),
        Text(
            f"With all three nets gone the handshake is {verdict}: its packets are small. {fate.en}",
            f"三道保险全部去掉，握手仍是 {verdict}：因为包很小。{fate.zh}",
        ),
    )


def claim_ping(fate: Text, largest: int) -> Claim:
    return Claim(
        Text("ping works, so it is not the MTU.", "ping 能通，所以不是 MTU 的问题。"),
        Text(
            f"A plain ping is 56 bytes of data. {fate.en} The test is `ping -M do -s {largest}`, which works, and one byte more, which does not.",
            f"普通 ping 只有 56 字节数据。{fate.zh}应当用 `ping -M do -s {largest}` 测试：能通；再多一个字节就不通。",
        ),
    )


def claim_1450(vxlan: int, gateway: int, ipip: int) -> Claim:
    return Claim(
        Text("The MTU of pods is 1450.", "Pod 的 MTU 是 1450。"),
        Text(
            f"With VXLAN on cards of 1500 it is {vxlan}; with host-gw {gateway}, with IPIP {ipip}. It follows the card, less what the tunnel takes.",
            f"网卡 1500 且用 VXLAN 时是 {vxlan}；host-gw 是 {gateway}，IPIP 是 {ipip}。取决于网卡的 MTU 减去隧道开销。",
        ),
        Holds.DEPENDS,
    )


def claim_discovery(healed: Text, lost: Text) -> Claim:
    return Claim(
        Text("Path MTU discovery takes care of it.", "路径 MTU 发现会自动解决。"),
        Text(f"With ICMP: {healed.en} Without: {lost.en}", f"ICMP 能到达时：{healed.zh}被过滤时：{lost.zh}"),
        Holds.DEPENDS,
    )


def claim_clamp(helped: Text, datagram: Text, helpless: Text) -> Claim:
    return Claim(
        Text("Clamping the MSS cures it.", "钳制 MSS 就能解决。"),
        Text(
            f"For TCP, where a device of the node knows the number. {helped.en} The same packet by UDP: {datagram.en} TCP, where only a switch"
            f" knows: {helpless.en}",
            f"仅对 TCP，而且要节点上有设备知道这个数字。{helped.zh}同样的包用 UDP 发：{datagram.zh}TCP，但只有交换机知道时：{helpless.zh}",
        ),
        Holds.DEPENDS,
    )


def claim_small(fate: Text, mtu: int) -> Claim:
    return Claim(
        Text("The pods' MTU has to be exact.", "Pod 的 MTU 必须恰好相等。"),
        Text(
            f"It must not be too large. With {mtu} in place of the largest that fits: {fate.en} It costs some more packets, no more.",
            f"只是不能过大。用 {mtu} 代替最大值时：{fate.zh}代价只是包数略多。",
        ),
    )


def claim_tunnel(cut: Text, dropped: Text) -> Claim:
    return Claim(
        Text("Give the tunnel 1500 as well and all is well.", "把隧道的 MTU 也设成 1500 就好了。"),
        Text(
            f"Where fragments pass: {cut.en} (In two outer fragments.) Where they do not: {dropped.en}",
            f"分片能通过时：{cut.zh}（外层被切成两片。）不能通过时：{dropped.zh}",
        ),
        Holds.DEPENDS,
    )


def claim_probing(fate: Text) -> Claim:
    return Claim(
        Text("TCP finds a black hole out by itself.", "TCP 自己能发现黑洞。"),
        Text(
            f"Not by default (tcp_mtu_probing is 0). With 1: {fate.en} On Linux 6.18 that was measured at six to seven seconds for each"
            " connection.",
            f"默认不会（tcp_mtu_probing 为 0）。设为 1 时：{fate.zh}在 Linux 6.18 上实测每个连接要六到七秒。",
        ),
        Holds.DEPENDS,
    )


def points(limit: int, headers: int) -> tuple[Text, ...]:
    return (
        Text(
            "The sign: connects, small requests work, large answers hang; on one node all is well.",
            "典型表现：能连上，小请求正常，大响应卡住；同一节点上一切正常。",
        ),
        Text(
            f"The proof: ping -M do with falling sizes between the pods (here up to -s {limit - headers}), and tcpdump at the sender, which shows"
            " the same large segment again and again.",
            f"证明：在 Pod 之间用 ping -M do 逐步减小尺寸（这里到 -s {limit - headers}）；在发送方 tcpdump 能看到同一个大报文段反复重传。",
        ),
        Text(
            "The cure: pods' MTU = the smallest of the way less the tunnel's header, in the CNI's configuration; pods get it when they are made,"
            " so they have to be made anew.",
            "根治：Pod 的 MTU = 全路径最小 MTU 减去隧道头部，写在 CNI 配置中；Pod 在创建时才取得，所以要重建 Pod。",
        ),
        Text(
            "Let ICMP type 3 through, in security groups too. Clamp the MSS at borders: it helps TCP alone.",
            "放行 ICMP type 3，安全组里也要放行。在边界上钳制 MSS：只对 TCP 有用。",
        ),
    )


def spoken(figures: Figures) -> tuple[Text, ...]:
    return (
        Text(
            f"The cards carry {figures.card}. VXLAN puts {figures.overhead} bytes before each packet, so pods may send {figures.pods}, and the"
            " CNI has to tell them so when it makes their devices. If a pod believes in more, its handshake and its small requests work, and"
            " the first full segment does not fit into the tunnel.",
            f"网卡能承载 {figures.card} 字节。VXLAN 在每个包前加 {figures.overhead} 字节，所以 Pod 最多发 {figures.pods}，要由 CNI 在创建网卡时设好。"
            "如果 Pod 以为可以更大，握手和小请求都正常，第一个满载的报文段却放不进隧道。",
        ),
        Text(
            "The node then sends ICMP fragmentation needed, and all goes on with smaller segments, unless somebody filters ICMP: then it is a"
            f" black hole, and packets over {figures.limit} bytes are lost with nobody told. I prove it with ping -M do, set the CNI's MTU,"
            " make the pods anew, and let ICMP through. MSS clamping is a net for TCP, not a cure.",
            "此时节点会发 ICMP fragmentation needed，之后用更小的报文段继续；但如果有人过滤了 ICMP，就成了黑洞："
            f"超过 {figures.limit} 字节的包全部丢失，没有任何通知。我用 ping -M do 证明，改 CNI 的 MTU，重建 Pod，并放行 ICMP。钳制 MSS 只是给 TCP 的保险，不是根治。",
        ),
    )
