"""What a connection leaves in a conntrack table, and for how long it lives on, by the sysctl that says so."""

from __future__ import annotations

import pytest

from engine.cluster import ProxyConfig
from engine.packet import L4, FiveTuple
from engine.shell.conntrack_table import lifetime
from engine.trace import ConntrackView

from .clusters import opened, run

# (protocol, state, whether it was answered, the sysctl, kube-proxy's or the kernel's seconds).
ENTRIES = [
    (L4.TCP, "ESTABLISHED", True, "tcp_timeout_established", 86400),
    (L4.TCP, "SYN_SENT", False, "tcp_timeout_syn_sent", 120),
    (L4.TCP, "SYN_RECV", True, "tcp_timeout_syn_recv", 60),
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


CURL = "kubectl exec c -- curl -s -m 1 -o /dev/null 10.244.2.8:8080"
# What is done before, and how node2's table then shows the connection of pod c to pod b: its state, and whether it is ASSURED.
LEFT = {
    "it was closed": ("true", "TIME_WAIT", True),
    "the answer has no way back": ("ip route del 10.244.1.0/24", "SYN_RECV", False),
}


@pytest.mark.parametrize(("typed", "state", "assured"), LEFT.values(), ids=LEFT)
def test_what_is_left_of_a_connection(typed: str, state: str, assured: bool) -> None:
    shell = run(opened(), "node2", typed).shell.run("", CURL).shell
    (line,) = shell.run("node2", "conntrack -L -p tcp 2>/dev/null").stdout.splitlines()
    assert line.split()[3] == state
    assert ("[ASSURED]" in line) is assured


def test_a_refused_connection_leaves_nothing() -> None:
    shell = run(opened(), "pod/c", "curl -s 10.244.2.8:81").shell
    assert shell.run("node1", "conntrack -L -p tcp 2>/dev/null").stdout == ""


# What another pod does half a minute later: no packet of it belongs to the connection.
BESIDE = {
    "it is answered": "curl -s -o /dev/null 10.244.2.8:8080",
    "it is refused": "curl -s -o /dev/null 10.244.2.8:81",
    "it is looked up": "curl -s -o /dev/null web",
}


@pytest.mark.parametrize("line", BESIDE.values(), ids=BESIDE)
def test_another_connection_renews_none_but_its_own(line: str) -> None:
    shell = run(opened(), "", CURL, "sleep 30").shell.run("pod/a", line).shell
    listed = shell.run("node2", "conntrack -L -p tcp -s 10.244.1.7 2>/dev/null").stdout.split()
    assert listed[3] == "TIME_WAIT"
    assert int(listed[2]) <= 90
