"""For how long an entry lives on, by the sysctl that says so."""

from __future__ import annotations

import pytest

from engine.cluster import ProxyConfig
from engine.packet import L4, FiveTuple
from engine.shell.conntrack_table import lifetime
from engine.trace import ConntrackView

# (protocol, state, whether it was answered, the sysctl, kube-proxy's or the kernel's seconds).
ENTRIES = [
    (L4.TCP, "ESTABLISHED", True, "tcp_timeout_established", 86400),
    (L4.TCP, "SYN_SENT", False, "tcp_timeout_syn_sent", 120),
    (L4.TCP, "TIME_WAIT", True, "tcp_timeout_time_wait", 120),
    (L4.UDP, "", False, "udp_timeout", 30),
    (L4.UDP, "", True, "udp_timeout_stream", 120),
    (L4.ICMP, "", False, "icmp_timeout", 30),
    (L4.ICMP, "", True, "icmp_timeout", 30),
]


@pytest.mark.parametrize(("protocol", "state", "replied", "sysctl", "seconds"), ENTRIES)
def test_a_lifetime(protocol: L4, state: str, replied: bool, sysctl: str, seconds: int) -> None:
    flow = FiveTuple(protocol, "10.244.1.5", 40001, "10.96.0.10", 80)
    view = ConntrackView("node1", flow, flow.reply(), state, replied)
    assert lifetime(view, {}, ProxyConfig()) == seconds
    assert lifetime(view, {f"net.netfilter.nf_conntrack_{sysctl}": "7"}, ProxyConfig()) == 7
