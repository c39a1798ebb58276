"""How long an entry of UDP lives that conntrack held before the walk (facts measured on a kernel: 30 s, a stream 120 s)."""

from __future__ import annotations

import pytest

from engine import Request, load_cluster, outcomes
from engine.errors import ManifestError

CLUSTER = """
{apiVersion: v1, kind: Node, metadata: {name: node1, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.1.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.10}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: node2, annotations: {flannel.alpha.coreos.com/backend-type: vxlan}},
 spec: {podCIDR: 10.244.2.0/24}, status: {addresses: [{type: InternalIP, address: 192.168.1.11}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {nodeName: node1}, status: {podIP: 10.244.1.5}}
---
{apiVersion: v1, kind: Pod, metadata: {name: b, labels: {app: dns}}, spec: {nodeName: node2}, status: {podIP: 10.244.2.8}}
---
apiVersion: v1
kind: Service
metadata: {name: dns}
spec:
  clusterIP: 10.96.0.53
  selector: {app: dns}
  ports: [{name: u, port: 53, protocol: UDP}, {name: t, port: 53}]
---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clusterCIDR: 10.244.0.0/16
%s
---
apiVersion: k8squiz.dev/v1
kind: Network
spec:
  nodes:
  - name: node1
    conntrack: |
      %s
"""
GONE = "src=10.244.2.99 dst=10.244.1.5 sport=53 dport=54321"
ASKED = "src=10.244.1.5 dst=10.96.0.53 sport=54321 dport=53"
ONE_WAY = f"udp 17 29 {ASKED} [UNREPLIED] {GONE} use=1"
STREAM = f"udp 17 119 {ASKED} {GONE} [ASSURED] use=1"
TCP = f"tcp 6 117 SYN_SENT {ASKED} [UNREPLIED] {GONE} use=1"


@pytest.mark.parametrize(
    ("entry", "config", "protocol", "port", "verdict", "seconds"),
    [
        (ONE_WAY, "", "UDP", 54321, "LOST", "30 s"),
        (STREAM, "", "UDP", 54321, "LOST", "120 s"),
        (ONE_WAY, "conntrack: {udpTimeout: 10s, udpStreamTimeout: 0s}", "UDP", 54321, "LOST", "10 s"),
        (STREAM, "conntrack: {udpTimeout: 0s, udpStreamTimeout: 3m0s}", "UDP", 54321, "LOST", "180 s"),
        (STREAM, "conntrack: {udpStreamTimeout: 1h1m1s}", "UDP", 54321, "LOST", "3661 s"),
        # Another source port is a connection of its own, and TCP's time-outs are others.
        (ONE_WAY, "", "UDP", 54322, "DELIVERED", None),
        (TCP, "", "TCP", 54321, "LOST", None),
    ],
)
def test_how_long_it_stays_is_said(
    entry: str, config: str, protocol: str, port: int, verdict: str, seconds: str | None
) -> None:
    cluster = load_cluster(text=CLUSTER % (config, entry))
    (outcome,) = outcomes(cluster, Request(f"10.244.1.5:{port}", "10.96.0.53:53", protocol))
    assert outcome.verdict == verdict
    said = [text for text in outcome.assumed if "conntrack held" in text.en]
    assert [(seconds or "") in text.en and (seconds or "").replace(" s", " 秒") in text.zh for text in said] == (
        [] if seconds is None else [True]
    )


def test_nobody_on_the_pod_s_network_means_no_route_to_host() -> None:
    cluster = load_cluster(text=CLUSTER % ("", STREAM))
    (outcome,) = outcomes(cluster, Request("10.244.1.5:54321", "10.96.0.53:53", "UDP"))
    assert outcome.where is not None
    assert (outcome.where.host, outcome.where.code) == ("node2", "no-neighbour")
    assert "about 3 s, node2 gives up and 10.244.1.5 is told: no route to host" in outcome.where.reason.en


@pytest.mark.parametrize("value", ["10", "soon", "1d", "5 s"])
def test_what_is_no_duration_is_refused_with_its_line(value: str) -> None:
    with pytest.raises(ManifestError, match=r"conntrack\.udpTimeout must be a duration such as 30s") as refused:
        load_cluster(text=CLUSTER % (f"conntrack: {{udpTimeout: '{value}'}}", ONE_WAY))
    assert refused.value.line is not None
