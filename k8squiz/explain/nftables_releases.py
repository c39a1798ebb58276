"""The two shapes of nftables mode's table, side by side: until v1.35 with chains of endpoints, since v1.36 without."""

from __future__ import annotations

from collections.abc import Callable

from engine import compile_rules
from engine.cluster import Mode
from engine.cost.count import ModeCost, UpdateCost, costs
from engine.trace import Text
from k8squiz.explain.clusters import Shape
from k8squiz.explain.walked import StoryCluster
from k8squiz.story.blocks import Grid, Paragraph, Section, same
from k8squiz.world.release import EARLIER, RELEASE, spoken

_SERVICES, _ENDPOINTS = 100, 10
_ONE = Shape(endpoints=("pod-b",))
_FIRST = "1.36"
_FIGURES: tuple[tuple[Text, Callable[[ModeCost, UpdateCost], str]], ...] = (
    (Text("chains", "链"), lambda cost, _: f"{cost.size.chains:,}"),
    (Text("rules", "规则"), lambda cost, _: f"{cost.size.rules:,}"),
    (Text("lines of a full sync", "全量同步的行数"), lambda _, update: f"{update.full:,}"),
    (Text("lines for one endpoint", "单个端点变化的行数"), lambda _, update: f"{update.partial:,}"),
    (
        Text("first packet: rules + look-ups", "首包：规则数 + 查找次数"),
        lambda cost, _: f"{float(cost.last.rules):.10g} + {float(cost.last.lookups):.10g}",
    ),
)  # fmt: skip
_SHAPES: tuple[tuple[Text, Text, Text], ...] = (
    (
        Text("the mark is set", "打标记"),
        Text("in mark-for-masquerade, by a jump", "跳到 mark-for-masquerade 打"),
        Text("by the rule that decides; for ClusterIPs one rule of services", "由作出判断的规则打；ClusterIP 用 services 的一条规则"),
    ),
    (
        Text("a pod that reaches itself", "Pod 访问到自己"),
        Text("is marked in its endpoint's chain", "在端点的链里打标记"),
        Text("is found in hairpin-connections, at POSTROUTING", "在 POSTROUTING 处查到 hairpin-connections"),
    ),
    (
        Text("DNAT", "DNAT"),
        Text("in the endpoint's chain", "在端点的链里"),
        Text("in the Service's rule, with the pick", "在 Service 的规则里，与选端点一起"),
    ),
)  # fmt: skip


def two_shapes() -> Section:
    """Counted on both: what v1.36 did away with, and the one rule that v1.37 made shorter."""
    counted = [costs(Mode.NFTABLES, _SERVICES, _ENDPOINTS, release) for release in (EARLIER, RELEASE)]
    rows = tuple((what, *(same(value(*one)) for one in counted)) for what, value in _FIGURES)
    rules = tuple((same(spoken(release)), same(_picking(release))) for release in (EARLIER, _FIRST, RELEASE))
    return Section(
        Text("What v1.36 and v1.37 changed", "v1.36 与 v1.37 改了什么"),
        (
            Grid(
                Text(
                    f"{_SERVICES} Services of {_ENDPOINTS} pods, and how it is done",
                    f"{_SERVICES} 个 Service、每个 {_ENDPOINTS} 个 Pod，以及做法",
                ),
                (
                    Text("what", "内容"),
                    Text(f"until {spoken(EARLIER)}", f"{spoken(EARLIER)} 及以前"),
                    same(spoken(RELEASE)),
                ),
                (*rows, *_SHAPES),
            ),
            Grid(
                Text("the rule of a Service that picks its only endpoint", "只有一个端点的 Service：选出它的规则"),
                (Text("release", "版本"), Text("rule", "规则")),
                rules,
            ),
            Paragraph(
                Text(
                    "Rules that carry the endpoints in a map of their own make fewer rules and chains, and a change of one "
                    "endpoint one rule. What is left to load slowly are the maps themselves, hence v1.37's rule without one "
                    "(kubernetes issue 139513). Endpoints still have chains where sessionAffinity is ClientIP.",
                    "把端点放进规则自带的映射后，规则和链都少了，一个端点变化只需重写一条规则。加载变慢的原因只剩映射本身，因此 v1.37 "
                    "对单个端点不再用映射（kubernetes issue 139513）。sessionAffinity 为 ClientIP 时端点仍有自己的链。",
                )
            ),
        ),
    )


def _picking(release: str) -> str:
    """The rule of the story's Service that leads to its only endpoint, as that release writes it."""
    text = str(compile_rules(StoryCluster(_ONE).cluster, "node1", Mode.NFTABLES, release=release))
    chain = text[text.index("\tchain service-PFISGYVC") :]
    lines = [line.strip() for line in chain[: chain.index("}\n\n")].splitlines()]
    return next(line for line in lines if "numgen" in line or "dnat" in line)
