"""Large packets of a connection that stands: which get through, and what their sender learns of its way (RFC 1191, RFC 4821).

Sources: net/ipv4/route.c (ip_rt_update_pmtu), ip_output.c (ip_append_data, ip_do_fragment), ip_tunnel_core.c
(skb_tunnel_check_pmtu), icmp.c (icmp_reply: no DF), tcp_output.c (tcp_current_mss asks the route before each retransmission).
"""

from __future__ import annotations

from engine.netfilter.stack import Segment, Skb
from engine.network.host import Host
from engine.packet import L4, FiveTuple
from engine.trace import Direction, LearnedMTU, ReasonCode
from engine.values import dataclass
from engine.walk.heard import not_heard, walk_error
from engine.walk.run import run_to_end
from engine.walk.segments import probe_size
from engine.walk.state import Arrived, Died, Outgoing, WalkState
from engine.words import endings


@dataclass(frozen=True, slots=True)
class LargePackets:
    """`end` is what stops them (None: they get through), `sent` how long they are in the end, `learned` what their sender
    heard before."""

    end: Died | None
    sent: int
    learned: tuple[LearnedMTU, ...] = ()


def large_packets(state: WalkState, flow: FiveTuple, client: Host, size: int) -> LargePackets:
    """Packets of that size, again and again, until one gets through or none will."""
    learned: list[LearnedMTU] = []
    while True:
        noted = state.noted_path_mtus()
        end = _sent(state, flow, client, size)
        if not isinstance(end, Died):
            return LargePackets(None, size, tuple(learned))
        heard = _heard(state, end, flow, client)
        if heard is not None:
            learned.append(heard)
            size = heard.mtu
        elif state.noted_path_mtus() == noted:
            # What comes after it meets the same end.
            smaller = _probed(state, flow, client, size)
            return LargePackets(None, smaller, tuple(learned)) if smaller else LargePackets(end, size, tuple(learned))
        elif flow.protocol is L4.TCP:
            size = min(size, state.path_mtu_of(client, flow.dst))


def _sent(state: WalkState, flow: FiveTuple, client: Host, size: int) -> Arrived | Died:
    """One packet of that size; of a ping what is echoed, which is as long and has no DF."""
    state.start_leg(Direction.REQUEST, told=False)
    whole = Skb(flow, segment=Segment.DATA, size=size, may_fragment=state.resolved.may_fragment)
    end = run_to_end(state, Outgoing(client.name, whole))
    if isinstance(end, Died) or flow.protocol is not L4.ICMP:
        return end
    state.start_leg(Direction.REPLY, told=False)
    echo = Skb(end.skb.flow.reply(), segment=Segment.DATA, size=size, may_fragment=True)
    back = run_to_end(state, Outgoing(end.host, echo))
    return not_heard(state, back, flow, client) or end


def _heard(state: WalkState, end: Died, flow: FiveTuple, client: Host) -> LearnedMTU | None:
    """What the client learns from the end of a packet that was too long; None where nobody tells it."""
    if end.where.code is ReasonCode.MESSAGE_TOO_LONG and end.where.host == client.name:
        if end.mtu >= client.devices[end.device].mtu:
            return None
        state.assume(endings.noted_mtu(client.name, end.mtu))
        return LearnedMTU(end.mtu)
    if not end.mtu or end.answer is None or walk_error(state, end.answer, flow, client) is not None:
        return None
    told_by = state.hops[-1].src
    state.note_path_mtu(client, flow.dst, end.mtu)
    state.assume(endings.learned_mtu(client.name, end.mtu))
    return LearnedMTU(end.mtu, told_by)


def _probed(state: WalkState, flow: FiveTuple, client: Host, size: int) -> int:
    """The smaller packets that get through where the sender finds out by itself (RFC 4821): after lost retransmissions it goes
    down to tcp_base_mss. 0 where it does not."""
    smaller = probe_size(state, flow)
    if not smaller or smaller >= size or isinstance(_sent(state, flow, client, smaller), Died):
        return 0
    state.assume(endings.probed(client.name, size, smaller))
    return smaller
