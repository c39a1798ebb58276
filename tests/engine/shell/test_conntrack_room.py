"""A node's conntrack table that is full: who is dropped, what the tools say, what makes room again and what does not."""

from __future__ import annotations

import dataclasses

import pytest

from engine.shell import Shell
from engine.shell.live import LiveCluster
from engine.shell.standing import StandingConnections
from engine.trace import ReasonCode, Request, Verdict

from .clusters import PODS, opened, run

LIVE = opened().live
POOL = StandingConnections("default/worker", "198.51.100.20", 5432, 40, 40)
MAX = "net.netfilter.nf_conntrack_max"


def pooled() -> Shell:
    """node1 with a pod of the Deployment worker that holds 40 connections open."""
    shell = run(opened(), "", "kubectl run worker-bcdfg --image=x").shell
    (pod,) = (one for one in shell.live.cluster.pods if one.name == "worker-bcdfg")
    return Shell(dataclasses.replace(shell.live, standing={pod.node_name or "": POOL}))


SHELL = pooled()
(NODE,) = SHELL.live.standing
FULL = run(SHELL, NODE, f"sysctl -w {MAX}=30").shell


def ends(live: LiveCluster, source: str, destination: str) -> tuple[Verdict, ReasonCode | None]:
    outcome, _ = live.walk(Request(source, destination))
    return outcome.verdict, None if outcome.where is None else outcome.where.code


def test_what_needs_a_new_entry_is_dropped() -> None:
    other = next(node for node in ("node1", "node2") if node != NODE)
    far = next(name for name, _, node, _ in PODS if node == other)
    assert ends(SHELL.live, f"node/{NODE}", f"pod/{far}:8080")[0] is Verdict.DELIVERED
    assert ends(FULL.live, f"node/{NODE}", f"pod/{far}:8080") == (Verdict.DROP, ReasonCode.TABLE_FULL)
    assert ends(FULL.live, f"node/{other}", f"pod/{far}:8080")[0] is Verdict.DELIVERED


SAID = {
    "count": ("conntrack -C", "40"),
    "the sysctl": ("sysctl net.netfilter.nf_conntrack_count", "nf_conntrack_count = 40"),
    "the entries": ("conntrack -L -d 198.51.100.20 | grep -c ASSURED", "40"),
    "drops": ("conntrack -S | head -1", "drop=214 early_drop=0"),
    "the kernel's log": ("dmesg", "nf_conntrack: nf_conntrack: table full, dropping packet"),
    "by journald": ("journalctl -k", f"{NODE} kernel: nf_conntrack: nf_conntrack: table full"),
    "with a date": ("dmesg -T", "] nf_conntrack: nf_conntrack: table full"),
}


@pytest.mark.parametrize(("line", "text"), SAID.values(), ids=SAID)
def test_what_the_tools_say(line: str, text: str) -> None:
    assert text in FULL.run(NODE, line).shown


@pytest.mark.parametrize(
    ("line", "said"), [("dmesg", ""), ("journalctl -k", ""), ("conntrack -S | grep -c drop=0", "2\n")]
)
def test_of_a_table_with_room_they_say_nothing(line: str, said: str) -> None:
    assert SHELL.run(NODE, line).stdout == said


ROOM = {
    "a higher limit": ((f"sysctl -w {MAX}=41",), False, 40),
    "no limit": ((f"sysctl -w {MAX}=0",), False, 40),
    "too small a step": ((f"sysctl -w {MAX}=40",), True, 40),
    "flushed: they come back, as many as there is room for": (("conntrack -F",), True, 30),
    "theirs alone deleted": (("conntrack -D -d 198.51.100.20",), True, 30),
    "flushed, then a higher limit": (("conntrack -F", f"sysctl -w {MAX}=100"), False, 40),
    "kube-proxy sets it at its start": (("systemctl restart kube-proxy",), False, 40),
}


@pytest.mark.parametrize(("lines", "full", "entries"), ROOM.values(), ids=ROOM)
def test_what_makes_room(lines: tuple[str, ...], full: bool, entries: int) -> None:
    shell = run(FULL, NODE, *lines).shell
    assert (NODE in shell.live.full_tables, shell.run(NODE, "conntrack -C").stdout) == (full, f"{entries}\n")


def test_a_kube_proxy_that_is_told_to_leaves_it() -> None:
    cluster = FULL.live.cluster
    proxy = dataclasses.replace(cluster.proxy, conntrack_max_per_core=0)
    told = Shell(FULL.live.with_cluster(dataclasses.replace(cluster, proxy=proxy)))
    assert NODE in run(told, NODE, "systemctl restart kube-proxy").shell.live.full_tables
    assert "maxPerCore: 0" in told.run("", "kubectl -n kube-system get cm kube-proxy -o yaml").stdout


def test_an_entry_that_is_not_assured_gives_way() -> None:
    asked = run(SHELL, NODE, "nc -zuv -w 1 10.244.2.8 99").shell
    assert NODE not in run(asked, NODE, f"sysctl -w {MAX}=30").shell.live.full_tables


@pytest.mark.parametrize("value", ["-1", "many"])
def test_no_number_is_no_limit(value: str) -> None:
    assert "Invalid argument" in SHELL.run(NODE, f"sysctl -w {MAX}={value}").shown
