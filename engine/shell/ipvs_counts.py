"""IPVS' connection table on a live host, told from what conntrack holds and what the host remembers of clients.

Sources: net/netfilter/ipvs/ip_vs_proto_tcp.c (set_tcp_state: ESTABLISHED is active, all other states are not; tcp_timeouts),
ip_vs_proto_udp.c (UDP has one state), ip_vs_conn.c (ip_vs_conn_seq_show).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.netfilter.virtual_service import VirtualService
from engine.packet import L4
from engine.shell.client_memory import ipvs_lifetime, timer_of
from engine.shell.conntrack_table import HeldConnection
from engine.shell.live import LiveCluster
from engine.trace import MemoryKind, Remembered


def connections(live: LiveCluster, host: str, service: VirtualService) -> Iterator[tuple[HeldConnection, str, int]]:
    """The connections by that virtual server, each with its state and the seconds that are left."""
    wanted = (service.protocol, service.address, service.port)
    for held, _ in live.connections(host):
        original, reply = held.view.original, held.view.reply
        left = round(held.used + ipvs_lifetime(held) - live.clock)
        asked = (original.protocol, original.dst, original.dport)
        if asked == wanted and left > 0 and (reply.src, reply.sport) in service.servers:
            yield held, "UDP" if service.protocol is L4.UDP else held.view.state, left


def counts(live: LiveCluster, host: str, service: VirtualService, server: tuple[str, int]) -> tuple[int, int]:
    """(active, inactive) connections of `server` by that virtual server."""
    states = [
        state
        for held, state, _ in connections(live, host, service)
        if (held.view.reply.src, held.view.reply.sport) == server
    ]
    active = states.count("ESTABLISHED")
    return active, len(states) - active


def templates(live: LiveCluster, host: str, service: VirtualService) -> Iterator[tuple[Remembered, int]]:
    """The persistence templates of a virtual server, each with the seconds that are left."""
    for one in live.remembered(host):
        if one.kind is MemoryKind.TEMPLATE and one.name == service.memory_name:
            yield one, round(timer_of(one, live.clock) - live.clock)
