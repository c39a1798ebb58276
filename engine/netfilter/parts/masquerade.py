"""`-j MASQUERADE`: source NAT to the address of the device that the packet leaves by.

Sources: net/netfilter/nf_nat_masquerade.c (nf_nat_masquerade_ipv4), xt_MASQUERADE.c, nft_masq.c; iptables 1.8.9
extensions/libxt_MASQUERADE.c.
"""

from __future__ import annotations

from engine.hooks import Hook
from engine.netfilter.context import Context, Decision
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Masquerade(ModelledTarget):
    """`random_fully`: the port is drawn too, even where the packet's own is free."""

    random_fully: bool = False

    def act(self, context: Context) -> Decision:
        address = context.masquerade_address() if context.hook is Hook.POSTROUTING else None
        if address is None:
            # nf_nat_masquerade.c: a device without an address drops the packet.
            context.where = context.record("MASQUERADE", "DROP")
            context.reason = "no-masquerade-address"
            return Decision(verdict="DROP")
        context.nat_cause = context.record("MASQUERADE", "ACCEPT")
        context.set_up_nat("SRC", address, None, self.random_fully)
        return Decision(verdict="ACCEPT")

    def iptables_text(self, family: str) -> str:
        return " -j MASQUERADE --random-fully" if self.random_fully else " -j MASQUERADE"

    def nft_text(self, ip: str) -> str:
        return "masquerade fully-random" if self.random_fully else "masquerade"


def _read(name: str, options: Options, family: str) -> Target | None:
    return Masquerade(bool(options)) if options.keys() <= {"--random-fully"} else None


PART = Part(
    classes=(Masquerade,),
    jumps={"MASQUERADE": by_options(_read)},
    nft_targets=((r"masquerade( fully-random)?", lambda found, family: Masquerade(found[1] is not None)),),
)
