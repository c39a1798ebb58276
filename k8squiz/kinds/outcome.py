"""outcome: how does the connection end, where, and who is seen? Endings come from a fixed list with stable codes."""

from __future__ import annotations

from collections.abc import Callable

from engine.trace import Outcome, Text
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import AddressField, Field, Item, MenuField, NameField
from k8squiz.kinds.interface import Task, letters
from k8squiz.world.facts import fact
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.world import World, host_name

ABOUT = Text("Say how it ends", "说出结局")
_SHOWN = 6

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
        "timeout: the answer comes from an address the sender never spoke to", "超时：应答来自发送方从未访问过的地址"
    ),
    "lost-nowhere": Text(
        "timeout: no route leads there, or nobody has that address",
        "超时：没有通往目的地的路由，或者没有主机使用该地址",
    ),
    "lost-rp-filter": Text("timeout: rp_filter drops it", "超时：被 rp_filter 丢弃"),
    "lost-otherwise": Text("timeout: nobody answers, for another reason", "超时：由于其他原因，无人应答"),
}
# The engine's codes of `Where`, as the list of endings calls them.
_BY_CODE: tuple[tuple[str, str, str], ...] = (
    ("DROP", "no-local-endpoints", "dropped-no-local-endpoints"),
    ("DROP", "source-range", "dropped-source-ranges"),
    ("LOST", "bridge", "lost-bridge"),
    ("LOST", "martian", "lost-martian"),
    ("LOST", "wrong-reply", "lost-wrong-reply"),
    ("LOST", "no-route", "lost-nowhere"),
    ("LOST", "no-such-host", "lost-nowhere"),
    ("LOST", "no-neighbour", "lost-nowhere"),
    ("LOST", "blackhole", "lost-nowhere"),
    ("LOST", "rp-filter", "lost-rp-filter"),
)


def ending(world: World, name: str, outcome: Outcome) -> str:
    """The code of how a way ends."""
    verdict = str(outcome.verdict)
    if verdict == "DELIVERED":
        return "delivered-kept" if fact("source_kept", world, name, outcome) else "delivered-rewritten"
    if verdict in ("REJECT", "REFUSED"):
        return "rejected" if verdict == "REJECT" else "refused"
    code = "" if outcome.where is None else outcome.where.code
    for sort, word, result in _BY_CODE:
        if sort == verdict and word in code:
            return result
    return "dropped-otherwise" if verdict == "DROP" else "lost-otherwise"


def task(world: World) -> Task:
    """A field for each part asked. Raises Ambiguous where the ways end differently."""
    ask = world.question.ask
    name = str(ask.get("for", world.first))
    return Task(world.question, tuple(_PARTS[part](world, name) for part in ask.get("parts", ("ending",))))


def _agreed(world: World, name: str, what: str, read: Callable[[Outcome], str]) -> str:
    results = sorted({read(outcome) for outcome in outcomes_of(world, name)})
    if len(results) != 1:
        raise Ambiguous(
            f"{world.question.id}: the ways the packet can go disagree about {what}: {', '.join(results)}",
            f"{world.question.id}：数据包的各条路径在 {what} 上不一致：{', '.join(results)}",
        )
    return results[0]


def _ending(world: World, name: str) -> Field:
    truth = _agreed(world, name, "the ending", lambda outcome: ending(world, name, outcome))
    rng = Rng(world.question.id, world.question.seed, "endings")
    sort = truth.split("-")[0]
    # Endings of the same sort first: those are the ones worth telling apart.
    others = sorted(rng.shuffled(code for code in ENDINGS if code != truth), key=lambda code: not code.startswith(sort))
    chosen = {truth, "delivered-kept", "delivered-rewritten", "rejected", "dropped-no-local-endpoints"}
    chosen |= set([code for code in others if code not in chosen][: max(1, _SHOWN - len(chosen))])
    codes = rng.shuffled(code for code in ENDINGS if code in chosen)
    items = tuple(Item(letter, code, ENDINGS[code]) for letter, code in zip(letters(len(codes)), codes, strict=True))
    near = {code: 0.4 for code in codes if code != truth and code.split("-")[0] == sort}
    return MenuField("ending", Text("How does it end?", "结局如何？"), items, (truth,), weight=2.0, near=near)


def _host(world: World, name: str) -> Field:
    def last(outcome: Outcome) -> str:
        if outcome.where is not None:
            return host_name(outcome.where.host)
        return host_name(outcome.hops[-1].host)

    cluster = world.cluster(name)
    names = tuple(dict.fromkeys([*(n.name for n in cluster.nodes), *(p.name for p in cluster.pods), "client"]))
    truth = _agreed(world, name, "the host", last)
    if truth not in names:
        raise QuizError(
            f"{world.question.id}: it ends on {truth!r}, which the picture does not show",
            f"{world.question.id}：终止于 {truth!r}，而图中没有它",
        )
    return NameField("host", Text("On which host?", "在哪个主机上？"), truth, names)


def _seen(world: World, name: str) -> Field:
    truth = _agreed(
        world, name, "the address seen", lambda outcome: str(fact("source_seen", world, name, outcome) or "none")
    )
    return AddressField(
        "seen", Text("Which address does the server see?", "服务端看到哪个地址？"), truth, world.question.aliases
    )


def _endpoint_node(world: World, name: str) -> Field:
    truth = _agreed(world, name, "the node", lambda outcome: str(fact("endpoint_node", world, name, outcome) or "none"))
    names = tuple(node.name for node in world.cluster(name).nodes)
    return NameField("endpoint_node", Text("On which node is the endpoint?", "端点在哪个节点上？"), truth, names)


_PARTS: dict[str, Callable[[World, str], Field]] = {
    "ending": _ending,
    "host": _host,
    "seen": _seen,
    "endpoint_node": _endpoint_node,
}
