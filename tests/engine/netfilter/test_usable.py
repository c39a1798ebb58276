"""Where the kernel lets iptables use a target."""

from __future__ import annotations

import pytest

from engine.errors import RuleError
from engine.netfilter.ipt_parse import parse
from engine.netfilter.usable import check_usable

TEXT = "*{table}\n:{base} ACCEPT [0:0]\n:MINE - [0:0]\n:LOOSE - [0:0]\n-A {base} -j MINE\n-A {chain} {rule}\nCOMMIT\n"
USED = [
    ("nat", "POSTROUTING", "MINE", "-j MASQUERADE", ""),
    ("nat", "PREROUTING", "LOOSE", "-j MASQUERADE", ""),
    ("nat", "PREROUTING", "MINE", "-j MASQUERADE", "MASQUERADE target: used from hooks PREROUTING, but only usable from POSTROUTING"),
    ("filter", "FORWARD", "MINE", "-j MASQUERADE", "MASQUERADE target: only valid in nat table, not filter"),
    ("nat", "OUTPUT", "OUTPUT", "-j DNAT --to-destination 10.0.0.1", ""),
    ("nat", "INPUT", "MINE", "-j SNAT --to-source 10.0.0.1", ""),
    ("nat", "POSTROUTING", "MINE", "-j DNAT --to-destination 10.0.0.1", "only usable from PREROUTING/OUTPUT"),
    ("nat", "PREROUTING", "MINE", "-j SNAT --to-source 10.0.0.1", "only usable from INPUT/POSTROUTING"),
    ("nat", "POSTROUTING", "MINE", "-j REDIRECT", "only usable from PREROUTING/OUTPUT"),
    ("filter", "INPUT", "INPUT", "-j REDIRECT", "only valid in nat table"),
    ("filter", "INPUT", "MINE", "-j DROP", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "base", "chain", "rule", "refused"), USED, ids=[f"{row[0]} {row[1]} {row[3]}" for row in USED]
)
def test_where_a_target_may_be_used(table: str, base: str, chain: str, rule: str, refused: str) -> None:
    ruleset = parse(TEXT.format(table=table, base=base, chain=chain, rule=rule))
    if not refused:
        check_usable(ruleset)
        return
    with pytest.raises(RuleError) as caught:
        check_usable(ruleset)
    assert refused in caught.value.en
    assert "内核会拒绝" in caught.value.zh
