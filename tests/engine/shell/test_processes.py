"""Processes, namespaces and containers of a node, and its services."""

from __future__ import annotations

import pytest

from .clusters import opened

_PID = "$(pgrep -x a)"
SAID = {
    "kube-proxy": ("pgrep -a kube-proxy", 0, "812 /usr/local/bin/kube-proxy --config"),
    "none of them": ("systemctl stop kube-proxy; pgrep kube-proxy", 1, ""),
    "by its name": ("pidof kubelet containerd", 0, "702 611\n"),
    "one's own": ("ps | wc -l", 0, "3\n"),
    "all": ("ps aux | grep -c pause", 0, "2\n"),
    "columns of one's own": ("ps -o pid", 1, "ps: -o pid is not simulated here"),
    "a container's number": ("crictl inspect --output go-template --template '{{.info.pid}}' $(crictl ps -q | head -n1) | wc -l", 0, "1\n"),
    "in a pod's namespace": (f"nsenter -t {_PID} -n ip -br a | grep -c 10.244.1.5", 0, "1\n"),
    "by a file of it": (f"nsenter --net=/proc/{_PID}/ns/net ip r | wc -l", 0, "2\n"),
    "a connection from there": (f"nsenter -t {_PID} -n curl -s -m 2 10.96.0.10", 0, "server: "),
    "a name from there": (f"nsenter -t {_PID} -n curl -s http://web/", 1, "nsenter: web: the node's resolv.conf in a pod's namespace"),
    "a tool that is not there": (f"nsenter -t {_PID} -n iptables -S", 1, "nsenter: iptables in another namespace is not simulated here"),
    "another namespace too": (f"nsenter -t {_PID} -m -n ip a", 1, "nsenter: the mount namespace of a container"),
    "the machine's own": ("nsenter -t 1 -m -u -i -n hostname", 0, "node1\n"),
    "nobody's": ("nsenter -t 99 -n ip a", 1, "nsenter: cannot open /proc/99/ns/net: No such file or directory"),
    "no number": ("nsenter -n ip a", 1, "nsenter: no target PID specified"),
    "a shell in it": (f"nsenter -t {_PID} -n", 1, "nsenter: a shell in another namespace"),
    "namespaces by name": ("ip netns | wc -l", 0, "2\n"),
    "in one of them": ("ip netns exec $(ip netns | awk 'NR==1{print $1}') ip -br link | wc -l", 0, "2\n"),
    "in none": ("ip netns exec x ip a", 255, 'Cannot open network namespace "x": No such file or directory'),
    "containers of a name": ("crictl ps --name nope | wc -l", 0, "1\n"),
    "a command in one": ("crictl exec $(crictl ps -q | head -n1) hostname", 0, ""),
    "the log of one": ("crictl logs $(crictl ps -q | head -n1)", 0, "listening on :8080\n"),
    "one that is not there": ("crictl logs abc", 1, "E0314"),
    "images": ("crictl images", 1, "crictl: images is not simulated here"),
    "the kubelet": ("systemctl is-active kubelet", 0, "active\n"),
    "the kubelet stopped": ("systemctl stop kubelet", 1, "systemctl: a node without kubelet is not simulated here"),
    "what failed": ("systemctl --failed", 0, "  UNIT LOAD ACTIVE SUB DESCRIPTION\n0 loaded units listed.\n"),
    "another journal": ("journalctl -u kubelet", 1, "journalctl: the journal of kubelet is not simulated here"),
    "the kernel's": ("dmesg", 0, "dmesg: of the kernel's log what it says of a full conntrack table is simulated here"),
    "a module that is there": ("modprobe br_netfilter", 0, ""),
    "another module": ("modprobe nope", 1, "modprobe: nope is not simulated here"),
    "a file of counters": ("cat /proc/net/dev", 1, "cat: /proc/net/dev: not simulated here: counters are no part of it"),
    "a folder of the CNI": ("ls /etc/cni/net.d", 2, "ls: cannot access '/etc/cni/net.d': not simulated here: bridge link"),
    "a tool that is not here": ("tc qdisc show", 127, "tc: not simulated here: queues are no part of it"),
    "a tool that no node has": ("netstat -tlnp", 127, "sh: netstat: command not found"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "status", "said"), SAID.values(), ids=SAID)
def test_a_line(line: str, status: int, said: str) -> None:
    reply = opened().run("node1", line)
    assert (reply.status, reply.shown[: len(said)]) == (status, said)


def test_a_pod_sees_its_own_process_alone() -> None:
    assert opened().run("pod/a", "pgrep -a .").stdout.count("\n") == 1


def test_the_machine_of_kubectl_says_what_it_has() -> None:
    said = "ip: not simulated here: this machine has kubectl; `ssh HOST` goes to another, `kubectl exec` to a pod\n"
    assert opened().run("", "ip a").stderr == said
