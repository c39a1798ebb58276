"""Connection tracking: which connection a packet belongs to, in which direction, in what state.

Sources: net/netfilter/nf_conntrack_core.c (nf_conntrack_in, resolve_normal_ct, __nf_conntrack_confirm),
nf_conntrack_proto_{tcp,sctp,icmp}.c. Time-outs are not modelled: a walk takes no time.
"""

from __future__ import annotations

import functools
from typing import TypeAlias

from engine.netfilter.skb import ConntrackEntry, Manip, Segment, Skb
from engine.packet import L4, FiveTuple

_ANY_SEGMENT = frozenset(Segment)
# With which segments conntrack starts an entry: a lone SYN/ACK or RST belongs to nothing (tcp_new, sctp_new);
# TCP picks up a connection in the middle (nf_conntrack_tcp_loose is 1 by default). UDP and the rest start with any.
_STARTS: dict[L4, frozenset[Segment]] = {
    L4.TCP: frozenset({Segment.OPEN, Segment.DATA}),
    L4.SCTP: frozenset({Segment.OPEN}),
    L4.ICMP: frozenset({Segment.OPEN}),
    L4.IPIP: _ANY_SEGMENT,
}

_Key: TypeAlias = tuple[int, L4, str, int, str, int]


def _key(zone: int, flow: FiveTuple) -> _Key:
    """What a table finds an entry by. A plain tuple: a FiveTuple's own hash takes three times as long."""
    return zone, flow.protocol, flow.src, flow.sport, flow.dst, flow.dport


class ConntrackTable:
    """One network namespace's entries. A confirmed one is found by its original and by its reply tuple. `full`: there is room
    for no other one, and none that gives way (__nf_conntrack_alloc)."""

    def __init__(self) -> None:
        self._by_tuple: dict[_Key, tuple[ConntrackEntry, bool]] = {}
        self._confirmed: list[ConntrackEntry] = []
        self.full = False

    def connections(self) -> tuple[ConntrackEntry, ...]:
        """The confirmed entries, oldest first."""
        return tuple(self._confirmed)

    def lookup(self, flow: FiveTuple, zone: int = 0) -> tuple[ConntrackEntry, bool] | None:
        """The connection of a packet and whether the packet travels in its reply direction."""
        return self._by_tuple.get(_key(zone, flow))

    def track(self, skb: Skb) -> bool:
        """Give `skb` its connection and state (nf_conntrack_in); True when an entry was started.

        A packet that has a connection keeps it: it came by loopback, or answers a rejected one (nf_ct_attach).
        """
        if skb.connection is not None:
            return False
        if skb.error_about is not None:
            self._track_error(skb, skb.error_about)
            return False
        found = self.lookup(skb.flow, skb.zone)
        # Nobody opened this connection here: an answer or a reset alone starts none, and filter rules see INVALID.
        if found is None:
            if skb.segment not in _STARTS.get(skb.flow.protocol, _ANY_SEGMENT):
                skb.state = "INVALID"
                return False
            skb.connection = ConntrackEntry(skb.flow, skb.flow.reply(), zone=skb.zone, renewed=True)
            skb.reply = False
            skb.state = "NEW"
            return True
        # The direction decides which half of NAT is undone for this packet.
        connection, skb.reply = found
        if _out_of_order(connection, skb):
            skb.reply, skb.state = False, "INVALID"
            return False
        skb.connection = connection
        connection.renewed = True
        if skb.reply:
            skb.state = "ESTABLISHED"
            connection.replied = True
        else:
            skb.state = "ESTABLISHED" if connection.replied else "NEW"
            connection.assured = connection.assured or connection.replied
        if skb.segment is Segment.RESET:
            connection.closed = True
        return False

    def _track_error(self, skb: Skb, quoted: FiveTuple) -> None:
        """An ICMP error belongs to the connection whose packet it quotes (nf_conntrack_inet_error)."""
        found = self.lookup(quoted.reply(), skb.zone)
        skb.state = "INVALID"
        if found is None:
            return
        connection, reply = found
        expected = connection.reply.dst if reply else connection.original.dst
        # An error about a translated packet is taken only from where the translated packet would be answered to.
        if skb.flow.dst == expected:
            skb.connection, skb.reply, skb.state = connection, reply, "RELATED"

    def taken(self, incoming: FiveTuple, ignored: ConntrackEntry) -> bool:
        """Whether another connection already owns packets that arrive as `incoming` (nf_conntrack_tuple_taken)."""
        found = self.lookup(incoming, ignored.zone)
        return found is not None and found[0] is not ignored

    def confirm(self, skb: Skb) -> bool | None:
        """Insert the packet's entry once the packet has survived: True when inserted, None when there was nothing to
        do, False when another entry has one of the tuples (the packet is dropped)."""
        connection = skb.connection
        # Only what survives to the end of INPUT or POSTROUTING is entered: a dropped SYN leaves no entry.
        if connection is None or connection.confirmed or skb.reply:
            return None
        # Two packets may race to the same tuple; the loser is dropped, which is the clash behind the 5 s of DNS.
        if self.taken(connection.original, connection) or self.taken(connection.reply, connection):
            return False
        self.enter(connection)
        return True

    def enter(self, connection: ConntrackEntry) -> None:
        """Put an entry in the table, as a confirmed one."""
        connection.confirmed = True
        self._by_tuple[_key(connection.zone, connection.original)] = (connection, False)
        self._by_tuple[_key(connection.zone, connection.reply)] = (connection, True)
        self._confirmed.append(connection)

    def withdraw(self, connection: ConntrackEntry) -> None:
        """Take an entry out of the table again."""
        connection.confirmed = False
        for flow in (connection.original, connection.reply):
            del self._by_tuple[_key(connection.zone, flow)]
        self._confirmed.remove(connection)


def _out_of_order(connection: ConntrackEntry, skb: Skb) -> bool:
    """Whether TCP's state table has no room for the packet: the client goes on though this host has never seen the
    server's SYN/ACK, which went another way (nf_conntrack_proto_tcp.c, tcp_conntracks: an ACK in SYN_SENT)."""
    return (
        skb.flow.protocol is L4.TCP
        and not skb.reply
        and not connection.replied
        and connection.confirmed
        and skb.segment is Segment.DATA
    )


def statuses(skb: Skb) -> frozenset[str]:
    """What `--ctstate` matches on for this packet (xt_conntrack.c): its state, and SNAT or DNAT where set up."""
    translated = () if skb.connection is None else skb.connection.translated
    return _statuses(skb.state or "INVALID", Manip.SRC in translated, Manip.DST in translated)


@functools.cache
def _statuses(state: str, source: bool, destination: bool) -> frozenset[str]:
    return frozenset((state, *(["SNAT"] if source else []), *(["DNAT"] if destination else [])))


def state_name(connection: ConntrackEntry) -> str:
    """What `conntrack -L` prints as the entry's state once an exchange is over: the handshake's last ACK is taken
    as read. UDP and ICMP have none."""
    if connection.original.protocol is L4.TCP:
        if connection.closed:
            return "CLOSE"
        return "ESTABLISHED" if connection.replied else "SYN_SENT"
    if connection.original.protocol is L4.SCTP:
        if connection.closed:
            return "CLOSED"
        return "ESTABLISHED" if connection.replied else "COOKIE_WAIT"
    return ""
