"""`-m owner` inside a pod: by whom its process runs, where its securityContext says so."""

from __future__ import annotations

import pytest

from engine import Request, load_cluster, outcomes
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import build_fabric
from engine.netfilter.saved import SavedText, read_saved
from engine.packet import Family

NODE = """
{apiVersion: v1, kind: Node, metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {nodeName: node1, containers: [{name: c, ports: [{containerPort: 80}]}]},
 status: {podIP: 10.244.1.6}}
---
"""
POD = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node1, %s}, status: {podIP: 10.244.1.5}}"
PLAIN = "containers: [{name: app}]"
USER = "containers: [{name: app, securityContext: {runAsUser: %d}}]"
GROUP = "containers: [{name: app, securityContext: {runAsGroup: %d}}]"
OF_POD = "securityContext: {runAsUser: %d}, containers: [{name: app}]"
OVER_POD = "securityContext: {runAsUser: 1337}, containers: [{name: app, securityContext: {runAsUser: 1000}}]"
BESIDE_PROXY = "containers: [{name: istio-proxy, securityContext: {runAsUser: 1337}}, {name: app, securityContext: {runAsUser: 1000}}]"
RULES = """*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A OUTPUT -m owner %s -j RETURN
-A OUTPUT -p tcp -j REDIRECT --to-ports 15001
COMMIT
"""
DIRECT, PROXY = "10.244.1.6:80", "127.0.0.1:15001"


def walk(spec: str, match: str, source: str = "pod/a", host: str = "pod/a") -> tuple[str, bool]:
    cluster = load_cluster(text=NODE + POD % spec)
    ruleset = read_saved([SavedText("saved.txt", RULES % match)], Family.IPV4)
    fabric = build_fabric(cluster, "iptables", {host: ruleset})
    (outcome,) = outcomes(fabric.cluster, Request(source, "pod/b:80"), fabric=fabric)
    return outcome.destination, any("runAs" in text.en and "runAs" in text.zh for text in outcome.assumed)


@pytest.mark.parametrize(
    ("spec", "match", "expected", "said"),
    [
        (USER % 1337, "--uid-owner 1337", DIRECT, False),
        (USER % 1000, "--uid-owner 1337", PROXY, False),
        (USER % 1000, "! --uid-owner 1337", DIRECT, False),
        (USER % 0, "--uid-owner 0", DIRECT, False),
        (USER % 50, "--uid-owner 0-99", DIRECT, False),
        (OF_POD % 1337, "--uid-owner 1337", DIRECT, False),
        (OVER_POD, "--uid-owner 1337", PROXY, False),
        (BESIDE_PROXY, "--uid-owner 1337", PROXY, False),
        (GROUP % 1337, "--gid-owner 1337", DIRECT, False),
        (USER % 1337, "--uid-owner 1337 ! --gid-owner 1337", DIRECT, True),
        (PLAIN, "--uid-owner 1337", PROXY, True),
        (PLAIN, "! --uid-owner 1337", DIRECT, True),
        (PLAIN, "--socket-exists", DIRECT, False),
        (GROUP % 1337, "--uid-owner 2102", PROXY, True),
    ],
)
def test_whose_packet_it_is(spec: str, match: str, expected: str, said: bool) -> None:
    assert walk(spec, match) == (expected, said)


@pytest.mark.parametrize(
    ("spec", "match", "source", "host"),
    [
        # Most images run as root, and an image's own user is not told.
        (PLAIN, "--uid-owner 0", "pod/a", "pod/a"),
        (PLAIN, "--uid-owner daemon", "pod/a", "pod/a"),
        (USER % 1000, "--suppl-groups --gid-owner 5", "pod/a", "pod/a"),
        # Who sends on a node, no manifest says.
        (PLAIN, "--uid-owner 1337", "node/node1", "node1"),
    ],
)
def test_what_nothing_tells_is_refused_with_its_line(spec: str, match: str, source: str, host: str) -> None:
    with pytest.raises(UnsupportedFeature, match=r"saved\.txt:4: .*-m owner .*which nothing here tells"):
        walk(spec, match, source, host)
