"""`-m mac --mac-source XX:XX:XX:XX:XX:XX`; nft `ether saddr`.

Sources: net/netfilter/xt_mac.c (mac_mt); iptables 1.8.9 extensions/libxt_mac.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class MacSource(ModelledMatch):
    """No device of the model has a MAC address: only for what has no Ethernet header it is decided."""

    address: str
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool | None:
        # mac_mt: a packet of lo, or of the host itself, came in no frame, and does not match, turned round or not.
        return False if context.in_device in (None, "lo") else None

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m mac{negation(self.negate)} --mac-source {self.address}"

    def nft_text(self, ip: str) -> str:
        return f"ether saddr {not_equal(self.negate)}{self.address}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--mac-source"}:
        return None
    negate, text = options["--mac-source"]
    return (MacSource((text or "").lower(), negate),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    return MacSource(found[2], found[1] is not None)


PART = Part(
    classes=(MacSource,),
    modules={"mac": by_options(_read)},
    nft_matches=((r"ether saddr (!= )?([0-9a-f]{2}(?::[0-9a-f]{2}){5})", _read_nft),),
)
