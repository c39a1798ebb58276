"""`-p PROTOCOL`; nft `meta l4proto`.

Sources: net/ipv4/netfilter/ip_tables.c (ip_packet_match), nft_meta.c; iptables 1.8.9 iptables/xshared.c
(xtables_parse_protocol, proto_to_name), /etc/protocols.
"""

from __future__ import annotations

from engine.netfilter.context import Context
from engine.netfilter.ipt_words import negation
from engine.netfilter.nft_names import PROTOCOL_NAME, PROTOCOL_NAMED, not_equal
from engine.netfilter.part import Matches, ModelledMatch, Part
from engine.netfilter.ruleset import Match
from engine.packet import L4, Family
from engine.values import dataclass

# Where /etc/protocols has another name than the Kubernetes API's in small letters.
_NAME = {
    (L4.ICMP, Family.IPV6): "ipv6-icmp",
    (L4.IPIP, Family.IPV4): "ipencap",
    (L4.IPIP, Family.IPV6): "ipencap",
}
NUMBER = {L4.TCP: 6, L4.UDP: 17, L4.SCTP: 132, L4.ICMP: 1}
# The extension that a protocol's number loads as its name does (xtables_find_proto).
MODULE_NUMBERED = {"6": "tcp", "17": "udp", "132": "sctp", "1": "icmp"}
NUMBERED = {"6": L4.TCP, "17": L4.UDP, "132": L4.SCTP}


@dataclass(frozen=True, slots=True)
class Protocol(ModelledMatch):
    """`-p tcp`."""

    protocol: L4
    negate: bool = False

    pure = True
    column = "prot"

    def holds(self, context: Context) -> bool:
        return (context.skb.flow.protocol is self.protocol) != self.negate

    def listing(self, numeric: bool, before: Match | None) -> str:
        name = self.protocol.lower()
        return f"{'!' if self.negate else ''}{NUMBER[self.protocol] if numeric else name}"

    def iptables_text(self, family: Family, before: Match | None) -> str:
        return f"{negation(self.negate)} -p {_NAME.get((self.protocol, family)) or self.protocol.lower()}"

    def nft_text(self, ip: str) -> str:
        if self.protocol not in PROTOCOL_NAME:
            return Match.nft_text(self, ip)
        return f"meta l4proto {not_equal(self.negate)}{PROTOCOL_NAME[self.protocol]}"


def named(name: str, family: Family) -> L4 | None:
    """What `-p NAME` names, where it is modelled. ICMP is each family's own."""
    name = name.lower()
    if name in ("tcp", "udp", "sctp"):
        return L4(name.upper())
    if name in ("ipencap", "4"):
        return L4.IPIP
    if name in (("icmp", "1") if family is Family.IPV4 else ("ipv6-icmp", "icmpv6", "58")):
        return L4.ICMP
    return NUMBERED.get(name)


def _read(text: str, negate: bool, family: Family) -> Matches | None:
    found = named(text, family)
    if found is not None:
        return (Protocol(found, negate),)
    # Protocol 0 stands for every one: ip_packet_match compares nothing, and iptables-save prints nothing.
    return () if text.lower() in ("all", "0") and not negate else None


PART = Part(
    classes=(Protocol,),
    header={"-p": _read},
    nft_matches=(
        (
            r"meta l4proto (!= )?(tcp|udp|sctp|icmp)\b",
            lambda found, family: Protocol(PROTOCOL_NAMED[found[2]], found[1] is not None),
        ),
    ),
)
