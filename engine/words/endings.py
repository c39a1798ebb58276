"""Where and why a packet died: the stable codes of Where, with their reasons in both languages."""

from __future__ import annotations

from engine.cluster import Node
from engine.fabric import chains
from engine.packet import L4, FiveTuple
from engine.trace import ReasonCode, Text

# code -> (English, Chinese); filled in with str.format. Why a program's rule refuses is said beside its chains.
_REASONS: dict[ReasonCode, tuple[str, str]] = {
    ReasonCode.INVALID_STATE: (
        (
            "conntrack on {host} has not seen the other direction of this connection (it goes another way), so the next "
            "packet is INVALID to it and is not let through"
        ),
        "{host} 的 conntrack 没有见过该连接另一方向的包（走了别的路径），因此把下一个包判为 INVALID，不予放行",
    ),
    ReasonCode.RULE_DROP: ("a rule drops the packet", "被规则丢弃"),
    ReasonCode.RULE_REJECT: ("a rule rejects the packet", "被规则拒绝"),
    ReasonCode.OUTER_DROP: (
        "the tunnel's outer packet {src} -> {dst} ({protocol}) is dropped on {host}, and with it what it carries",
        "{host} 丢弃了隧道的外层报文 {src} -> {dst}（{protocol}），其中承载的数据包随之丢失",
    ),
    ReasonCode.OUTER_REJECT: (
        (
            "the tunnel's outer packet {src} -> {dst} ({protocol}) is rejected on {host}: the ICMP error goes to {src}'s "
            "kernel, not to the client, who gets no answer"
        ),
        "{host} 拒绝了隧道的外层报文 {src} -> {dst}（{protocol}）：ICMP 差错发给 {src} 的内核而不是客户端，客户端得不到任何响应",
    ),
    ReasonCode.POLICY_DROP: ("the chain's policy is DROP", "链的默认策略为 DROP"),
    ReasonCode.NO_MASQUERADE_ADDRESS: (
        "MASQUERADE found no address on {device}",
        "MASQUERADE 在 {device} 上找不到可用的地址",
    ),
    ReasonCode.NO_REDIRECT_ADDRESS: (
        "REDIRECT found no address on {device} to send the packet to",
        "REDIRECT 在 {device} 上找不到可用的地址",
    ),
    ReasonCode.NO_FREE_PORT: ("NAT found no free source port", "NAT 找不到空闲的源端口"),
    ReasonCode.CLASH: (
        "another connection already owns one of the tuples (a conntrack clash)",
        "另一个连接已占用相同的元组（conntrack 冲突）",
    ),
    ReasonCode.TABLE_FULL: (
        "{host}'s conntrack table is full: a packet that needs a new entry is dropped",
        "{host} 的 conntrack 表已满：需要新建表项的数据包被丢弃",
    ),
    ReasonCode.IPVS_NO_SERVER: ("the virtual server has no real server", "该虚拟服务器没有真实服务器"),
    ReasonCode.MARTIAN_SOURCE: (
        (
            "{host}'s kernel drops a packet that comes in by {device} with {src} as its source: it is one of {host}'s own "
            "addresses or of 127.0.0.0/8 (a martian)"
        ),
        "{host} 的内核丢弃了从 {device} 进来、源地址为 {src} 的数据包：该地址是 {host} 自己的地址或属于 127.0.0.0/8（martian 包）",
    ),
    ReasonCode.MARTIAN_DESTINATION: (
        "{host}'s kernel drops a packet to {dst_ip} that did not come by lo: route_localnet is off",
        "{host} 的内核丢弃了不是从 lo 来而去往 {dst_ip} 的数据包：route_localnet 未开启",
    ),
    ReasonCode.LOCALNET_OUTPUT: (
        "a packet from {src} may not leave {host} by {device}: route_localnet is off",
        "源地址为 {src} 的数据包不允许从 {host} 的 {device} 发出：route_localnet 未开启",
    ),
    ReasonCode.RP_FILTER: (
        "rp_filter on {host}: the route back to {src} does not leave by {device}, where the packet came in",
        "{host} 的 rp_filter 检查：回 {src} 的路由不走数据包进来的 {device}",
    ),
    ReasonCode.NO_ROUTE: ("{host} has no route to {dst_ip}", "{host} 没有到 {dst_ip} 的路由"),
    ReasonCode.BLACKHOLE: (
        "{host} has a blackhole route for {dst_ip}: the address is in its block, but no pod has it",
        "{host} 对 {dst_ip} 有 blackhole 路由：地址在本节点的地址块内，但没有 Pod 使用它",
    ),
    ReasonCode.NO_NEIGHBOUR: (
        "nobody on {device}'s network answers for {next_hop}{heard}",
        "{device} 所在网络上没有主机响应对 {next_hop} 的 ARP/NDP 查询{heard_zh}",
    ),
    ReasonCode.NETWORK_POLICY: (
        "no network policy lets the packet pass at the pod's door",
        "Pod 处没有网络策略放行该数据包",
    ),
    ReasonCode.UNDERLAY_DROP: (
        "the network between the nodes does not carry {protocol} packets {src_port} -> {dst} that leave {host} by {device}",
        "节点之间的网络不转发从 {host} 的 {device} 发出的 {protocol} 数据包 {src_port} -> {dst}",
    ),
    ReasonCode.MESSAGE_TOO_LONG: (
        "a packet of {size} bytes does not fit {host}'s {device}, whose MTU is {mtu}: nothing leaves (message too long)",
        "{size} 字节的包超过 {host} 的 {device} 的 MTU {mtu}：发不出去（message too long）",
    ),
    ReasonCode.FRAGMENTATION_NEEDED: (
        "a packet of {size} bytes with DF does not fit {host}'s {device}, whose MTU is {mtu}: {host} sends ICMP fragmentation needed to {src}",
        "带 DF 的 {size} 字节的包超过 {host} 的 {device} 的 MTU {mtu}：{host} 向 {src} 发送 ICMP“需要分片”",
    ),
    ReasonCode.FRAGMENTS_DROPPED: (
        "the packet of {size} bytes that leaves {host} by {device} (MTU {mtu}) is cut into fragments, and the network between the nodes drops fragments",
        "从 {host} 的 {device}（MTU {mtu}）发出的 {size} 字节的包被分片，而节点之间的网络丢弃分片",
    ),
    ReasonCode.OUTER_TOO_LONG: (
        "the outer packet of {size} bytes has DF (df set) and does not fit {host}'s {device}, whose MTU is {mtu}: it is dropped, and the sender is not told",
        "外层报文 {size} 字节带有 DF（df set），超过 {host} 的 {device} 的 MTU {mtu}：被丢弃，发送方得不到通知",
    ),
    ReasonCode.UNDERLAY_MTU: (
        "the network between the nodes carries {mtu} bytes, and {host} sends {size} by {device}: it is dropped, and nobody is told",
        "节点之间的网络只能承载 {mtu} 字节，而 {host} 从 {device} 发出 {size} 字节：被丢弃，没有任何通知",
    ),
    ReasonCode.NO_SUCH_HOST: (
        "the packet left the cluster, and nobody out there has the address {dst_ip}",
        "数据包离开了集群，而外部没有主机使用地址 {dst_ip}",
    ),
    ReasonCode.NO_TUNNEL_PEER: (
        "{device} knows no tunnel end for {next_hop}",
        "{device} 不知道 {next_hop} 对应的隧道对端",
    ),
    ReasonCode.OTHER_MAC: (
        "the packet is for another MAC address than {device} has on {host}: it is dropped",
        "数据包的目的 MAC 地址不是 {host} 上 {device} 的地址：被丢弃",
    ),
    ReasonCode.IP_FORWARD_OFF: (
        "{host} does not forward packets: ip_forward is 0",
        "{host} 不转发数据包：ip_forward 为 0",
    ),
    ReasonCode.ROUTING_LOOP: (
        "the packet goes round {circle} until its TTL is used up; {host} then sends ICMP time exceeded to {src}",
        "数据包在 {circle} 之间反复转发，直到 TTL 耗尽；随后 {host} 向 {src} 发送 ICMP 超时（time exceeded）",
    ),
    ReasonCode.TTL_EXPIRED: (
        "the packet's TTL is used up; {host} sends ICMP time exceeded to {src}",
        "数据包的 TTL 已耗尽；{host} 向 {src} 发送 ICMP 超时（time exceeded）",
    ),
    ReasonCode.TUNNEL_TO_ITSELF: (
        "the other end of {device} has {outer_dst}, which is {host}'s own address: the packet never leaves {host}",
        "{device} 的对端地址 {outer_dst} 是 {host} 自己的地址：数据包从未离开 {host}",
    ),
    ReasonCode.TUNNEL_LOOP: (
        (
            "the outer packet to {outer_dst} would have to leave {host} by {device} again, the tunnel that made it: the "
            "kernel drops it as a circular route (do the pods and the nodes share one network?)"
        ),
        "发往 {outer_dst} 的外层报文又要从生成它的隧道设备 {device} 离开 {host}：内核把它当作循环路由丢弃（Pod 与节点是否共用同一网段？）",
    ),
    ReasonCode.BRIDGE_REFUSES_SAME_PORT: (
        (
            "the frame would have to leave {bridge} by {port}, the port it came in by, and hairpin mode is off there: "
            "the bridge refuses"
        ),
        "帧需要从它进来的端口 {port} 离开 {bridge}，而该端口没有开启 hairpin 模式：网桥拒绝转发",
    ),
    ReasonCode.NOBODY_LISTENS: (
        "it arrives on {host}, but nobody listens on {dst}",
        "数据包到达了 {host}，但没有进程监听 {dst}",
    ),
    ReasonCode.WRONG_REPLY_SOURCE: (
        "{host} spoke to {spoken}, but the answer comes from {src_port}: its kernel knows no such connection",
        "{host} 访问的是 {spoken}，响应却来自 {src_port}：它的内核中没有这样的连接",
    ),
    ReasonCode.REPLY_ELSEWHERE: (
        "the answer ends up on {host}, which is not the client",
        "响应到达了 {host}，而它并不是客户端",
    ),
    ReasonCode.NO_HEALTHY_NODE: (
        "the load balancer has no node that passes its health check",
        "负载均衡器没有任何通过健康检查的节点",
    ),
    ReasonCode.NOT_BALANCED: (
        "the load balancer has {dst_ip} for other ports: no Service behind it serves {wanted}",
        "负载均衡器的 {dst_ip} 用于其他端口：其后没有 Service 提供 {wanted}",
    ),
}


# Who hears that nobody answers (arp_solicit, mcast_solicit requests of a second each; ipv4_link_failure): the packet's
# sender, from the host that asked or as its own error; nobody, where a tunnel's outer packet was on its way (no skb of the
# sender's to answer to); nobody yet, where the bridge holds back a frame whose connection is not confirmed.
_HEARD = {
    "sender": {
        "heard": "; after three requests, about 3 s, {host} gives up and {src} is told: no route to host (EHOSTUNREACH)",
        "heard_zh": "；{host} 询问三次（约 3 秒）后放弃，并告知 {src}：no route to host（EHOSTUNREACH）",
    },
    "nobody": {
        "heard": "; the sender of what the tunnel carries is not told, and waits in vain",
        "heard_zh": "；隧道所承载的包的发送方得不到通知，只能一直等待",
    },
    "again": {
        "heard": "; no conntrack entry is confirmed yet, so that the SYN sent again after 1 s draws its endpoint anew",
        "heard_zh": "；此时 conntrack 表项尚未确认，因此 1 秒后重发的 SYN 会重新选择端点",
    },
}


def reason(code: ReasonCode, flow: FiveTuple, **facts: str) -> Text:
    """The reason for `code`, about a packet with the tuple `flow`; `facts` fill in what else the sentence names."""
    known = _REASONS.get(code)
    if known is None:
        refusal = chains.reason_of(code)
        assert refusal is not None
        known = (refusal.en, refusal.zh)
    english, chinese = known
    values = {
        "src": flow.src,
        "src_port": flow.source,
        "dst": flow.destination,
        "dst_ip": flow.dst,
        "wanted": flow.protocol.value if flow.protocol is L4.ICMP else f"{flow.dport}/{flow.protocol}",
        "protocol": flow.protocol.value,
        **_HEARD[facts.get("asked", "sender")],
        **facts,
    }
    for key in ("heard", "heard_zh"):
        values[key] = values[key].format(**values)
    return Text(english.format(**values), chinese.format(**values))


def circle(flow: FiveTuple, host: str, hosts: tuple[str, ...], anew: bool) -> Text:
    """The reason of a packet that goes round `hosts` until `host` finds its TTL used up. `anew`: each round rewrites
    it otherwise than the one before, so that no round repeats another."""
    said = reason(ReasonCode.ROUTING_LOOP, flow, host=host, circle=" -> ".join((*hosts, hosts[0])))
    if not anew:
        return said
    return Text(f"{said.en}; each round rewrites it anew", f"{said.zh}；每一轮都重新改写地址或端口")


def undeclared_port(host: str, flow: FiveTuple) -> Text:
    """Why nobody is taken to listen, of a port that a Service names and its pod does not."""
    port = f"{flow.dport}/{flow.protocol}"
    return Text(
        f"{host} declares ports, and {port} is not among them: nobody is taken to listen there (a Network document's"
        " listeners say otherwise).",
        f"{host} 声明了端口，其中没有 {port}：视为无进程监听（可用 Network 文档的 listeners 另行说明）。",
    )


def dns_cache(host: str) -> Text:
    """What a node's own cache does with a query, as far as a packet's way tells."""
    return Text(
        f"NodeLocal DNSCache on {host} answers: what it does not hold it asks of CoreDNS over a connection of its own, which"
        " is not part of this walk.",
        f"由 {host} 上的 NodeLocal DNSCache 响应：缓存中没有的，它会用自己的另一个连接去询问 CoreDNS，不在本次路径之内。",
    )


def elected(address: str) -> Text:
    """Which node a packet to a load balancer's address within the nodes' own network reaches."""
    return Text(
        f"{address} lies in the nodes' own network: one node answers ARP for it (as MetalLB and kube-vip elect one); which, is drawn.",
        f"{address} 位于节点自己的网络中：由某一个节点响应其 ARP（如 MetalLB、kube-vip 选出的节点）；此处随机选取。",
    )


def of_the_world(flow: FiveTuple) -> Text:
    """Who has a public address that nothing describes."""
    en, zh = (f" on {flow.dport}/{flow.protocol}", f"在 {flow.dport}/{flow.protocol} 上") if flow.dport else ("", "")
    return Text(
        f"{flow.dst} is a public address that nothing here describes: a host is taken to have it and to answer{en}"
        " (a Network document's externalHosts name those that are known).",
        f"{flow.dst} 是公网地址，清单没有描述它：视为有主机使用该地址并{zh}响应（已知主机可用 Network 文档的 externalHosts 指明）。",
    )


def only_in_rules() -> Text:
    """Who is taken to be where rules given for a node send to, and no manifest tells."""
    return Text(
        "The rules send to addresses that are in no manifest, and no EndpointSlice is given: pods are taken to be there and to listen"
        " (a Network document's staleEndpoints name those that are gone).",
        "规则把流量转到清单中没有的地址，而且没有给出 EndpointSlice：视为这些地址上有 Pod 并在监听"
        "（已不存在的可用 Network 文档的 staleEndpoints 指明）。",
    )


def on_a_node_made_up(flow: FiveTuple, node: Node) -> Text:
    """Where such a pod is taken to be, whose node no manifest has either."""
    address = node.internal_ips[0]
    return Text(
        f"The node of {flow.dst} is not given either: it is called {node.name} here, and its address {address} is made up.",
        f"{flow.dst} 所在的节点也没有给出：此处称为 {node.name}，其地址 {address} 是虚构的。",
    )


def entry_from_before(host: str, flow: FiveTuple, goes_to: str, seconds: tuple[int, int], stream: bool) -> Text:
    """How long an entry of UDP lives that conntrack held before the walk: `seconds` are nf_conntrack_udp_timeout and
    _stream."""
    kept = seconds[1] if stream else seconds[0]
    word = "nf_conntrack_udp_timeout_stream" if stream else "nf_conntrack_udp_timeout"
    return Text(
        f"{host}'s conntrack held {flow} before, on to {goes_to}: no rule is asked. Each packet renews the entry: it lives until"
        f" {kept} s pass without one ({word}), until conntrack -D, or until kube-proxy deletes it; another source port is new.",
        f"{host} 的 conntrack 中已有 {flow} 的表项（转到 {goes_to}），因此不再查询规则。每个包都会刷新它：直到 {kept} 秒没有包（{word}）、"
        "执行 conntrack -D 或被 kube-proxy 删除；换一个源端口则是新连接。",
    )


def clamped(host: str, segment: int, size: int) -> Text:
    """What becomes of a large packet where a rule has lowered the MSS of the handshake."""
    return Text(
        f"A rule on the way lowers the MSS that {host} is told to {segment}: it sends packets of at most {size} bytes.",
        f"路径上有规则把告知 {host} 的 MSS 降为 {segment}：它发送的包最多 {size} 字节。",
    )


def segmented(host: str, segment: int, size: int) -> Text:
    """What becomes of a large packet of TCP where the two ends' own devices carry less."""
    return Text(
        f"The MSS between the two ends is {segment}: {host} makes no packet longer than {size} bytes.",
        f"两端之间的 MSS 为 {segment}：{host} 发送的包不超过 {size} 字节。",
    )


def probed(host: str, size: int, smaller: int) -> Text:
    """What becomes of a large packet that gets lost where TCP tries smaller ones (tcp_mtu_probing)."""
    return Text(
        f"Packets of {size} bytes get lost and nobody says why; after some seconds of lost retransmissions {host} goes on with"
        f" {smaller} bytes (tcp_mtu_probing, tcp_base_mss).",
        f"{size} 字节的包丢失且没有任何通知；{host} 在数秒的重传失败后改发 {smaller} 字节的包（tcp_mtu_probing、tcp_base_mss）。",
    )


def noted_mtu(host: str, mtu: int) -> Text:
    """What becomes of a large packet whose sender's own kernel knows better the second time (its route cache)."""
    return Text(
        f"The first packet of that size gets lost; {host} has noted a path MTU then, and goes on with {mtu} bytes.",
        f"第一个这样大小的包丢失；{host} 由此记下了路径 MTU，之后改发 {mtu} 字节的包。",
    )


def learned_mtu(host: str, mtu: int) -> Text:
    """What becomes of a large packet whose sender hears of it: path MTU discovery (RFC 1191, RFC 8201)."""
    return Text(
        f"A packet of that size does not get through; {host} hears of it (ICMP fragmentation needed) and goes on with {mtu} bytes.",
        f"这样大小的包无法通过；{host} 收到 ICMP“需要分片”后改发 {mtu} 字节的包。",
    )
