"""The sentence of each hop and each ending, in English and Chinese, filled in with what happened."""

from __future__ import annotations

import functools

from engine.network.routes import Route
from engine.packet import L4, Encapsulation, FiveTuple
from engine.trace import Text


def connect(host: str, flow: FiveTuple, chosen_by: Route | None, own: bool) -> Text:
    if own:
        return Text(
            f"A process on {host} connects to its own host. The source is {flow.src}, the address it speaks to.",
            f"{host} 上的进程连接本机，源地址就是目的地址 {flow.src}。",
        )
    if chosen_by is not None:
        return Text(
            f"A process on {host} {_opens(flow)} to {flow.destination}. The kernel takes {flow.src} "
            f"as the source, because the route there is: {chosen_by}.",
            f"{host} 上的进程向 {flow.destination} {_opens_zh(flow)}。去往该地址的路由是 {chosen_by}，"
            f"所以内核选择 {flow.src} 作为源地址。",
        )
    if flow.protocol is L4.ICMP:
        return Text(f"{host} sends an ICMP echo request: {flow}.", f"{host} 发送 ICMP echo 请求：{flow}。")
    return Text(
        f"{host} opens a {flow.protocol} connection: {flow}.",
        f"{host} 发起 {flow.protocol} 连接：{flow}。",
    )


def _opens(flow: FiveTuple) -> str:
    return "sends an ICMP echo request" if flow.protocol is L4.ICMP else f"opens a {flow.protocol} connection"


def _opens_zh(flow: FiveTuple) -> str:
    return "发送 ICMP echo 请求" if flow.protocol is L4.ICMP else f"发起 {flow.protocol} 连接"


def answer(host: str, flow: FiveTuple) -> Text:
    if flow.protocol is L4.ICMP:
        return Text(f"{host}'s kernel sends an echo reply: {flow}.", f"{host} 的内核发送 echo reply：{flow}。")
    return Text(
        f"{host} answers the peer it saw: {flow}.",
        f"{host} 向它看到的对端发出响应：{flow}。",
    )


def reset(host: str, flow: FiveTuple) -> Text:
    return Text(
        f"Nobody listens on {flow.source}, so {host}'s kernel refuses the connection (TCP: RST).",
        f"{flow.source} 上没有进程监听，{host} 的内核拒绝连接（TCP 为 RST）。",
    )


def icmp_error(host: str, flow: FiveTuple) -> Text:
    return Text(
        f"{host} sends an ICMP error from {flow.src} to {flow.dst}: port unreachable.",
        f"{host} 从 {flow.src} 向 {flow.dst} 发送 ICMP 错误：端口不可达。",
    )


def tcp_reset(host: str, flow: FiveTuple) -> Text:
    return Text(f"{host} answers with a TCP RST.", f"{host} 回以 TCP RST。")


def nic(host: str, device: str, outer: Encapsulation | None) -> Text:
    if outer is not None:
        return Text(
            f"The {outer.kind} packet {outer.src} -> {outer.dst} arrives at {host}'s {device}.",
            f"{outer.kind} 外层报文 {outer.src} -> {outer.dst} 到达 {host} 的 {device}。",
        )
    return Text(f"The packet arrives at {host}'s {device}.", f"数据包到达 {host} 的网卡 {device}。")


def wire(host: str, device: str, to: str, outer: Encapsulation | None) -> Text:
    if outer is not None:
        return Text(
            f"{host} sends the {outer.kind} packet {outer.src} -> {outer.dst} out of {device} to {to}.",
            f"{host} 把 {outer.kind} 外层报文 {outer.src} -> {outer.dst} 从 {device} 发往 {to}。",
        )
    return Text(f"{host} sends the packet out of {device} to {to}.", f"{host} 把数据包从 {device} 发往 {to}。")


def veth_in(pod: str, host: str, port: str) -> Text:
    return Text(
        f"The packet crosses the veth pair from {pod}'s eth0 to {host}'s {port}.",
        f"数据包经 veth pair 从 {pod} 的 eth0 到达 {host} 的 {port}。",
    )


def veth_out(pod: str, port: str) -> Text:
    return Text(
        f"Through {port}, the node's end of the veth pair, into {pod}'s network namespace.",
        f"经节点一侧的 {port}（veth pair）进入 {pod} 的网络命名空间。",
    )


def bridge_up(bridge: str) -> Text:
    return Text(
        f"The frame carries {bridge}'s own MAC address, so the bridge hands it up to the IP stack.",
        f"帧的目的 MAC 是 {bridge} 自己，网桥把它交给 IP 协议栈。",
    )


def bridge_up_after_nat(bridge: str, dst: str) -> Text:
    return Text(
        f"NAT has given the frame the destination {dst}, which is not behind {bridge}: it goes up to the IP stack.",
        f"NAT 把目的地址改成了 {dst}，不在 {bridge} 上，因此帧被交给 IP 协议栈。",
    )


def bridge_switch(bridge: str, port: str, target: str) -> Text:
    return Text(
        f"{bridge} knows {target}'s MAC address behind port {port} and sends the frame there.",
        f"{bridge} 查转发表，{target} 的 MAC 在端口 {port} 上，把帧从该端口转发出去。",
    )


def bridge_switch_after_dnat(bridge: str, port: str, dst: str) -> Text:
    return Text(
        f"NAT happened on the bridged frame, and {dst} is behind {bridge} too: the frame stays bridged, out of {port}.",
        f"NAT 发生在桥接帧上，而新的目的地 {dst} 也在 {bridge} 上：帧继续由网桥转发，从 {port} 出去。",
    )


def bridge_hairpin(bridge: str, port: str, dst: str) -> Text:
    return Text(
        f"{dst} is behind {port}, the very port the frame came in by. Its hairpin mode is on, so {bridge} sends it back.",
        f"{dst} 就在帧进来的端口 {port} 上。该端口开启了 hairpin 模式，{bridge} 把帧原路送回。",
    )


@functools.cache
def nothing_matched(hook: str, tracked: bool, untracked: bool = False) -> Text:
    """`tracked`: at a hook with a nat table, by a packet of a known connection; `untracked`: by one that IPVS
    or a rule took out of conntrack."""
    if untracked:
        return Text(
            f"{hook}: the packet is out of conntrack, so no nat rule sees it.",
            f"{hook}：数据包已脱离 conntrack，任何 nat 规则都看不到它。",
        )
    if tracked:
        return Text(
            f"{hook}: conntrack knows the connection, so the nat table is not consulted.",
            f"{hook}：conntrack 已有该连接的表项，不再查询 nat 表。",
        )
    return Text(
        f"{hook}: no rule acts on the packet; it goes on unchanged.",
        f"{hook}：没有规则对数据包起作用，数据包原样继续。",
    )


def hidden_undone(hook: str, before: FiveTuple, after: FiveTuple) -> Text:
    return Text(
        f"{hook}: conntrack undoes the NAT of this connection: {before} becomes {after}.",
        f"{hook}：conntrack 反向还原该连接的 NAT：{before} 变为 {after}。",
    )


def nat_repeated(hook: str, before: FiveTuple, after: FiveTuple) -> Text:
    return Text(
        f"{hook}: conntrack repeats the connection's NAT without looking at the nat table: {before} becomes {after}.",
        f"{hook}：conntrack 直接沿用该连接的 NAT，不查 nat 表：{before} 变为 {after}。",
    )


def ipvs(service: str, before: FiveTuple, after: FiveTuple, undo: bool) -> Text:
    if undo:
        return Text(
            f"IPVS gives the answer the virtual server's address back: {before.source} becomes {after.source}.",
            f"IPVS 把响应的源地址恢复为虚拟服务器地址：{before.source} 变为 {after.source}。",
        )
    return Text(
        f"IPVS picks a real server of {service}: {before.destination} becomes {after.destination}.",
        f"IPVS 为虚拟服务器 {service} 选出真实服务器：{before.destination} 变为 {after.destination}。",
    )


def route_local(dst: str) -> Text:
    return Text(
        f"Routing decision: {dst} is this host's own address, so the packet goes to INPUT.",
        f"路由决策：{dst} 是本机地址，数据包进入 INPUT。",
    )


def route_forward(dst: str, route: Route) -> Text:
    return Text(f"Routing decision for {dst}: {route}.", f"路由决策：去往 {dst} 匹配 {route}。")


def reroute(dst: str, route: Route | str) -> Text:
    return Text(
        f"The destination has changed to {dst}, so the kernel routes once more: {route}.",
        f"目的地址已变为 {dst}，内核重新路由：{route}。",
    )


def router_on(dst: str, to: str) -> Text:
    return Text(f"The router sends the packet for {dst} on to {to}.", f"路由器把去往 {dst} 的数据包转发给 {to}。")


def load_balancer(vip: str, node: str, checked: bool) -> Text:
    why_en = ", a node that passes its health check" if checked else ""
    why_zh = "（通过健康检查的节点）" if checked else ""
    return Text(
        f"The load balancer keeps the destination {vip} and hands the packet to {node}{why_en}.",
        f"负载均衡器保留目的地址 {vip}，把数据包交给 {node}{why_zh}。",
    )


def encapsulated(device: str, outer: Encapsulation) -> Text:
    detail_en = f", UDP port {outer.dport}, VNI {outer.vni}" if outer.vni is not None else ""
    detail_zh = f"，UDP 端口 {outer.dport}，VNI {outer.vni}" if outer.vni is not None else ""
    return Text(
        f"{device} wraps the packet in {outer.kind}: {outer.src} -> {outer.dst}{detail_en}; {outer.overhead} bytes more.",
        f"{device} 封装 {outer.kind} 外层头部：{outer.src} -> {outer.dst}{detail_zh}，多出 {outer.overhead} 字节。",
    )


def tunnel_bypassed(device: str, remote: str, host: str) -> Text:
    """A tunnel whose other end is the host itself."""
    return Text(
        f"{remote}, the other end of {device}, is {host}'s own address: {device} wraps nothing and hands the packet back to {host}.",
        f"{device} 的对端 {remote} 是 {host} 自己的地址：{device} 不做封装，把数据包交还给 {host}。",
    )


def decapsulated(device: str, outer: Encapsulation, flow: FiveTuple) -> Text:
    return Text(
        f"{device} takes the {outer.kind} header off; inside is {flow}.",
        f"{device} 去掉 {outer.kind} 外层头部，里面是 {flow}。",
    )


def socket_request(host: str, flow: FiveTuple) -> Text:
    if flow.protocol is L4.ICMP:
        return Text(
            f"{host}'s kernel gets the echo request; it came from {flow.source}.",
            f"{host} 的内核收到 echo 请求，来源为 {flow.source}。",
        )
    return Text(
        f"The server on {host} accepts at {flow.destination}; the peer it sees is {flow.source}.",
        f"{host} 上的服务在 {flow.destination} 收到连接，它看到的对端是 {flow.source}。",
    )


def socket_reply(host: str, flow: FiveTuple) -> Text:
    return Text(
        f"{host} gets its answer from {flow.source}, the address it spoke to.",
        f"{host} 收到来自 {flow.source} 的响应，正是它访问的地址。",
    )


def socket_error(host: str) -> Text:
    return Text(
        f"{host}'s connect() fails at once: connection refused.",
        f"{host} 的 connect() 立即失败：connection refused（连接被拒绝）。",
    )


def socket_wrong(host: str, flow: FiveTuple) -> Text:
    return Text(
        f"A packet from {flow.source} reaches {host}, which never spoke to that address.",
        f"{host} 收到来自 {flow.source} 的包，而它从未访问过这个地址。",
    )
