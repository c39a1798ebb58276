"""A live host's dynamic sets (nft's `flags dynamic`): what packets put there, listed and flushed.

Source: net/netfilter/nf_tables_api.c (nf_tables_fill_setelem: what is left of an element's time-out).
"""

from __future__ import annotations

import dataclasses

from engine.netfilter.nft_names import memory_name
from engine.netfilter.nft_sets import Element, NamedSet
from engine.netfilter.ruleset import Ruleset
from engine.packet import Family
from engine.shell.live import LiveCluster
from engine.trace import MemoryKind, Remembered


def with_elements(live: LiveCluster, host: str, family: Family) -> Ruleset:
    """The host's rules with the elements that packets put into its dynamic sets, to be listed."""
    ruleset = live.rules(host, family)
    put = [one for one in live.remembered(host) if one.kind is MemoryKind.SET]
    tables = dict(ruleset.tables) if put else {}
    for key, table in tables.items():
        sets = dict(table.sets)
        for name, named in sets.items():
            own = [one for one in put if one.name == memory_name(table, name, family)]
            if own and isinstance(named, NamedSet):
                elements = {tuple(one.key.split(" . ")): _element(one, live.clock) for one in own}
                sets[name] = dataclasses.replace(named, elements={**named.elements, **elements})
        tables[key] = dataclasses.replace(table, sets=sets)
    return dataclasses.replace(ruleset, tables=tables) if put else ruleset


def _element(one: Remembered, clock: float) -> Element:
    return Element(expires=None if one.timeout is None else one.ends - clock)


def without_elements(live: LiveCluster, host: str, name: str) -> LiveCluster:
    """After a dynamic set of the host was flushed."""
    state = live.state(host)
    kept = tuple(one for one in state.remembered if (one.kind, one.name) != (MemoryKind.SET, name))
    return live.with_state(host, dataclasses.replace(state, remembered=kept))
