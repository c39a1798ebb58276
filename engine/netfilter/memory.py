"""What a network namespace's rules and IPVS remember of clients beside conntrack: `-m recent` lists, dynamic sets,
persistence templates. One store for all three, since all of session affinity lives in it.

Sources: net/netfilter/xt_recent.c, nft_dynset.c, ipvs/ip_vs_conn.c.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.trace import MemoryKind, Remembered

# xt_recent.c: ip_list_tot; recent_mt_check: the stamps of an entry that no --hitcount has asked for more of.
MOST_ADDRESSES, MOST_STAMPS = 100, 32


class ClientMemory:
    """One namespace's memory while a packet goes through. The entries of a name stand in the order in which they were last
    written (recent_table.lru_list)."""

    def __init__(self, entries: Iterable[Remembered] = ()) -> None:
        self._stores: dict[tuple[MemoryKind, str], dict[str, Remembered]] = {}
        # Whether there was or is anything: most hosts never remember.
        self.used = False
        for one in entries:
            self._stores.setdefault((one.kind, one.name), {})[one.key] = one
            self.used = True

    def find(self, kind: MemoryKind, name: str, key: str) -> Remembered | None:
        """What is remembered of `key`."""
        return self._stores.get((kind, name), {}).get(key)

    def put(self, entry: Remembered) -> None:
        """Remember it, as the one that was written last."""
        self.used = True
        store = self._stores.setdefault((entry.kind, entry.name), {})
        store.pop(entry.key, None)
        if entry.kind is MemoryKind.RECENT and len(store) >= MOST_ADDRESSES:
            # recent_entry_init: the one that was written least recently gives way.
            del store[next(iter(store))]
        store[entry.key] = entry

    def drop(self, entry: Remembered) -> None:
        """Forget it."""
        self._stores.get((entry.kind, entry.name), {}).pop(entry.key, None)

    def oldest(self, kind: MemoryKind, name: str) -> Remembered | None:
        """The entry of that name that was written least recently."""
        return next(iter(self._stores.get((kind, name), {}).values()), None)

    def entries(self) -> tuple[Remembered, ...]:
        """All of it."""
        return tuple(one for store in self._stores.values() for one in store.values())


def stamped(entry: Remembered, now: float, ttl: int) -> Remembered:
    """The entry after one more packet (recent_entry_update): the stamps are a ring."""
    place = entry.index % MOST_STAMPS
    stamps = (*entry.stamps[:place], now, *entry.stamps[place + 1 :])
    return Remembered(entry.kind, entry.name, entry.key, stamps, place + 1, ttl=ttl)
