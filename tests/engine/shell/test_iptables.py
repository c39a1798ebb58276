"""iptables(8) on a node: as the real one prints and refuses, command by command; where it is here, held against it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import engine
from engine import Request
from engine.shell import Shell

from .clusters import opened, run, two_nodes

_NFACCT = re.compile(r" -m nfacct --nfacct-name  \S+")
# Chains and rules that kube-proxy does not write.
OTHERS = """*mangle
:PREROUTING ACCEPT
-A PREROUTING -m mark --mark 0x1 -j MARK --set-xmark 0x5/0xff
-A PREROUTING -m mark --mark 0x1 -j MARK --set-xmark 0x5/0xffffffff
-A PREROUTING -j MARK --set-xmark 0x0/0xff
-A PREROUTING -j CONNMARK --save-mark
-A PREROUTING -j CONNMARK --restore-mark --nfmask 0x80 --ctmask 0x80
-A PREROUTING -j CONNMARK --set-xmark 0x80/0x80
-A PREROUTING -m connmark ! --mark 0x80/0x80 -j ACCEPT
COMMIT
*filter
:FORWARD ACCEPT
:X -
-A FORWARD -i eth0 -o cni0 -p tcp -m tcp --sport 80 --dport 443:500 -j ACCEPT
-A FORWARD ! -i eth+ -p udp -m udp ! --dport 53 -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -p tcp -m multiport --dports 80,443 -j X
-A FORWARD -p tcp -m multiport ! --sports 80:90 -g X
-A FORWARD -m addrtype ! --dst-type LOCAL --limit-iface-in -j DROP
-A FORWARD -m state --state NEW -j DROP
-A FORWARD -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-X --mask 255.255.255.255 --rsource -j ACCEPT
-A FORWARD -m physdev --physdev-is-in -j ACCEPT
-A FORWARD -p icmp -j ACCEPT
-A FORWARD ! -p tcp -j ACCEPT
-A FORWARD -s 10.0.0.0/8 ! -d 10.1.1.1/32
-A FORWARD -p tcp -j REJECT --reject-with tcp-reset
COMMIT
*nat
:PREROUTING ACCEPT
:POSTROUTING ACCEPT
-A PREROUTING -p tcp -j REDIRECT --to-ports 15006
-A PREROUTING -p tcp -j DNAT --to-destination 10.1.1.1:80-90 --random
-A POSTROUTING -p tcp -j SNAT --to-source 10.1.1.1 --random-fully
-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1000-2000
COMMIT
"""
LISTED = ("-L -n", "-nvL", "-L", "-t nat -nL", "-t nat -nL --line-numbers", "-t mangle -nvL", "-S", "-t nat -S", "-t mangle -S", "-t nat -L KUBE-SERVICES", "-t nat -S KUBE-SERVICES", "-nL FORWARD 2")  # fmt: skip
DONE = (
    "-D FORWARD 99", "-L NOPE", "-A NOPE -j ACCEPT", "-A FORWARD -j NOPE", "-X KUBE-FORWARD", "-N KUBE-FORWARD", "-C FORWARD -s 1.1.1.1 -j DROP",
    "-D FORWARD -s 1.1.1.1 -j DROP", "-t foo -L", "-P FORWARD REJECT", "-P KUBE-FORWARD DROP", "", "-A FORWARD -j DNAT --to-destination 1.1.1.1",
    "-P FORWARD DROP", "-I FORWARD 2 -s 10.0.0.1 -p tcp --dport 80 -j DROP", "-I FORWARD 1 -i eth0 -j ACCEPT", "-S FORWARD",
    "-C FORWARD -i eth0 -j ACCEPT", "-D FORWARD -i eth0 -j ACCEPT", "-R FORWARD 1 -d 1.2.3.4 -j REJECT", "-nL FORWARD", "-N ABC",
    "-A ABC -p udp -j RETURN", "-S ABC", "-X ABC", "-F ABC", "-X ABC", "-S ABC", "-I FORWARD 99 -j DROP", "-R FORWARD 99 -j DROP", "-F", "-S",
    "-L FORWARD extra", "-L -A FORWARD",
)  # fmt: skip


def loaded(rules: str) -> Shell:
    return run(opened(), "node1", f"echo '{rules}' | iptables-restore").shell


def without_counters(lines: list[str]) -> list[str]:
    return [re.sub(r"^ *\d+[KM]? +\d+[KM]? (?=\S| {9})", "    0     0 ", line) for line in lines]


@pytest.mark.skipif(
    shutil.which("iptables-legacy") is None or shutil.which("unshare") is None, reason="no iptables-legacy here"
)
@pytest.mark.parametrize("rules", ["kube-proxy's", "others"])
def test_the_real_one_prints_the_same(rules: str) -> None:
    text = OTHERS if rules == "others" else _NFACCT.sub("", str(engine.compile_node(two_nodes(), "node1", "iptables")))
    commands = [f"iptables {words}" for words in (*LISTED, *DONE)]
    script = f"iptables-legacy-restore <<'EOF'\n{text}EOF\n" + "\n".join(
        f"echo '$ {command}'; {command.replace('iptables', 'iptables-legacy', 1)} 2>&1" for command in commands
    )
    real = subprocess.run(["unshare", "-n", "bash", "-c", script], capture_output=True, text=True, check=False)
    if "Operation not permitted" in real.stderr + real.stdout[:500]:
        pytest.skip("no network namespace may be made here")
    shell, ours = loaded(text), ""
    for command in commands:
        reply = shell.run("node1", command)
        shell, ours = reply.shell, f"{ours}$ {command}\n{reply.shown}"
    assert ours.splitlines() == without_counters(real.stdout.splitlines())


CHANGED = {
    "a policy": ("iptables -P FORWARD DROP", "policy-drop"),
    "a rule in the way": ("iptables -I FORWARD -s 10.244.1.7 -j DROP", "rule-drop"),
    "a rule in the way of another": ("iptables -I FORWARD -s 10.244.1.9 -j DROP", "DELIVERED"),
    "a rule with flags": ("iptables -I FORWARD -s 10.244.1.7 -p tcp --tcp-flags SYN,RST SYN -j DROP", "rule-drop"),
    "nat flushed": ("iptables -t nat -F", "no-such-host"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "end"), CHANGED.values(), ids=CHANGED)
def test_a_change_counts(line: str, end: str) -> None:
    shell = run(
        opened(), "node1", "iptables -D FORWARD -m comment --comment 'flanneld forward' -j FLANNEL-FWD", line
    ).shell
    outcome, _ = shell.live.walk(Request("pod/c", "svc/web"))
    assert (outcome.where.code if outcome.where else outcome.verdict) == end


def test_kube_proxy_puts_its_own_back() -> None:
    broken = run(opened(), "node1", "iptables -t nat -F").shell
    whole = broken.run("", "kubectl rollout restart ds/kube-proxy -n kube-system").shell
    assert whole.live.walk(Request("pod/c", "svc/web"))[0].verdict == "DELIVERED"


def test_saved_and_restored() -> None:
    shell = opened()
    text = shell.run("node1", "iptables-save").stdout
    plain = re.sub(r"(?m)^#.*\n| \[0:0\]$", "", text)
    assert plain == str(engine.compile_node(two_nodes(), "node1", "iptables"))
    again = run(
        shell,
        "node1",
        "iptables-save > rules",
        "iptables -t nat -F",
        "iptables-restore < rules",
        "iptables-save",
    )
    assert again.stdout.splitlines()[1:-1] == text.splitlines()[1:-1], "but for the time"


def test_in_nftables_mode_the_tables_are_empty() -> None:
    assert (
        run(opened("nftables"), "node1", "iptables -t nat -S KUBE-SERVICES").stderr
        == "iptables: No chain/target/match by that name.\n"
    )


def test_in_nftables_mode_a_rule_is_put_beside_nfts() -> None:
    shell = run(opened("nftables"), "node1", "iptables -I FORWARD -s 10.244.1.7 -j REJECT", "iptables -S FORWARD")
    assert shell.stdout.splitlines()[1] == "-A FORWARD -s 10.244.1.7/32 -j REJECT --reject-with icmp-port-unreachable"
    outcome, _ = shell.shell.live.walk(Request("pod/c", "pod/b:8080"))
    assert outcome.verdict == "REJECT"


def test_no_pod_has_it() -> None:
    assert run(opened(), "pod/a", "iptables -L").status == 127


def test_a_bad_text_says_its_line(tmp_path: Path) -> None:
    reply = run(opened(), "node1", "echo '*filter' | iptables-restore")
    assert reply.stderr.startswith("iptables-restore: line 2 failed: ")


def test_counters_are_where_they_are_asked_for() -> None:
    shell = opened().run("node1", "iptables -F; iptables -A INPUT -p tcp --dport 80 -j ACCEPT").shell
    assert "-A INPUT -p tcp -m tcp --dport 80 -c 0 0 -j ACCEPT\n" in shell.run("node1", "iptables -S INPUT -v").stdout
    assert "\n[0:0] -A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n" in shell.run("node1", "iptables-save -c").stdout
    assert "    pkts      bytes target " in shell.run("node1", "iptables -nvxL INPUT").stdout
    assert "\n       0        0 ACCEPT     6 " in shell.run("node1", "iptables -nvxL INPUT").stdout
