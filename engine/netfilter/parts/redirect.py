"""`-j REDIRECT`, `-j TPROXY`; nft `redirect to :PORT`, `tproxy to ...`: to a process on the host itself.

Sources: net/netfilter/nf_nat_redirect.c (nf_nat_redirect_ipv4, nf_nat_redirect_ipv6), xt_REDIRECT.c, nft_redir.c;
iptables 1.8.9 extensions/libxt_REDIRECT.c.
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
from engine.packet import Family, family_of
from engine.trace import ReasonCode
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Redirect(ModelledTarget):
    """DNAT to the host's own address; `ports` is (first, last), () keeps the packet's. `drawn`: the port is drawn."""

    ports: tuple[int, int] | tuple[()] = ()
    drawn: str = ""

    usable_from = frozenset({Hook.PREROUTING, Hook.OUTPUT})
    usable_in = "nat"

    def act(self, context: Context) -> Decision:
        address = self._address(context)
        if address is None:
            # nf_nat_redirect_ipv4: a device without an address drops the packet.
            context.where = context.nat_cause = context.record(TargetAction.REDIRECT, NetfilterVerdict.DROP)
            context.reason = ReasonCode.NO_REDIRECT_ADDRESS
            return DROPPED
        context.nat_cause = context.record(TargetAction.REDIRECT, NetfilterVerdict.ACCEPT)
        context.set_up_nat(Manip.DST, address, self.ports or None, bool(self.drawn))
        return ACCEPTED

    def _address(self, context: Context) -> str | None:
        """A packet of the host itself goes to loopback, another to the device that it came in by."""
        family = family_of(context.skb.flow.dst)
        if context.hook is Hook.OUTPUT:
            return "::1" if family is Family.IPV6 else "127.0.0.1"
        if context.routing is None or context.in_device is None:
            return None
        return context.routing.device_address(context.in_device, family)

    def listing(self, numeric: bool) -> str:
        ports = f" redir ports {ports_text(self.ports)}" if self.ports else ""
        return f"{ports}{f' {self.drawn}' if self.drawn else ''}"

    def iptables_text(self, family: Family) -> str:
        to = f" --to-ports {ports_text(self.ports)}" if self.ports else ""
        return f" -j REDIRECT{to}{f' --{self.drawn}' if self.drawn else ''}"

    def nft_text(self, ip: str) -> str:
        to = f" to :{ports_text(self.ports)}" if self.ports else ""
        return f"redirect{to}{f' {self.drawn}' if self.drawn else ''}"


def _read(name: str, options: Options, family: Family) -> Target | None:
    if not options.keys() <= {"--to-ports", "--to-port", "--random"}:
        return None
    text = next((value for option, (_, value) in options.items() if option.startswith("--to-port")), None)
    ports = () if text is None else port_range(text.replace("-", ":"))
    return Redirect(ports, "random" if "--random" in options else "")


def _read_nft(found: re.Match[str], family: Family) -> Target:
    return Redirect(() if found[1] is None else port_range(found[1].replace("-", ":")), found[2] or "")


PART = Part(
    classes=(Redirect,),
    jumps={"REDIRECT": by_options(_read)},
    nft_targets=((r"redirect(?: to :([0-9]+(?:-[0-9]+)?))?(?: (random|fully-random))?", _read_nft),),
)
