"""The cluster that the shell's tests work on: two nodes, three pods, a NodePort Service."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from engine import load_cluster
from engine.cluster import Cluster, NetworkFacts
from engine.shell import Reply, Shell, open_shell

_NODE = """
- apiVersion: v1
  kind: Node
  metadata: {{name: node{n}}}
  spec: {{podCIDR: 10.244.{n}.0/24, podCIDRs: [10.244.{n}.0/24]}}
  status: {{addresses: [{{type: InternalIP, address: 192.168.1.1{n}}}]}}
"""
_POD = """
- apiVersion: v1
  kind: Pod
  metadata: {{name: {name}, labels: {{app: {app}}}}}
  spec: {{nodeName: {node}, containers: [{{name: main, ports: [{{containerPort: 8080}}]}}]}}
  status: {{podIP: {ip}, conditions: [{{type: Ready, status: "True"}}]}}
"""
_SERVICE = """
- apiVersion: v1
  kind: Service
  metadata: {name: web}
  spec: {type: NodePort, selector: {app: web}, clusterIP: 10.96.0.10, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
"""
PODS = (
    ("a", "web", "node1", "10.244.1.5"),
    ("b", "web", "node2", "10.244.2.8"),
    ("c", "client", "node1", "10.244.1.7"),
)


@functools.cache
def two_nodes() -> Cluster:
    """node1 (192.168.1.11) with pods a and c, node2 (192.168.1.12) with pod b; Service web of a and b."""
    pods = "".join(_POD.format(name=name, app=app, node=node, ip=ip) for name, app, node, ip in PODS)
    return load_cluster(
        text="apiVersion: v1\nkind: List\nitems:" + "".join(_NODE.format(n=n) for n in (1, 2)) + pods + _SERVICE
    )


def opened(mode: str = "iptables", **facts: Any) -> Shell:
    """`facts` of the network, where they are not those of every cluster."""
    cluster = two_nodes()
    return open_shell(dataclasses.replace(cluster, network=NetworkFacts(**facts)) if facts else cluster, mode)


def sticky(mode: str, seconds: int = 60) -> Shell:
    """The same with sessionAffinity of so many seconds."""
    cluster = two_nodes()
    service = dataclasses.replace(cluster.services[0], session_affinity="ClientIP", affinity_timeout_seconds=seconds)
    return open_shell(dataclasses.replace(cluster, services=(service,)), mode)


def run(shell: Shell, host: str, *lines: str) -> Reply:
    """The reply to the last of the lines, each run after the one before."""
    reply = Reply("", "", 0, shell)
    for line in lines:
        reply = reply.shell.run(host, line)
    return reply
