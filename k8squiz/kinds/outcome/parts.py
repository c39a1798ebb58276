"""The parts of an outcome that may be asked for, each as a field."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.trace import Outcome, Text
from engine.values import dataclass
from k8squiz.bank.rng import Rng
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import AddressField, Field, Item, MenuField, NameField
from k8squiz.kinds.interface import letters
from k8squiz.kinds.outcome.endings import ENDINGS, ending, offered, reveals
from k8squiz.world.facts import fact
from k8squiz.world.predicates import Ambiguous, outcomes_of
from k8squiz.world.world import World, host_name


@dataclass(frozen=True, slots=True)
class EndingField(MenuField):
    """The menu of endings. `foreseen`: the true one is among those that the cluster alone lets expect."""

    foreseen: bool = True

    def flaws(self) -> Iterator[Text]:
        if not self.foreseen:
            yield Text(
                f"the menu gives the truth away: {self.truth[0]} is offered only because it is true",
                f"菜单泄露了答案：{self.truth[0]} 只因为正确才出现",
            )
        yield from MenuField.flaws(self)


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
    possible = offered(world, name)
    codes = rng.shuffled(code for code in ENDINGS if code in possible or code == truth)
    items = tuple(
        Item(letter, code, ENDINGS[code], None if code == truth else reveals(code, truth))
        for letter, code in zip(letters(len(codes)), codes, strict=True)
    )
    near = {code: 0.4 for code in codes if code != truth and code.split("-")[0] == sort}
    label = Text("How does it end?", "结果如何？")
    return EndingField("ending", label, items, (truth,), weight=2.0, near=near, foreseen=truth in possible)


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


PARTS: dict[str, Callable[[World, str], Field]] = {
    "ending": _ending,
    "host": _host,
    "seen": _seen,
    "endpoint_node": _endpoint_node,
}
