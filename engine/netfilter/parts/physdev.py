"""`-m physdev`: the ports of a bridge that a packet came in and goes out by.

Sources: net/netfilter/xt_physdev.c (physdev_mt), net/bridge/br_netfilter_hooks.c; iptables 1.8.9
extensions/libxt_physdev.c.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.packet_facts import device_matches
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import Family
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

    def listing(self, numeric: bool, before: Match | None) -> str:
        return f" PHYSDEV match{negation(self.negate)} --physdev-is-in"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f" -m physdev{negation(self.negate)} --physdev-is-in"


@dataclass(frozen=True, slots=True)
class Physdev(ModelledMatch):
    """Any other physdev: `options` are (option, its value or None, negated), all of which must hold."""

    options: tuple[tuple[str, str | None, bool], ...]

    pure = True

    def devices(self) -> Iterable[str]:
        return (value for _, value, _ in self.options if value is not None)

    def holds(self, context: Context) -> bool:
        skb = context.skb
        for option, value, negate in self.options:
            # A packet that stays on its bridge has a port out (br_nf_forward_ip); one that is routed has none, however
            # it came in. Without nf_bridge_info every option fails unless it is turned round.
            held = {
                "--physdev-is-in": skb.physdev_in is not None,
                "--physdev-is-out": skb.physdev_out is not None,
                "--physdev-is-bridged": skb.physdev_out is not None,
                "--physdev-in": skb.physdev_in is not None and device_matches(value or "", skb.physdev_in),
                "--physdev-out": skb.physdev_out is not None and device_matches(value or "", skb.physdev_out),
            }[option]
            if held == negate:
                return False
        return True

    def iptables_text(self, family: Family, before: Match | None) -> str:
        words = (f"{negation(n)} {o}{'' if value is None else f' {value}'}" for o, value, n in self.options)
        return " -m physdev" + "".join(words)


# In the order in which libxt_physdev.c prints them.
_ORDER = ("--physdev-is-in", "--physdev-in", "--physdev-is-out", "--physdev-out", "--physdev-is-bridged")


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if not options or not options.keys() <= set(_ORDER):
        return None
    if options.keys() == {"--physdev-is-in"}:
        return (PhysdevIsIn(options["--physdev-is-in"][0]),)
    return (Physdev(tuple((o, options[o][1], options[o][0]) for o in _ORDER if o in options)),)


PART = Part(classes=(PhysdevIsIn, Physdev), modules={"physdev": by_options(_read)})
