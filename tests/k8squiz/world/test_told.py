"""What a reveal tells of a figure and of a predicate, by the key that it is written with, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from engine.trace import Text
from k8squiz.bank.draw import draw
from k8squiz.bank.find import find
from k8squiz.world.evidence import evidence
from k8squiz.world.working import working
from k8squiz.world.world import World
from tests.k8squiz.fakes import DELIVERED, DROPPED, world

ONE = world(DELIVERED, others={"after": (DROPPED,)})
BOTH = world(DELIVERED, DROPPED)
THERE = "DELIVERED at 10.244.2.8:8080, the server sees 10.244.1.0"
THERE_ZH = "DELIVERED，到达 10.244.2.8:8080，服务端看到 10.244.1.0"
DIED = "DROP on node1 filter KUBE-EXTERNAL-SERVICES, note"
DIED_ZH = "DROP，node1 filter KUBE-EXTERNAL-SERVICES：说明"

FIGURES: list[tuple[World, Any, str, str]] = [
    (ONE, {"fact": "rules_evaluated"}, "17 rules evaluated", "17 条规则被匹配"),
    (ONE, {"fact": "hash_lookups"}, "0 hash look-ups", "0 次哈希查找"),
    (ONE, {"fact": "hops"}, "10 hops", "10 跳"),
    (BOTH, {"fact": "ways"}, "2 ways", "2 条可能的路径"),
    (ONE, {"fact": "nodes"}, "2 (node1, node2)", "2（node1、node2）"),
    (ONE, {"fact": "path_mtu"}, "1500 - 50 (vxlan) = 1450", "1500 - 50 (vxlan) = 1450"),
    (BOTH, {"chance": {"verdict": "DROP"}}, "1 of 2 ways (192.168.1.10:30080): 2/3", "2 条路径中的 1 条（192.168.1.10:30080）：2/3"),
    (
        ONE, {"count_rules": {"node": "node1"}},
        "node1: 2 (KUBE-SVC-A) + 1 (KUBE-FORWARD) = 3", "node1：2 (KUBE-SVC-A) + 1 (KUBE-FORWARD) = 3",
    ),
    (ONE, {"count_chains": {"node": "node1"}}, "node1: 1 (KUBE-SVC-A)", "node1：1 (KUBE-SVC-A)"),
    (
        ONE, {"count_entries": {"node": "node1", "set": "KUBE-CLUSTER-IP"}},
        "1 on node1 KUBE-CLUSTER-IP: 10.96.0.10,tcp:80", "node1 KUBE-CLUSTER-IP 共 1 个：10.96.0.10,tcp:80",
    ),
    (ONE, {"add": [1, 2]}, "1 + 2 = 3", "1 + 2 = 3"),
    (ONE, {"subtract": [5, 2]}, "5 - 2 = 3", "5 - 2 = 3"),
    (ONE, {"multiply": [2, 3]}, "2 × 3 = 6", "2 × 3 = 6"),
    (ONE, {"divide": [2, 3]}, "2 / 3 = 2/3 (0.667)", "2 / 3 = 2/3 (0.667)"),
    (ONE, {"percent": {"divide": [1, 2]}}, "1 / 2 = 1/2 (0.5) → 50", "1 / 2 = 1/2 (0.5) → 50"),
    (ONE, {"round": {"divide": [7, 2]}}, "7 / 2 = 3.5 → 4", "7 / 2 = 3.5 → 4"),
]  # fmt: skip


@pytest.mark.parametrize(("world", "value", "en", "zh"), FIGURES)
def test_how_a_figure_comes_about(world: World, value: Any, en: str, zh: str) -> None:
    assert working(value, world) == Text(en, zh)


OF_QUESTIONS: list[tuple[str, Any, str, str]] = [
    ("weights-midway", {"picked": 1}, "connection 1 goes to b (in order: b a b a a a a a)", "第 1 个连接去往 b（依次为：b a b a a a a a）"),
    ("weights-midway", {"taken": "b"}, "b takes 2 of 8: connections 1, 3", "b 接到 8 个中的 2 个：第 1, 3 个连接"),
    ("rules-of-a-thousand", {"figure": "rules"}, "rules (iptables, 250 × 10): 8023", "规则（iptables, 250 × 10）：8023"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "value", "en", "zh"), OF_QUESTIONS)
def test_how_a_figure_of_a_question_comes_about(question: str, value: Any, en: str, zh: str) -> None:
    assert working(value, World(draw(find(question), "1"))) == Text(en, zh)


PREDICATES: list[tuple[World, Any, str, str]] = [
    (ONE, {"passes": {"host": "node1", "stage": "dnat"}}, "hop 5, node1 dnat KUBE-SEP-X: dst a » b", "第 5 跳，node1 dnat KUBE-SEP-X：dst a » b"),
    (ONE, {"reply_passes": {"host": "pod-b"}}, "reply hop 1, pod-b connect", "回程第 1 跳，pod-b connect"),
    (
        ONE, {"rule": {"node": "node1", "chain": "KUBE-SVC-A", "text": {"contains": "KUBE-SEP-Y"}}},
        "node1: -A KUBE-SVC-A -j KUBE-SEP-Y", "node1：-A KUBE-SVC-A -j KUBE-SEP-Y",
    ),
    (
        ONE, {"entry": {"node": "node1", "set": "KUBE-CLUSTER-IP"}},
        "node1, KUBE-CLUSTER-IP: 10.96.0.10,tcp:80", "node1，KUBE-CLUSTER-IP: 10.96.0.10,tcp:80",
    ),
    (ONE, {"conntrack": {"host": "node1"}}, f"no conntrack entry stays: {THERE}", f"没有留下 conntrack 表项：{THERE_ZH}"),
    # Of `all` the part that fails, of `any` the one that holds.
    (ONE, {"all": [{"hops": 10}, {"verdict": "DROP"}]}, THERE, THERE_ZH),
    (ONE, {"any": [{"hops": 9}, {"verdict": "DELIVERED"}]}, THERE, THERE_ZH),
    (ONE, {"not": {"verdict": "DROP"}}, THERE, THERE_ZH),
    # Of `some` a way that fits, of `every` one that does not.
    (BOTH, {"some": {"verdict": "DELIVERED"}}, THERE, THERE_ZH),
    (BOTH, {"every": {"verdict": "DELIVERED"}}, DIED, DIED_ZH),
    (
        BOTH, {"chance": {"verdict": "DROP"}, "is": {"gt": 0}},
        "1 of 2 ways (192.168.1.10:30080): 2/3", "2 条路径中的 1 条（192.168.1.10:30080）：2/3",
    ),
    (
        ONE, {"compare": [{"fact": "rules_evaluated"}, "gt", {"fact": "rules_evaluated", "for": "after"}]},
        "17 rules evaluated > after: 9 rules evaluated", "17 条规则被匹配 > 修改之后：9 条规则被匹配",
    ),
    # A rule that is said to masquerade and changes nothing is not told as a rewriting.
    (ONE, {"masqueraded": True}, "no rule marks it for masquerading on its first node", "在第一个节点上没有规则给它打 MASQUERADE 标记"),
]  # fmt: skip


@pytest.mark.parametrize(("world", "predicate", "en", "zh"), PREDICATES)
def test_why_a_predicate_holds_or_does_not(world: World, predicate: Any, en: str, zh: str) -> None:
    told = evidence(predicate, world)
    assert (told.en.removeprefix("request: "), told.zh.removeprefix("request：")) == (en, zh)


def test_a_lookup_is_told_fact_by_fact() -> None:
    asked = World(draw(find("names-of-a-statefulset"), "1"))
    predicate = {"lookup": {"from": asked.question.names["pod-c"], "name": "db", "answers": 1}}
    told = evidence(predicate, asked)
    assert (told.en, told.zh) == ("db, looked up: 2 addresses", "查询 db：得到 2 个地址")
