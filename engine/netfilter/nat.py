"""Network address translation: set up once per connection, then repeated for every packet, undone for every answer.

Sources: net/netfilter/nf_nat_core.c (nf_nat_setup_info, get_unique_tuple, nf_nat_packet),
nf_nat_proto.c (nf_nat_icmp_reply_translation), nf_nat_masquerade.c.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator

from engine.hooks import Hook
from engine.netfilter.conntrack import ConntrackTable
from engine.netfilter.skb import ConntrackEntry, Manip, PickPort, Skb
from engine.packet import FiveTuple

# HOOK2MANIP: at INPUT and POSTROUTING the source is changed, elsewhere the destination.
MANIP_AT: dict[Hook, Manip] = {
    Hook.PREROUTING: Manip.DST,
    Hook.OUTPUT: Manip.DST,
    Hook.INPUT: Manip.SRC,
    Hook.POSTROUTING: Manip.SRC,
}
# NF_NAT_MAX_ATTEMPTS, and where nf_nat_l4proto_unique_tuple gives up.
_MOST_TRIES, _FEWEST_TRIES = 128, 16
_OTHER = {Manip.SRC: Manip.DST, Manip.DST: Manip.SRC}


def hashed_port(host: str) -> PickPort:
    """A PickPort that hashes the host's name and the tuple: the same for the same connection, whatever the process."""

    def pick(flow: FiveTuple, low: int, high: int) -> int:
        digest = hashlib.sha256(f"{host} {flow.protocol} {flow}".encode()).digest()
        return low + int.from_bytes(digest[:8], "big") % (high - low + 1)

    return pick


def setup(
    table: ConntrackTable,
    connection: ConntrackEntry,
    manip: Manip,
    address: str | None,
    ports: tuple[int, int] | None,
    random_fully: bool,
    pick_port: PickPort,
) -> None:
    """Decide `manip` for the connection: alters its reply tuple (nf_nat_setup_info).

    `address` None keeps the packet's (a null binding, which still moves the port when the tuple is taken); `ports`
    is an inclusive range, None for none asked for. A tuple that stays taken is found out when the entry is confirmed.
    """
    # NAT is decided by the first packet alone: rules that change later do not move a connection.
    if connection.confirmed:
        return
    null_binding = address is None and ports is None and not random_fully
    if null_binding and not table.taken(connection.reply, connection):
        connection.nat_done.add(manip)
        return
    current = connection.reply.reply()
    wanted = current if address is None else _replaced(current, manip, address, None)
    chosen = _unique(table, connection, manip, current, wanted, ports, random_fully, pick_port)
    connection.nat_done.add(manip)
    # Only the reply tuple changes: what comes back is known by it, and that is how the answer is translated.
    if chosen != current:
        connection.reply = chosen.reply()
        connection.translated.add(manip)


def _unique(
    table: ConntrackTable,
    connection: ConntrackEntry,
    manip: Manip,
    current: FiveTuple,
    wanted: FiveTuple,
    ports: tuple[int, int] | None,
    random_fully: bool,
    pick_port: PickPort,
) -> FiveTuple:
    """get_unique_tuple: the packet's port where it may stay and is free, else one from the range."""

    def free(candidate: FiveTuple) -> bool:
        return not table.taken(candidate.reply(), connection)

    if not random_fully:
        # One client socket keeps one translated source towards all peers where it can (find_appropriate_src).
        if manip is Manip.SRC and wanted != current:
            mapped = _current_mapping(table, current, wanted, ports)
            if mapped is not None and free(mapped):
                return mapped
        port = wanted.sport if manip is Manip.SRC else wanted.dport
        if ports is None:
            if free(wanted):
                return wanted
        elif ports[0] <= port <= ports[1] and (ports[0] == ports[1] or free(wanted)):
            return wanted
    # A destination port is never invented: the server listens where it listens.
    if ports is None and manip is Manip.DST:
        return wanted
    low, high = ports or _default_ports(wanted.sport)
    size = high - low + 1
    candidate = current
    # A bounded number of ports is tried (NF_NAT_MAX_ATTEMPTS), so a nearly full range fails early.
    for tries in search_windows(size):
        first = pick_port(candidate, low, high) - low
        for step in range(tries):
            candidate = _replaced(wanted, manip, None, low + (first + step) % size)
            if free(candidate):
                return candidate
    return candidate


def search_windows(size: int) -> Iterator[int]:
    """How many ports in a row are tried from each random start, of a range of `size` (nf_nat_l4proto_unique_tuple): 128,
    then half as many from another start, as long as more than eight were."""
    tries = min(size, _MOST_TRIES)
    while True:
        yield tries
        if tries >= size or tries < _FEWEST_TRIES:
            return
        tries //= 2


def _current_mapping(
    table: ConntrackTable, current: FiveTuple, wanted: FiveTuple, ports: tuple[int, int] | None
) -> FiveTuple | None:
    """find_appropriate_src: the source that another connection of the same client socket already has."""
    for other in reversed(table.connections()):
        if (other.original.protocol, other.original.src, other.original.sport) == (
            current.protocol,
            current.src,
            current.sport,
        ):
            source = other.reply.reply()
            in_range = ports is None or ports[0] <= source.sport <= ports[1]
            if source.src == wanted.src and in_range:
                return dataclasses.replace(wanted, sport=source.sport)
    return None


def _default_ports(port: int) -> tuple[int, int]:
    """The range a source port may move in: it stays on its side of 512 and 1024 (nf_nat_l4proto_unique_tuple)."""
    if port < 512:
        return 1, 511
    if port < 1024:
        return 600, 1023
    return 1024, 65535


def _replaced(flow: FiveTuple, manip: Manip, address: str | None, port: int | None) -> FiveTuple:
    if manip is Manip.SRC:
        src, sport = flow.src if address is None else address, flow.sport if port is None else port
        return FiveTuple(flow.protocol, src, sport, flow.dst, flow.dport)
    dst, dport = flow.dst if address is None else address, flow.dport if port is None else port
    return FiveTuple(flow.protocol, flow.src, flow.sport, dst, dport)


def translate(skb: Skb, hook: Hook) -> tuple[Manip, FiveTuple] | None:
    """Rewrite `skb` as its connection's NAT asks for at this hook (nf_nat_packet); what was changed and the tuple
    before, or None where nothing is to be done."""
    connection = skb.connection
    manip = MANIP_AT[hook]
    if connection is None:
        return None
    # In the reply direction the source is changed at POSTROUTING because the *destination* was on the way there.
    if (_OTHER[manip] if skb.reply else manip) not in connection.translated:
        return None
    opposite = connection.original if skb.reply else connection.reply
    before = skb.flow
    if skb.error_about is not None:
        _translate_error(skb, manip, opposite)
    else:
        to_source, to_destination = (opposite.dst, opposite.dport), (opposite.src, opposite.sport)
        address, port = to_source if manip is Manip.SRC else to_destination
        skb.flow = _replaced(before, manip, address, port)
    return (manip, before) if skb.flow != before else None


def _translate_error(skb: Skb, manip: Manip, opposite: FiveTuple) -> None:
    """The quoted packet is changed the other way round, then the error's own address."""
    assert skb.error_about is not None
    inner = _OTHER[manip]
    address, port = (opposite.src, opposite.sport) if inner is Manip.SRC else (opposite.dst, opposite.dport)
    skb.error_about = _replaced(skb.error_about, inner, address, port)
    target = opposite.reply()
    skb.flow = _replaced(skb.flow, manip, target.src if manip is Manip.SRC else target.dst, None)
