"""Steps that nobody takes on a cluster that serves users: what empties or opens wholesale, what restarts everything."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.fabric.chains import of_kube_proxy
from engine.netfilter.ipt_text import rule_line
from engine.netfilter.ruleset import Rule, Ruleset, Table
from engine.packet import Family
from engine.shell.live import LiveCluster

_PATTERNS = (
    r"\bip6?tables(-\w+)?\s+(-t\s+\w+\s+)?(-F|--flush|-X|--delete-chain)\b(?!\s+[A-Z]+-\w)",
    r"\bnft\s+(flush|delete)\s+(ruleset|table)\b",
    r"\bipvsadm\s+(-C|--clear)\b",
    r"\bconntrack\s+(-F|--flush)\b",
    r"\bipset\s+(flush|destroy|-F|-X)\s*($|[|;&])",
    r"\bip\s+(-4\s+|-6\s+)?r\w*\s+flush\b",
    r"\bkubectl\s+delete\b.*\s--all\b",
    r"\b(reboot|shutdown)\b",
)  # fmt: skip
_DANGEROUS = re.compile("|".join(_PATTERNS))
_ACCEPTS = re.compile(
    r"\bip6?tables(?:-\w+)?\s+(?:-t\s+\w+\s+)?(?:-[AI]|--append|--insert)\s+\w+(?P<rule>[^|;&]*?-j\s+ACCEPT\b[^|;&]*)"
)
# What narrows a rule down to some packets; an address that is every address does not.
_NARROW = re.compile(
    r"(?:\s-[io]\s|--(?:in|out)-interface\b|--[ds]ports?\b|--(?:source|destination)-ports?\b|--match-set\b|--mark\b|--icmp-type\b|(?:\s-[sd]|--src|--dst|--source|--destination)\s+(?!0\.0\.0\.0/0|::/0|0/0))"
)
_POD_DELETED = re.compile(r"\bkubectl\s+delete\s+(?:pods?|po)[ /]")
# Pods that may be deleted one by one before it counts as restarting everything.
_MOST_PODS = 6


def dangerous(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the lines that are dangerous, each once; one of 10,000 characters is read to its first 2,000."""
    found = [line[:2000] for line in lines if _DANGEROUS.search(line[:2000]) or _accepts_all(line[:2000])]
    deleted = [line[:2000] for line in lines if _POD_DELETED.search(line[:2000])]
    if len(deleted) > _MOST_PODS:
        found.append(deleted[-1])
    return tuple(dict.fromkeys(found))


def _accepts_all(line: str) -> bool:
    """Whether the line lets everything through: a rule that accepts, and nothing that narrows it down. One that accepts what
    belongs to a connection (RELATED,ESTABLISHED) opens nothing."""
    return any(
        not _NARROW.search(rule) and ("NEW" in rule or "--ctstate" not in rule)
        for rule in (found["rule"] for found in _ACCEPTS.finditer(line))
    )


def taken_away(before: LiveCluster, after: LiveCluster) -> tuple[str, ...]:
    """Rules of built-in chains that neither kube-proxy nor the fault wrote and that are gone: firewalls of others, as
    `NODE: -A CHAIN ...`. kube-proxy's own jumps come back by themselves."""
    return tuple(
        f"{node}: {rule_line(name, rule, family)}"
        for node in before.fabric.nodes
        if before.state(node).rules.get(family := Family.IPV4) is not after.state(node).rules.get(family)
        for table, name, rules in _others(before.rules(node, family))
        for rule in rules
        if rule not in _chain(after.rules(node, family), table, name)
    )


def _others(ruleset: Ruleset) -> Iterator[tuple[str, str, list[Rule]]]:
    """(table, chain, its rules that are not kube-proxy's jumps) of each built-in chain that kube-proxy does not own."""
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            if chain.hook is not None and not of_kube_proxy(table.name, (chain.name,)):
                yield table.name, chain.name, [one for one in chain.rules if not _jump_of_kube_proxy(table, one)]


def _jump_of_kube_proxy(table: Table, rule: Rule) -> bool:
    return rule.target is not None and of_kube_proxy(table.name, rule.target.leads_to(table))


def _chain(ruleset: Ruleset, table: str, chain: str) -> list[Rule]:
    found = next((one for one in ruleset.tables.values() if one.name == table), None)
    return found.chains[chain].rules if found is not None and chain in found.chains else []
