"""The stages of a hop as questions speak of them: one row a stage, and one for each step that is no stage of its own."""

from __future__ import annotations

from engine.trace import Stage, Text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class StageRow:
    """`card` is the stage as a step, `{host}` where it happens. A stage that is `plausible` where it does not happen is
    offered as a distractor, if it `always` is also where the question narrows the stages down; `reveals` is what naming
    it shows then. `moment` is when a packet's addresses are asked for after it: an English phrase before the place, a
    Chinese one."""

    name: str
    card: Text
    moment: Text | None = None
    plausible: bool = False
    always: bool = False
    reveals: Text | None = None


# Distractors are drawn from the plausible ones in this order: another order draws other questions.
_ROWS = (
    StageRow("dns", Text("{host}: the name is resolved", "{host}：解析域名")),
    StageRow("connect", Text("{host}: connect() sends the first packet", "{host}：connect() 发出首包"),
             Text("leaving", "离开 ")),
    StageRow("nic", Text("{host}: the packet comes in at the network card", "{host}：数据包从网卡进入"),
             Text("arriving at", "到达 ")),
    StageRow("prerouting", Text("{host}: PREROUTING hook", "{host}：PREROUTING hook 点")),
    StageRow("dnat", Text("{host}: NAT rewrites the destination", "{host}：NAT 改写目的地址"),
             Text("after DNAT on", "DNAT 之后，"), plausible=True, always=True,
             reveals=Text("Lets a second node translate again; the destination is a pod's already.", "让第二个节点再做一次转换；其实目的地址早已是 Pod 的。")),
    StageRow("routing", Text("{host}: routing decision", "{host}：路由决策")),
    StageRow("input", Text("{host}: INPUT hook, the packet is for the host itself", "{host}：INPUT hook 点，数据包交给主机自身"),
             plausible=True, always=True,
             reveals=Text("Has not seen that DNAT comes before routing: the packet is forwarded, not taken in.", "没有看出 DNAT 先于路由：数据包是被转发，而不是交给本机。")),
    StageRow("policy", Text("{host}: the network policies are asked", "{host}：检查网络策略")),
    StageRow("ipvs", Text("{host}: IPVS picks a real server at LOCAL_IN", "{host}：IPVS 在 LOCAL_IN 处选择真实服务器"),
             plausible=True, always=True,
             reveals=Text("Mixes the modes: IPVS has no part in this one.", "混淆了代理模式：这里没有 IPVS。")),
    StageRow("forward", Text("{host}: FORWARD hook", "{host}：FORWARD hook 点"), plausible=True,
             reveals=Text("Takes a packet for forwarded that the host sends or keeps.", "把主机自己发出或接收的数据包当成被转发的。")),
    StageRow("postrouting", Text("{host}: POSTROUTING hook", "{host}：POSTROUTING hook 点")),
    StageRow("snat", Text("{host}: NAT rewrites the source", "{host}：NAT 改写源地址"),
             Text("after SNAT on", "SNAT 之后，"), plausible=True, always=True,
             reveals=Text("Masquerades where nothing is marked, or on the wrong node.", "在没有打标记的地方、或在错误的节点上做 MASQUERADE。")),
    StageRow("encapsulate", Text("{host}: the tunnel device adds an outer header", "{host}：隧道设备加上外层头部"),
             Text("into the tunnel at", "进入隧道，"), plausible=True,
             reveals=Text("Has not asked whether this network tunnels, or whether the packet leaves the node at all.", "没有想过这个网络是否使用隧道，或者数据包是否离开节点。")),
    StageRow("wire", Text("{host}: the packet leaves on the wire", "{host}：数据包发到物理网络上"), Text("leaving", "离开 ")),
    StageRow("decapsulate", Text("{host}: the outer header is taken off", "{host}：去掉外层头部"),
             Text("out of the tunnel at", "离开隧道，"), plausible=True,
             reveals=Text("Takes off a header that nobody has put on.", "去掉了一个从未加上的外层头部。")),
    StageRow("output", Text("{host}: OUTPUT hook, the host itself is the sender", "{host}：OUTPUT hook 点，由主机自身发出"), plausible=True,
             reveals=Text("Takes a forwarded packet for one the host sends itself.", "把被转发的数据包当成主机自己发出的。")),
    StageRow("bridge", Text("{host}: the frame passes the bridge cni0", "{host}：帧经过网桥 cni0"), plausible=True,
             reveals=Text("Bridges what is routed.", "把路由的数据包当成桥接。")),
    StageRow("veth", Text("{host}: across the veth pair", "{host}：穿过 veth pair")),
    StageRow("socket", Text("{host}: the socket receives it", "{host}：套接字收到数据包"), Text("arriving at", "到达 ")),
    # Not stages of their own in a trace, but steps worth asking for.
    StageRow("answer", Text("{host}: the server answers", "{host}：服务端发出响应")),
    StageRow("restore-dst", Text("{host}: conntrack undoes SNAT, the destination is restored", "{host}：conntrack 还原 SNAT，恢复目的地址")),
    StageRow("restore-src", Text("{host}: conntrack undoes DNAT, the source is restored", "{host}：conntrack 还原 DNAT，恢复源地址")),
)  # fmt: skip
STAGES: dict[str, StageRow] = {row.name: row for row in _ROWS}

assert set(STAGES) >= {str(stage) for stage in Stage}
