"""What ip(8) and bridge(8) show of neighbours that ARP found, or asked for in vain, and of the ports they stand behind.

Each row was seen on Linux 6.18 in the lab (`k8squiz lab verify --shell`: ip neigh, learned; bridge fdb, learned).
"""

from __future__ import annotations

import re

import pytest

from engine.shell import Reply

from .clusters import opened, run

ABSENT = "ping -c 1 -W 1 10.244.1.77"
# Who types what, and what a line on a host shows then, MAC addresses apart.
SHOWN = {
    "before anybody spoke": ((), "node1", "ip neigh show dev cni0", ""),
    "who is asked answers": ((("node1", "ping -c 1 10.244.1.5"),), "node1", "ip neigh show dev cni0", "10.244.1.5 lladdr MAC REACHABLE \n"),
    "and learns who asks": ((("node1", "ping -c 1 10.244.1.5"),), "pod/a", "ip neigh", "10.244.1.1 dev eth0 lladdr MAC DELAY \n"),
    "then makes sure": ((("node1", "ping -c 1 10.244.1.5"), ("node1", "sleep 6")), "pod/a", "ip neigh", "10.244.1.1 dev eth0 lladdr MAC REACHABLE \n"),
    "until nobody speaks": ((("node1", "ping -c 1 10.244.1.5"), ("node1", "sleep 90")), "pod/a", "ip neigh", "10.244.1.1 dev eth0 lladdr MAC STALE \n"),
    "in vain": ((("node1", ABSENT),), "node1", "ip neigh show dev cni0", "10.244.1.77 INCOMPLETE \n"),
    "in vain three times": ((("node1", ABSENT), ("node1", "sleep 3")), "node1", "ip neigh show dev cni0", "10.244.1.77 FAILED \n"),
    "one that is kept": ((("node1", ABSENT), ("node1", "sleep 900")), "node1", "ip neigh show nud failed", "10.244.1.77 dev cni0 FAILED \n"),
    "one that is flushed": ((("node1", ABSENT), ("node1", "ip neigh flush dev cni0")), "node1", "ip neigh show dev cni0", ""),
    "one that is deleted": ((("node1", ABSENT), ("node1", "ip neigh del 10.244.1.77 dev cni0")), "node1", "ip neigh show dev cni0", ""),
    "a device goes down": ((("node1", "ping -c 1 10.244.1.5"), ("node1", "ip link set cni0 down")), "node1", "ip neigh show dev cni0", ""),
    "what a plugin wrote stays": ((("node1", "ip neigh flush all"),), "node1", "ip neigh", "10.244.2.0 dev flannel.1 lladdr MAC PERMANENT \n"),
    "the other node": ((("pod/a", "ping -c 1 10.244.2.8"),), "node1", "ip neigh show to 192.168.1.0/24", "192.168.1.12 dev eth0 lladdr MAC REACHABLE \n"),
    "no port has heard anybody": ((), "node1", "bridge fdb show br cni0 | grep -v permanent", ""),
    "a port has": ((("pod/a", "ping -c 1 10.244.2.8"),), "node1", "bridge fdb show br cni0 | grep -v permanent", "MAC dev veth9efb3611 master cni0 \n"),
    "and forgets it": ((("pod/a", "ping -c 1 10.244.2.8"), ("node1", "sleep 301")), "node1", "bridge fdb show br cni0 | grep -v permanent", ""),
}  # fmt: skip


def typed(*lines: tuple[str, str]) -> Reply:
    """The reply to the last of the lines, each on its host."""
    shell = opened()
    for host, line in lines[:-1]:
        shell = run(shell, host, line).shell
    return run(shell, *lines[-1])


@pytest.mark.parametrize(("before", "host", "line", "shown"), SHOWN.values(), ids=SHOWN)
def test_shown(before: tuple[tuple[str, str], ...], host: str, line: str, shown: str) -> None:
    reply = typed(*before, (host, line))
    assert re.sub(r"(?:[0-9a-f]{2}:){5}[0-9a-f]{2}", "MAC", reply.stdout) == shown


REFUSED = {
    "an entry is there, in vain": ((("node1", "ip neigh del 10.244.2.0 dev flannel.1"), ("node1", "ping -c 1 -W 1 10.244.2.0")), "ip neigh add 10.244.2.0 lladdr 0a:e2:47:18:90:48 dev flannel.1 nud permanent", "RTNETLINK answers: File exists"),
    "none to change": ((("node1", "ip neigh del 10.244.2.0 dev flannel.1"),), "ip neigh change 10.244.2.0 lladdr 0a:e2:47:18:90:48 dev flannel.1", "RTNETLINK answers: No such file or directory"),
    "none to delete": ((), "ip neigh del 10.244.1.77 dev cni0", "RTNETLINK answers: No such file or directory"),
    "flush what": ((), "ip neigh flush", "Flush requires arguments."),
    "no state": ((), "ip neigh show nud there", 'Error: argument "there" is wrong: nud state is bad'),
    "an end": ((), "ip neigh show dev", 'Command line is not complete. Try option "help"'),
}  # fmt: skip


@pytest.mark.parametrize(("before", "line", "told"), REFUSED.values(), ids=REFUSED)
def test_refused(before: tuple[tuple[str, str], ...], line: str, told: str) -> None:
    reply = typed(*before, ("node1", line))
    assert (reply.stdout, reply.stderr.strip()) == ("", told)
    assert reply.status
