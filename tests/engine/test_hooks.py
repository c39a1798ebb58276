"""When a table's chain is met at a hook: the kernel's numbers (enum nf_ip_hook_priorities; ip_vs_core.c, ip_vs_ops4)."""

from __future__ import annotations

from engine.hooks import IPTABLES_PRIORITY, Hook
from engine.netfilter.ipvs import ANSWER_AT, TAKE_AT

PRE, IN, FORWARD, OUT, POST = Hook.PREROUTING, Hook.INPUT, Hook.FORWARD, Hook.OUTPUT, Hook.POSTROUTING
# A table, and its priority at each hook where it has a chain.
TABLES = {
    "raw": {PRE: -300, OUT: -300},
    "mangle": {PRE: -150, IN: -150, FORWARD: -150, OUT: -150, POST: -150},
    "nat": {PRE: -100, IN: 100, OUT: -100, POST: 100},
    "filter": {IN: 0, FORWARD: 0, OUT: 0},
    "security": {IN: 50, FORWARD: 50, OUT: 50},
}


def test_a_table_has_the_priority_of_its_hook() -> None:
    told = {(table, hook): priority for table, hooks in TABLES.items() for hook, priority in hooks.items()}
    assert list(told.items()) == list(IPTABLES_PRIORITY.items())


def test_ipvs_takes_a_packet_beside_nat() -> None:
    assert TAKE_AT == {IN: 99, OUT: -98}
    assert ANSWER_AT == {IN: 98, OUT: -99, FORWARD: 100}
