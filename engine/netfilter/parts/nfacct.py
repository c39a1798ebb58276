"""`-m nfacct --nfacct-name NAME`: kube-proxy counts with it what it drops as INVALID, and NodePorts asked on 127.0.0.1.

Sources: net/netfilter/xt_nfacct.c (nfacct_mt); iptables 1.8.9 extensions/libxt_nfacct.c.
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class NfacctCounter(ModelledMatch):
    """Counts the packet in an object of that name, which somebody must have made before, and matches."""

    name: str

    pure = True

    def holds(self, context: Context) -> bool:
        # nfacct_mt answers whether a quota is used up; a counter without one always matches.
        return True

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" nfacct-name  {self.name}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        # nfacct_print_name prints a blank of its own before the name.
        return f" -m nfacct --nfacct-name  {self.name}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--nfacct-name"}:
        return None
    negate, text = options["--nfacct-name"]
    return None if negate or not text else (NfacctCounter(text),)


PART = Part(classes=(NfacctCounter,), modules={"nfacct": by_options(_read)})
