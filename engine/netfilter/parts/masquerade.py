"""`-j MASQUERADE`: source NAT to the address of the device that the packet leaves by.

Sources: net/netfilter/nf_nat_masquerade.c (nf_nat_masquerade_ipv4), xt_MASQUERADE.c, nft_masq.c; iptables 1.8.9
extensions/libxt_MASQUERADE.c.
"""

from __future__ import annotations

import re

from engine.hooks import Hook
from engine.netfilter.context import ACCEPTED, DROPPED, Context, Decision
from engine.netfilter.ipt_words import Options, by_options
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.parts.ports import port_range, ports_text
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import Manip, NetfilterVerdict, TargetAction
from engine.packet import Family
from engine.trace import ReasonCode
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Masquerade(ModelledTarget):
    """`random_fully`: the port is drawn too, even where the packet's own is free; so it is with --random, which draws from
    the connection's addresses (`as_random`). `ports` is (first, last), () the usual ones."""

    random_fully: bool = False
    ports: tuple[int, int] | tuple[()] = ()
    as_random: bool = False

    usable_from = frozenset({Hook.POSTROUTING})
    usable_in = "nat"

    def act(self, context: Context) -> Decision:
        address = context.masquerade_address() if context.hook is Hook.POSTROUTING else None
        if address is None:
            # nf_nat_masquerade.c: a device without an address drops the packet.
            context.where = context.nat_cause = context.record(TargetAction.MASQUERADE, NetfilterVerdict.DROP)
            context.reason = ReasonCode.NO_MASQUERADE_ADDRESS
            return DROPPED
        context.nat_cause = context.record(TargetAction.MASQUERADE, NetfilterVerdict.ACCEPT)
        context.set_up_nat(Manip.SRC, address, self.ports or None, self.random_fully or self.as_random)
        return ACCEPTED

    def listing(self, numeric: bool) -> str:
        ports = f" masq ports: {ports_text(self.ports)}" if self.ports else ""
        return f"{ports}{' random' if self.as_random else ''}{' random-fully' if self.random_fully else ''}"

    def iptables_text(self, family: Family) -> str:
        to = f" --to-ports {ports_text(self.ports)}" if self.ports else ""
        drawn = f"{' --random' if self.as_random else ''}{' --random-fully' if self.random_fully else ''}"
        return f" -j MASQUERADE{to}{drawn}"

    def nft_text(self, ip: str) -> str:
        to = f" to :{ports_text(self.ports)}" if self.ports else ""
        drawn = [word for word, on in (("random", self.as_random), ("fully-random", self.random_fully)) if on]
        return f"masquerade{to}{' ' + ','.join(drawn) if drawn else ''}"


def _read(name: str, options: Options, family: Family) -> Target | None:
    if not options.keys() <= {"--random-fully", "--random", "--to-ports"}:
        return None
    text = options.get("--to-ports", (False, None))[1]
    ports = () if text is None else port_range(text.replace("-", ":"))
    return Masquerade("--random-fully" in options, ports, "--random" in options)


def _read_nft(found: re.Match[str], family: Family) -> Target:
    ports = () if found[1] is None else port_range(found[1].replace("-", ":"))
    drawn = (found[2] or "").split(",")
    return Masquerade("fully-random" in drawn, ports, "random" in drawn)


PART = Part(
    classes=(Masquerade,),
    jumps={"MASQUERADE": by_options(_read)},
    nft_targets=(
        (r"masquerade(?: to :([0-9]+(?:-[0-9]+)?))?(?: ((?:random|fully-random|persistent|,)+))?", _read_nft),
    ),
)
