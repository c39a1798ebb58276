"""What is said of two steps in a wrong order: every pair of which something is said."""

from __future__ import annotations

import pytest

from k8squiz.kinds.rules_of_thumb import RULES_OF_THUMB, rule_of_thumb

# (what comes first, what later, how the rule begins).
SAID = [
    ("dnat", "routing input forward postrouting snat wire encapsulate", "DNAT before routing:", "DNAT 先于路由"),
    ("prerouting nic", "dnat routing input forward", "PREROUTING comes before", "先过 PREROUTING"),
    ("routing", "input forward", "Routing decides", "由路由决定"),
    ("input", "ipvs", "IPVS sits at LOCAL_IN", "IPVS 挂在 LOCAL_IN"),
    ("routing forward output ipvs postrouting", "snat", "SNAT comes last", "SNAT 在最后"),
    ("forward output ipvs", "postrouting", "FORWARD and OUTPUT before", "FORWARD、OUTPUT 都在"),
    ("postrouting snat", "encapsulate wire bridge veth", "The hooks are done", "设备拿到数据包之前"),
    ("encapsulate", "wire", "The outer header is put on", "先加外层头部"),
    ("decapsulate", "prerouting dnat routing forward postrouting", "The outer header comes off", "先去掉外层头部"),
]
PAIRS = [
    (first, later, en, zh) for before, behind, en, zh in SAID for first in before.split() for later in behind.split()
]


@pytest.mark.parametrize(("first", "later", "en", "zh"), PAIRS)
def test_why_one_comes_before_the_other(first: str, later: str, en: str, zh: str) -> None:
    told = rule_of_thumb(f"node1/{first}", f"node1/{later}")
    assert told is not None
    assert (told.en.startswith(en), told.zh.startswith(zh)) == (True, True)


def test_nothing_is_said_of_other_pairs() -> None:
    stages = {stage for before, behind, _ in RULES_OF_THUMB for stage in before | behind}
    found = {
        (first, later) for first in stages for later in stages if rule_of_thumb(f"n/{first}", f"n/{later}") is not None
    }
    assert found == {(first, later) for first, later, _, _ in PAIRS}


def test_of_two_hosts_one_is_done_first() -> None:
    told = rule_of_thumb("node1/snat", "node2/nic")
    assert told is not None
    assert told.en.startswith("Host by host")
