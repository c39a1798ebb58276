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
    return "".join(piece for table in tables for piece in _table(table, ruleset.family))


def _table(table: Table, family: Family) -> Iterator[str]:
    yield f"*{table.name}\n"
    for chain in table.chains.values():
        yield chain_line(chain) + "\n"
    for chain in table.chains.values():
        yield rule_lines(chain, family)
    yield "COMMIT\n"


def chain_line(chain: Chain) -> str:
    """`:INPUT ACCEPT`, `:KUBE-SERVICES -`."""
    return f":{chain.name} {chain.policy or '-'}"


def rule_line(chain: str, rule: Rule, family: Family) -> str:
    """`-A CHAIN ...`."""
    return f"-A {chain}{_body(rule, family)}"


def rule_lines(chain: Chain, family: Family) -> str:
    """The lines of all its rules."""
    start = f"-A {chain.name}"
    return "".join([f"{start}{_body(rule, family)}\n" for rule in chain.rules])


def _body(rule: Rule, family: Family) -> str:
    text = ""
    before: Match | None = None
    for match in rule.matches:
        text += match.iptables_text(family, before)
        before = match
    return text if rule.target is None else text + rule.target.iptables_text(family)
