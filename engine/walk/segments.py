"""How large the segments of a TCP connection may be: what each side announces, what rules make of it, what is tried in the end.

Sources: net/ipv4/tcp_output.c (tcp_advertise_mss, tcp_mtu_probing), tcp_timer.c (tcp_mtu_probing), ip-sysctl.rst
(tcp_base_mss: 1024).
"""

from __future__ import annotations

from engine.netfilter.parts.segment_size import HEADERS
from engine.network.host import Host
from engine.packet import L4, FiveTuple, is_ipv6
from engine.walk.state import Arrived, WalkState
from engine.words import endings

# net.ipv4.tcp_base_mss counts what is carried: the timestamps are added to the header (tcp_mss_to_mtu).
_BASE_MSS, _TIMESTAMPS = 1024, 12


def announced(state: WalkState, host: Host, flow: FiveTuple) -> int:
    """The MSS that `host` announces when it sends `flow`: what its device towards there carries; 0 where nobody asks, for a
    size or by a packet socket."""
    if not state.resolved.size and state.taps is None:
        return 0
    route = host.lookup(flow.dst, flow.src)
    if flow.protocol is not L4.TCP or route is None or route.device not in host.devices:
        return 0
    return host.devices[route.device].mtu - HEADERS[is_ipv6(flow.dst)]


def within_segments(state: WalkState, client: Host, flow: FiveTuple, told: int, back: Arrived) -> int:
    """The size that was asked for, or what is left of it of TCP: no segment is longer than what the server announced (`told`,
    or less where a rule on the way changed the SYN/ACK), nor than the client's own device carries."""
    size, heard = state.resolved.size, back.skb.segment_size
    if not heard:
        return size
    headers = HEADERS[is_ipv6(flow.dst)]
    own = min(announced(state, client, flow), state.path_mtu_of(client, flow.dst) - headers)
    largest = min(heard, own) + headers
    if largest >= size:
        return size
    clamped = heard < min(told, own)
    state.assume((endings.clamped if clamped else endings.segmented)(client.name, largest - headers, largest))
    return largest


def probe_size(state: WalkState, flow: FiveTuple) -> int:
    """The packet that TCP goes down to where larger ones get lost and nobody says why; 0 where it does not
    (tcp_mtu_probing)."""
    if flow.protocol is not L4.TCP or not state.fabric.cluster.network.tcp_mtu_probing:
        return 0
    return _BASE_MSS + _TIMESTAMPS + HEADERS[is_ipv6(flow.dst)]
