"""`-m physdev --physdev-is-in`: the packet came in by a port of a bridge.

Sources: net/netfilter/xt_physdev.c (physdev_mt), net/bridge/br_netfilter_hooks.c; iptables 1.8.9
extensions/libxt_physdev.c.
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class PhysdevIsIn(ModelledMatch):
    """`-m physdev --physdev-is-in`: the packet came in by a bridge port and br_netfilter took it from there
    (xt_physdev.c; Skb.physdev_in)."""

    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        # physdev_mt asks skb's nf_bridge_info, which br_netfilter alone makes: not every packet of a bridge has it.
        return (context.skb.physdev_in is not None) != self.negate

    def iptables_text(self, family: str, before: Match | None) -> str:
        return f" -m physdev{negation(self.negate)} --physdev-is-in"


def _read(name: str, options: Options, family: str) -> Matches | None:
    return (PhysdevIsIn(options["--physdev-is-in"][0]),) if options.keys() == {"--physdev-is-in"} else None


PART = Part(classes=(PhysdevIsIn,), modules={"physdev": by_options(_read)})
