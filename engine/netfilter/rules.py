"""The vocabulary of rules by name: what a rule is made of, and the matches and targets that this package's callers write
with (nftables' own are in nft.py). Each part stands in a module of parts/; those that only the text of a real node holds
are found there, by registry.py."""

from __future__ import annotations

from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination, Source
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.conntrack_state import ConntrackState
from engine.netfilter.parts.devices import InInterface, OutInterface
from engine.netfilter.parts.ipvs_service import IpvsService
from engine.netfilter.parts.mark import MarkMatch, SetMark
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.multiport import Multiport
from engine.netfilter.parts.nat import DestinationNat, SourceNat
from engine.netfilter.parts.nfacct import NfacctCounter
from engine.netfilter.parts.opaque import OpaqueMatch, OpaqueTarget, PassingTarget
from engine.netfilter.parts.physdev import PhysdevIsIn
from engine.netfilter.parts.ports import DestinationPort, L4Module, SourcePort
from engine.netfilter.parts.protocol import Protocol
from engine.netfilter.parts.recent import Recent
from engine.netfilter.parts.reject import Reject
from engine.netfilter.parts.set_match import SetMatch
from engine.netfilter.parts.statistic import StatisticRandom
from engine.netfilter.parts.verdicts import Accept, Drop, Goto, Jump, Return
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table, Target

__all__ = [
    "Accept",
    "AddressType",
    "Backend",
    "Chain",
    "Comment",
    "ConntrackState",
    "Destination",
    "DestinationNat",
    "DestinationPort",
    "Drop",
    "Goto",
    "InInterface",
    "IpvsService",
    "Jump",
    "L4Module",
    "MarkMatch",
    "Masquerade",
    "Match",
    "Multiport",
    "NfacctCounter",
    "OpaqueMatch",
    "OpaqueTarget",
    "OutInterface",
    "PassingTarget",
    "PhysdevIsIn",
    "Protocol",
    "Recent",
    "Reject",
    "Return",
    "Rule",
    "Ruleset",
    "SetMark",
    "SetMatch",
    "Source",
    "SourceNat",
    "SourcePort",
    "StatisticRandom",
    "Table",
    "Target",
]
