"""What comes back: the server's answer, a refusal, an ICMP error; and what the client makes of it."""

from __future__ import annotations

from fractions import Fraction

from engine.netfilter.icmp_errors import error_kind
from engine.netfilter.stack import Segment, Skb
from engine.network.host import Host, HostKind
from engine.packet import L4, FiveTuple, family_of
from engine.trace import Direction, Hop, Outcome, ReasonCode, Stage, Verdict
from engine.values import replace
from engine.walk.heard import not_heard, walk_error
from engine.walk.path_mtu import large_packets
from engine.walk.run import run_to_end
from engine.walk.segments import announced, within_segments
from engine.walk.state import Arrived, Died, Outgoing, WalkState
from engine.words import endings
from engine.words import hops as hop_words


def finish(state: WalkState, end: Arrived | Died, flow: FiveTuple, client: Host) -> Outcome:
    """The outcome of a request that ended so. `flow` is what the client sent."""
    if isinstance(end, Died):
        return _died(state, _so_far(state, flow.destination), end, flow, client)
    host = state.host(end.host)
    served = end.skb.flow
    # Nobody listens is an ending of its own: the packet arrived, and the client hears so at once.
    if not _listens(state, host, served):
        return _refused(state, _so_far(state, served.destination), end, flow, client)
    state.hop(host, end.device, Stage.SOCKET, end.skb, lambda: hop_words.socket_request(host.name, served))
    cache = state.fabric.cluster.node_local_dns
    if cache is not None and served.dst in cache.bound and served.dport == cache.port and host.kind is HostKind.NODE:
        state.assume(endings.dns_cache(host.name))
    return _answered(state, _so_far(state, served.destination, served.src), end, flow, client)


def _so_far(state: WalkState, destination: str, source_seen: str | None = None) -> Outcome:
    """What is known once the request has come to its end: how it ends is told by what comes back."""
    return Outcome(
        Fraction(1),
        Verdict.LOST,
        destination,
        source_seen,
        state.masqueraded,
        tuple(state.hops),
        cost=state.cost,
        underlay_cost=state.underlay_cost,
    )


def _died(state: WalkState, base: Outcome, end: Died, flow: FiveTuple, client: Host) -> Outcome:
    """Dropped, rejected or lost on the way there; a rejection has to travel back to the client to be heard."""
    reply: tuple[Hop, ...] = ()
    masqueraded = base.masqueraded and end.verdict is Verdict.LOST
    if end.answer is not None:
        # A REJECT that gets lost on its way back looks to the client like a DROP.
        unheard = walk_error(state, end.answer, flow, client)
        reply = tuple(state.hops)
        end = unheard or end
    return replace(
        base,
        verdict=end.verdict,
        destination=base.hops[-1].dst if base.hops else flow.destination,
        masqueraded=masqueraded,
        where=end.where,
        reply=reply,
        conntrack=state.conntrack(),
    )


def _listens(state: WalkState, host: Host, flow: FiveTuple) -> bool:
    if host.kind is HostKind.EXTERNAL and host.name == flow.dst and state.fabric.is_of_the_world(flow.dst):
        state.assume(endings.of_the_world(flow))
        return True
    if host.kind is HostKind.POD and flow.dst in state.fabric.only_in_rules:
        state.assume(endings.only_in_rules())
        made_up = state.fabric.only_in_rules[flow.dst]
        if made_up is not None:
            state.assume(endings.on_a_node_made_up(flow, made_up))
        return True
    # Every kernel answers an echo request itself (icmp_echo); what no socket is for, nobody has to listen to.
    if (host.name, flow.dport) in state.proxies or flow.protocol is L4.ICMP:
        return True
    listening = state.fabric.address_index.listening
    addresses = [flow.dst]
    if host.kind is HostKind.NODE:
        addresses += state.fabric.node(host.name).internal_ips
    return any((flow.protocol, flow.dport) in listening.get(address, ()) for address in addresses)


def _say_undeclared(state: WalkState, host: Host, served: FiveTuple) -> None:
    """A Service sends to a port that the pod does not declare: containers may listen on what they do not declare."""
    undeclared = state.fabric.address_index.undeclared.get(served.dst, ())
    owner = state.fabric.pod_owner_at(served.dst)
    told = state.fabric.cluster.network.listeners
    if (served.protocol, served.dport) in undeclared and (owner is None or owner.key not in told):
        state.assume(endings.undeclared_port(host.name, served))


def _refused(state: WalkState, base: Outcome, end: Arrived, flow: FiveTuple, client: Host) -> Outcome:
    """Nobody listens: the kernel answers with RST (TCP), ABORT (SCTP) or an ICMP error (UDP)."""
    host, served = state.host(end.host), end.skb.flow
    refusal = state.died(Verdict.REFUSED, host, ReasonCode.NOBODY_LISTENS, served)
    _say_undeclared(state, host, served)
    state.start_leg(Direction.REPLY)
    if served.protocol is L4.UDP:
        icmp = FiveTuple(L4.ICMP, served.dst, 0, served.src, 0)
        answer = Skb(icmp, error_about=served, error_kind=error_kind("icmp-port-unreachable", family_of(served.dst)))
        if end.skb.connection is not None:
            answer.connection, answer.state, answer.reply = end.skb.connection, "RELATED", True
        note = hop_words.icmp_error(host.name, icmp)
    else:
        answer = Skb(served.reply(), segment=Segment.RESET)
        note = hop_words.reset(host.name, answer.flow)
    state.hop(host, end.device, Stage.SOCKET, answer, note)
    back = run_to_end(state, Outgoing(host.name, answer))
    lost = not_heard(state, back, flow, client)
    if lost is None:
        assert isinstance(back, Arrived)
        state.hop(client, back.device, Stage.SOCKET, back.skb, hop_words.socket_error(client.name))
        lost = refusal
    return replace(base, verdict=lost.verdict, where=lost.where, reply=tuple(state.hops), conntrack=state.conntrack())


def _answered(state: WalkState, base: Outcome, end: Arrived, flow: FiveTuple, client: Host) -> Outcome:
    host = state.host(end.host)
    # The server answers the peer it saw, not the client: whether that undoes every NAT depends on the answer passing
    # the hosts whose conntrack did it.
    answer = Skb(end.skb.flow.reply(), segment=Segment.ANSWER)
    answer.segment_size = told = announced(state, host, answer.flow)
    state.start_leg(Direction.REPLY)
    state.hop(host, end.device, Stage.SOCKET, answer, lambda: hop_words.answer(host.name, answer.flow))
    back = run_to_end(state, Outgoing(host.name, answer))
    lost = not_heard(state, back, flow, client)
    if lost is None:
        assert isinstance(back, Arrived)
        state.hop(client, back.device, Stage.SOCKET, back.skb, hop_words.socket_reply(client.name, back.skb.flow))
    reply, conntrack, stray = tuple(state.hops), state.conntrack(), state.stray
    if lost is not None:
        return replace(base, verdict=lost.verdict, where=lost.where, reply=reply, conntrack=conntrack)
    # connect() has succeeded; where the two directions go by different nodes, one of them has seen half a handshake and
    # the next packet is INVALID there.
    stuck = _next_packet(state, flow, client, end)
    later, large = state.cost, None
    if stuck is None and stray and flow.protocol not in (L4.UDP, L4.ICMP):
        stuck = _next_answer(state, flow, client, end)
    if stuck is None and state.resolved.size:
        assert isinstance(back, Arrived)
        large = large_packets(state, flow, client, within_segments(state, client, flow, told, back))
        stuck = large.end
    return replace(
        base,
        verdict=Verdict.DELIVERED,
        reply=reply,
        conntrack=conntrack,
        later_cost=later if stuck is None else None,
        stalls=stuck.where if stuck is not None else None,
        sent=large.sent if large is not None else 0,
        learned=large.learned if large is not None else (),
    )


def _next_packet(state: WalkState, flow: FiveTuple, client: Host, server: Arrived) -> Died | None:
    """What stops the client's next packet (TCP: the handshake's last ACK); None where it reaches the server too.

    The nat table no longer sees it: the state's cost is what it pays.
    """
    state.start_leg(Direction.REQUEST, told=False)
    end = run_to_end(state, Outgoing(client.name, Skb(flow, segment=Segment.DATA)))
    if isinstance(end, Died):
        return end
    if (end.host, end.skb.flow) != (server.host, server.skb.flow):
        return state.lost(state.host(end.host), ReasonCode.INVALID_STATE, end.skb)
    return None


def _next_answer(state: WalkState, flow: FiveTuple, client: Host, server: Arrived) -> Died | None:
    """What stops the server's first data; None where the client gets it too.

    A host that never saw the request lets the handshake's answer pass as INVALID, and takes the data that follows for
    a connection of its own, picked up midstream (nf_conntrack_tcp_loose): NEW, for which it has rules.
    """
    state.start_leg(Direction.REPLY, told=False)
    answer = Skb(server.skb.flow.reply(), segment=Segment.DATA)
    return not_heard(state, run_to_end(state, Outgoing(server.host, answer)), flow, client)
