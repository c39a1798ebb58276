"""A node's tables as iptables meets them: its own, not nft's that stand beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.ruleset import Backend, Chain, Ruleset, Table

TABLES = ("raw", "mangle", "nat", "filter", "security")


def of_iptables(ruleset: Ruleset, name: str) -> Table:
    """The table of that name, empty with its built-in chains where nobody has used it."""
    for table in ruleset.tables.values():
        if table.name == name and ruleset.backend_of(table) is Backend.IPTABLES:
            return table
    return Table(name, built_in_chains(name), backend=None if ruleset.backend is Backend.IPTABLES else Backend.IPTABLES)


def with_tables(ruleset: Ruleset, tables: Mapping[str, Table]) -> Ruleset:
    """`ruleset` with those of iptables' tables in place of what it has."""
    kept = dict(ruleset.tables)
    beside = None if ruleset.backend is Backend.IPTABLES else Backend.IPTABLES
    for name, given in tables.items():
        table = dataclasses.replace(given, backend=beside)
        at = next((k for k, t in kept.items() if t.name == name and ruleset.backend_of(t) is Backend.IPTABLES), name)
        kept[at] = table
    return dataclasses.replace(ruleset, tables=kept)


def in_order(chains: dict[str, Chain]) -> None:
    """Put built-in chains first, in the order of their hooks, then the others by name: as the kernel's tool lists them."""
    hooks = list(Hook)
    ordered = sorted(
        chains.values(),
        key=lambda one: (one.policy is None, -1 if one.hook is None else hooks.index(one.hook), one.name),
    )
    held = {chain.name: chain for chain in ordered}
    chains.clear()
    chains.update(held)
