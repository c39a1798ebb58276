"""The named scenarios: what service owners ask for, with a workload on which it can be measured."""

from __future__ import annotations

from fractions import Fraction

from engine.ipvs.scenario import KUBE_PROXY, Requirement, Scenario
from engine.ipvs.workload import Action, Change, Workload, WorkServer
from engine.trace import Text


def _equal(count: int, slots: int = 1) -> tuple[WorkServer, ...]:
    return tuple(WorkServer(f"pod-{number}", slots=slots) for number in range(1, count + 1))


_UNEQUAL = (
    WorkServer("small-1", weight=1, speed=1),
    WorkServer("small-2", weight=1, speed=1),
    WorkServer("medium", weight=2, speed=2),
    WorkServer("large", weight=4, speed=4),
)

_ALL = (
    Scenario(
        "same-client",
        Text(
            "The same client must always reach the same pod, and no pod may take more than twice its share.",
            "同一个客户端必须始终到达同一个 Pod，而且任何 Pod 承担的连接都不得超过平均值的两倍。",
        ),
        Workload(_equal(4, slots=20), clients=60, connections=600),
        (Requirement("stickiness", at_least=1.0), Requirement("spread", at_most=2.0)),
    ),
    Scenario(
        "remove-one",
        Text(
            "When one pod goes, clients of the other pods must stay where they are, but for a few.",
            "移除一个 Pod 时，其余 Pod 的客户端应当留在原处，只允许极少数被移动。",
        ),
        Workload(
            _equal(5, slots=20),
            clients=120,
            connections=1200,
            changes=(Change(60_000, Action.REMOVE, "pod-3"),),
        ),
        (Requirement("moved", at_most=0.1), Requirement("spread", at_most=2.0)),
    ),
    Scenario(
        "long-and-short",
        Text(
            "A few connections last a hundred times as long as the others. Short ones must hardly ever wait.",
            "少数连接的时长是其他连接的一百倍。短连接几乎不应当排队等待。",
        ),
        Workload(_equal(4), connections=800, gap=100, short=20, long=2_000, long_share=Fraction(1, 20)),
        (Requirement("mean_wait", at_most=100.0), Requirement("refused", at_most=0)),
    ),
    Scenario(
        "unequal-servers",
        Text(
            "The servers differ in size. None may be busier than the average by more than 15 percent.",
            "各服务器的规格不同。任何一台服务器的繁忙程度都不得高出平均值 15% 以上。",
        ),
        Workload(_UNEQUAL, connections=800, gap=60, short=300),
        (Requirement("load_spread", at_most=1.15), Requirement("refused", at_most=0)),
    ),
    Scenario(
        "never-queue",
        Text(
            "A connection must never queue behind a busy server while another one is idle, not even after a new server"
            " has joined.",
            "只要还有空闲的服务器，就绝不能让连接排在忙碌的服务器后面；有新服务器加入之后也是如此。",
        ),
        Workload(
            (*_UNEQUAL, WorkServer("new", weight=1, speed=1, from_start=False)),
            connections=3_200,
            gap=25,
            short=100,
            changes=(Change(60_000, Action.ADD, "new"),),
        ),
        (Requirement("idle_while_queued", at_most=0.0), Requirement("refused", at_most=0)),
    ),
    Scenario(
        "drain-one",
        Text(
            "One server is drained (weight 0) for maintenance. It gets nothing new, and nobody is turned away.",
            "一台服务器因维护而被排空（权重设为 0）。它不再接到新连接，也不能有任何客户端被拒绝。",
        ),
        Workload(
            _equal(4, slots=20),
            clients=80,
            connections=800,
            changes=(Change(40_000, Action.DRAIN, "pod-2"),),
        ),
        (Requirement("drained", at_most=0), Requirement("refused", at_most=0), Requirement("spread", at_most=2.0)),
    ),
    Scenario(
        "same-client-kube-proxy",
        Text(
            "kube-proxy in ipvs mode, sessionAffinity None: the same client must always reach the same pod, and no pod"
            " may take more than twice its share.",
            "kube-proxy 使用 ipvs 模式，sessionAffinity 为 None：同一个客户端必须始终到达同一个 Pod，而且任何 Pod 承担的"
            "连接都不得超过平均值的两倍。",
        ),
        Workload(_equal(4, slots=20), clients=60, connections=600),
        (Requirement("stickiness", at_least=1.0), Requirement("spread", at_most=2.0)),
        KUBE_PROXY,
    ),
    Scenario(
        "long-and-short-kube-proxy",
        Text(
            "kube-proxy in ipvs mode: a few connections last a hundred times as long as the others, and short ones must"
            " hardly ever wait.",
            "kube-proxy 使用 ipvs 模式：少数连接的时长是其他连接的一百倍，短连接几乎不应当排队等待。",
        ),
        Workload(_equal(4), connections=800, gap=100, short=20, long=2_000, long_share=Fraction(1, 20)),
        (Requirement("mean_wait", at_most=100.0), Requirement("refused", at_most=0)),
        KUBE_PROXY,
    ),
)

SCENARIOS: dict[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
