"""compile_node: all rules of a node, kube-proxy's and the CNI's, as the kernel lists them.

Sources: kube-proxy inserts its jumps at the head of the built-in chains whenever it finds them missing (pkg/proxy/iptables
proxier.go, EnsureRule with Prepend); what others append stands behind them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

from engine.cluster import Cluster, CNIConfig
from engine.cni import NodePlan, Plugin, plugin_named, refuse_unmodelled
from engine.cni.chained import chained_rules
from engine.cni.interface import WrittenRules
from engine.fabric.address_index import index_addresses
from engine.fabric.dns_cache import dns_cache_rules
from engine.fabric.plans import node_plans, with_networks
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.ipset import IpSet
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.ruleset import Backend, Chain, Rule, Ruleset, Table
from engine.packet import Family
from engine.proxy.interface import compile_rules, family_named

# The part of the dataplane (engine.fabric.without) that all of it is.
CNI_RULES = "cni-rules"
_AnyRuleset = TypeVar("_AnyRuleset", bound=Ruleset)


def compile_node(
    cluster: Cluster, node_name: str, mode: str = "iptables", family: str = "ipv4", release: str | None = None
) -> Ruleset:
    """All rules of node `node_name`: kube-proxy's as compile_rules gives them, and what the CNI's plugins and NodeLocal
    DNSCache write; str() prints them as the kernel's own tools list them, one tool after the other.

    Raises as compile_rules does, and UnsupportedFeature for a CNI that is not modelled.
    """
    ruleset = compile_rules(cluster, node_name, mode, family, release)
    if CNI_RULES not in cluster.network.without:
        plugin = plugin_named(cluster.cni.plugin, cluster.cni.backend)
        refuse_unmodelled(cluster.cni)
        plans = node_plans(cluster, index_addresses(cluster), plugin)
        config = with_networks(cluster.cni, cluster, plans)
        ruleset = with_written(ruleset, cni_rules(plugin, config, plans[node_name], family_named(family)))
    return with_written(ruleset, dns_cache_rules(cluster, node_name, family_named(family)))


def cni_rules(plugin: Plugin, config: CNIConfig, plan: NodePlan, family: Family) -> Iterator[WrittenRules]:
    """What the CNI's plugins write on a node, in the order in which they write it."""
    yield from plugin.rules(config, plan, family)
    yield from chained_rules(config, plan, family, plugin.bridge is not None)


def with_written(ruleset: _AnyRuleset, written: Iterable[WrittenRules]) -> _AnyRuleset:
    """`ruleset` and what other programs write beside it."""
    tables = dict(ruleset.tables)
    for one in written:
        for name, table in one.ruleset.tables.items():
            if one.ruleset.backend is Backend.IPTABLES:
                tables[name] = _merged(tables.get(name), table, one.inserted)
            else:
                tables[name] = table
            if one.ruleset.backend is not ruleset.backend:
                tables[name] = dataclasses.replace(tables[name], backend=one.ruleset.backend)
    if tables == ruleset.tables:
        return ruleset
    if isinstance(ruleset, IpvsRuleset):
        return dataclasses.replace(ruleset, tables=tables, ipsets=(*ruleset.ipsets, *_added(ruleset, tables)))
    return dataclasses.replace(ruleset, tables=tables)


def _merged(there: Table | None, table: Table, inserted: frozenset[tuple[str, str]]) -> Table:
    """One iptables table of two: built-in chains hold the rules of both, the other chains stand behind them by name."""
    there = there or Table(table.name, built_in_chains(table.name))
    built_in, own = {}, {}
    for name, chain in {**there.chains, **table.chains}.items():
        if chain.hook is None:
            own[name] = chain
            continue
        both = [there.chains[name].rules, table.chains[name].rules if name in table.chains else []]
        if (table.name, name) in inserted:
            both.reverse()
        built_in[name] = _with_rules(chain, [rule for rules in both for rule in rules])
    return Table(table.name, {**built_in, **{name: own[name] for name in sorted(own)}}, {**there.sets, **table.sets})


def _with_rules(chain: Chain, rules: list[Rule]) -> Chain:
    return Chain(chain.name, rules, chain.hook, chain.priority, chain.policy, chain.kind, chain.comment)


def _added(ruleset: IpvsRuleset, tables: Mapping[str, Table]) -> Iterator[IpSet]:
    known = {ipset.name for ipset in ruleset.ipsets}
    sets = {name: ipset for table in tables.values() for name, ipset in table.sets.items()}
    return (ipset for name, ipset in sets.items() if isinstance(ipset, IpSet) and name not in known)


def with_chances(ruleset: Ruleset) -> Ruleset:
    """Rules read from text do not say how likely each server is: as after kube-proxy's sync."""
    if not isinstance(ruleset, IpvsRuleset):
        return ruleset
    from engine.ipvs.first_connection import first_connection_chances

    return dataclasses.replace(ruleset, chances=first_connection_chances)
