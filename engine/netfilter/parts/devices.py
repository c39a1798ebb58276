"""`-i NAME`, `-o NAME`; nft `iifname`, `oifname`, and `iif`, which names the device by its number.

Sources: net/ipv4/netfilter/ip_tables.c (ip_packet_match, nulldevname), x_tables.h (ifname_compare_aligned),
nft_meta.c.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.packet_facts import device_matches
from engine.netfilter.part import ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class DeviceMatch(ModelledMatch):
    """Whether a device is called so; a trailing + stands for any suffix (iptables), * in nft. `incoming`: the one that the
    packet came by, else the one that it leaves by."""

    name: str
    negate: bool = False

    pure = True
    incoming: ClassVar[bool] = True

    def devices(self) -> Iterable[str]:
        return (self.name,)

    def holds(self, context: Context) -> bool:
        device = context.in_device if self.incoming else context.out_device
        return device_matches(self.name, device) != self.negate


@dataclass(frozen=True, slots=True)
class InInterface(DeviceMatch):
    """`-i NAME`."""

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f"{negation(self.negate)} -i {self.name}"

    def nft_text(self, ip: str) -> str:
        return f"iifname {not_equal(self.negate)}{_nft_name(self.name)}"


@dataclass(frozen=True, slots=True)
class OutInterface(DeviceMatch):
    """`-o NAME`."""

    incoming: ClassVar[bool] = False

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f"{negation(self.negate)} -o {self.name}"

    def nft_text(self, ip: str) -> str:
        return f"oifname {not_equal(self.negate)}{_nft_name(self.name)}"


@dataclass(frozen=True, slots=True)
class InInterfaceIndex(DeviceMatch):
    """`iif "NAME"`: the device that had this name when the rule was loaded; nft refuses a name that does not exist."""

    def nft_text(self, ip: str) -> str:
        return f'iif {not_equal(self.negate)}"{self.name}"'


def _nft_name(name: str) -> str:
    return f'"{name[:-1]}*"' if name.endswith("+") else f'"{name}"'


def _read_nft(found: re.Match[str], family: Family) -> Match:
    kind = InInterface if found[1] == "iifname" else OutInterface
    return kind(found[3], found[2] is not None)


PART = Part(
    classes=(InInterface, OutInterface, InInterfaceIndex),
    header={
        "-i": lambda text, negate, family: (InInterface(text, negate),),
        "-o": lambda text, negate, family: (OutInterface(text, negate),),
    },
    nft_matches=(
        (r'(iifname|oifname) (!= )?"([^"]+)"', _read_nft),
        (r'iif (!= )?"([^"]+)"', lambda found, family: InInterfaceIndex(found[2], found[1] is not None)),
    ),
)
