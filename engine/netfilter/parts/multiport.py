"""`-m multiport --sports|--dports|--ports LIST`.

Sources: net/netfilter/xt_multiport.c (ports_match_v1); iptables 1.8.9 extensions/libxt_multiport.c.
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, negation
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.parts.ports import listed_port, port_range
from engine.netfilter.ruleset import Match
from engine.packet import L4, Family
from engine.values import dataclass

_OPTION = {"src": "--sports", "dst": "--dports", "either": "--ports"}
_SIDE = {
    "--sports": "src",
    "--source-ports": "src",
    "--dports": "dst",
    "--destination-ports": "dst",
    "--ports": "either",
}


@dataclass(frozen=True, slots=True)
class Multiport(ModelledMatch):
    """`side` is "src", "dst" or "either", `ports` are (low, high)."""

    side: str
    ports: tuple[tuple[int, int], ...]
    negate: bool = False

    pure = True

    def holds(self, context: Context) -> bool:
        flow = context.skb.flow
        # multiport_mt_check takes TCP, UDP, UDP-Lite, DCCP and SCTP alone: an ICMP packet has no ports to read.
        if flow.protocol in (L4.ICMP, L4.IPIP):
            return False
        ports = {"src": (flow.sport,), "dst": (flow.dport,), "either": (flow.sport, flow.dport)}[self.side]
        return any(low <= port <= high for low, high in self.ports for port in ports) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        ports = ",".join(":".join(listed_port(port, numeric) for port in dict.fromkeys(pair)) for pair in self.ports)
        side = {"src": "sports", "dst": "dports", "either": "ports"}[self.side]
        return f" multiport {side} {' !' if self.negate else ''}{ports}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        ports = ",".join(str(low) if low == high else f"{low}:{high}" for low, high in self.ports)
        return f" -m multiport{negation(self.negate)} {_OPTION[self.side]} {ports}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if len(options) != 1:
        return None
    ((option, (negate, text)),) = options.items()
    if option not in _SIDE:
        return None
    return (Multiport(_SIDE[option], tuple(port_range(item) for item in (text or "").split(",")), negate),)


PART = Part(classes=(Multiport,), modules={"multiport": by_options(_read)})
