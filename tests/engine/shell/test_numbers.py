"""Digits that int() does not read, or that it alone reads: a tool says that they are no number."""

from __future__ import annotations

import pytest

from .clusters import opened

LINES = (
    "ping -c {} 10.244.2.8", "ping -s {} 10.244.2.8", "curl -m {} 10.96.0.10", "curl 10.96.0.10:{}", "nc -zv 10.96.0.10 {}", "nc -w {} -zv 10.96.0.10 80",
    "head -n {} /etc/hosts", "tail -n +{} /etc/hosts", "grep -A {} a /etc/hosts", "grep -C{} a /etc/hosts", "iptables -I FORWARD {} -j ACCEPT", "iptables -D FORWARD {}",
    "iptables -S FORWARD {}", "iptables -L FORWARD {}", "iptables -I FORWARD -p tcp --dport {} -j ACCEPT", "iptables -I FORWARD -m mark --mark {} -j ACCEPT", "ip link set eth0 mtu {}", "ip addr add 10.0.0.1/{} dev eth0",
    "ip route add 10.9.0.0/{} via 192.168.1.12", "sysctl -w net.ipv4.ip_forward={}", "sysctl -w net.netfilter.nf_conntrack_max={}", "echo {} > /sys/class/net/eth0/mtu",
    "tcpdump -ni any -c {} &", "tcpdump -ni any port {}",
)  # fmt: skip


@pytest.mark.parametrize("number", ["²", "٣", "１２", "1_0"])
@pytest.mark.parametrize("line", LINES)
def test_what_is_no_number(line: str, number: str) -> None:
    reply = opened().run("node1", line.replace("{}", number))
    assert reply.status != 0
    assert reply.stderr
