"""A look-up as packet sockets see it: every query of the search list with its answer, in tcpdump's words."""

from __future__ import annotations

import re

import pytest

from engine.cluster import Mode
from engine.dns import DNSQuery
from engine.dns.zone import NOERROR, NXDOMAIN, ZoneAnswer
from engine.faults.scene import draw_scene
from engine.shell import Shell
from engine.shell.dns_packets import texts
from engine.shell.live import LiveCluster

WEB, DNS = "web.default.svc.cluster.local", "10.96.0.10"
# What is asked, what it is answered; what tcpdump says of both after the number.
SAID = {
    "a ClusterIP": ("A", WEB, ZoneAnswer(NOERROR, ((WEB, "A", "10.96.7.7"),)), f"A? {WEB}. (47)", "*- 1/0/0 A 10.96.7.7 (92)"),
    "no such type": ("AAAA", WEB, ZoneAnswer(NOERROR), f"AAAA? {WEB}. (47)", "*- 0/1/0 (140)"),
    # CoreDNS' denial of this name has 173 bytes on real clusters.
    "no such name": ("A", f"kubernetes.default.svc.cluster.local.{WEB[4:]}", ZoneAnswer(NXDOMAIN), f"A? kubernetes.default.svc.cluster.local.{WEB[4:]}. (80)", " NXDomain*- 0/1/0 (173)"),
    "two addresses": ("A", WEB, ZoneAnswer(NOERROR, ((WEB, "A", "10.0.0.1"), (WEB, "A", "10.0.0.2"))), f"A? {WEB}. (47)", "*- 2/0/0 A 10.0.0.1, A 10.0.0.2 (137)"),
    "a name of the world": ("A", "example.org", ZoneAnswer(NXDOMAIN), "A? example.org. (29)", " NXDomain 0/0/0 (29)"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_what_tcpdump_says(name: str) -> None:
    kind, asked, answer, query, told = SAID[name]
    found = texts(DNSQuery(DNS, asked, kind, answer.rcode, len(answer.records)), answer)
    assert [re.sub(r"^\d+\+? ?(?=A)|^\d+", "", text) for text in found] == [query, told]


def rows(device_line: str, line: str) -> list[str]:
    scene = draw_scene("look-ups", "flannel/vxlan", Mode.IPTABLES, 2)
    live = LiveCluster(scene.cluster, Mode.IPTABLES, None, 1)
    pod = next(one.host for key, one in live.fabric.address_index.by_key.items() if "coredns" not in key)
    shown = Shell(live).run(pod, f"{device_line} &").shell.run(pod, line).stderr
    return [re.sub(r".*\.53: \d+\+ |.*: \d+(?=[ *])", "", row) for row in shown.splitlines() if " IP " in row]


def test_both_families_of_a_name_leave_together() -> None:
    found = rows("tcpdump -ni eth0 port 53", "getent ahosts kube-dns.kube-system")
    searched = ("default.svc.cluster.local", "svc.cluster.local")
    asked = [f"{kind}? kube-dns.kube-system.{domain}." for domain in searched for kind in ("A", "AAAA")]
    assert [row.rpartition(" (")[0] for row in found if "?" in row] == asked
    assert [row.partition(" (")[0].strip() for row in found if "?" not in row] == [
        "NXDomain*- 0/1/0", "NXDomain*- 0/1/0", "*- 1/0/0 A 10.96.0.10", "*- 0/1/0",
    ]  # fmt: skip


def test_getent_hosts_asks_for_ipv6_first() -> None:
    asked = [
        row.split()[0] for row in rows("tcpdump -ni eth0 port 53", "getent hosts kube-dns.kube-system") if "?" in row
    ]
    assert asked == ["AAAA?"] * 4 + ["A?"] * 2
