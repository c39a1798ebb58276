"""Rules that ask ipsets, on a machine that has none: a set of one network says the same as that network. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from engine.lab.errors import NotInThisLab
from engine.netfilter.ipset import IpSet, SetType
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.parts.addresses import Destination, Source
from engine.netfilter.rules import Match, Rule, Ruleset, SetMatch, Table


def without_sets(ruleset: Ruleset) -> Ruleset:
    """The same rules without sets; itself where it has none. Raises NotInThisLab for a set that no network stands for."""
    if isinstance(ruleset, IpvsRuleset) or not any(table.sets for table in _iptables(ruleset)):
        return ruleset
    tables = {name: _plain(table) if table in _iptables(ruleset) else table for name, table in ruleset.tables.items()}
    return dataclasses.replace(ruleset, tables=tables)


def _iptables(ruleset: Ruleset) -> list[Table]:
    return [table for table in ruleset.tables.values() if any(isinstance(one, IpSet) for one in table.sets.values())]


def _plain(table: Table) -> Table:
    chains = {
        name: dataclasses.replace(chain, rules=list(_rules(table, chain.rules))) for name, chain in table.chains.items()
    }
    return dataclasses.replace(table, chains=chains, sets={})


def _rules(table: Table, rules: list[Rule]) -> Iterator[Rule]:
    for rule in rules:
        kept: list[Match] = []
        for match in rule.matches:
            said = _said(table, match) if isinstance(match, SetMatch) else match
            if said is False:
                break
            if not isinstance(said, bool):
                kept.append(said)
        else:
            yield Rule(tuple(sorted(kept, key=lambda match: not isinstance(match, Source | Destination))), rule.target)


def _said(table: Table, match: SetMatch) -> Match | bool:
    """The match in other words, or whether it always or never holds."""
    ipset = table.sets.get(match.name)
    if not isinstance(ipset, IpSet) or ipset.type is not SetType.HASH_NET or len(ipset.entries) > 1 or ipset.excluded:
        raise NotInThisLab(
            f"a rule asks the ipset {match.name}, and ipset is not installed (Debian: package ipset)",
            zh=f"有规则查询 ipset {match.name}，而没有安装 ipset（Debian：ipset 软件包）",
        )
    if not ipset.entries:
        return match.negate
    (net,) = ipset.entries
    return Source(net, match.negate) if match.sides[0] == "src" else Destination(net, match.negate)
