"""`-m ipvs --vproto N --vaddr A --vport P`: the packet belongs to a connection of that virtual server.

Sources: net/netfilter/xt_ipvs.c (ipvs_mt); iptables 1.8.9 extensions/libxt_ipvs.c, libxtables/xtables.c
(xtables_ipmask_to_numeric).
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import Options, by_options, number
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.parts.protocol import NUMBER, NUMBERED
from engine.netfilter.ruleset import Match
from engine.packet import L4, Family, canonical
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class IpvsService(ModelledMatch):
    """`-m ipvs --vproto N --vaddr A --vport P`: the packet belongs to an IPVS connection of that service (xt_ipvs.c)."""

    protocol: L4
    address: str
    port: int

    pure = True

    def holds(self, context: Context) -> bool:
        """ipvs_mt: what IPVS has had and now goes from the client to the real server; answers never match."""
        skb = context.skb
        if not skb.ipvs_property:
            return False
        known = dict(context.ipvs_own)
        if skb.connection is not None and skb.connection.ipvs_server is not None:
            known[skb.connection.original] = skb.connection.ipvs_server
        sent = (skb.flow.protocol, skb.flow.src, skb.flow.sport)
        return any(
            (asked.protocol, asked.src, asked.sport) == sent
            and server == (skb.flow.dst, skb.flow.dport)
            and (asked.protocol, asked.dst, asked.dport) == (self.protocol, self.address, self.port)
            for asked, server in known.items()
        )

    def iptables_text(self, family: Family, before: Match | None) -> str:
        # xtables_ipmask_to_numeric prints no mask for a single address.
        return f" -m ipvs --vproto {NUMBER[self.protocol]} --vaddr {self.address} --vport {self.port}"


def _read(name: str, options: Options, family: Family) -> Matches | None:
    if options.keys() != {"--vproto", "--vaddr", "--vport"} or any(negate for negate, _ in options.values()):
        return None
    address, _, length = (options["--vaddr"][1] or "").partition("/")
    kind = NUMBERED.get(options["--vproto"][1] or "")
    if kind is None or length not in ("", "32", "128"):
        return None
    return (IpvsService(kind, canonical(address), number(options["--vport"][1], 65535)),)


PART = Part(classes=(IpvsService,), modules={"ipvs": by_options(_read)})
