"""What comes back to a client, and whether it takes it for an answer."""

from __future__ import annotations

from engine.network.host import Host
from engine.packet import FiveTuple
from engine.trace import Direction, ReasonCode, Stage, Verdict
from engine.values import replace
from engine.walk.run import run_to_end
from engine.walk.state import Arrived, Died, Outgoing, WalkState
from engine.words import hops as hop_words


def walk_error(state: WalkState, answer: Outgoing, flow: FiveTuple, client: Host) -> Died | None:
    """An ICMP error or a rule's TCP reset on its way back; why the client does not hear it, None where it does."""
    state.start_leg(Direction.REPLY)
    host = state.host(answer.host)
    note = hop_words.icmp_error if answer.skb.error_about is not None else hop_words.tcp_reset
    device = "lo" if host.is_local(answer.skb.flow.dst) else "eth0"
    state.hop(host, device, Stage.SOCKET, answer.skb, note(host.name, answer.skb.flow))
    end = run_to_end(state, answer)
    unheard = not_heard(state, end, flow, client)
    if unheard is None:
        assert isinstance(end, Arrived)
        state.hop(client, end.device, Stage.SOCKET, end.skb, hop_words.socket_error(client.name))
    return unheard


def not_heard(state: WalkState, back: Arrived | Died, flow: FiveTuple, client: Host) -> Died | None:
    """Why the client does not take what came back for an answer; None where it does."""
    if isinstance(back, Died):
        return replace(back, verdict=Verdict.DROP if back.verdict is Verdict.DROP else Verdict.LOST)
    host = state.host(back.host)
    if host.name != client.name:
        return state.lost(host, ReasonCode.REPLY_ELSEWHERE, back.skb)
    heard = back.skb.error_about.reply() if back.skb.error_about is not None else back.skb.flow
    # A client takes an answer only from the address and port it spoke to; anything else has no socket (TCP: RST).
    if heard == flow.reply():
        return None
    state.hop(host, back.device, Stage.SOCKET, back.skb, hop_words.socket_wrong(host.name, back.skb.flow))
    return state.lost(host, ReasonCode.WRONG_REPLY_SOURCE, back.skb, spoken=flow.destination)
