"""`-m addrtype --src-type|--dst-type TYPE`; nft `fib saddr type local`.

Sources: net/netfilter/xt_addrtype.c (addrtype_mt_v1), nft_fib.c; iptables 1.8.9 extensions/libxt_addrtype.c.
"""

from __future__ import annotations

import re

from engine.errors import UnsupportedFeature
from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.nft_names import not_equal
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class AddressType(ModelledMatch):
    """`-m addrtype --src-type|--dst-type LOCAL`; `side` is "src" or "dst". nft: `fib saddr type local`."""

    side: str
    type: str = "LOCAL"
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        # Other types ask the routing table for the kind of a route, which a host's netfilter does not know here.
        if self.type != "LOCAL":
            raise UnsupportedFeature(
                f"addrtype {self.type} is not modelled; only LOCAL is", zh=f"addrtype {self.type} 未建模；只支持 LOCAL"
            )
        flow = context.skb.flow
        return context.is_local(flow.src if self.side == "src" else flow.dst) != self.negate

    def iptables_text(self, family: str, before: Match | None) -> str:
        return f" -m addrtype{negation(self.negate)} --{self.side}-type {self.type}"

    def nft_text(self, ip: str) -> str:
        return f"fib {self.side[0]}addr type {not_equal(self.negate)}{self.type.lower()}"


def _read(name: str, options: Options, family: str) -> Matches | None:
    if len(options) != 1:
        return None
    ((option, (negate, text)),) = options.items()
    if option not in ("--src-type", "--dst-type") or not text:
        return None
    return (AddressType(option[2:5], text, negate),)


def _read_nft(found: re.Match[str], family: str) -> Match:
    return AddressType("src" if found[1] == "s" else "dst", found[3].upper(), found[2] is not None)


PART = Part(
    classes=(AddressType,),
    modules={"addrtype": by_options(_read)},
    nft_matches=((r"fib ([sd])addr type (!= )?([a-z]+)", _read_nft),),
)
