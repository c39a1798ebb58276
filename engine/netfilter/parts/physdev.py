"""`-m physdev --physdev-is-in`: the packet came in by a port of a bridge.

Sources: net/netfilter/xt_physdev.c (physdev_mt), net/bridge/br_netfilter_hooks.c; iptables 1.8.9
extensions/libxt_physdev.c.
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import negation
from engine.netfilter.part import ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class PhysdevIsIn(ModelledMatch):
    """`-m physdev --physdev-is-in`: the packet came in by a bridge port and br_netfilter handed it up (xt_physdev.c).

    `bridges` are the devices for which that holds on this host; the rule's text does not show them, so that text read
    back is not modelled."""

    negate: bool = False
    bridges: tuple[str, ...] = ()

    pure = True

    def holds(self, context: Context) -> bool:
        # physdev_mt asks skb's nf_bridge_info, which br_netfilter alone makes: not every packet of a bridge has it.
        return (context.in_device in self.bridges) != self.negate

    def iptables_text(self, family: str, before: Match | None) -> str:
        return f" -m physdev{negation(self.negate)} --physdev-is-in"


PART = Part(classes=(PhysdevIsIn,))
