"""What becomes of a server that is taken out: the kernel's trash, and kube-proxy's patience. A live history."""

from __future__ import annotations

from engine.ipvs import GracefulTermination
from engine.ipvs.graceful import CHECK_INTERVAL
from engine.trace import Text
from k8squiz.explain.history import Director
from k8squiz.story.blocks import Paragraph, Section, Step, Steps

_CONNECTIONS = 6


def trash() -> Section:
    """A server removed and put back keeps its counts on bare IPVS; kube-proxy drains it before it removes it."""
    return Section(
        Text("A server goes", "服务器下线"),
        (
            Steps(
                Text("b did not come back as a stranger.", "重新加入的 b 仍带着原来的计数。"),
                _removed_and_added(),
            ),
            Paragraph(
                Text(
                    "The counts are of connections that are still open: the kernel keeps the server in its trash for "
                    "them. Added again with the same address and port it takes them up, so a server that looks new to "
                    "you may get nothing for a while, where a really new one gets all.",
                    "这些计数来自仍未关闭的连接：内核为它们把服务器留在回收区（trash）中。以同样的地址和端口再次加入时会接着计数，"
                    "所以在你看来全新的服务器，可能一时什么都分不到，而真正的新服务器会全部接下。",
                )
            ),
            Paragraph(
                Text(
                    "So it is on bare IPVS, where the open connections meanwhile stall. kube-proxy sets "
                    "net.ipv4.vs.expire_nodest_conn to 1: the kernel then cuts the connections of a removed server a "
                    "jiffy later, and b keeps its counts only where it is added again within that jiffy. An endpoint "
                    "that kube-proxy removes and adds back is in that race.",
                    "在纯 IPVS 上就是这样，期间未关闭的连接会停滞。kube-proxy 把 net.ipv4.vs.expire_nodest_conn 设为 1："
                    "移除之后一个 jiffy，内核就会切断该服务器的连接，只有在这个 jiffy 之内再次加入，b 才保留计数。"
                    "被 kube-proxy 移除又加回的端点，正处于这场竞争之中。",
                )
            ),
            Steps(
                Text("Nobody was cut off.", "没有任何连接被切断。"),
                _drained(),
            ),
        ),
    )


def _counts(director: Director) -> Text:
    told = [
        (name, server.weight, server.active, server.inactive) for name, server in sorted(director.servers().items())
    ]
    en = "; ".join(f"{name}: weight {w}, {active} active, {inactive} inactive" for name, w, active, inactive in told)
    zh = "；".join(f"{name}：权重 {w}，活动 {active}，非活动 {inactive}" for name, w, active, inactive in told)
    return Text(en or "nobody", zh or "没有服务器")


def _removed_and_added() -> tuple[Step, ...]:
    director = Director("lc", (1, 1))
    for number in range(1, _CONNECTIONS + 1):
        director.connect(number)
    steps = [
        Step(Text(f"lc, a and b: {_CONNECTIONS} connections", f"lc，a 与 b：{_CONNECTIONS} 个连接"), _counts(director))
    ]
    director.remove("b")
    steps.append(Step(Text("b is removed", "移除 b"), _counts(director)))
    director.add("b")
    steps.append(Step(Text("b is added again", "再次加入 b"), _counts(director)))
    director.add("c")
    steps.append(Step(Text("c joins, which never was there", "加入从未出现过的 c"), _counts(director)))
    picked = " ".join(director.connect(number) for number in range(_CONNECTIONS + 1, _CONNECTIONS + 4))
    steps.append(
        Step(Text("Three more connections", "再来三个连接"), Text(f"They go to {picked}.", f"分给 {picked}。"))
    )
    return tuple(steps)


def _drained() -> tuple[Step, ...]:
    director = Director("rr", (1, 1))
    made = [director.service.connect(f"198.51.100.{number}", 40_000 + number) for number in range(1, 5)]
    keeper = GracefulTermination(director.service)
    address, port = director.address("b")
    keeper.retire(address, port)
    steps = [
        Step(Text("kube-proxy takes b out: rr, 4 connections", "kube-proxy 移出 b：rr，4 个连接"), _counts(director))
    ]
    picked = " ".join(director.connect(number) for number in range(5, 8))
    steps.append(Step(Text("New connections", "新连接"), Text(f"They go to {picked}.", f"分给 {picked}。")))
    for connection in made:
        connection.close()
    steps.append(Step(Text("The old ones close", "旧连接关闭"), _counts(director)))
    looks = 0
    while keeper.waiting:
        looks += 1
        keeper.check(looks * CHECK_INTERVAL)
    steps.append(
        Step(
            Text(f"Removed after {looks} looks, one every {CHECK_INTERVAL:g} s", f"每 {CHECK_INTERVAL:g} 秒检查一次，第 {looks} 次时移除"),
            _counts(director),
        )
    )  # fmt: skip
    return tuple(steps)
