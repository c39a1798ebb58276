"""Whether a line asks what a piece of evidence is, however it is typed."""

from __future__ import annotations

import pytest

from engine.faults.evidence import asks_as, commands_of
from engine.faults.interface import ToolEvidence

ASKS = {
    "itself": ("node1", "ip route", "node1", "ip route", True),
    "shorter": ("node1", "ip route", "node1", "ip r", True),
    "with options": ("node1", "ip route", "node1", "ip -4 -d r show", True),
    "another object": ("node1", "ip route", "node1", "ip addr", False),
    "another host": ("node1", "ip route", "node2", "ip route", False),
    "by ssh": ("node1", "ip route", "", "ssh root@node1 'ip r | head'", True),
    "by ssh elsewhere": ("node1", "ip route", "node1", "ssh node2 ip r", False),
    "by ssh in a loop": ("node1", "ip route", "", "for h in node1 node2; do ssh $h ip r; done", True),
    "with rights": ("node1", "iptables -S FORWARD", "node1", "sudo iptables -nvL FORWARD | less", True),
    "again and again": ("node1", "ip route", "node1", "watch -n1 ip r", True),
    "in a list": ("node1", "sysctl net.ipv4.ip_forward", "node1", "date; sysctl -a | grep ip_forward", True),
    "kubectl's": ("", "kubectl get endpoints web", "node1", "k get ep -A", True),
    "kubectl's of a namespace": ("", "kubectl get pods", "", "kubectl -n kube-system get po", True),
    "kubectl's of other kinds": ("", "kubectl get endpoints web", "", "kubectl get nodes -o wide", False),
    "kubectl's of several kinds": ("", "kubectl get endpoints web", "", "kubectl get svc,ep -n default", True),
    "kubectl's of slices": ("", "kubectl get endpoints web", "", "kubectl get endpointslices -l app=web", True),
    "kubectl's by kind and name": (
        "",
        "kubectl describe netpol egress",
        "",
        "kubectl describe -n default networkpolicy/egress",
        True,
    ),
    "kubectl's of everything": ("", "kubectl get svc web", "", "kubectl get all", True),
    "kubectl's other verbs": ("", "kubectl exec a -- curl -m 3 web", "", "kubectl exec b -- curl web", True),
    "another verb": ("", "kubectl get svc web", "", "kubectl describe svc web", False),
    "a file": ("node1", "cat /proc/sys/net/ipv4/ip_forward", "node1", "cat /proc/sys/net/ipv4/ip_forward", True),
    "another file": ("node1", "cat /proc/sys/net/ipv4/ip_forward", "node1", "cat /etc/hosts", False),
}


@pytest.mark.parametrize(("at", "wanted", "host", "line", "asks"), ASKS.values(), ids=ASKS)
def test_a_line(at: str, wanted: str, host: str, line: str, asks: bool) -> None:
    one = ToolEvidence(at, wanted, "")
    assert any(asks_as(one, *each) for each in commands_of(host, line)) is asks
