"""A World made by hand: ways a packet can go, as facts, without the engine's walk."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

from engine.cluster import Cluster, Node, Pod
from engine.packet import Encapsulation
from engine.trace import Cost, HeaderChange, Hop, Outcome, ReasonCode, Stage, Text, Verdict, Where
from k8squiz.bank.question import Question, QuestionMeta, Template
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.set_elements import SetElement
from k8squiz.world.world import World

NOTE = Text("note", "说明")
CLUSTER = Cluster(
    nodes=(Node("node1", ("192.168.1.10",)), Node("node2", ("192.168.1.11",))),
    pods=(
        Pod("default", "pod-a", "node1", ("10.244.1.5",)),
        Pod("default", "pod-b", "node2", ("10.244.2.8",)),
    ),
)
ALIASES = {"node1": "192.168.1.10", "node1/flannel.1": "10.244.1.0", "pod-b": "10.244.2.8", "client": "1.2.3.4"}


def hop(n: int, host: str, stage: str, src: str = "1.2.3.4:9", dst: str = "192.168.1.10:30080", **more: Any) -> Hop:
    return Hop(n, host, more.pop("device", "eth0"), Stage(stage), src, dst, NOTE, **more)


OUTER = Encapsulation("vxlan", "192.168.1.10", "192.168.1.11", 50)
WALK = (
    hop(1, "client", "connect"),
    hop(2, "node1", "nic"),
    hop(3, "node1", "prerouting", table="nat", chain="KUBE-SERVICES"),
    hop(4, "node1", "prerouting", table="nat", chain="KUBE-NODEPORTS"),
    hop(5, "node1", "dnat", dst="10.244.2.8:8080", chain="KUBE-SEP-X", changes=(HeaderChange("dst", "a", "b"),)),
    hop(6, "node1", "routing", dst="10.244.2.8:8080"),
    hop(7, "node1", "snat", "10.244.1.0:7", "10.244.2.8:8080", chain="KUBE-POSTROUTING"),
    hop(8, "node1", "encapsulate", "10.244.1.0:7", "10.244.2.8:8080", encapsulation=OUTER),
    hop(9, "node2", "decapsulate", "10.244.1.0:7", "10.244.2.8:8080"),
    hop(10, "pod-b", "socket", "10.244.1.0:7", "10.244.2.8:8080"),
)
DELIVERED = Outcome(
    Fraction(1, 3), Verdict.DELIVERED, "10.244.2.8:8080", "10.244.1.0", True, WALK, (hop(1, "pod-b", "connect"),),
    cost=Cost(17, 0),
)  # fmt: skip
DROPPED = Outcome(
    Fraction(2, 3), Verdict.DROP, "192.168.1.10:30080", None, False, WALK[:3],
    where=Where("node1", ReasonCode.NO_LOCAL_ENDPOINTS, NOTE, table="filter", chain="KUBE-EXTERNAL-SERVICES"), cost=Cost(9, 0),
)  # fmt: skip
RULES = (
    RuleLine("nat", "KUBE-SVC-A", ":KUBE-SVC-A - [0:0]", declares=True),
    RuleLine("nat", "KUBE-SVC-A", "-A KUBE-SVC-A -j KUBE-SEP-X"),
    RuleLine("nat", "KUBE-SVC-A", "-A KUBE-SVC-A -j KUBE-SEP-Y"),
    RuleLine("filter", "KUBE-FORWARD", "-A KUBE-FORWARD -j ACCEPT"),
)

ENTRIES = (
    SetElement("KUBE-CLUSTER-IP", "10.96.0.10,tcp:80"),
    SetElement("real-servers", "-a -t 10.96.0.10:80 -r 10.244.1.5:8080 -m -w 1"),
    SetElement("real-servers", "-a -t 10.96.0.10:80 -r 10.244.2.8:8080 -m -w 1"),
)


def anything(value: object) -> Any:
    """What YAML holds, for a test that knows what is in it."""
    return value


class FakeWorld:
    """`requests`: name -> ways; the first is the one asked about. `data`: the question file's content."""

    def __init__(self, requests: Mapping[str, tuple[Outcome, ...]], data: Mapping[str, Any], kind: str) -> None:
        meta = QuestionMeta("fake", "nodeport", 2, kind, "fake.yaml")
        template = Template(meta, Text("Fake", "假"), {"sources": [{"ref": "x"}], **data}, {})
        asks = tuple(
            SimpleNamespace(name=name, mode="iptables", way=None, source="client", route="") for name in requests
        )
        names = {"node1": "node1", "pod-b": "pod-b"}
        self.work = SimpleNamespace(look=lambda things: None, count=lambda *size: None)
        self.question = Question(
            template, "1", cast(Any, asks), data.get("ask", {}), names, ALIASES, cast(Any, SimpleNamespace())
        )
        self._requests = requests
        self.first = next(iter(requests))

    def request(self, name: str) -> Any:
        return next(request for request in self.question.requests if request.name == name)

    def all_outcomes(self, name: str) -> tuple[Outcome, ...]:
        return self._requests[name]

    def cluster(self, name: str) -> Cluster:
        return CLUSTER

    def rules(self, name: str, node: str, family: str = "ipv4", release: str | None = None) -> tuple[RuleLine, ...]:
        return RULES

    def entries(self, name: str, node: str, family: str = "ipv4") -> tuple[SetElement, ...]:
        return ENTRIES

    def endpoint(self, name: str, outcome: Outcome) -> tuple[str, str]:
        return World.endpoint(cast(World, self), name, outcome)


def world(
    *ways: Outcome, kind: str = "choice", others: Mapping[str, tuple[Outcome, ...]] | None = None, **data: Any
) -> World:
    return cast(World, FakeWorld({"request": ways or (DELIVERED,), **(others or {})}, data, kind))
