"""A client's port that comes again while IPVS still remembers its closed connection: net.ipv4.vs.conn_reuse_mode."""

from __future__ import annotations

from engine.trace import Text
from k8squiz.explain.history import Director
from k8squiz.story.blocks import Grid, Paragraph, Section, same
from k8squiz.story.measured import REUSED_PORT

_TIMES = 4


def reused_ports() -> Section:
    """conn_reuse_mode 1 as the model schedules it, and 0 as it was measured."""
    kept, drained = REUSED_PORT
    rows = (
        (same("1"), same(" ".join(_picked(False))), same(" ".join(_picked(True)))),
        (Text("0, expire_nodest_conn 0 (measured)", "0，expire_nodest_conn 为 0（实测）"), same(kept), same(drained)),
    )
    return Section(
        Text("A client's port comes again", "客户端端口被重复使用"),
        (
            Grid(
                Text(
                    f"rr over a, b, c: {_TIMES} connections from one client port, each closed before the next",
                    f"rr，a、b、c 三台：同一客户端端口先后 {_TIMES} 个连接，前一个关闭后才有下一个",
                ),
                (
                    same("conn_reuse_mode"),
                    Text("who gets them", "分给谁"),
                    Text("the first one's server drained after it", "第一个连接之后，它的服务器权重设为 0"),
                ),
                rows,
            ),
            Paragraph(
                Text(
                    "A closed connection stays in IPVS's table for two minutes (TIME_WAIT). A busy client runs round its "
                    "ports within that time. With conn_reuse_mode 1, the kernel's default, the new connection is scheduled "
                    "anew; with 0 it goes where the old one went, though that pod is being drained or has gone: the “no route "
                    "to host” of rolling updates in ipvs mode (kubernetes issue 81775).",
                    "关闭的连接会在 IPVS 的表中保留两分钟（TIME_WAIT），繁忙的客户端在这段时间里会把端口用上一轮。conn_reuse_mode 为 1"
                    "（内核默认）时，新连接重新调度；为 0 时沿用旧连接的服务器，哪怕那个 Pod 正在排空或已经不在：ipvs 模式滚动更新时的"
                    "“no route to host”就是这样来的（kubernetes issue 81775）。",
                )
            ),
            Paragraph(
                Text(
                    "Before Linux 5.9 mode 1 had its own price: where conntrack is on, the kernel dropped the first SYN of such a "
                    "connection, which then took a second longer. So kube-proxy sets the mode to 0 on those kernels, and leaves it "
                    "alone from 5.9 on. With expire_nodest_conn 1, which kube-proxy sets as well, a drained server is left all the "
                    "same: measured on Linux 6.1, mode 0.",
                    "Linux 5.9 之前，模式 1 另有开销：启用 conntrack 时，内核会丢弃这种连接的第一个 SYN，于是多花一秒。所以 kube-proxy "
                    "在这些内核上把它设为 0，从 5.9 起则不再改动。kube-proxy 还会把 expire_nodest_conn 设为 1，这时即使模式为 0，也会离开"
                    "正在排空的服务器（在 Linux 6.1 上实测）。",
                )
            ),
        ),
    )


def _picked(drain: bool) -> list[str]:
    director = Director("rr", (1, 1, 1))
    names = {"{}:{}".format(*director.address(name)): name for name in director.servers()}
    picked: list[str] = []
    for _ in range(_TIMES):
        made = director.service.connect("198.51.100.1", 40_001)
        picked.append(names.get(made.server or "", "-"))
        made.close()
        if drain and len(picked) == 1:
            director.service.set_weight(*director.address(picked[0]), 0)
    return picked
