"""What portmap does to a node's host ports as pods come and go, in rules that somebody has touched.

Source: containernetworking/plugins, plugins/meta/portmap (cmdAdd: its own chain, and an entry behind those that are there;
cmdDel takes away what the container's id names, and nothing else).
"""

from __future__ import annotations

import dataclasses

from engine.netfilter.ruleset import Chain, Rule, Ruleset, Table

_OWN, _ENTRIES = "CNI-DN-", "CNI-HOSTPORT-DNAT"


def with_host_ports(current: Ruleset, before: Ruleset, after: Ruleset) -> Ruleset:
    """`current` with the chains of pods that came (they are in what the CNI would write `after` alone) and without those of pods
    that went (in what it wrote `before` alone)."""
    old, new, there = (one.tables.get("nat") for one in (before, after, current))
    if old is None or new is None or there is None:
        return current
    gone = _own(old) - _own(new)
    came = [name for name in new.chains if name in _own(new) - _own(old)]
    if not gone and not came:
        return current
    chains = {name: chain for name, chain in there.chains.items() if name not in gone}
    chains |= {name: new.chains[name] for name in new.chains if name in came or name not in chains and name.startswith("CNI-HOSTPORT-")}  # fmt: skip
    if _ENTRIES in chains:
        kept = [rule for rule in chains[_ENTRIES].rules if not _leads(there, rule) & (gone | {*came})]
        added = [rule for rule in _entries(new) if _leads(new, rule) & {*came}]
        chains[_ENTRIES] = dataclasses.replace(chains[_ENTRIES], rules=[*kept, *added])
    return dataclasses.replace(current, tables={**current.tables, "nat": dataclasses.replace(there, chains=chains)})


def _own(table: Table) -> set[str]:
    return {name for name in table.chains if name.startswith(_OWN)}


def _entries(table: Table) -> list[Rule]:
    chain: Chain | None = table.chains.get(_ENTRIES)
    return [] if chain is None else chain.rules


def _leads(table: Table, rule: Rule) -> set[str]:
    return set() if rule.target is None else {*rule.target.leads_to(table)}
