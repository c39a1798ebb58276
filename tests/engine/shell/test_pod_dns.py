"""A pod's resolv.conf as its manifest asks for it, and what it then finds."""

from __future__ import annotations

import pytest

from engine.cluster import Cluster
from engine.errors import ManifestError
from engine.manifests import load_cluster
from engine.manifests.write import pod_document
from engine.shell import Reply, open_shell

from .clusters import opened

_REST = """\
apiVersion: v1
kind: Node
metadata: {name: node1}
spec: {podCIDR: 10.244.1.0/24}
status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.80, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: k8squiz.dev/v1
kind: Network
metadata: {name: facts}
spec: {externalHosts: {api.example.org: 203.0.113.9}}
---
apiVersion: v1
kind: Pod
metadata: {name: one, namespace: shop}
status: {podIP: 10.244.1.5}
"""


def cluster(spec: str) -> Cluster:
    return load_cluster(text=f"{_REST}spec: {{nodeName: node1, containers: [{{name: main}}]{spec}}}\n")


def run(spec: str, line: str) -> Reply:
    return open_shell(cluster(spec)).run("pod/shop/one", line)


CLUSTER_FIRST = (
    "search shop.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
)
FILES = [
    ("", CLUSTER_FIRST),
    (", dnsPolicy: ClusterFirst", CLUSTER_FIRST),
    (", dnsPolicy: Default", "nameserver 192.168.1.1\n"),
    (", dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53], searches: [a.test]}", "search a.test\nnameserver 192.0.2.53\n"),
    (
        ", dnsConfig: {options: [{name: ndots, value: '2'}, {name: single-request-reopen}]}",
        CLUSTER_FIRST.replace("ndots:5", "ndots:2 single-request-reopen"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("spec", "text"), FILES)
def test_the_file(spec: str, text: str) -> None:
    assert run(spec, "cat /etc/resolv.conf").stdout == text


FOUND = [
    ("", "web", "10.96.0.80"),
    ("", "api.example.org", "203.0.113.9"),
    (", dnsPolicy: Default", "web.shop.svc.cluster.local", ""),
    (", dnsPolicy: Default", "api.example.org", "203.0.113.9"),
]


@pytest.mark.parametrize(("spec", "name", "address"), FOUND)
def test_what_is_found(spec: str, name: str, address: str) -> None:
    assert run(spec, f"getent hosts {name}").stdout.split()[:1] == ([address] if address else [])


REFUSED = [
    (", dnsPolicy: Cluster", "dnsPolicy"),
    (", dnsPolicy: None", "needs a name server"),
    (", dnsConfig: {nameservers: [192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4]}", "at most 3"),
    (", dnsConfig: {options: [{value: '1'}]}", "is missing"),
]


@pytest.mark.parametrize(("spec", "said"), REFUSED)
def test_what_the_API_server_refuses(spec: str, said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        cluster(spec)


def test_a_pod_is_written_as_it_was_read() -> None:
    spec = ", dnsPolicy: None, dnsConfig: {nameservers: [192.0.2.53], searches: [a.test], options: [{name: ndots, value: '2'}]}"
    (pod,) = cluster(spec).pods
    assert pod_document(pod)["spec"]["dnsConfig"]["options"] == [{"name": "ndots", "value": "2"}]
    assert pod_document(pod)["spec"]["dnsPolicy"] == "None"


ANSWERS = {
    "an address": (
        "dig web.default.svc.cluster.local",
        "status: NOERROR",
        "web.default.svc.cluster.local. 30 IN\tA\t10.96.0.10\n",
    ),
    "no such record": (
        "dig AAAA web.default.svc.cluster.local",
        "status: NOERROR",
        "flags: qr aa rd; QUERY: 1, ANSWER: 0, AUTHORITY: 1,",
    ),
    "no such name": ("dig nope.cluster.local", "status: NXDOMAIN", ";nope.cluster.local.\t\tIN\tA\n"),
    "an address' name": ("dig -x 10.96.0.10 +short", "web.default.svc.cluster.local.\n", ""),
    "an address' name by nslookup": (
        "nslookup 10.96.0.10",
        "10.0.96.10.in-addr.arpa\tname = web.default.svc.cluster.local.\n",
        "",
    ),
    "by host": ("host web", "web.default.svc.cluster.local has address 10.96.0.10\n", ""),
    "of a type": ("dig TXT", "dig: a name is needed here", ""),
    "from the root": ("dig +trace web", "dig: +trace is not simulated here", ""),
}


@pytest.mark.parametrize(("line", "said", "too"), ANSWERS.values(), ids=ANSWERS)
def test_answers(line: str, said: str, too: str) -> None:
    shown = opened().run("pod/c", line).shown
    assert said in shown
    assert too in shown


def test_a_node_asks_nobody_who_knows_the_cluster() -> None:
    name = "web.default.svc.cluster.local"
    assert opened().run("node1", f"dig {name} +short").stdout == ""


# What a socket of UDP hears of a name server that rejects: only errors that are fatal (icmp_err_convert), as dig 9.18 printed.
REJECTED = {
    "icmp-port-unreachable": "connection refused",
    "icmp-admin-prohibited": "host unreachable",
    "icmp-host-prohibited": "host unreachable",
    "icmp-net-prohibited": "network unreachable",
    "icmp-host-unreachable": "timed out",
    "icmp-net-unreachable": "timed out",
}


@pytest.mark.parametrize(("kind", "heard"), REJECTED.items(), ids=REJECTED)
def test_what_dig_hears_of_a_reject(kind: str, heard: str) -> None:
    shell = opened().run("node1", f"iptables -I FORWARD -p udp --dport 53 -j REJECT --reject-with {kind}").shell
    told = shell.run("pod/c", "dig +short +tries=1 @10.244.2.8 a.b").stdout
    assert told == f";; communications error to 10.244.2.8#53: {heard}\n;; no servers could be reached\n"


def test_dig_never_hears_that_nobody_answers_arp() -> None:
    told = opened().run("node1", "dig +short +tries=1 @10.244.1.77 a.b").stdout
    assert told == ";; communications error to 10.244.1.77#53: timed out\n;; no servers could be reached\n"


# As dig 9.18 printed them between two network namespaces.
OVER_TCP = {
    "nobody listens": ("@192.168.1.12", "connection refused", 2),
    "nobody answers ARP": ("@10.244.1.77", "host unreachable", 2),
    "sooner than ARP gives up": ("+time=1 @10.244.1.77", "timed out", 2),
}


@pytest.mark.parametrize(("words", "heard", "tries"), OVER_TCP.values(), ids=OVER_TCP)
def test_dig_over_tcp(words: str, heard: str, tries: int) -> None:
    server = words.rpartition("@")[2]
    told = opened().run("node1", f"dig +tcp +short +tries={tries} {words} a.b").stdout
    line = f";; Connection to {server}#53({server}) for a.b failed: {heard}.\n;; no servers could be reached\n"
    assert told == line * tries + "\n"


def test_dig_says_what_it_does_not_simulate() -> None:
    assert opened().run("node1", "dig +qr web").stderr.startswith("dig: +qr is not simulated here")
