"""`-m rpfilter`; nft `fib saddr . iif oif`, `fib saddr . mark . iif oif`: whether the way back to the source leaves by the
device that the packet came in by.

Sources: net/ipv4/netfilter/ipt_rpfilter.c (rpfilter_mt, rpfilter_lookup_reverse), net/ipv6/netfilter/ip6t_rpfilter.c,
net/netfilter/nft_fib.c (nft_fib4_eval); iptables 1.8.9 extensions/libxt_rpfilter.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass

# In the order in which libxt_rpfilter.c prints them.
_OPTIONS = ("--loose", "--validmark", "--accept-local", "--invert")


@dataclass(frozen=True, slots=True)
class ReversePath(ModelledMatch):
    """Holds where the way back is right; `invert` where it is not. `loose` asks only that there is one.

    `validmark` has the packet's mark looked at by `ip rule`s, of which a host has none but the kernel's own here.
    """

    loose: bool = False
    validmark: bool = False
    accept_local: bool = False
    invert: bool = False

    pure = True

    def holds(self, context: Context) -> bool | None:
        # What comes by lo has no way back to be asked for (rpfilter_is_loopback).
        if context.in_device == "lo":
            return not self.invert
        if context.routing is None:
            return None
        back = context.routing.way_back(context.skb.flow.src)
        # An own address as source: RTN_LOCAL, which only --accept-local takes.
        fits = back is not None and (back[0] == "UNICAST" or self.accept_local)
        return (fits and back is not None and (self.loose or back[1] == context.in_device)) != self.invert

    def iptables_text(self, family: Family, before: Match | None) -> str:
        said = (self.loose, self.validmark, self.accept_local, self.invert)
        return " -m rpfilter" + "".join(f" {name}" for name, on in zip(_OPTIONS, said, strict=True) if on)


@dataclass(frozen=True, slots=True)
class FibOutDevice(ModelledMatch):
    """nft `fib saddr . iif oif missing` and `!= missing` or `exists`: `keys` are what the look-up is given ("saddr . mark .
    iif")."""

    keys: str
    missing: bool = True

    pure = True

    def holds(self, context: Context) -> bool | None:
        if context.routing is None or not self.keys.startswith("saddr"):
            return None
        if context.in_device == "lo":
            return not self.missing
        back = context.routing.way_back(context.skb.flow.src)
        # With iif among the keys a route by another device counts as none (nft_fib4_eval).
        found = back is not None and back[0] == "UNICAST" and (" iif" not in self.keys or back[1] == context.in_device)
        return found != self.missing

    def nft_text(self, ip: str) -> str:
        return f"fib {self.keys} oif {not_equal(not self.missing)}missing"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if not options.keys() <= set(_OPTIONS):
        return None
    return (ReversePath(*(option in options for option in _OPTIONS)),)


def _read_nft(found: re.Match[str], family: Family) -> Match:
    return FibOutDevice(found[1], found[2] in ("missing", "eq 0", "0", "== 0"))


PART = Part(
    classes=(ReversePath, FibOutDevice),
    modules={"rpfilter": by_options(_read)},
    nft_matches=(
        (r"fib ((?:saddr|daddr)(?: \. (?:mark|iif|oif))*) oif (missing|exists|!= missing|(?:==? |eq )?0)\b", _read_nft),
    ),
)
