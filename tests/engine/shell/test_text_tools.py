"""The tools that read lines, on what `ip` and files print."""

from __future__ import annotations

import pytest

from .clusters import opened, run

TOLD = {
    "grep": ("ip r | grep cni0", "10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1 \n", 0),
    "grep without a hit": ("ip r | grep nothing", "", 1),
    "grep counts": ("ip r | grep -c dev", "4\n", 0),
    "grep numbers": ("ip r | grep -n cni0 | awk '{print $1}'", "2:10.244.1.0/24\n", 0),
    "grep the rest": ("ip r | grep -v dev", "", 1),
    "grep a part": ("ip r | grep -o 'src [0-9.]*'", "src 10.244.1.1\nsrc 192.168.1.11\n", 0),
    "grep either": ("ip r | grep -Ec 'cni0|eth0'", "3\n", 0),
    "grep either, basic": ("ip r | grep -c 'cni0\\|eth0'", "3\n", 0),
    "grep any of two": ("ip r | grep -c -e cni0 -e eth0", "3\n", 0),
    "grep any of two, joined": ("ip r | grep -ice CNI0 -eeth0", "3\n", 0),
    "grep plain text": ("ip r | grep -Fc '.0/24 '", "3\n", 0),
    "grep whole words": ("ip r | grep -wc 10.244.1.1", "1\n", 0),
    "grep around": ("ip a | grep -A1 cni0: | wc -l", "2\n", 0),
    "grep runs away": ("ip r | grep -E '(a+)+b'", "", 2),
    "grep a bad pattern": ("ip r | grep -E '('", "", 2),
    "wc": ("ip r | wc -l", "4\n", 0),
    "wc of all": ("ip r | wc", "      4      31     225\n", 0),
    "head": ("ip r | head -1", "default via 192.168.1.1 dev eth0 proto dhcp \n", 0),
    "head by bytes": ("ip r | head -c 7", "default", 0),
    "tail by bytes": ("ip r | tail -c 5", ".11 \n", 0),
    "head of nothing but zeros": ("head -c 2k /dev/zero | wc -c", "2048\n", 0),
    "head by no number": ("ip r | head -c x", "", 1),
    "head by n": ("ip r | head -n 1 | wc -l", "1\n", 0),
    "tail": ("ip r | tail -1", "192.168.1.0/24 dev eth0 proto kernel scope link src 192.168.1.11 \n", 0),
    "tail from a line": ("ip r | tail -n +4 | wc -l", "1\n", 0),
    "sort": ("ls /sys/class/net | sort -r | head -1", "veth9efb3611\n", 0),
    "sort by number": ("ip a | grep -o 'mtu [0-9]*' | sort -n -k 2 | head -1", "mtu 1450\n", 0),
    "sort by a column": ("ip -br a | sort -k 3 | awk '{print $1}' | head -3", "veth95fe02fe@if2\nveth9efb3611@if2\nflannel.1\n", 0),
    "uniq": ("ip r | awk '{print $4}' | sort | uniq -c", "      2 dev\n      2 proto\n", 0),
    "awk a column": ("ip -br a | awk '{print $1}' | tail -1", "veth95fe02fe@if2\n", 0),
    "awk with text": ("ip r | awk '/cni0/ {print $1, \"by\", $3}'", "10.244.1.0/24 by cni0\n", 0),
    "awk the last": ("ip r | awk '/cni0/ {print $NF}'", "10.244.1.1\n", 0),
    "awk a line": ("ip r | awk 'NR==2 {print NF}'", "9\n", 0),
    "awk more": ("ip r | awk 'BEGIN {x=1} END {print x, NR}'", "1 4\n", 0),
    "awk too much": ("ip r | awk 'BEGIN {getline}'", "", 2),
    "sysctl": ("sysctl net.ipv4.ip_forward", "net.ipv4.ip_forward = 1\n", 0),
    "sysctl of a device with a dot": ("sysctl net.ipv4.conf.flannel/1.rp_filter", "net.ipv4.conf.flannel/1.rp_filter = 0\n", 0),
    "sysctl written": ("sysctl -w net.ipv4.ip_forward=0", "net.ipv4.ip_forward = 0\n", 0),
    "sysctl with a bad value": ("sysctl -w net.ipv4.ip_forward=x", "", 1),
    "sysctl by pattern": ("sysctl -a -r bridge-nf | head -1", "net.bridge.bridge-nf-call-ip6tables = 1\n", 0),
    "ls": ("ls /sys/class/net | head -2", "cni0\neth0\n", 0),
    "ls nothing": ("ls /nothing", "", 2),
    "bridge ports": ("bridge link | wc -l", "2\n", 0),
    "a peer in other digits": ("bridge fdb append 0a:e2:47:18:90:48 dev flannel.1 dst 192.1节68.1.12", "", 1),
    "a peer of the other family": ("bridge fdb append 0a:e2:47:18:90:48 dev flannel.1 dst fd00::1", "", 2),
    "no peer": ("bridge fdb append 0a:e2:47:18:90:48 dev flannel.1", "", 1),
    "bridge entries": ("bridge fdb show dev flannel.1", "0a:e2:47:18:90:48 dst 192.168.1.12 self permanent\n", 0),
}  # fmt: skip


@pytest.mark.parametrize(("line", "stdout", "status"), TOLD.values(), ids=TOLD)
def test_a_line(line: str, stdout: str, status: int) -> None:
    reply = run(opened(), "node1", line)
    assert (reply.stdout, reply.status) == (stdout, status)
    assert (reply.stderr == "") == (status < 2 and (status == 0 or "grep" in line)), reply.stderr


CHANGED = {
    "hairpin mode": (("bridge link set dev veth9efb3611 hairpin off",), "bridge -d link show dev veth9efb3611 | grep -c 'hairpin off'", "1\n"),
    "an entry is gone": (("bridge fdb del 0a:e2:47:18:90:48 dev flannel.1 dst 192.168.1.12",), "bridge fdb show dev flannel.1", ""),
    "and is back": (
        ("bridge fdb del 0a:e2:47:18:90:48 dev flannel.1 dst 192.168.1.12", "bridge fdb append 0a:e2:47:18:90:48 dev flannel.1 dst 192.168.1.12"),
        "bridge fdb show dev flannel.1", "0a:e2:47:18:90:48 dst 192.168.1.12 self permanent\n"),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "asked", "told"), CHANGED.values(), ids=CHANGED)
def test_changed(lines: tuple[str, ...], asked: str, told: str) -> None:
    assert run(opened(), "node1", *lines, asked).stdout == told
