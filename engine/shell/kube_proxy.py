"""What a full sync of kube-proxy does to rules that others have touched: its own chains are written anew, what is not its
own stays, its jumps are put back at the head of the built-in chains where they are missing.

Sources: pkg/proxy/iptables/proxier.go (syncProxyRules: iptables-restore --noflush of all its chains, EnsureRule with
Prepend for each jump), pkg/proxy/nftables/proxier.go (the table is flushed and written), pkg/proxy/ipvs/proxier.go.
"""

from __future__ import annotations

import dataclasses

from engine.fabric.chains import of_kube_proxy
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table


def resync(current: Ruleset, written: Ruleset) -> Ruleset:
    """`current` after a sync of a kube-proxy that alone writes `written` (with what the CNI writes beside it).

    What `written` holds beyond kube-proxy's own is not put back: that is its writer's to do.
    """
    tables = dict(current.tables)
    for key, table in written.tables.items():
        if not any(of_kube_proxy(table.name, (name,)) for name in table.chains):
            continue
        there = tables.get(key)
        tables[key] = table if there is None or written.backend_of(table) is Backend.NFTABLES else _merged(there, table)
    made = dataclasses.replace(current, tables=tables)
    if isinstance(written, IpvsRuleset) and isinstance(made, IpvsRuleset):
        made = dataclasses.replace(
            made,
            services=written.services,
            dummy_addresses=written.dummy_addresses,
            ipsets=written.ipsets,
            _by_address=None,
        )
    return made


def _merged(there: Table, table: Table) -> Table:
    chains: dict[str, Chain] = {}
    for name, chain in there.chains.items():
        if of_kube_proxy(table.name, (name,)):
            # A chain of a Service that is gone is deleted by the sync (chains no longer in use).
            if name in table.chains:
                chains[name] = table.chains[name]
        elif name in table.chains:
            missing = [rule for rule in table.chains[name].rules if _jumps(table, rule) and rule not in chain.rules]
            chains[name] = dataclasses.replace(chain, rules=[*missing, *chain.rules]) if missing else chain
        else:
            chains[name] = chain
    for name, chain in table.chains.items():
        if of_kube_proxy(table.name, (name,)):
            chains.setdefault(name, chain)
    sets = {**there.sets, **table.sets}
    return dataclasses.replace(there, chains=chains, sets=sets)


def _jumps(table: Table, rule: Rule) -> bool:
    """Whether a rule of a built-in chain is one of kube-proxy's jumps."""
    return rule.target is not None and of_kube_proxy(table.name, rule.target.leads_to(table))
