"""sessionAffinity: a client stays with its endpoint as long as the kernel remembers it, and the tools show what it remembers.

What is expected was seen on Linux 6.18 (iptables 1.8.9, nft 1.0.6) and 6.1 (ipvsadm 1.31).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from engine import Request, outcomes
from engine.shell import Shell
from engine.trace import MemoryKind

from .clusters import PODS, run, sticky

MODES = ("iptables", "nftables", "ipvs")
CALL = "curl -s 10.96.0.10 | grep server"
ADDRESSES = {name: ip for name, _, _, ip in PODS}


def servers(shell: Shell, host: str, lines: Iterable[str]) -> list[str]:
    """Which pod answers each of the calls."""
    found = []
    for line in lines:
        reply = shell.run(host, line)
        shell = reply.shell
        found += re.findall(r"server: (\w+)", reply.stdout)
    return found


def pinned(mode: str, seconds: int = 60) -> Shell:
    """After one call of pod c."""
    return sticky(mode, seconds).run("pod/c", CALL).shell


@pytest.mark.parametrize("mode", MODES)
def test_a_client_stays(mode: str) -> None:
    assert len(set(servers(sticky(mode), "pod/c", [CALL] * 12))) == 1


# What happens after the first of two hundred calls' pairs, and whether the client may move then.
HAPPENS: dict[str, tuple[str, str, str, bool]] = {
    "nothing": ("all", "node1", "true", False),
    "within its time": ("all", "node1", "sleep 50", False),
    "after its time": ("iptables nftables", "node1", "sleep 61", True),
    # The connection is in IPVS' table for two minutes: the template's timer is put off by one, and one more.
    "after its time, put off": ("ipvs", "node1", "sleep 61", False),
    "when both timers have run out": ("ipvs", "node1", "sleep 181", True),
    "conntrack knows nothing of it": ("all", "node1", "conntrack -F", False),
    "kube-proxy was restarted": ("all", "node1", "systemctl restart kube-proxy", False),
    "a Service was changed": ("all", "", "kubectl label service web a=b", False),
    "the rules were saved and restored": ("iptables", "node1", "iptables-save | iptables-restore", False),
    "the nat table was empty for a moment": ("iptables", "node1", "iptables -t nat -F; systemctl restart kube-proxy", True),
    "the lists were emptied": ("iptables", "node1", "for f in /proc/net/xt_recent/*; do echo / > $f; done", True),
    "the address was taken out": ("iptables", "node1", "for f in /proc/net/xt_recent/*; do echo -10.244.1.7 > $f; done", True),
    "another address was taken out": ("iptables", "node1", "for f in /proc/net/xt_recent/*; do echo -10.244.1.8 > $f; done", False),
    "all of nft's was flushed": ("nftables", "node1", "nft flush ruleset; systemctl restart kube-proxy", True),
    "the table's rules were flushed": ("nftables", "node1", "nft flush table ip kube-proxy; systemctl restart kube-proxy", False),
    "the sets were flushed": ("nftables", "node1", "for s in $(nft list ruleset | grep 'set affinity' | awk '{print $2}'); do nft flush set ip kube-proxy $s; done", True),
    "affinity was off for a moment": ("iptables nftables", "", """kubectl patch service web -p '{"spec":{"sessionAffinity":"None"}}'; kubectl patch service web -p '{"spec":{"sessionAffinity":"ClientIP"}}'""", True),
    # Its virtual server was edited (ipvsadm -E), and templates stay in the table of connections.
    "affinity was off for a moment in ipvs mode": ("ipvs", "", """kubectl patch service web -p '{"spec":{"sessionAffinity":"None"}}'; kubectl patch service web -p '{"spec":{"sessionAffinity":"ClientIP"}}'""", False),
    "the virtual servers were made anew": ("ipvs", "", """kubectl patch service web --type merge -p '{"spec":{"ports":[{"port":81,"targetPort":8080}]}}'; kubectl patch service web --type merge -p '{"spec":{"ports":[{"port":80,"targetPort":8080}]}}'""", True),
}  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "host", "line", "moves"),
    [
        pytest.param(mode, host, line, moves, id=f"{name}, {mode}")
        for name, (modes, host, line, moves) in HAPPENS.items()
        for mode in MODES
        if modes == "all" or mode in modes.split()
    ],
)
def test_what_happens_in_between(mode: str, host: str, line: str, moves: bool) -> None:
    shell = pinned(mode)
    before = servers(shell, "pod/c", [CALL])
    reply = shell.run(host, line)
    assert reply.status == 0, reply.stderr
    live = reply.shell.live
    ways = outcomes(live.cluster, Request("pod/c", "svc/web"), fabric=live.fabric)
    assert (len(ways) == 2) is moves
    if not moves:
        assert [way.destination for way in ways] == [f"{ADDRESSES[before[0]]}:8080"]


@pytest.mark.parametrize("mode", MODES)
def test_another_client_and_another_node_know_nothing_of_it(mode: str) -> None:
    live = pinned(mode).live
    for request in (Request("pod/a", "svc/web"), Request("pod/b", "svc/web")):
        assert len(outcomes(live.cluster, request, fabric=live.fabric)) == 2


@pytest.mark.parametrize("mode", MODES)
def test_an_endpoint_that_goes_takes_its_memory_along(mode: str) -> None:
    shell = pinned(mode)
    pod = servers(shell, "pod/c", [CALL])[0]
    gone = run(shell, "", f"kubectl delete pod {pod}").shell
    left = {"a", "b"} - {pod}
    assert set(servers(gone, "pod/c", [CALL] * 3)) == left
    assert all(one.key != "10.244.1.7" for one in gone.live.remembered("node1"))


@pytest.mark.parametrize("mode", MODES)
def test_the_pure_walk_remembers_nothing_and_tells_what_it_would(mode: str) -> None:
    cluster = sticky(mode).live.cluster
    ways = outcomes(cluster, Request("pod/c", "svc/web"), mode)
    assert len(ways) == 2
    kinds = {"iptables": MemoryKind.RECENT, "nftables": MemoryKind.SET, "ipvs": MemoryKind.TEMPLATE}
    for way in ways:
        (memory,) = way.remembered
        (entry,) = memory.entries
        assert (memory.host, entry.kind, entry.key, entry.last) == ("node1", kinds[mode], "10.244.1.7", 0)


SHOWN: dict[str, tuple[str, str, str]] = {
    "a list": ("iptables", "cat /proc/net/xt_recent/*", r"src=10\.244\.1\.7 ttl: 64 last_seen: (\d{10}) oldest_pkt: 2 \d{10}, \1\n"),
    "its name": ("iptables", "ls /proc/net/xt_recent", r"KUBE-SEP-\w{16}\nKUBE-SEP-\w{16}\n"),
    "by hand": ("iptables", "cd /proc/net/xt_recent; for f in *; do echo / > $f; done; echo +1.2.3.4 > $f; cat *", r"src=1\.2\.3\.4 ttl: 0 last_seen: (\d{10}) oldest_pkt: 1 \1\n"),
    "a set": ("nftables", "nft list ruleset | grep -B 5 expires", r"\tset affinity-\w{8}-default/web/tcp/__10\.244\.\d\.\d/8080 {\n\t\ttype ipv4_addr\n\t\tsize 65535\n\t\tflags dynamic,timeout\n\t\ttimeout 1m\n\t\telements = { 10\.244\.1\.7 expires 59s\d+ms }\n"),
    "a set without its state": ("nftables", "nft -s list ruleset | grep 10.244.1.7", r"\t\telements = { 10\.244\.1\.7 }\n"),
    "connections": ("ipvs", "ipvsadm -Lnc", r"IPVS connection entries\npro expire state       source             virtual            destination\nTCP 01:00  ASSURED     10\.244\.1\.7:0       10\.96\.0\.10:80      (10\.244\.\d\.\d:8080)\n(TCP 0[12]:\d\d  TIME_WAIT   10\.244\.1\.7:\d{5}   10\.96\.0\.10:80      \1\n){2}"),
    "templates": ("ipvs", "ipvsadm -Ln --persistent-conn | grep '  2  '", r"  -> 10\.244\.\d\.\d:8080              1         1           0          2         \n"),
}  # fmt: skip


@pytest.mark.parametrize(("mode", "line", "pattern"), SHOWN.values(), ids=SHOWN)
def test_shown(mode: str, line: str, pattern: str) -> None:
    reply = run(pinned(mode).run("pod/c", CALL).shell, "node1", line)
    assert re.fullmatch(pattern, reply.stdout), reply.stdout


REFUSED = {
    "no such list": ("echo / > /proc/net/xt_recent/KUBE-SEP-NOBODY", "No such file or directory"),
    "no address": ("for f in /proc/net/xt_recent/*; do echo hello > $f; done", "Invalid argument"),
    "half an address": ("for f in /proc/net/xt_recent/*; do echo +10.2 > $f; done", "Invalid argument"),
    "no such set": ("nft flush set ip kube-proxy nosuch", "No such file or directory"),
}


@pytest.mark.parametrize(("line", "said"), REFUSED.values(), ids=REFUSED)
def test_refused(line: str, said: str) -> None:
    reply = pinned("iptables").run("node1", line)
    assert reply.status
    assert said in reply.stderr
