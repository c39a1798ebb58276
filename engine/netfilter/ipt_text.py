"""Rules as iptables-save and ip6tables-save (legacy, 1.8.9) print them, without counters and comment lines.

What a match or target prints it says itself (parts/); here is what stands around them.
Sources: iptables 1.8.9 iptables/iptables-save.c, iptables/iptables.c (print_rule4).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table
from engine.packet import Family


def dump_iptables(ruleset: Ruleset) -> str:
    """iptables' tables of the ruleset, chains in the order they are held in."""
    tables = [table for table in ruleset.tables.values() if ruleset.backend_of(table) is Backend.IPTABLES]
    return "".join(line + "\n" for table in tables for line in _table(table, ruleset.family))


def _table(table: Table, family: Family) -> Iterator[str]:
    yield f"*{table.name}"
    for chain in table.chains.values():
        yield chain_line(chain)
    for chain in table.chains.values():
        start = f"-A {chain.name}"
        for rule in chain.rules:
            yield start + _body(rule, family)
    yield "COMMIT"


def chain_line(chain: Chain) -> str:
    """`:INPUT ACCEPT`, `:KUBE-SERVICES -`."""
    return f":{chain.name} {chain.policy or '-'}"


def rule_line(chain: str, rule: Rule, family: Family) -> str:
    """`-A CHAIN ...`."""
    return f"-A {chain}{_body(rule, family)}"


def _body(rule: Rule, family: Family) -> str:
    words = []
    before: Match | None = None
    for match in rule.matches:
        words.append(match.iptables_text(family, before))
        before = match
    if rule.target is not None:
        words.append(rule.target.iptables_text(family))
    return "".join(words)
