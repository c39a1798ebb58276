"""What hosts remember of a client between two of its requests (session affinity), in a timeline's milliseconds.

Sources: as engine.shell.client_memory, which says what a change of rules takes along.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from engine.shell.client_memory import still_named
from engine.timeline.view import ClusterOverTime
from engine.trace import HostMemory, Remembered


def renewed(before: Iterable[HostMemory], walked: Iterable[HostMemory], at: int) -> tuple[HostMemory, ...]:
    """The memory after a request at `at` that was `walked`; hosts that it did not pass keep theirs."""
    found = {one.host: one for one in before}
    for one in walked:
        found[one.host] = HostMemory(one.host, tuple(_last(entry, at + 1000 * entry.last) for entry in one.entries))
    return tuple(found.values())


def surviving(memory: Iterable[HostMemory], cluster: ClusterOverTime, at: int) -> Iterator[HostMemory]:
    """What is left of it at `at`, in seconds of a walk that begins then: what kube-proxy's syncs since then took along is gone,
    and so is what is too old for any Service's time."""
    longest = max((service.affinity_timeout_seconds for service in cluster.cluster.services), default=0)
    nodes = {node.name for node in cluster.cluster.nodes}
    for one in memory:
        syncing = one.host in nodes
        aged = tuple(
            _last(entry, (entry.last - at) / 1000)
            for entry in one.entries
            if not (syncing and _taken_along(entry, cluster, one.host, at))
        )
        yield HostMemory(one.host, tuple(entry for entry in aged if entry.last >= -longest))


def _taken_along(entry: Remembered, cluster: ClusterOverTime, node: str, at: int) -> bool:
    """Whether a sync of the node's kube-proxy since the entry was written left no place for it."""
    syncs = cluster.syncs(node, int(entry.last), at)
    return any(not still_named((entry,), cluster.rules(node, sync).values()) for sync in syncs)


def _last(entry: Remembered, when: float) -> Remembered:
    """The entry with its last stamp alone: no rule of kube-proxy's counts them."""
    return dataclasses.replace(entry, stamps=(when,), index=1)
