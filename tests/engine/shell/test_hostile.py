"""Lines that somebody types by mistake or in bad faith: an error as a shell or the tool has it, nothing raised, nothing started,
no file of the machine touched."""

from __future__ import annotations

import builtins
import os
import socket
import subprocess
from collections.abc import Callable

import pytest

from engine.shell import Shell

from .clusters import opened

# What is typed on a node -> its status, and how what it says begins.
LINES = {
    "no such tool": ("frobnicate -v", 127, "sh: frobnicate: command not found"),
    "no such option": ("ip --frob route", 255, 'Option "--frob" is unknown'),
    "no such object": ("ip frob", 1, 'Object "frob" is unknown'),
    "a pipe into nowhere": ("ip route |", 2, "sh: Syntax error"),
    "a pipe from nowhere": ("| wc -l", 2, "sh: Syntax error"),
    "two pipes": ("ip route | | wc", 2, "sh: Syntax error"),
    "an open quote": ("echo 'abc", 2, "sh: Syntax error: Unterminated quoted string"),
    "command substitution of nothing": ("echo $(frob)", 0, ""),
    "a command that is nothing": ("$(true)", 0, ""),
    "an open substitution": ("echo $(id", 2, "sh: Syntax error"),
    "the machine's variables": ("test -z $PYTEST_CURRENT_TEST$VIRTUAL_ENV", 0, ""),
    "a loop without end": ("while :; do :; done", 1, "sh: stopped here: 20 rounds"),
    "a loop of loops": ("for i in {1..900}; do for j in {1..900}; do :; done; done", 1, "sh: stopped here: more than 500 commands"),
    "a line that runs itself": ("X='eval $X'; eval $X", 1, ""),
    "a line in a line in a line": ("sh -c 'sh -c \"sh -c ls\"'", 0, ""),
    "a word that grows": ("X=aaaaaaaaaa; for i in 1 2 3 4 5 6 7 8 9; do X=$X$X$X$X; done; test -n $X", 0, ""),
    "a file of the machine by a pattern": ("cat /etc/pass*", 1, "cat: '/etc/pass*': No such file or directory"),
    "a here-document without end": ("cat << EOF", 2, "sh: here-document delimited by end-of-file"),
    "sudo of nothing": ("sudo", 1, "usage: sudo"),
    "ssh to nobody": ("ssh frob ls", 255, "ssh: Could not resolve hostname frob"),
    "a script's file": ("sh /tmp/x", 127, "sh: /tmp/x: reading a script"),
    "a sleep without end": ("sleep infinity", 1, "sleep: invalid time interval"),
    "a redirection to nowhere": ("echo a >", 2, "sh: Syntax error"),
    "a path upwards": ("cat ../../../../etc/passwd", 1, "cat: ../../../../etc/passwd: not simulated here"),
    "the machine's files": ("cat /etc/shadow", 1, "cat: /etc/shadow: not simulated here"),
    "the machine's processes": ("cat /proc/1/environ", 1, "cat: /proc/1/environ: not simulated here"),
    "a folder": ("cat /etc", 1, "cat: /etc: Is a directory"),
    "a file in /proc": ("echo 1 > /proc/sysrq-trigger", 1, "sh: /proc/sysrq-trigger: Permission denied"),
    "no such sysctl": ("sysctl -w net.ipv4.frob=1", 1, "sysctl: cannot stat /proc/sys/net/ipv4/frob"),
    "a bad value": ("sysctl -w net.ipv4.ip_forward=yes", 1, "sysctl: setting key"),
    "a long line": ("echo " + "x" * 200_000, 2, "sh: line too long"),
    "10,000 characters": ("y" * 10_000, 127, "sh: yyyy"),
    "10,000 words": ("ip route get " + "1 " * 5_000, 1, "Error"),
    "control characters": ("\x1b[2J\x07ls", 127, "sh: \\x1b[2J\\x07ls: command not found"),
    "a control character in a path": ("cat '/tmp/\x1b[31m'", 1, "cat: /tmp/\\x1b[31m: No such file or directory"),
    "a pattern that runs away": ("echo aaaa | grep -E '(a+)+b'", 2, "grep: a repetition inside a repetition"),
    "an unknown device": ("ip link show frob0", 1, 'Device "frob0" does not exist.'),
    "an unknown table": ("iptables -t frob -S", 3, "iptables"),
    "an unknown chain": ("iptables -S FROB", 1, "iptables: No chain/target/match by that name."),
    "a rule number beyond": ("iptables -D FORWARD 99", 1, "iptables: Index of deletion too big."),
    "a bad rule": ("iptables -A FORWARD -p tcp --dport 99999 -j DROP", 2, "iptables"),
    "an address of 5 bytes": ("ip route get 1.2.3.4.5", 1, "Error"),
    "a bad URL": ("curl 'http://[::1'", 3, "curl: (3)"),
    "a port beyond": ("nc -zv 10.244.1.5 99999", 1, "usage: nc"),
    "ping nobody": ("ping", 1, "ping: usage error"),
    "a size beyond": ("ping -s 99999999 10.244.1.5", 2, "ping: invalid argument"),
    "no such unit": ("systemctl restart sshd", 4, "Unit sshd.service could not be found."),
    "no such verb": ("kubectl frob", 1, 'error: unknown command "frob" for "kubectl"'),
    "no such kind": ("kubectl get frobs", 1, "error: the server doesn't have a resource type"),
    "no such pod": ("kubectl delete pod nope", 1, "Error from server (NotFound)"),
    "cp is not there": ("kubectl cp a:/etc/passwd .", 1, "error: kubectl cp is not simulated here"),
    "no JSON": ("kubectl patch svc web -p '{'", 1, "error: unable to parse"),
    "an immutable field": ("kubectl patch svc web -p '{\"spec\":{\"clusterIP\":\"10.96.0.99\"}}'", 1, "The Service"),
    "too many replicas": ("kubectl scale deploy/web --replicas=9999", 1, "error: at most"),
    "a selector without a value": ("kubectl set selector svc web a=b,c", 1, "error: match expression"),
    "metadata that is none": ("kubectl patch svc web -p '{\"metadata\":null}'", 1, "the name, the namespace and the kind"),
    "labels that are none": ("kubectl patch svc web --type=merge -p '{\"metadata\":{\"labels\":3}}'", 1, 'The Service "web" is invalid'),
    "a test that fails": ("kubectl patch svc web --type=json -p '[{\"op\":\"test\",\"path\":\"/spec/type\",\"value\":\"X\"}]'", 1, "The request is invalid"),
    "a filter that is open": ("kubectl get pods -o jsonpath='{.items[?(]}'", 1, "error: error parsing jsonpath {.items[?(]}, unterminated filter"),
    "an order by mappings": ("kubectl get po --sort-by=.metadata", 1, "error: unsortable type: map"),
    "an order that is none": ("kubectl get po --sort-by='{'", 0, "No resources found"),
    "ports that are none": ("kubectl patch svc web --type=merge -p '{\"spec\":{\"ports\":[3]}}'", 1, 'The Service "web" is invalid'),
    "a nodePort that is none": ("kubectl patch svc web --type=merge -p '{\"spec\":{\"ports\":[{\"port\":[1]}]}}'", 1, 'The Service "web" is invalid'),
    "negative replicas": ("kubectl scale deploy/web --replicas=-1", 1, "error: The --replicas=COUNT"),
    "an editor": ("kubectl edit svc web", 1, "error: there is no editor here"),
    "a shell in a pod that reads nothing": ("kubectl exec a -- sh", 0, ""),
    "exec into nobody": ("kubectl exec nope -- ls", 1, "Error from server (NotFound)"),
    "watch nothing": ("watch -n1", 1, "Usage: watch"),
    "watch a wrong second": ("watch -n x ls", 1, "watch: failed to parse argument"),
    "journalctl's lines": ("journalctl -u kube-proxy -n many", 1, "Failed to parse lines"),
    "ethtool of nobody": ("ethtool -k frob0", 75, "netlink error"),
    "no hops": ("tracepath -m 0 10.244.1.5", 1, "Usage: tracepath"),
    "tcpdump into a file": ("tcpdump -w /tmp/x", 1, "tcpdump: -w and -r are not simulated here"),
    "a filter": ("tcpdump -n 'port ('", 1, "tcpdump"),
    "kill a process": ("kill -9 1", 1, "sh: kill"),
    "python": ("python3 -c 'print(1)'", 127, "sh: python3: command not found"),
}  # fmt: skip


def nothing_may_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever would leave the simulation fails the test."""

    def refused(name: str) -> Callable[..., None]:
        def call(*_: object, **__: object) -> None:
            raise AssertionError(f"{name} was called")

        return call

    for owner, names in (
        (subprocess, ("Popen", "run")),
        (os, ("system", "fork", "execv", "execve", "posix_spawn", "popen", "remove", "unlink")),
        (socket, ("socket", "create_connection")),
        (builtins, ("open",)),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, refused(name))


@pytest.fixture(scope="module")
def shell() -> Shell:
    """One whose tools are all loaded."""
    made = opened()
    for line, _, _ in LINES.values():
        made.run("node1", line)
    return made


@pytest.mark.parametrize(("line", "status", "said"), LINES.values(), ids=LINES)
def test_a_line(shell: Shell, line: str, status: int, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_may_start(monkeypatch)
    reply = shell.run("node1", line)
    assert (reply.status, reply.stderr[: len(said)]) == (status, said)
    assert "Traceback" not in reply.stderr
    assert "\x1b" not in reply.stderr
