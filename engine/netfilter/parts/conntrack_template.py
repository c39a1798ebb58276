"""`-j NOTRACK`, `-j CT --notrack|--zone N|--helper NAME`; nft `notrack`, `ct zone set N`: what is told to conntrack before
it sees the packet.

Sources: net/netfilter/xt_CT.c (xt_ct_target, notrack_tg), nft_ct.c (nft_notrack_eval, nft_ct_set_zone_eval),
nf_conntrack_core.c (nf_conntrack_in); iptables 1.8.9 extensions/libxt_CT.c.
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.ipt_words import Options, by_options, number
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import UNTRACKED, TargetAction
from engine.packet import Family
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class NoTrack(ModelledTarget):
    """`as_ct`: spelt `-j CT --notrack`."""

    as_ct: bool = False

    goes_on = True

    def act(self, context: Context) -> Decision:
        # A packet that has a connection already, having come by lo, keeps it.
        if context.skb.connection is None:
            context.record(TargetAction.NOTRACK)
            context.skb.state = UNTRACKED
        return CONTINUE

    def iptables_text(self, family: Family) -> str:
        return " -j CT --notrack" if self.as_ct else " -j NOTRACK"

    def nft_text(self, ip: str) -> str:
        return "notrack"


@dataclass(frozen=True, slots=True)
class ConntrackZone(ModelledTarget):
    """`-j CT --zone N`: the packet's connection is looked for and entered among those of that zone alone."""

    zone: int

    goes_on = True

    def act(self, context: Context) -> Decision:
        if context.skb.connection is None and context.skb.state is None:
            context.record(TargetAction.CT)
            context.skb.zone = self.zone
        return CONTINUE

    def iptables_text(self, family: Family) -> str:
        return f" -j CT --zone {self.zone}"

    def nft_text(self, ip: str) -> str:
        return f"ct zone set {self.zone}"


@dataclass(frozen=True, slots=True)
class ConntrackHelper(ModelledTarget):
    """`-j CT --helper NAME`: conntrack will look into the connection for those that belong to it (FTP's data). Its own
    packets go their way as without it."""

    helper: str

    goes_on = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.CT)
        return CONTINUE

    def iptables_text(self, family: Family) -> str:
        return f" -j CT --helper {self.helper}"

    def nft_text(self, ip: str) -> str:
        return f'ct helper set "{self.helper}"'


def _read(name: str, options: Options, family: Family) -> Target | None:
    if name == "NOTRACK" or options.keys() == {"--notrack"}:
        return None if name == "NOTRACK" and options else NoTrack(name == "CT")
    if options.keys() == {"--zone"}:
        return ConntrackZone(number(options["--zone"][1], 65535))
    if options.keys() == {"--helper"} and options["--helper"][1]:
        return ConntrackHelper(options["--helper"][1])
    return None


def _read_nft_zone(found: re.Match[str], family: Family) -> Target:
    return ConntrackZone(int(found[1]))


PART = Part(
    classes=(NoTrack, ConntrackZone, ConntrackHelper),
    jumps=dict.fromkeys(("NOTRACK", "CT"), by_options(_read)),
    nft_targets=(
        (r"notrack", lambda found, family: NoTrack()),
        (r"ct zone set ([0-9]+)", _read_nft_zone),
        (r'ct helper set "([^"]+)"', lambda found, family: ConntrackHelper(found[1])),
    ),
)
