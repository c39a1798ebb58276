"""ActiveConn and InActConn of a real server, counted from the node's connections.

Source: net/netfilter/ipvs/ip_vs_proto_tcp.c (set_tcp_state: ESTABLISHED is active, all other states are not).
"""

from __future__ import annotations

from engine.netfilter.virtual_service import VirtualService
from engine.shell.live import LiveCluster


def counts(live: LiveCluster, host: str, service: VirtualService, server: tuple[str, int]) -> tuple[int, int]:
    """(active, inactive) connections of `server` by that virtual server."""
    active = inactive = 0
    for held, _ in live.connections(host):
        original, reply = held.view.original, held.view.reply
        wanted = (service.protocol, service.address, service.port)
        if (original.protocol, original.dst, original.dport) == wanted and (reply.src, reply.sport) == server:
            active += held.view.state == "ESTABLISHED"
            inactive += held.view.state != "ESTABLISHED"
    return active, inactive
