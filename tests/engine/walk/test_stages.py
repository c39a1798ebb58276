"""At which stage a rule is met: as its hook, or by what it translates."""

from __future__ import annotations

import pytest

from engine.netfilter.ipt_parse import parse
from engine.trace import Request
from engine.walk.outcomes import outcomes
from tests.engine.clusters import NODE1, NODE2, A, B, cluster

HOOKS = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
MARKS = "".join(f"-A {hook} -j MARK --set-xmark 0x1/0x1\n" for hook in HOOKS)
MANGLE = f"*mangle\n{''.join(f':{hook} ACCEPT{chr(10)}' for hook in HOOKS)}{MARKS}COMMIT\n"
NAT = "*nat\n:PREROUTING ACCEPT\n:INPUT ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"


def stages(rules: str, source: str, destination: str) -> list[tuple[str, str]]:
    """(chain, stage) of the rules that are met on node1."""
    ways = outcomes(cluster(B), Request(source, destination, node="node1"), rulesets={"node1": parse(rules)})
    return [(hop.chain or "", str(hop.stage)) for hop in ways[0].hops if hop.host == "node1" and hop.rule is not None]


@pytest.mark.parametrize(
    ("source", "destination", "met"),
    [
        (
            "client",
            f"{A}:8080",
            [("PREROUTING", "prerouting"), ("FORWARD", "forward"), ("POSTROUTING", "postrouting")],
        ),
        ("client", f"{NODE1}:10250", [("PREROUTING", "prerouting"), ("INPUT", "input")]),
        ("node/node1", f"{NODE2}:10250", [("OUTPUT", "output"), ("POSTROUTING", "postrouting")]),
    ],
)
def test_a_rule_is_met_at_its_hook(source: str, destination: str, met: list[tuple[str, str]]) -> None:
    assert stages(MANGLE, source, destination) == met


@pytest.mark.parametrize(
    ("rule", "stage"),
    [
        (f"-A PREROUTING -p tcp -j DNAT --to-destination {B}:8080", "dnat"),
        ("-A PREROUTING -p tcp -j REDIRECT --to-ports 10250", "dnat"),
        ("-A POSTROUTING -p tcp -j SNAT --to-source 192.168.1.10", "snat"),
        ("-A POSTROUTING -p tcp -j MASQUERADE", "snat"),
    ],
)
def test_what_translates_is_a_stage_of_its_own(rule: str, stage: str) -> None:
    chain = rule.split()[1]
    assert stages(f"{NAT}{rule}\nCOMMIT\n", "client", f"{A}:8080") == [(chain, stage)]
