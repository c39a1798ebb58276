"""tcpdump on a live cluster: which device sees which addresses, and what a filter lets through."""

from __future__ import annotations

import pytest

from engine.packet import L4, FiveTuple
from engine.shell.pcap_filter import BadFilter, read_filter

from .clusters import opened, run

SENT = "kubectl exec c -- curl -s -o /dev/null 10.244.2.8:8080"
SEEN = {
    "the pod's port, before NAT": ("node1", "veth95fe02fe", "", "kubectl exec c -- curl -s -m1 -o /dev/null 10.96.0.10", "10.96.0.10.80: Flags [S]"),
    "the bridge, after DNAT": ("node1", "cni0", "", "kubectl exec c -- curl -s -m1 -o /dev/null 10.96.0.10", ".8080: Flags [S]"),
    "the tunnel's inner packet": ("node1", "flannel.1", "", SENT, "> 10.244.2.8.8080: Flags [S]"),
    "the card's outer packet": ("node1", "eth0", "udp port 8472", SENT, "192.168.1.12.8472: OTV, flags [I] (0x08), overlay 0, instance 1"),
    "what is inside, on the next line": ("node1", "eth0", "udp port 8472", SENT, "IP 10.244.1.7.34457 > 10.244.2.8.8080: Flags [S]"),
    "the other node": ("node2", "eth0", "", SENT, "192.168.1.12.8472: OTV"),
    "an answer": ("node1", "flannel.1", "src host 10.244.2.8", SENT, "IP 10.244.2.8.8080 > 10.244.1.7.34457: Flags [S.]"),
    "the MSS that the pod's device allows": ("node1", "eth0", "", SENT, "options [mss 1410,"),
    "a reset": ("node1", "flannel.1", "", "kubectl exec c -- curl -s 10.244.2.8:99", "Flags [R.]"),
    "all devices are named": ("node1", "any", "", SENT, "flannel.1 Out IP 10.244.1.7.34457"),
    "an echo": ("node1", "flannel.1", "icmp", "kubectl exec c -- ping -c 1 10.244.2.8", "IP 10.244.1.7 > 10.244.2.8: ICMP echo request, id 1, seq 1, length 64"),
}  # fmt: skip


@pytest.mark.parametrize(("host", "device", "words", "sends", "line"), SEEN.values(), ids=SEEN)
def test_seen(host: str, device: str, words: str, sends: str, line: str) -> None:
    words = "" if words == "" else words
    shell = run(opened(), host, f"tcpdump -ni {device} {words} &").shell
    assert line in shell.run("", sends).shown


@pytest.mark.parametrize(("mtu", "told"), [(1500, "mss 1460,"), (1400, "mss 1360,")])
def test_the_mss_follows_the_pods_mtu(mtu: int, told: str) -> None:
    shell = run(opened(pod_mtu=mtu), "node1", "tcpdump -ni cni0 &").shell
    assert shell.run("", SENT).shown.count(told) == 2


def test_a_full_segment_that_nobody_acknowledges_is_sent_again() -> None:
    shell = run(opened(underlay_mtu=1400), "node1", "tcpdump -ni eth0 &").shell
    shown = shell.run("", "kubectl exec c -- curl -m 3 -d @/proc/net/dev 10.244.2.8:8080").shown
    assert "length 1398" not in shown, "a small one is carried"
    shown = shell.run("", "seq 2000 | kubectl exec -i c -- curl -m 3 -d @- 10.244.2.8:8080").shown
    assert shown.count("Flags [.], seq 1:1399, ack 1, win 502") == 5
    assert "curl: (28) Operation timed out after 3001 milliseconds with 0 bytes received" in shown


def test_what_is_lost_on_the_wire_the_other_node_does_not_see() -> None:
    shell = run(opened(underlay_mtu=1400), "node2", "tcpdump -ni eth0 &").shell
    shown = shell.run("", "seq 2000 | kubectl exec -i c -- curl -m 3 -d @- 10.244.2.8:8080").shown
    assert "Flags [S.]" in shown
    assert "length 1398" not in shown


def test_an_upload_is_cut_into_segments() -> None:
    shell = run(opened(), "node2", "tcpdump -ni cni0 &").shell
    shown = shell.run("", "head -c 2k /dev/zero | kubectl exec -i c -- curl -T - 10.244.2.8:8080").shown
    assert "Flags [.], seq 1:1399, ack 1" in shown
    assert "Flags [P.], seq 1399:2199, ack 1, win 502" in shown
    assert "Flags [.], ack 2199, win 509" in shown


def test_an_error_inside_a_tunnel_is_one() -> None:
    shell = run(opened(), "node1", "tcpdump -ni eth0 &").shell
    assert (
        "ICMP 10.244.2.8 udp port 99 unreachable" in shell.run("", "kubectl exec c -- nc -zuv -w 1 10.244.2.8 99").shown
    )


def test_where_a_packet_is_gone_nothing_is_seen_behind() -> None:
    shell = run(opened(), "node1", "sysctl -w net.ipv4.ip_forward=0", "tcpdump -ni any &").shell
    shown = shell.run("", "kubectl exec c -- curl -s -m 4 10.244.2.8:8080").shown
    assert shown.count("veth95fe02fe P   IP") == 3, "a SYN and its retries within four seconds"
    assert "flannel.1" not in shown


def test_a_count_ends_it_and_so_does_kill() -> None:
    counted = run(opened(), "node1", "tcpdump -ni any -c 2 &").shell.run("", SENT)
    assert counted.stderr.endswith("2 packets captured\n")
    assert not counted.shell.live.captures
    killed = run(opened(), "node1", "tcpdump -ni any &", "kill %1")
    assert killed.stderr == "\n0 packets captured\n"
    assert run(killed.shell, "", SENT).stderr == ""


def test_in_front_of_nothing() -> None:
    reply = run(opened(), "node1", "tcpdump -ni eth0")
    assert "nothing was sent meanwhile" in reply.stderr


FLOW = FiveTuple(L4.TCP, "10.0.0.1", 40000, "10.0.0.2", 80)
FILTERS = {
    "": True,
    "port 80": True,
    "port 81": False,
    "dst port 80": True,
    "src port 80": False,
    "tcp port 80": True,
    "udp port 80": False,
    "host 10.0.0.1": True,
    "src host 10.0.0.2": False,
    "10.0.0.2": True,
    "net 10.0.0.0/8": True,
    "dst net 10.1.0.0/16": False,
    "host 10.0.0.1 and port 80": True,
    "host 10.0.0.9 or port 80": True,
    "not port 80": False,
    "! port 81 && tcp": True,
    "(port 81 or port 80) and not udp": True,
    "icmp": False,
    "ip": True,
    "ip6": False,
}


@pytest.mark.parametrize(("words", "fits"), FILTERS.items(), ids=str)
def test_filters(words: str, fits: bool) -> None:
    assert read_filter(words.split())(FLOW) is fits


@pytest.mark.parametrize("words", ["port x", "host nobody", "(port 80", "port", "and", "net 10", "port 80 )"])
def test_bad_filters(words: str) -> None:
    with pytest.raises(BadFilter, match="^tcpdump: "):
        read_filter(words.split())
