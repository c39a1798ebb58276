"""Every part by the text it is read from. A new one is a new module in parts/ and a line in MODULES.

Only reading needs this: whoever prints, decides or indexes asks the part itself.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from typing import TypeAlias

from engine.netfilter.part import HeaderReader, MatchReader, NftMatch, NftTarget, Part, TargetReader
from engine.netfilter.ruleset import Match, Target
from engine.packet import Family

# Their order means nothing (Part).
MODULES: list[str] = [
    "engine.netfilter.parts.set_lookup",
    "engine.netfilter.parts.address_set",
    "engine.netfilter.parts.address_range",
    "engine.netfilter.parts.addresses",
    "engine.netfilter.parts.devices",
    "engine.netfilter.parts.protocol",
    "engine.netfilter.parts.ports",
    "engine.netfilter.parts.multiport",
    "engine.netfilter.parts.comment",
    "engine.netfilter.parts.mark",
    "engine.netfilter.parts.conntrack_state",
    "engine.netfilter.parts.connection_facts",
    "engine.netfilter.parts.address_type",
    "engine.netfilter.parts.reverse_path",
    "engine.netfilter.parts.tcp_flags",
    "engine.netfilter.parts.icmp_type",
    "engine.netfilter.parts.mac_address",
    "engine.netfilter.parts.socket_owner",
    "engine.netfilter.parts.rate",
    "engine.netfilter.parts.nfacct",
    "engine.netfilter.parts.connection_mark",
    "engine.netfilter.parts.conntrack_template",
    "engine.netfilter.parts.statistic",
    "engine.netfilter.parts.recent",
    "engine.netfilter.parts.set_match",
    "engine.netfilter.parts.physdev",
    "engine.netfilter.parts.ipvs_service",
    "engine.netfilter.parts.verdicts",
    "engine.netfilter.parts.reject",
    "engine.netfilter.parts.masquerade",
    "engine.netfilter.parts.nat",
    "engine.netfilter.parts.redirect",
    "engine.netfilter.parts.verdict_map",
    "engine.netfilter.parts.random_verdict",
    "engine.netfilter.parts.random_nat",
    "engine.netfilter.parts.set_update",
    "engine.netfilter.parts.segment_size",
    "engine.netfilter.parts.field_match",
    "engine.netfilter.parts.statement",
    "engine.netfilter.parts.opaque",
]

_NftMatch: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str], Family], Match]]
_NftTarget: TypeAlias = tuple[re.Pattern[str], Callable[[re.Match[str], Family], Target]]


class _Registry:
    """The tables that the modules make together, each made when it is first asked for."""

    def add(self, module: str) -> None:
        """One more module, behind all others."""
        MODULES.append(module)
        vars(self).clear()

    @functools.cached_property
    def parts(self) -> tuple[Part, ...]:
        """The general ones last."""
        found: list[Part] = [importlib.import_module(name).PART for name in MODULES]
        return tuple(sorted(found, key=lambda part: part.general))

    @functools.cached_property
    def header(self) -> dict[str, HeaderReader]:
        return {option: read for part in self.parts for option, read in part.header.items()}

    @functools.cached_property
    def modules(self) -> dict[str, MatchReader]:
        return {name: read for part in self.parts for name, read in part.modules.items()}

    @functools.cached_property
    def jumps(self) -> dict[str, TargetReader]:
        return {name: read for part in self.parts for name, read in part.jumps.items()}

    @functools.cached_property
    def nft_matches(self) -> tuple[_NftMatch, ...]:
        found: list[NftMatch] = [form for part in self.parts for form in part.nft_matches]
        return tuple((re.compile(pattern), read) for pattern, read in found)

    @functools.cached_property
    def nft_targets(self) -> tuple[_NftTarget, ...]:
        found: list[NftTarget] = [form for part in self.parts for form in part.nft_targets]
        return tuple((re.compile(pattern), read) for pattern, read in found)


REGISTRY = _Registry()
