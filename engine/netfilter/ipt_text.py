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
    printed: dict[int, str] = {}
    for chain in table.chains.values():
        yield rule_lines(chain, family, printed)
    yield "COMMIT\n"


def chain_line(chain: Chain) -> str:
    """`:INPUT ACCEPT`, `:KUBE-SERVICES -`."""
    return f":{chain.name} {chain.policy or '-'}"


def rule_line(chain: str, rule: Rule, family: Family) -> str:
    """`-A CHAIN ...`."""
    target = "" if rule.target is None else rule.target.iptables_text(family)
    return f"-A {chain}{_matches(rule.matches, family)}{target}"


def rule_lines(chain: Chain, family: Family, printed: dict[int, str] | None = None) -> str:
    """The lines of all its rules. `printed` is filled with the text of their matches, by the identity of the tuple: the
    endpoints of a Service share theirs. It holds as long as the rules are there."""
    printed = {} if printed is None else printed
    start = f"-A {chain.name}"
    text = ""
    for rule in chain.rules:
        which = id(rule.matches)
        matches = printed.get(which)
        if matches is None:
            matches = printed[which] = _matches(rule.matches, family)
        target = "" if rule.target is None else rule.target.iptables_text(family)
        text += f"{start}{matches}{target}\n"
    return text


def _matches(matches: tuple[Match, ...], family: Family) -> str:
    text = ""
    before: Match | None = None
    for match in matches:
        text += match.iptables_text(family, before)
        before = match
    return text
