"""How a connection ends: a fixed list of endings with stable codes, and how one is told from an outcome."""

from __future__ import annotations

from collections.abc import Callable

from engine.cluster import Cluster, Mode
from engine.trace import Outcome, ReasonCode, Text, Verdict
from k8squiz.bank.question import QuestionRequest
from k8squiz.world.facts import fact
from k8squiz.world.world import World

ENDINGS: dict[str, Text] = {
    "delivered-kept": Text("connected, the source address untouched", "连接成功，源地址保持不变"),
    "delivered-rewritten": Text(
        "connected, the source address rewritten on the way (SNAT)", "连接成功，源地址在途中被改写（SNAT）"
    ),
    "rejected": Text("refused at once: rejected with ICMP port unreachable", "立即被拒：REJECT，返回 ICMP 端口不可达"),
    "refused": Text("refused at once: nobody listens there (RST)", "立即被拒：目的地没有进程监听（RST）"),
    "dropped-no-local-endpoints": Text(
        "timeout: a rule drops it, the node has no local endpoint", "超时：节点上没有本地端点，规则将其丢弃（DROP）"
    ),
    "dropped-source-ranges": Text(
        "timeout: a rule drops it, the source is not in loadBalancerSourceRanges",
        "超时：源地址不在 loadBalancerSourceRanges 中，规则将其丢弃（DROP）",
    ),
    "dropped-otherwise": Text("timeout: another rule drops it", "超时：被其他规则丢弃（DROP）"),
    "lost-bridge": Text(
        "timeout: the bridge does not send the frame back out of its own port", "超时：网桥不会把帧从原端口发回去"
    ),
    "lost-martian": Text(
        "timeout: the receiver drops it, its source is the receiver's own address",
        "超时：源地址是接收方自己的地址，被接收方丢弃（martian）",
    ),
    "lost-wrong-reply": Text(
        "timeout: the answer comes from an address the sender never spoke to", "超时：响应来自发送方从未访问过的地址"
    ),
    "lost-nowhere": Text(
        "timeout: no route leads there, or nobody has that address",
        "超时：没有通往目的地的路由，或者没有主机使用该地址",
    ),
    "lost-rp-filter": Text("timeout: rp_filter drops it", "超时：被 rp_filter 丢弃"),
    "lost-otherwise": Text("timeout: nobody answers, for another reason", "超时：由于其他原因，无人响应"),
}
# The engine's codes of `Where`, as the list of endings calls them.
BY_CODE: dict[tuple[Verdict, ReasonCode], str] = {
    (Verdict.DROP, ReasonCode.NO_LOCAL_ENDPOINTS): "dropped-no-local-endpoints",
    (Verdict.DROP, ReasonCode.SOURCE_RANGES): "dropped-source-ranges",
    (Verdict.LOST, ReasonCode.BRIDGE_REFUSES_SAME_PORT): "lost-bridge",
    (Verdict.LOST, ReasonCode.MARTIAN_SOURCE): "lost-martian",
    (Verdict.LOST, ReasonCode.WRONG_REPLY_SOURCE): "lost-wrong-reply",
    (Verdict.LOST, ReasonCode.NO_ROUTE): "lost-nowhere",
    (Verdict.LOST, ReasonCode.NO_SUCH_HOST): "lost-nowhere",
    (Verdict.LOST, ReasonCode.NO_NEIGHBOUR): "lost-nowhere",
    (Verdict.LOST, ReasonCode.BLACKHOLE): "lost-nowhere",
    (Verdict.LOST, ReasonCode.RP_FILTER): "lost-rp-filter",
}


def ending(world: World, name: str, outcome: Outcome) -> str:
    """The code of how a way ends."""
    verdict = outcome.verdict
    if verdict is Verdict.DELIVERED:
        return "delivered-kept" if fact("source_kept", world, name, outcome) else "delivered-rewritten"
    if verdict in (Verdict.REJECT, Verdict.REFUSED):
        return "rejected" if verdict is Verdict.REJECT else "refused"
    otherwise = "dropped-otherwise" if verdict is Verdict.DROP else "lost-otherwise"
    return otherwise if outcome.where is None else BY_CODE.get((verdict, outcome.where.code), otherwise)


def _bridged(cluster: Cluster, request: QuestionRequest) -> bool:
    from engine.cni import PLUGINS

    plugin = PLUGINS.get(cluster.cni.plugin)
    return _from_pod(cluster, request) and plugin is not None and plugin.bridge is not None


def _from_pod(cluster: Cluster, request: QuestionRequest) -> bool:
    return request.source.startswith("pod/")


def _filtered(cluster: Cluster, request: QuestionRequest) -> bool:
    facts = cluster.network
    policies = (facts.forward_policy, facts.input_policy)
    return request.mode == Mode.NFTABLES or bool(cluster.network_policies) or "DROP" in policies


# Endings that only some clusters and requests can have, and which: told from what the candidate is shown.
_POSSIBLE: dict[str, Callable[[Cluster, QuestionRequest], bool]] = {
    "dropped-source-ranges": lambda cluster, request: any(
        service.load_balancer_source_ranges for service in cluster.services
    ),
    "dropped-otherwise": _filtered,
    "lost-bridge": _bridged,
    "lost-martian": _from_pod,
    "lost-rp-filter": lambda cluster, request: cluster.network.rp_filter > 0,
    "lost-otherwise": lambda cluster, request: False,
}


def offered(world: World, name: str) -> tuple[str, ...]:
    """The endings among which one chooses: all that are possible in such a cluster, whatever the walk says."""
    cluster, request = world.cluster(name), world.request(name)
    return tuple(code for code in ENDINGS if code not in _POSSIBLE or _POSSIBLE[code](cluster, request))


# What naming one sort of ending instead of another reveals of whoever names it: (named, true).
REVEALS: dict[tuple[str, str], Text] = {
    ("delivered", "kept"): Text("Has not thought of the rule that masquerades this packet.", "没有想到会对这个数据包做 MASQUERADE 的规则。"),
    ("delivered", "rewritten"): Text("Masquerades everything; asks neither who calls nor which way.", "认为什么都会被 MASQUERADE，不问谁在访问、从哪里进来。"),
    ("delivered", "stopped"): Text("Stops thinking at DNAT and has not followed the packet to the end, and back.", "想到 DNAT 就停了，没有把数据包跟到终点，也没有跟回来。"),
    ("rejected", "dropped"): Text("Takes no local endpoint for no endpoint: REJECT is for what nobody can serve.", "把“没有本地端点”当成“没有端点”：REJECT 只用于哪里都没有可用端点的情况。"),
    ("dropped", "rejected"): Text("Takes no endpoint for no local endpoint: DROP is for what others could serve.", "把“没有端点”当成“没有本地端点”：DROP 用于别处还有可用端点的情况。"),
    ("stopped", "delivered"): Text("Applies a policy to a caller whom it does not bind.", "把策略用在了它并不约束的访问方身上。"),
    ("stopped", "stopped"): Text("Knows that it fails, not who ends it: a rule, the bridge, or the receiver.", "知道会失败，但不知道是谁终止了它：规则、网桥还是接收方。"),
}  # fmt: skip


def reveals(said: str, truth: str) -> Text:
    """What naming the ending `said` instead of `truth` reveals."""
    ours, theirs = _sort(truth), _sort(said)
    if theirs == ours == "delivered":
        return REVEALS["delivered", said.removeprefix("delivered-")]
    if (theirs, ours) in REVEALS:
        return REVEALS[theirs, ours]
    return REVEALS[
        "delivered" if theirs == "delivered" else "stopped", "delivered" if ours == "delivered" else "stopped"
    ]


def _sort(code: str) -> str:
    return code.split("-", maxsplit=1)[0]
