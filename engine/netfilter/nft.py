"""What nftables has beyond iptables: named sets and maps, look-ups in them, random verdicts. Names only, for whoever
writes such rules; each stands in a module of its own."""

from __future__ import annotations

from engine.netfilter.nft_sets import Element, Key, LookupField, NamedSet, key_of, named_set
from engine.netfilter.parts.address_set import AddressSet, address_set, interval_bounds
from engine.netfilter.parts.devices import InInterfaceIndex
from engine.netfilter.parts.mark import MarkStatement
from engine.netfilter.parts.random_nat import RandomDestinationNat
from engine.netfilter.parts.random_verdict import RandomVerdict
from engine.netfilter.parts.set_lookup import SetLookup
from engine.netfilter.parts.set_update import SetUpdate
from engine.netfilter.parts.verdict_map import VerdictMap

__all__ = [
    "AddressSet",
    "Element",
    "InInterfaceIndex",
    "Key",
    "LookupField",
    "MarkStatement",
    "NamedSet",
    "RandomDestinationNat",
    "RandomVerdict",
    "SetLookup",
    "SetUpdate",
    "VerdictMap",
    "address_set",
    "interval_bounds",
    "key_of",
    "named_set",
]
