"""What was made of the clusters last asked about: nothing is compiled twice for the same cluster object.

A cluster is a frozen value, so that what was made of it stays right. It is known by its identity: to compare two of them
would take longer than most of what is kept here.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from engine.cluster import Cluster
from engine.netfilter.ipset import IpSet
from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.nft_sets import NamedSet
from engine.netfilter.ruleset import Chain, Ruleset, Table
from engine.proxy.garbage import without_garbage_search

T = TypeVar("T")


class ClusterCache(Generic[T]):
    """The last `most` things made of clusters, of `heaviest` by `weigh` together; the latest stays whatever it weighs.

    It holds on to their clusters. Several threads may ask at once; where two make the same, both get the first one's.
    """

    def __init__(self, most: int, heaviest: int = 0, weigh: Callable[[T], int] = lambda made: 0) -> None:
        self._most, self._heaviest, self._weigh = most, heaviest, weigh
        self._kept: OrderedDict[tuple[int, Hashable], tuple[Cluster, T, int]] = OrderedDict()
        self._held = 0  # what is kept weighs
        self._lock = threading.Lock()

    def get(self, cluster: Cluster, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` has made for `key` of `cluster`, now or before. What `make` raises passes."""
        # While the cluster is held here its id is no other's.
        place = (id(cluster), key)
        with self._lock:
            if place in self._kept:
                self._kept.move_to_end(place)
                return self._kept[place][1]
        made = make()
        weight = self._weigh(made)
        with self._lock:
            if place in self._kept:
                return self._kept[place][1]
            self._kept[place] = (cluster, made, weight)
            self._held += weight
            while len(self._kept) > 1 and (len(self._kept) > self._most or self._held > self._heaviest):
                self._held -= self._kept.popitem(last=False)[1][2]
        return made

    def clear(self) -> None:
        """Forget everything, and let go of the clusters."""
        with self._lock:
            self._kept.clear()
            self._held = 0


def rules_in(ruleset: Ruleset) -> int:
    """How large a ruleset is: its rules, and what its sets and virtual servers hold."""
    held = sum(len(service.servers) for service in ruleset.services) if isinstance(ruleset, IpvsRuleset) else 0
    for table in ruleset.tables.values():
        held += sum(len(chain.rules) for chain in table.chains.values())
        held += sum(len(one.elements) for one in table.sets.values() if isinstance(one, NamedSet))
        held += sum(len(one.entries) for one in table.sets.values() if isinstance(one, IpSet))
    return held


def copied(ruleset: Ruleset) -> Ruleset:
    """The same rules in tables, chains and sets of its own, so that whoever asked may alter them."""
    sets: dict[int, object] = {}

    def own(one: object) -> object:
        # An ipset stands in every table whose rules name it.
        if id(one) not in sets:
            sets[id(one)] = _own_set(one)
        return sets[id(one)]

    with without_garbage_search():
        tables = {name: _own_table(table, own) for name, table in ruleset.tables.items()}
    if not isinstance(ruleset, IpvsRuleset):
        return dataclasses.replace(ruleset, tables=tables)
    ipsets = tuple(one for one in map(own, ruleset.ipsets) if isinstance(one, IpSet))
    return dataclasses.replace(ruleset, tables=tables, ipsets=ipsets, _by_address=None)


def _own_table(table: Table, own: Callable[[object], object]) -> Table:
    chains = {
        name: Chain(
            name, list(chain.rules), chain.hook, chain.priority, chain.policy, chain.kind, chain.comment,
            list(chain.places),
        )
        for name, chain in table.chains.items()
    }  # fmt: skip
    return dataclasses.replace(table, chains=chains, sets={name: own(one) for name, one in table.sets.items()})


def _own_set(one: object) -> object:
    if isinstance(one, NamedSet):
        return dataclasses.replace(one, elements=dict(one.elements))
    if isinstance(one, IpSet):
        return dataclasses.replace(one, entries=set(one.entries), excluded=set(one.excluded))
    return one
