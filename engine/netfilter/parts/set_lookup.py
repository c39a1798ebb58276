"""nft `ip daddr . meta l4proto . th dport @NAME`: whether a named set holds the packet's fields.

Sources: nft(8); net/netfilter/nft_lookup.c (nft_lookup_eval).
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.nft_names import NAME, TABLE_FAMILY, memory_name, not_equal
from engine.netfilter.nft_sets import (
    FIELDS,
    Key,
    LookupField,
    NamedSet,
    asked,
    element_of,
    fields_text,
    key_of,
    read_fields,
)
from engine.netfilter.part import ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family, family_of
from engine.trace import MemoryKind
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class SetLookup(ModelledMatch):
    """`ip daddr @NAME`: whether the set holds the packet's fields."""

    fields: tuple[LookupField, ...]
    set: str
    negate: bool = False

    def holds(self, context: Context) -> bool:
        # Not pure: the look-up is counted.
        named, key = asked(self.set, context), key_of(self.fields, context.skb.flow)
        return (element_of(named, key) is not None or _alive(named, key, context)) != self.negate

    def nft_text(self, ip: str) -> str:
        return f"{fields_text(self.fields, ip)} {not_equal(self.negate)}@{self.set}"


def _alive(named: NamedSet, key: Key, context: Context) -> bool:
    """Whether a packet put `key` there and its timeout has not run out since (nft_set_elem_expired)."""
    if "dynamic" not in named.flags:
        return False
    name = memory_name(context.table, named.name, family_of(context.skb.flow.src))
    there = context.memory.find(MemoryKind.SET, name, " . ".join(key))
    return there is not None and context.now < there.ends


def _read_nft(found: re.Match[str], family: Family) -> Match:
    return SetLookup(read_fields(found[1], TABLE_FAMILY[family]), found[3], found[2] is not None)


PART = Part(classes=(SetLookup,), nft_matches=((rf"{FIELDS} (!= )?@({NAME})", _read_nft),))
