"""What a decision tells: the rule, the reason in both languages, the exceptions and what was assumed."""

from __future__ import annotations

from typing import Any

import pytest

from engine import Cluster, load_cluster
from engine.cluster.policies import PolicyType
from engine.networkpolicy import MatchedRule, at_pod, index_policies
from engine.packet import L4

from .scene import ask, cluster_policy, policy, scene

DENY = policy({"policyTypes": ["Ingress", "Egress"]}, "deny")
BY_NODE = policy({"ingress": [{"from": [{"ipBlock": {"cidr": "192.168.1.0/24"}}]}]})
BY_NAMESPACE = policy({"ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]}]})
SUBJECT: dict[str, Any] = {"namespaces": {}}
DENY_NODES = {"tier": "Admin", "priority": 1, "subject": SUBJECT, "egress": [{"action": "Deny", "to": [{"nodes": {}}]}]}
DENY_PODS = {
    "tier": "Admin",
    "priority": 1,
    "subject": SUBJECT,
    "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}],
}


@pytest.mark.parametrize(
    ("policies", "asked", "answer", "alone", "codes"),
    [
        ([DENY], "node/node1 > pod/web 80", True, False, "own-node"),
        ([DENY], "192.168.1.11 > pod/web 80", True, False, "own-node"),
        ([DENY], "198.51.100.1 > pod/web 80", True, False, "own-node"),
        ([DENY], "pod/web > node/node1 80", True, False, "own-node"),
        ([DENY], "node/node2 > pod/web 80", False, False, ""),
        ([DENY], "pod/web > node/node2 80", False, False, ""),
        ([DENY], "pod/shop/host > pod/web 80", True, False, "host-network own-node"),
        ([DENY], "pod/shop/host > pod/api 80", False, False, "host-network"),
        ([DENY], "pod/api > pod/shop/host 80", False, False, "host-network"),
        ([policy({}, namespace="shop")], "pod/api > pod/shop/host 80", True, True, "host-network"),
        ([DENY], "pod/web > pod/web 80", True, False, "itself"),
        ([], "pod/web > pod/web 80", True, True, ""),
        ([], "pod/shop/host > pod/api 80", True, True, ""),
        ([BY_NODE], "node/node2 > pod/web 80", True, True, "nat node-address"),
        ([BY_NODE], "192.168.1.12 > pod/web 80", True, True, "nat"),
        ([BY_NODE], "9.9.9.9 > pod/web 80", False, False, "nat"),
        ([BY_NODE], "pod/api > pod/web 80", False, False, ""),
        ([BY_NAMESPACE], "pod/other/web > pod/web 80", False, False, "namespace-labels"),
        ([BY_NAMESPACE], "pod/shop/web > pod/web 80", False, False, ""),
        ([cluster_policy(DENY_NODES)], "pod/web > node/node1 80", False, False, "nat node-address"),
        ([cluster_policy(DENY_NODES), DENY], "pod/web > node/node1 80", False, False, "nat node-address own-node"),
        ([cluster_policy(DENY_PODS)], "pod/web > pod/web 80", True, False, "itself"),
        ([cluster_policy(DENY_PODS)], "pod/other/web > pod/web 80", False, False, "namespace-labels"),
    ],
)
def test_exceptions_and_assumptions(policies: Any, asked: str, answer: bool, alone: bool, codes: str) -> None:
    decision = ask(scene(*policies), asked)
    by_rules = decision.ingress_decision.by_rules_alone and decision.egress_decision.by_rules_alone
    found = " ".join(sorted(assumption.code for assumption in decision.assumed))
    assert (decision.allowed, by_rules, found) == (answer, alone, codes), decision
    assert all(assumption.en.endswith(".") and assumption.zh.endswith("。") for assumption in decision.assumed)


RULES = policy(
    {
        "podSelector": {"matchLabels": {"app": "web"}},
        "ingress": [
            {"from": [{"podSelector": {"matchLabels": {"app": "x"}}}]},
            {
                "from": [{"ipBlock": {"cidr": "9.9.9.0/24", "except": ["9.9.9.9/32"]}}, {"namespaceSelector": {}}],
                "ports": [{"protocol": "UDP"}, {"port": 80, "endPort": 90}, {"port": "http"}],
            },
            {
                "from": [
                    {"podSelector": {"matchExpressions": [{"key": "tier", "operator": "In", "values": ["back", "c"]}]}}
                ]
            },
        ],
    },
    "web",
)
ADMIN = cluster_policy(
    {
        "tier": "Admin",
        "priority": 10,
        "subject": {"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}},
        "ingress": [
            {
                "name": "no-guests",
                "action": "Deny",
                "from": [{"pods": {"namespaceSelector": {"matchLabels": {"team": "a"}}, "podSelector": {}}}],
                "protocols": [{"destinationNamedPort": "http"}, {"tcp": {"destinationPort": {"range": {"start": 1, "end": 9}}}}],
            }
        ],
        "egress": [
            {"action": "Accept", "to": [{"networks": ["9.9.0.0/16", "8.8.8.8/32"]}], "protocols": [{"udp": {"destinationPort": {"number": 53}}}]},
            {"action": "Pass", "to": [{"nodes": {}}, {"nodes": {"matchExpressions": [{"key": "disk", "operator": "DoesNotExist"}]}}]},
        ],
    },
    "admin",
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "en", "zh"),
    [
        ("9.9.9.1 > pod/web 85", "This rule lets it in: NetworkPolicy default/web, spec.ingress[1]: from[0] (addresses in 9.9.9.0/24 except 9.9.9.9/32), ports[1] (TCP 80-90).", "此规则允许其进入：NetworkPolicy default/web 的 spec.ingress[1]：from[0]（9.9.9.0/24 中的地址（除 9.9.9.9/32））、ports[1]（TCP 80-90）。"),
        ("pod/shop/web > pod/web 7/UDP", "This rule lets it in: NetworkPolicy default/web, spec.ingress[1]: from[1] (all pods of all namespaces), ports[0] (every UDP port).", "此规则允许其进入：NetworkPolicy default/web 的 spec.ingress[1]：from[1]（所有命名空间中的所有 Pod）、ports[0]（所有 UDP 端口）。"),
        ("pod/bare > pod/web 8080", "This rule lets it in: NetworkPolicy default/web, spec.ingress[1]: from[1] (all pods of all namespaces), ports[2] (the TCP port named http).", "此规则允许其进入：NetworkPolicy default/web 的 spec.ingress[1]：from[1]（所有命名空间中的所有 Pod）、ports[2]（名为 http 的 TCP 端口）。"),
        ("pod/api > pod/web 1", "This rule lets it in: NetworkPolicy default/web, spec.ingress[2]: from[0] (pods with tier in (back,c) of namespace default).", "此规则允许其进入：NetworkPolicy default/web 的 spec.ingress[2]：from[0]（命名空间 default 中带有 tier in (back,c) 的 Pod）。"),
        ("9.9.9.9 > pod/web 85", "Pod default/web is isolated for ingress by default/web, and no rule of theirs lets it in.", "Pod default/web 的入站流量被 default/web 隔离，其中没有规则允许其进入。"),
        ("9.9.9.9 > pod/api 85", "No policy isolates pod default/api for ingress, so everything is let in.", "没有策略隔离 Pod default/api 的入站流量，因此一切都可进入。"),
        ("pod/api > 9.9.9.9 85", "No policy is asked at 9.9.9.9: it is no pod of the pod network.", "9.9.9.9 不是 Pod 网络中的 Pod，不受策略约束。"),
        ("node/node1 > pod/web 1", "Traffic from the pod's own node is let in whatever NetworkPolicies say.", "Pod 与其所在节点之间的流量总能进入，不受 NetworkPolicy 限制。"),
        ("pod/web > pod/web 1", "A pod cannot be kept from reaching itself.", "策略不能阻止 Pod 访问自身。"),
        ("pod/shop/web > pod/web 8080", "It is what this rule denies: ClusterNetworkPolicy admin (Admin tier, priority 10), spec.ingress[0] 'no-guests': from[0] (all pods of namespaces with team=a), protocols[0] (the port named http).", "此规则拒绝该流量：ClusterNetworkPolicy admin（Admin 层，优先级 10）的 spec.ingress[0] 'no-guests'：from[0]（带有 team=a 的命名空间中的所有 Pod）、protocols[0]（名为 http 的端口）。"),
        ("pod/shop/web > pod/web 5", "It is what this rule denies: ClusterNetworkPolicy admin (Admin tier, priority 10), spec.ingress[0] 'no-guests': from[0] (all pods of namespaces with team=a), protocols[1] (TCP 1-9).", "此规则拒绝该流量：ClusterNetworkPolicy admin（Admin 层，优先级 10）的 spec.ingress[0] 'no-guests'：from[0]（带有 team=a 的命名空间中的所有 Pod）、protocols[1]（TCP 1-9）。"),
    ],
)  # fmt: skip
def test_reason_at_the_destination(asked: str, en: str, zh: str) -> None:
    reason = ask(scene(RULES, ADMIN), asked).ingress_decision.reason
    assert (reason.en, reason.zh) == (en, zh)


@pytest.mark.parametrize(
    ("asked", "en"),
    [
        ("pod/web > 8.8.8.8 53/UDP", "It is what this rule accepts: ClusterNetworkPolicy admin (Admin tier, priority 10), spec.egress[0]: to[0] (addresses in 9.9.0.0/16, 8.8.8.8/32), protocols[0] (UDP 53)."),
        ("pod/web > node/node2 80", "No policy isolates pod default/web for egress, so everything is let out."),
        ("node/node2 > pod/web 80", "No policy is asked at node/node2: it is no pod of the pod network."),
        ("pod/shop/host > pod/web 80", "No policy is asked at pod/shop/host: it is no pod of the pod network."),
    ],
)  # fmt: skip
def test_reason_at_the_source(asked: str, en: str) -> None:
    assert ask(scene(RULES, ADMIN), asked).egress_decision.reason.en == en


def test_a_rule_that_passed_is_told() -> None:
    passed = ask(scene(ADMIN), "pod/web > node/node2 80").egress_decision.passed
    assert [(rule.policy, rule.path, rule.peer, rule.words.en) for rule in passed] == [
        (
            "admin",
            "spec.egress[1]",
            0,
            "ClusterNetworkPolicy admin (Admin tier, priority 10), spec.egress[1]: to[0] (all nodes)",
        )
    ]


def test_a_matched_rule_has_its_indexes() -> None:
    rule = ask(scene(RULES), "9.9.9.1 > pod/web 85").ingress_decision.rule
    assert isinstance(rule, MatchedRule)
    assert (rule.kind, rule.policy, rule.direction, rule.rule, rule.peer, rule.port) == (
        "NetworkPolicy",
        "default/web",
        "Ingress",
        1,
        0,
        1,
    )


def test_everything_fits_an_empty_rule() -> None:
    decision = ask(scene(policy({"ingress": [{}]})), "9.9.9.9 > pod/web 80").ingress_decision
    assert decision.reason.en == "This rule lets it in: NetworkPolicy default/p, spec.ingress[0]: everything."


def _pods(cluster: Cluster) -> dict[str, Any]:
    return {f"{pod.namespace}/{pod.name}": pod for pod in cluster.pods}


@pytest.mark.parametrize(
    ("direction", "pod", "address", "peer", "answer", "codes"),
    [
        ("Ingress", "default/web", "9.9.9.9", None, False, ""),
        ("Ingress", "default/web", "10.244.2.3", None, True, ""),
        ("Ingress", "default/web", "192.168.1.12", "default/api", True, ""),
        ("Ingress", "default/web", "192.168.1.12", None, False, ""),
        ("Ingress", "default/web", "192.168.1.11", None, True, "own-node"),
        ("Ingress", "default/web", "10.244.1.0", None, True, "own-node"),
        ("Ingress", "default/web", "10.244.1.1", None, True, "own-node"),
        ("Ingress", "default/web", "10.244.2.0", None, False, ""),
        ("Egress", "default/web", "10.244.2.3", None, True, ""),
        ("Ingress", "shop/host", "9.9.9.9", None, True, "host-network"),
    ],
    ids=["outside", "a pod by its address", "a pod behind its node's address", "masqueraded elsewhere", "masqueraded here", "this node's tunnel", "this node's bridge", "another node's tunnel", "out", "a host-network pod"],
)  # fmt: skip
def test_at_a_pods_door(direction: str, pod: str, address: str, peer: str | None, answer: bool, codes: str) -> None:
    """As a walk asks: the addresses as they stand in the packet there, of CNI devices too."""
    flannel = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kube-flannel-cfg"}}
    net = {"data": {"net-conf.json": '{"Network": "10.244.0.0/16", "Backend": {"Type": "vxlan"}}'}}
    cluster = scene(policy({"ingress": [{"from": [{"podSelector": {}}]}]}), {**flannel, **net})
    pods = _pods(cluster)
    decision = at_pod(
        index_policies(cluster),
        PolicyType(direction),
        pods[pod],
        peer_address=address,
        peer_pod=None if peer is None else pods[peer],
        protocol=L4.TCP,
        port=8080,
    )
    assert (decision.allowed, " ".join(one.code for one in decision.assumed)) == (answer, codes)


@pytest.mark.parametrize(("through_service", "answer"), [(False, True), (True, False)])
def test_cluster_policies_see_a_pod_reach_itself_through_a_service(through_service: bool, answer: bool) -> None:
    cluster = scene(cluster_policy(DENY_PODS))
    web = _pods(cluster)["default/web"]
    for direction, expected in ((PolicyType.INGRESS, answer), (PolicyType.EGRESS, True)):
        decision = at_pod(
            index_policies(cluster),
            direction,
            web,
            peer_address="10.244.1.2",
            protocol=L4.TCP,
            port=8080,
            through_service=through_service,
        )
        assert decision.allowed is expected


def test_a_cluster_without_policies_lets_all_through() -> None:
    cluster = load_cluster(text="apiVersion: v1\nkind: Node\nmetadata: {name: n}\nspec: {podCIDR: 10.244.1.0/24}")
    decision = ask(cluster, "10.244.1.7 > 9.9.9.9 80")
    assert (decision.allowed, decision.assumed) == (True, ())
    assert (
        decision.egress_decision.reason.en == "No policy isolates pod 10.244.1.7 for egress, so everything is let out."
    )
