"""A host's conntrack table as conntrack(8) and a walk see it: entries run out as the kernel's time-outs say.

Sources: net/netfilter/nf_conntrack_proto_tcp.c (tcp_timeouts), nf_conntrack_proto_udp.c; what kube-proxy sets:
KubeProxyConfiguration conntrack.tcpEstablishedTimeout (24h).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.packet import L4
from engine.shell import sysctls

if TYPE_CHECKING:
    from engine.shell.live import HeldConnection, LiveCluster

# The state of an entry -> the sysctl that says for how many seconds it lives on, and what it is on a host that is no node.
_LIVES = {
    "ESTABLISHED": ("nf_conntrack_tcp_timeout_established", 432000),
    "SYN_SENT": ("nf_conntrack_tcp_timeout_syn_sent", 120),
    "TIME_WAIT": ("nf_conntrack_tcp_timeout_time_wait", 120),
}
_PLAIN = {
    (L4.UDP, False): ("nf_conntrack_udp_timeout", 30),
    (L4.UDP, True): ("nf_conntrack_udp_timeout_stream", 120),
    (L4.ICMP, False): ("nf_conntrack_icmp_timeout", 30),
    (L4.ICMP, True): ("nf_conntrack_icmp_timeout", 30),
}
# nf_conntrack_tcp_timeout_close, nf_conntrack_sctp_timeout_*: of no sysctl that is shown here.
_OTHERS = ("", 10)


def lifetime(live: LiveCluster, host: str, held: HeldConnection) -> int:
    """Seconds that an entry lives on after its last packet: as the host's sysctl says, where that can be read."""
    view = held.view
    name, usual = _LIVES.get(view.state) or _PLAIN.get((view.original.protocol, view.replied), _OTHERS)
    # Not sysctls.read(): that asks for the host, which is made of these entries.
    own = live.state(host).sysctls.get(f"net.netfilter.{name}")
    node = host in {one.name for one in live.cluster.nodes}
    said = own or (sysctls.NODE_DEFAULTS.get(f"net.netfilter.{name}") if node else None)
    return int(said) if said is not None and said.isdigit() else usual


def entries(live: LiveCluster, host: str) -> Iterator[tuple[HeldConnection, int]]:
    """The entries that have not run out, each with the seconds that are left."""
    for held in live.state(host).connections:
        left = round(held.used + lifetime(live, host, held) - live.clock)
        if left > 0:
            yield held, left
