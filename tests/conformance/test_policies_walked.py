"""Upstream's recorded decisions again, asked of the walk: what policies allow arrives, what they do not ends at a door."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from engine import Request, outcomes
from engine.cluster import Cluster, CNIConfig, Pod
from engine.packet import is_ipv6, join_host_port
from engine.trace import Verdict

from .test_networkpolicy import CASES, as_cluster


def address(pod: Pod, family: str) -> str | None:
    return next((ip for ip in pod.ips if is_ipv6(ip) == (family == "ipv6")), None)


def enforced(cluster: Cluster) -> Cluster:
    """On Calico: the recordings name no plugin."""
    return dataclasses.replace(cluster, cni=CNIConfig("calico", "bgp", assumed=False))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_pod_to_pod(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    cluster = enforced(as_cluster(case))
    pods = {f"pod/{pod.namespace}/{pod.name}": pod for pod in cluster.pods if not pod.host_network}
    wrong = []
    for traffic in case["traffics"]:
        source, destination = pods.get(traffic["from"]), pods.get(traffic["to"])
        if source is None or destination is None or source is destination:
            continue
        to = address(destination, traffic.get("family", "ipv4"))
        assert to is not None
        (way,) = outcomes(cluster, Request(traffic["from"], join_host_port(to, traffic["port"]), traffic["protocol"]))
        # Whether somebody listens is no affair of the policies.
        passed = way.verdict in (Verdict.DELIVERED, Verdict.REFUSED)
        stopped = way.where is not None and way.where.code == "network-policy"
        if (passed, stopped) != (traffic["allowed"], not traffic["allowed"]):
            wrong.append((traffic, way.verdict, way.where))
    assert not wrong, wrong[:3]
