"""`-j TCPMSS`; nft `tcp option maxseg size set`: how large a segment each side of a connection lets the other send.

Sources: net/netfilter/xt_TCPMSS.c (tcpmss_mangle_packet, tcpmss_reverse_mtu), nft_exthdr.c (nft_exthdr_tcp_set_eval),
nft_rt.c (get_tcpmss); iptables 1.8.9 extensions/libxt_TCPMSS.c. None of them makes a segment larger.
"""

from __future__ import annotations

import re

from engine.netfilter.context import CONTINUE, Context, Decision
from engine.netfilter.ipt_words import Options, by_options, number
from engine.netfilter.part import ModelledTarget, Part
from engine.netfilter.ruleset import Target
from engine.netfilter.skb import Segment, TargetAction
from engine.packet import L4, Family, is_ipv6
from engine.values import dataclass

# IP and TCP header without options.
HEADERS = {False: 40, True: 60}


@dataclass(frozen=True, slots=True)
class SegmentSize(ModelledTarget):
    """Lowers the MSS that a SYN or SYN/ACK announces: to `size`, or where that is None to what the routes to both ends
    carry."""

    size: int | None

    goes_on = True
    does_nothing = True

    def act(self, context: Context) -> Decision:
        context.record(TargetAction.OTHER, name="TCPMSS")
        skb = context.skb
        if skb.flow.protocol is L4.TCP and skb.segment in (Segment.OPEN, Segment.ANSWER) and skb.segment_size:
            size = self.size if self.size is not None else _of_routes(context)
            skb.segment_size = min(skb.segment_size, size or skb.segment_size)
        return CONTINUE

    def iptables_text(self, family: Family) -> str:
        return f" -j TCPMSS {'--clamp-mss-to-pmtu' if self.size is None else f'--set-mss {self.size}'}"

    def nft_text(self, ip: str) -> str:
        return f"tcp option maxseg size set {'rt mtu' if self.size is None else self.size}"


def _of_routes(context: Context) -> int | None:
    """The smaller MTU of the devices to which the routes to the packet's destination and back to its source lead."""
    routing = context.routing
    if routing is None:
        return None
    back = routing.way_back(context.skb.flow.src)
    devices = (context.out_device, None if back is None else back[1])
    found = [mtu for device in devices if device is not None and (mtu := routing.device_mtu(device)) is not None]
    return min(found) - HEADERS[is_ipv6(context.skb.flow.dst)] if found else None


def _read(name: str, options: Options, family: Family) -> Target | None:
    if options.keys() == {"--clamp-mss-to-pmtu"}:
        return SegmentSize(None)
    if options.keys() == {"--set-mss"}:
        return SegmentSize(number(options["--set-mss"][1], 65535))
    return None


def _read_nft(found: re.Match[str], family: Family) -> Target:
    return SegmentSize(None if found[1] == "rt mtu" else int(found[1]))


PART = Part(
    classes=(SegmentSize,),
    jumps={"TCPMSS": by_options(_read)},
    nft_targets=((r"tcp option maxseg size set (rt mtu|[0-9]{1,5})(?= |$)", _read_nft),),
)
