"""What a process hears of its connection, and when: curl, nc, ping and names on a live cluster."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from engine import load_cluster
from engine.shell import Shell, open_shell

from .clusters import opened, run, two_nodes

NOT_HEARD = "ip link set flannel.1 down"
DROPS = "sysctl -w net.ipv4.ip_forward=0"
TOLD = {
    "a Service": ("pod/c", (), "curl -s 10.96.0.10 | grep -c server", "1\n", "", 0),
    "a Service by name": ("pod/c", (), "curl -s web.default.svc | grep client", "client: 10.244.1.7\n", "", 0),
    "a NodePort from outside": ("client", (), "curl -s 192.168.1.12:30080 | wc -l", "2\n", "", 0),
    "a port nobody listens on": ("pod/c", (), "curl 10.244.2.8:9999", "", "curl: (7) Failed to connect to 10.244.2.8 port 9999 after 0 ms: Couldn't connect to server\n", 7),
    "an address nobody has": ("pod/c", (), "curl 10.244.2.99:80", "", "curl: (7) Failed to connect to 10.244.2.99 port 80 after 3100 ms: Couldn't connect to server\n", 7),
    "nobody answers, with a limit": ("node1", (NOT_HEARD,), "curl -m 3 10.244.2.8:8080", "", "curl: (28) Connection timed out after 3001 milliseconds\n", 28),
    "nobody answers, with a limit for connecting": ("node1", (NOT_HEARD,), "curl --connect-timeout 2 10.244.2.8:8080", "", "curl: (28) Connection timeout after 2001 ms\n", 28),
    "nobody answers": ("node1", (NOT_HEARD,), "curl 10.244.2.8:8080", "", "curl: (28) Failed to connect to 10.244.2.8 port 8080 after 127000 ms: Couldn't connect to server\n", 28),
    "silently": ("node1", (NOT_HEARD,), "curl -s -m 1 10.244.2.8:8080", "", "", 28),
    "silently, with errors": ("node1", (NOT_HEARD,), "curl -sS -m 1 10.244.2.8:8080", "", "curl: (28) Connection timed out after 1001 milliseconds\n", 28),
    "no network": ("node1", ("ip link set eth0 down",), "curl 192.168.1.12:80", "", "curl: (7) Failed to connect to 192.168.1.12 port 80 after 0 ms: Couldn't connect to server\n", 7),
    "a name nobody has": ("pod/c", (), "curl nothing", "", "curl: (6) Could not resolve host: nothing\n", 6),
    "a status code": ("pod/c", (), "curl -s -o /dev/null -w '%{http_code}\\n' 10.96.0.10", "200\n", "", 0),
    "no status code": ("pod/c", (), "curl -s -o /dev/null -w '%{http_code}\\n' 10.244.2.8:1", "000\n", "", 7),
    "a bad option": ("pod/c", (), "curl --frobnicate x", "", "curl: option --frobnicate: is unknown\n", 2),
    "nc": ("pod/c", (), "nc -zv 10.96.0.10 80", "", "Connection to 10.96.0.10 80 port [tcp/http] succeeded!\n", 0),
    "nc refused": ("pod/c", (), "nc -zv 10.244.2.8 81", "", "nc: connect to 10.244.2.8 port 81 (tcp) failed: Connection refused\n", 1),
    "nc waits": ("node1", (NOT_HEARD,), "nc -zv -w 2 10.244.2.8 8080", "", "nc: connect to 10.244.2.8 port 8080 (tcp) timed out: Operation now in progress\n", 1),
    "a name": ("pod/c", (), "getent hosts web", "10.96.0.10      web.default.svc.cluster.local\n", "", 0),
    "no name": ("pod/c", (), "getent hosts nothing", "", "", 2),
    "a node's name": ("node1", (), "getent hosts node2", "192.168.1.12    node2\n", "", 0),
    "a cluster's name on a node": ("node1", (), "getent hosts web.default.svc.cluster.local", "", "", 2),
    "ping": ("pod/c", (), "ping -c 1 10.244.2.8 | head -2 | tail -1", "64 bytes from 10.244.2.8: icmp_seq=1 ttl=62 time=0.424 ms\n", "", 0),
    "ping beside": ("node1", (), "ping -c 1 192.168.1.12 | grep -o 'ttl=[0-9]*'", "ttl=64\n", "", 0),
    "ping a ClusterIP": ("pod/c", (), "ping -c 1 10.96.0.10 | grep loss", "1 packets transmitted, 0 received, 100% packet loss, time 0ms\n", "", 0),
    "ping what nobody has": ("node1", (), "ping -c 1 192.168.1.77 | grep From", "From 192.168.1.11 icmp_seq=1 Destination Host Unreachable\n", "", 0),
    "ping too long": ("node1", (), "ping -c 1 -M do -s 1473 192.168.1.12 | grep long", "ping: local error: message too long, mtu=1500\n", "", 0),
    "ping just short enough": ("node1", (), "ping -c 1 -M do -s 1472 192.168.1.12 | grep -c 'icmp_seq=1 ttl'", "1\n", "", 0),
    "ping without a network": ("node1", ("ip link set eth0 down",), "ping -c 1 192.168.1.12", "", "ping: connect: Network is unreachable\n", 2),
}  # fmt: skip


@pytest.mark.parametrize(("host", "before", "line", "stdout", "stderr", "status"), TOLD.values(), ids=TOLD)
def test_told(host: str, before: tuple[str, ...], line: str, stdout: str, stderr: str, status: int) -> None:
    reply = run(opened(), host, *before, line)
    assert (reply.stdout, reply.stderr, reply.status) == (stdout, stderr, status)


def test_waiting_moves_the_clock() -> None:
    before = run(opened(), "node1", NOT_HEARD)
    after = before.shell.run("node1", "curl -m 3 10.244.2.8:8080")
    assert after.shell.live.clock - before.shell.live.clock == pytest.approx(3.1)


def test_a_terminal_shows_both_streams_in_their_order() -> None:
    reply = run(opened(), "node1", "echo a; cat /x; echo b")
    assert reply.shown == "a\ncat: /x: No such file or directory\nb\n"


WITH_DNS = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node1}, spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24]}, status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}}
- {apiVersion: v1, kind: Node, metadata: {name: node2}, spec: {podCIDR: 10.244.2.0/24, podCIDRs: [10.244.2.0/24]}, status: {addresses: [{type: InternalIP, address: 192.168.1.12}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: c}, spec: {nodeName: node1, containers: [{name: c}]}, status: {podIP: 10.244.1.7}}
- {apiVersion: v1, kind: Pod, metadata: {name: dns, namespace: kube-system, labels: {k8s-app: kube-dns}}, spec: {nodeName: node2, containers: [{name: c, ports: [{containerPort: 53, protocol: UDP}]}]}, status: {podIP: 10.244.2.2, conditions: [{type: Ready, status: "True"}]}}
- {apiVersion: v1, kind: Service, metadata: {name: kube-dns, namespace: kube-system}, spec: {selector: {k8s-app: kube-dns}, clusterIP: 10.96.0.53, ports: [{name: dns, port: 53, protocol: UDP}]}}
"""


def with_dns() -> Shell:
    return open_shell(load_cluster(text=WITH_DNS))


NAMES = {
    "the servers answer": (
        "true",
        "getent hosts kube-dns.kube-system",
        "10.96.0.53      kube-dns.kube-system.svc.cluster.local\n",
        0,
    ),
    "the way to them is gone": (NOT_HEARD, "getent hosts kube-dns.kube-system", "", 2),
}


@pytest.mark.parametrize(("before", "line", "told", "status"), NAMES.values(), ids=NAMES)
def test_names_take_the_way_through_the_cluster(before: str, line: str, told: str, status: int) -> None:
    shell = run(with_dns(), "node1", before).shell
    reply = run(shell, "pod/c", line)
    assert (reply.stdout, reply.status) == (told, status)


def test_a_dead_server_takes_its_time() -> None:
    shell = run(with_dns(), "node1", NOT_HEARD).shell
    reply = shell.run("pod/c", "curl nothing.example")
    assert reply.stderr == "curl: (6) Could not resolve host: nothing.example\n"
    assert reply.shell.live.clock - shell.live.clock > 10


_EATEN = "iptables -A OUTPUT -p icmp --icmp-type 3 -j DROP"
_TOLD = "From 10.244.1.1 icmp_seq=1 Frag needed and DF set (mtu = 1450)"
_ITSELF = "ping: local error: message too long, mtu="
_LOST = "2 packets transmitted, 0 received, 100% packet loss, time 1001ms"
# Measured on Linux 6.18: pods of 1500 over a VXLAN of 1450, one packet more than fits and the last that does.
SIZED = {
    "it fits": ({"pod_mtu": 1500}, "true", 1422, "2 packets transmitted, 2 received, 0% packet loss, time 1001ms"),
    "the node says so, then the pod's kernel": ({"pod_mtu": 1500}, "true", 1423, f"{_TOLD}\n{_ITSELF}1450"),
    "the node says so, and nobody hears": ({"pod_mtu": 1500}, _EATEN, 1423, _LOST),
    "the pod's own device": ({"pod_mtu": 1500}, "true", 1473, f"{_ITSELF}1500\n{_ITSELF}1500"),
    "a switch says nothing": ({"underlay_mtu": 1400}, "true", 1372, _LOST),
}


@pytest.mark.parametrize(("facts", "before", "size", "told"), SIZED.values(), ids=SIZED)
def test_what_a_large_ping_hears(facts: dict[str, Any], before: str, size: int, told: str) -> None:
    cluster = two_nodes()
    shell = open_shell(dataclasses.replace(cluster, network=dataclasses.replace(cluster.network, **facts)))
    shell = run(shell, "node1", before).shell
    said = run(shell, "pod/c", f"ping -M do -c 2 -W 1 -s {size} 10.244.2.8").shown
    assert f"\n{told}\n" in said
    assert ("Frag needed" in said) is ("Frag needed" in told)


@pytest.mark.parametrize(
    ("host", "to", "ttl"),
    [
        ("node1", "10.244.2.8", 63),
        ("pod/c", "10.244.2.8", 62),
        ("node1", "172.16.2.4", 63),
        ("pod/c", "172.16.2.4", 62),
    ],
)
def test_a_router_between_nodes_takes_nothing_off_what_a_tunnel_carries(host: str, to: str, ttl: int) -> None:
    cluster = two_nodes()
    far = (cluster.nodes[0], dataclasses.replace(cluster.nodes[1], internal_ips=("172.16.2.4",)))
    shell = open_shell(dataclasses.replace(cluster, nodes=far))
    assert f" ttl={ttl} " in shell.run(host, f"ping -c 1 {to}").stdout
