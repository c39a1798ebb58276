"""What is said of each part of an ending that was answered wrong."""

from __future__ import annotations

import pytest

from engine.trace import Outcome, Text
from k8squiz.bank.question import FieldMark, Grade
from k8squiz.kinds.interface import Task
from k8squiz.kinds.outcome.why import ending_causes
from tests.k8squiz.fakes import DELIVERED, DROPPED, world

THERE = "DELIVERED at 10.244.2.8:8080, the server sees 10.244.1.0"
THERE_ZH = "DELIVERED，到达 10.244.2.8:8080，服务端看到 10.244.1.0"
DIED, DIED_ZH = "DROP on node1 filter KUBE-EXTERNAL-SERVICES, note", "DROP，node1 filter KUBE-EXTERNAL-SERVICES：说明"
KEPT, KEPT_ZH = "no hop rewrites the source: it stays 1.2.3.4:9", "没有一跳改写源地址：一直是 1.2.3.4:9"
SAID = [
    (DELIVERED, "ending", f"{THERE}; {KEPT}", f"{THERE_ZH}；{KEPT_ZH}"),
    (DELIVERED, "host", THERE, THERE_ZH),
    (DELIVERED, "seen", KEPT, KEPT_ZH),
    (DELIVERED, "endpoint_node", "hop 5, node1 dnat: dst a » b", "第 5 跳，node1 dnat：dst a » b"),
    (DROPPED, "ending", DIED, DIED_ZH),
    (DROPPED, "host", DIED, DIED_ZH),
    (DROPPED, "seen", KEPT, KEPT_ZH),
    (DROPPED, "endpoint_node", "it can go to 192.168.1.10:30080", "它可能去往 192.168.1.10:30080"),
]


@pytest.mark.parametrize(("outcome", "part", "en", "zh"), SAID)
def test_a_part_that_is_wrong(outcome: Outcome, part: str, en: str, zh: str) -> None:
    of = world(outcome)
    graded = Grade(0.0, 0.0, (FieldMark(part, 0.0, 1.0, None, "x"),))
    (cause,) = ending_causes(of, of.first, [part], Task(of.question, ()), graded)
    assert (cause.field, cause.text) == (part, Text(en, zh))
