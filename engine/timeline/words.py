"""Why a request of a timeline ended as it did, in a sentence; English and Chinese side by side."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from engine.trace import ConntrackView, Outcome, ReasonCode, Text, Verdict, Where

if TYPE_CHECKING:
    from engine.timeline.entries import Entry
    from engine.timeline.pods import PodTimes
    from engine.timeline.view import ClusterOverTime


def seconds(at: int) -> str:
    """Milliseconds as seconds: 1500 is `1.5`."""
    return f"{at / 1000:.3f}".rstrip("0").rstrip(".")


def _name(pod: str | None) -> str:
    return (pod or "").rpartition("/")[2]


def answered(pod: str | None, at: int, made: int) -> Text:
    """`made` is when its connection was made."""
    who = _name(pod) or "the server", _name(pod) or "服务器"
    if made == at:
        return Text(f"{who[0]} answers", f"{who[1]} 响应")
    return Text(
        f"{who[0]} answers, on the connection made at {seconds(made)} s",
        f"{who[1]} 响应，沿用 {seconds(made)} s 时建立的连接",
    )


def cut(pod: str, times: PodTimes, at: int, until: int) -> Text:
    """A request that is in flight from `at` to `until` when its pod's process ends."""
    name, end = _name(pod), seconds(times.exits or 0)
    return Text(
        f"{name}'s process ends at {end} s, while the request ({seconds(at)} to {seconds(until)} s) is in flight",
        f"{name} 的进程在 {end} s 结束，此时请求（{seconds(at)} 到 {seconds(until)} s）仍未完成",
    )


def vanished(pod: str, at: int) -> Text:
    name = _name(pod)
    return Text(
        f"{name} is gone since {seconds(at)} s without a FIN or RST; the client waits for an answer",
        f"{name} 从 {seconds(at)} s 起消失，没有 FIN 也没有 RST；客户端一直等待",
    )


def no_healthy_node(destination: str) -> Outcome:
    """The end of a connection that the load balancer has no node for."""
    text = Text(
        "no node passes the load balancer's health checks",
        "没有节点通过负载均衡器的健康检查",
    )
    where = Where("load balancer", ReasonCode.NO_HEALTHY_NODE, text)
    return Outcome(Fraction(1), Verdict.LOST, destination, None, False, (), where=where)


def refused(outcome: Outcome, pod: str | None, cluster: ClusterOverTime, at: int, entries: tuple[Entry, ...]) -> Text:
    """A first packet, or a datagram, that nobody answers: where it went, and why it went there."""
    times = cluster.times.get(pod or "")
    reason = outcome.where.reason if outcome.where is not None else Text("", "")
    if times is None:
        return reason
    name = _name(pod)
    if times.exists(at):
        what = Text(f"{name} does not listen", f"{name} 没有监听")
        if times.closes is not None and at >= times.closes:
            what = Text(
                f"{name} takes no new connections since {seconds(times.closes)} s",
                f"{name} 从 {seconds(times.closes)} s 起不再接受新连接",
            )
        elif times.listens is not None and at < times.listens:
            what = Text(
                f"{name} listens from {seconds(times.listens)} s on", f"{name} 从 {seconds(times.listens)} s 起才监听"
            )
    else:
        gone = min(moment for moment in (times.exits, times.vanishes) if moment is not None)
        what = Text(f"{name} is gone since {seconds(gone)} s", f"{name} 从 {seconds(gone)} s 起已不存在")
    held = next((entry for entry in entries), None)
    if held is not None:
        return Text(
            f"{what.en}; the conntrack entry on {held.view.host} still leads there",
            f"{what.zh}；{held.view.host} 上的 conntrack 表项仍指向它",
        )
    node = _node(outcome)
    if node is None:
        return what
    early = times.listens is not None and at < times.listens
    when = ("already", "已经") if early else ("still", "仍")
    return Text(f"{what.en}; {node}'s rules {when[0]} send there", f"{what.zh}；{node} 的规则{when[1]}会转发到它")


def _node(outcome: Outcome) -> str | None:
    """The node whose rules chose the endpoint."""
    view: ConntrackView | None = next(
        (v for v in outcome.conntrack if (v.reply.src, v.reply.sport) != (v.original.dst, v.original.dport)), None
    )
    if view is not None:
        return view.host
    return next((hop.host for hop in outcome.hops if hop.stage == "dnat"), None)
