"""A host's conntrack table as conntrack(8) and a walk see it: entries run out as the kernel's time-outs say.

Sources: net/netfilter/nf_conntrack_proto_tcp.c (tcp_timeouts), nf_conntrack_proto_udp.c; what kube-proxy sets:
KubeProxyConfiguration conntrack.tcpEstablishedTimeout (24h), udpTimeout, udpStreamTimeout.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import ProxyConfig
from engine.packet import L4
from engine.trace import ConntrackView, Outcome, ReasonCode, Verdict
from engine.values import dataclass, is_decimal

# The state of an entry -> the sysctl that says for how many seconds it lives on.
_BY_STATE = {
    "ESTABLISHED": "nf_conntrack_tcp_timeout_established",
    "SYN_SENT": "nf_conntrack_tcp_timeout_syn_sent",
    "SYN_RECV": "nf_conntrack_tcp_timeout_syn_recv",
    "TIME_WAIT": "nf_conntrack_tcp_timeout_time_wait",
}
_PLAIN = {
    (L4.UDP, False): "nf_conntrack_udp_timeout",
    (L4.UDP, True): "nf_conntrack_udp_timeout_stream",
    (L4.ICMP, False): "nf_conntrack_icmp_timeout",
    (L4.ICMP, True): "nf_conntrack_icmp_timeout",
}
# nf_conntrack_tcp_timeout_close, nf_conntrack_sctp_timeout_*: of no sysctl that is shown here.
_OTHERS = 10


@dataclass(frozen=True, slots=True)
class HeldConnection:
    """An entry of a host's conntrack table: what it says, and the time of the cluster's clock at which it was last used."""

    view: ConntrackView
    used: float


def left_behind(outcome: Outcome, closed: bool) -> tuple[ConntrackView, ...]:
    """The entries of an attempt as they are afterwards; `closed`: once both ends have closed what came about. Where the answer
    got lost the handshake's last packet never came; where it came from a stranger, the client's RST did (tcp_conntracks). An
    entry whose first answer is an RST is deleted at once (nf_conntrack_tcp_packet)."""
    stranger = outcome.where is not None and outcome.where.code is ReasonCode.WRONG_REPLY_SOURCE
    if outcome.verdict is Verdict.DELIVERED:
        state = "TIME_WAIT" if closed else "ESTABLISHED"
    else:
        state = "CLOSE" if stranger else "SYN_RECV"
    kept = (view for view in outcome.conntrack if view.state != "CLOSE")
    return tuple(dataclasses.replace(v, state=state) if v.state == "ESTABLISHED" else v for v in kept)


def timeouts(proxy: ProxyConfig) -> dict[str, int]:
    """The sysctls of a node in seconds, by their names under net.netfilter, as a kube-proxy of that configuration leaves them."""
    udp, udp_stream = proxy.udp_timeouts
    return {
        "nf_conntrack_tcp_timeout_established": 86400,
        "nf_conntrack_tcp_timeout_close_wait": 3600,
        "nf_conntrack_tcp_timeout_time_wait": 120,
        "nf_conntrack_tcp_timeout_syn_sent": 120,
        "nf_conntrack_tcp_timeout_syn_recv": 60,
        "nf_conntrack_udp_timeout": udp,
        "nf_conntrack_udp_timeout_stream": udp_stream,
        "nf_conntrack_icmp_timeout": 30,
    }


def lifetime(view: ConntrackView, sysctls: Mapping[str, str], proxy: ProxyConfig) -> int:
    """Seconds that an entry lives on after its last packet; `sysctls` are those that were written on its host."""
    name = _BY_STATE.get(view.state) or _PLAIN.get((view.original.protocol, view.replied), "")
    written = sysctls.get(f"net.netfilter.{name}", "")
    return int(written) if is_decimal(written) else timeouts(proxy).get(name, _OTHERS)


def alive(
    connections: Iterable[HeldConnection], sysctls: Mapping[str, str], proxy: ProxyConfig, clock: float
) -> Iterator[tuple[HeldConnection, int]]:
    """The entries that have not run out at that time, each with the seconds that are left."""
    for held in connections:
        left = round(held.used + lifetime(held.view, sysctls, proxy) - clock)
        if left > 0:
            yield held, left
