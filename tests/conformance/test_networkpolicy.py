"""Recorded decisions of upstream's own evaluators (policy-assistant's matcher, kube-network-policies): every connection."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import Cluster, load_cluster
from engine.cluster.policies import PolicyType
from engine.networkpolicy import PolicyDecision, Traffic, TrafficPeer, allowed, at_pod, index_policies
from engine.packet import L4, Family

from .locate import folder

CASES = sorted(folder("networkpolicy").glob("*.json"))


def as_cluster(case: dict[str, Any]) -> Cluster:
    """The case's nodes, namespaces, pods and policies as manifests."""
    items: list[dict[str, Any]] = [*case["pods"], *case["policies"]]
    for name, addresses in case["nodes"].items():
        status = {"addresses": [{"type": "InternalIP", "address": address} for address in addresses]}
        items.append({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status})
    for name, labels in case["namespaces"].items():
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def decide(cluster: Cluster, traffic: dict[str, Any]) -> PolicyDecision:
    return allowed(
        cluster,
        source=traffic["from"],
        destination=traffic["to"],
        port=traffic["port"],
        protocol=traffic["protocol"],
        family=traffic.get("family", "ipv4"),
    )


def answers(decision: PolicyDecision) -> dict[str, Any]:
    """In the recording's words."""
    ingress, egress = decision.ingress_decision.by_rules_alone, decision.egress_decision.by_rules_alone
    return {
        "ingress": decision.ingress,
        "egress": decision.egress,
        "allowed": decision.allowed,
        "ingress_policies": sorted(decision.ingress_policies),
        "egress_policies": sorted(decision.egress_policies),
        "by_rules_alone": {"ingress": ingress, "egress": egress, "allowed": ingress and egress},
    }


def recorded(traffic: dict[str, Any]) -> dict[str, Any]:
    plain = {key: traffic[key] for key in ("ingress", "egress", "allowed")}
    policies = {key: sorted(traffic[key]) for key in ("ingress_policies", "egress_policies")}
    return {**plain, **policies, "by_rules_alone": traffic.get("by_rules_alone", plain)}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_connection(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    cluster = as_cluster(case)
    wrong = []
    for traffic in case["traffics"]:
        decision = decide(cluster, traffic)
        if answers(decision) != recorded(traffic):
            wrong.append((traffic, answers(decision)))
        special = traffic.get("special", ())
        told = {assumption.code for assumption in decision.assumed}
        isolated = bool(cluster.network_policies)
        assert ("host-network" in told) == ("hostNetwork" in special and isolated), traffic
        assert ("own-node" in told) <= ("localNode" in special), traffic
    assert not wrong, "\n".join(f"{traffic}\n  but {answer}" for traffic, answer in wrong[:5])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_pods_door_says_the_same(path: Path) -> None:
    """The walk's question, in pods and addresses, has the answer of the question in names."""
    case = json.loads(path.read_text(encoding="utf-8"))
    cluster = as_cluster(case)
    index = index_policies(cluster)
    for traffic in case["traffics"]:
        family = Family(traffic.get("family", "ipv4"))
        source, destination = (end(index, traffic[side], family) for side in ("from", "to"))
        for direction in PolicyType:
            whole = Traffic(source, destination, L4(traffic["protocol"]), traffic["port"])
            own, other = whole.own(direction), whole.other(direction)
            if own.pod is None or other.address is None:
                continue
            found = at_pod(
                index,
                direction,
                own.pod,
                peer_address=other.address,
                peer_pod=other.pod,
                protocol=whole.protocol,
                port=whole.port,
            )
            assert found.allowed == traffic[direction.lower()], (direction, traffic)


def end(index: Any, name: str, family: Family) -> TrafficPeer:
    kind, _, rest = name.partition("/")
    if kind == "pod":
        namespace, _, pod = rest.partition("/")
        return index.pod_peer(index.pods[namespace, pod], family=family)  # type: ignore[no-any-return]
    address = index.node_address(rest, family) if kind == "node" else name
    return index.peer_at(address)  # type: ignore[no-any-return]
