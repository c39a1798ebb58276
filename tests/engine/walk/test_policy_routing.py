"""A node of AWS with two network cards: pods of the second are routed by their source, marked connections by the first.

The rules and routes are those that the VPC CNI writes (aws/amazon-vpc-cni-k8s docs/cni-proposal.md)."""

from __future__ import annotations

import pytest

from engine import Outcome, Request, load_cluster, outcomes
from engine.errors import ManifestError, NoSuchObject

CLUSTER = """
{apiVersion: v1, kind: Node, metadata: {name: n1, annotations: {k8squiz.dev/addresses: 10.0.1.21}}, spec: {providerID: aws:///a/i-1},
 status: {addresses: [{type: InternalIP, address: 10.0.1.20}]}}
---
{apiVersion: v1, kind: Node, metadata: {name: n2}, spec: {providerID: aws:///a/i-2},
 status: {addresses: [{type: InternalIP, address: 10.0.2.30}]}}
---
{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: aws-node, namespace: kube-system}, spec: {template: {spec: {containers: []}}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: first}, spec: {nodeName: n1}, status: {podIP: 10.0.1.77}}
---
{apiVersion: v1, kind: Pod, metadata: {name: second, labels: {app: web}}, spec: {nodeName: n1}, status: {podIP: 10.0.1.99}}
---
{apiVersion: v1, kind: Pod, metadata: {name: other}, spec: {nodeName: n2, containers: [{name: c, ports: [{containerPort: 80}]}]},
 status: {podIP: 10.0.2.88}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, externalTrafficPolicy: Local, clusterIP: 172.20.0.10, selector: {app: web}, ports: [{port: 80, nodePort: 30080}]}
---
apiVersion: k8squiz.dev/v1
kind: Network
spec:
  without: [%s]
  nodes:
  - name: n1
    cards: [{name: eth0, address: 10.0.1.20}, {name: eth1, address: 10.0.1.21}]
    ipRules: |
      0:	from all lookup local
      512:	from all to 10.0.1.77 lookup main
      512:	from all to 10.0.1.99 lookup main
      1024:	from all fwmark 0x80/0x80 lookup main
      1536:	from 10.0.1.99 lookup 2
      32766:	from all lookup main
    ipRoutes: |
      default via 10.0.1.1 dev %s table 2
      10.0.1.1 dev eth1 table 2 scope link
"""


def walk(source: str, to: str, without: str = "") -> Outcome:
    return outcomes(load_cluster(text=CLUSTER % (without, "eth1")), Request(source, to))[0]


def sent_by(way: Outcome, reply: bool = False) -> list[str]:
    """The cards of n1 by which the packet, or its answer, goes out."""
    hops = way.reply if reply else way.hops
    return [hop.device for hop in hops if hop.host == "n1" and hop.stage == "wire"]


@pytest.mark.parametrize(
    ("source", "to", "there", "back", "seen"),
    [
        ("pod/second", "pod/other:80", ["eth1"], [], "10.0.1.99"),
        ("pod/first", "pod/other:80", ["eth0"], [], "10.0.1.77"),
        # What leaves the VPC is marked and goes by the primary card, whose address it gets.
        ("pod/second", "8.8.8.8:443", ["eth0"], [], "10.0.1.20"),
        ("pod/other", "pod/second:80", [], ["eth1"], "10.0.2.88"),
        # A NodePort's connection came by the primary card, and its answer leaves by it.
        ("client", "node/n1:30080", [], ["eth0"], "1.2.3.4"),
    ],
)
def test_by_which_card(source: str, to: str, there: list[str], back: list[str], seen: str) -> None:
    way = walk(source, to)
    assert (way.verdict, way.source_seen) == ("DELIVERED", seen)
    assert (sent_by(way), sent_by(way, reply=True)) == (there, back)


def test_without_the_connection_s_mark_the_answer_leaves_by_the_other_card() -> None:
    assert sent_by(walk("client", "node/n1:30080", "cni-rules"), reply=True) == ["eth1"]


def test_the_network_has_a_pod_s_address_on_its_card() -> None:
    arrived = [hop.device for hop in walk("pod/other", "pod/second:80").hops if hop.host == "n1" and hop.stage == "nic"]
    assert arrived == ["eth1"]


def test_a_table_that_leads_to_no_device_is_refused() -> None:
    with pytest.raises(NoSuchObject, match="table 2 leads to 'eth7'; the node has lo, eth0, eth1"):
        outcomes(load_cluster(text=CLUSTER % ("", "eth7")), Request("pod/second", "pod/other:80"))


def test_tables_without_rules_are_refused_with_their_line() -> None:
    text = (
        "{apiVersion: k8squiz.dev/v1, kind: Network, spec: {nodes: [{name: n1, ipRoutes: default dev eth1 table 2}]}}"
    )
    with pytest.raises(ManifestError, match=r"<text>:1: .*ipRoutes needs ipRules too"):
        load_cluster(text=text)
