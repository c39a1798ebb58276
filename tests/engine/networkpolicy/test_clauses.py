"""The NetworkPolicy API clause by clause (k8s.io/api/networking/v1/types.go): a policy's spec, connections, answers."""

from __future__ import annotations

from typing import Any

import pytest

from .scene import ask, policy, scene

ALL: dict[str, Any] = {}
WEB = {"matchLabels": {"app": "web"}}
SHOP = {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}


def where(key: str, operator: str, *values: str) -> dict[str, Any]:
    found = {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
    return {"matchExpressions": [found]}


# What stands in `ingress` of a policy that selects every pod of namespace default; who then reaches pod/default/web.
FROM: list[tuple[str, Any, tuple[str, ...], tuple[str, ...]]] = [
    ("no rules", [], (), ("pod/api 8080", "pod/shop/web 8080", "9.9.9.9 8080")),
    ("missing rules", None, (), ("pod/api 8080", "9.9.9.9 8080")),
    ("an empty rule", [{}], ("pod/api 8080", "pod/shop/web 1/UDP", "9.9.9.9 8080/SCTP", "node/node2 8080"), ()),
    ("empty from", [{"from": []}], ("pod/api 8080", "9.9.9.9 1/UDP"), ()),
    ("missing from", [{"from": None}], ("pod/api 8080", "9.9.9.9 1/UDP"), ()),
    ("empty ports", [{"from": [{"podSelector": ALL}], "ports": []}], ("pod/api 1/UDP",), ("9.9.9.9 1/UDP",)),
    ("podSelector {}: the policy's own namespace", [{"from": [{"podSelector": ALL}]}], ("pod/api 1", "pod/bare 1"), ("pod/shop/web 1", "pod/other/web 1", "9.9.9.9 1", "node/node2 1")),
    ("podSelector", [{"from": [{"podSelector": WEB}]}], (), ("pod/api 1", "pod/shop/web 1")),
    ("namespaceSelector {}: every pod, and no one else", [{"from": [{"namespaceSelector": ALL}]}], ("pod/api 1", "pod/shop/web 1", "pod/other/web 1"), ("9.9.9.9 1", "node/node2 1")),
    ("namespaceSelector", [{"from": [{"namespaceSelector": {"matchLabels": {"team": "a"}}}]}], ("pod/shop/web 1",), ("pod/api 1", "pod/other/web 1")),
    ("a namespace by name", [{"from": [{"namespaceSelector": SHOP}]}], ("pod/shop/web 1",), ("pod/api 1",)),
    ("a namespace without an object has its name", [{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}]}], ("pod/other/web 1",), ("pod/shop/web 1",)),
    ("both selectors are AND", [{"from": [{"namespaceSelector": SHOP, "podSelector": {"matchLabels": {"app": "api"}}}]}], (), ("pod/shop/web 1", "pod/api 1")),
    ("both selectors, both fit", [{"from": [{"namespaceSelector": SHOP, "podSelector": WEB}]}], ("pod/shop/web 1",), ("pod/other/web 1",)),
    ("two peers are OR", [{"from": [{"namespaceSelector": SHOP}, {"podSelector": {"matchLabels": {"app": "api"}}}]}], ("pod/shop/web 1", "pod/api 1"), ("pod/bare 1", "pod/other/web 1")),
    ("two rules are OR, each whole", [{"from": [{"podSelector": ALL}], "ports": [{"port": 1}]}, {"from": [{"namespaceSelector": SHOP}], "ports": [{"port": 2}]}], ("pod/api 1", "pod/shop/web 2"), ("pod/api 2", "pod/shop/web 1")),
    ("In", [{"from": [{"podSelector": where("app", "In", "api", "x")}]}], ("pod/api 1",), ("pod/bare 1",)),
    ("NotIn holds where the key is missing", [{"from": [{"podSelector": where("app", "NotIn", "api")}]}], ("pod/bare 1",), ("pod/api 1",)),
    ("Exists", [{"from": [{"podSelector": where("tier", "Exists")}]}], ("pod/api 1",), ("pod/bare 1",)),
    ("DoesNotExist", [{"from": [{"podSelector": where("tier", "DoesNotExist")}]}], ("pod/bare 1",), ("pod/api 1",)),
    ("all of a selector must hold", [{"from": [{"podSelector": {"matchLabels": {"app": "api"}, **where("tier", "NotIn", "back")}}]}], (), ("pod/api 1", "pod/bare 1")),
    ("NotIn of a namespace's label", [{"from": [{"namespaceSelector": where("team", "NotIn", "a")}]}], ("pod/api 1", "pod/other/web 1"), ("pod/shop/web 1", "9.9.9.9 1")),
    ("ipBlock, outside", [{"from": [{"ipBlock": {"cidr": "9.9.0.0/16"}}]}], ("9.9.9.9 1",), ("9.8.9.9 1", "pod/api 1")),
    ("ipBlock, a pod's address", [{"from": [{"ipBlock": {"cidr": "10.244.2.0/24"}}]}], ("pod/api 1", "10.244.2.3 1", "pod/shop/web 1"), ("pod/other/web 1",)),
    ("ipBlock, a node's address", [{"from": [{"ipBlock": {"cidr": "192.168.1.12/32"}}]}], ("node/node2 1", "192.168.1.12 1"), ("pod/api 1",)),
    ("except", [{"from": [{"ipBlock": {"cidr": "9.9.0.0/16", "except": ["9.9.9.0/24"]}}]}], ("9.9.8.1 1",), ("9.9.9.9 1",)),
    ("except narrows its own block alone", [{"from": [{"ipBlock": {"cidr": "9.9.0.0/16", "except": ["9.9.9.0/24"]}}, {"ipBlock": {"cidr": "9.9.9.9/32"}}]}], ("9.9.9.9 1",), ("9.9.9.8 1",)),
    ("host bits of a CIDR", [{"from": [{"ipBlock": {"cidr": "9.9.9.9/16"}}]}], ("9.9.1.1 1",), ("9.8.1.1 1",)),
    ("0.0.0.0/0 is pods too", [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}], ("pod/api 1", "9.9.9.9 1"), ()),
    ("a port", [{"ports": [{"port": 80}]}], ("9.9.9.9 80/TCP",), ("9.9.9.9 80/UDP", "9.9.9.9 81", "9.9.9.9 79")),
    ("a protocol alone is all its ports", [{"ports": [{"protocol": "UDP"}]}], ("9.9.9.9 1/UDP", "9.9.9.9 65535/UDP"), ("9.9.9.9 1/TCP", "9.9.9.9 1/SCTP")),
    ("an empty port is every TCP port", [{"ports": [{}]}], ("9.9.9.9 1/TCP",), ("9.9.9.9 1/UDP",)),
    ("ports are OR", [{"ports": [{"port": 80}, {"port": 53, "protocol": "UDP"}]}], ("9.9.9.9 80", "9.9.9.9 53/UDP"), ("9.9.9.9 53/TCP",)),
    ("endPort is inclusive", [{"ports": [{"port": 80, "endPort": 90}]}], ("9.9.9.9 80", "9.9.9.9 90"), ("9.9.9.9 79", "9.9.9.9 91")),
    ("endPort equal to port", [{"ports": [{"port": 80, "endPort": 80}]}], ("9.9.9.9 80",), ("9.9.9.9 81",)),
    ("a name is looked up on the destination", [{"ports": [{"port": "http"}]}], ("pod/shop/web 8080",), ("pod/shop/web 80", "pod/shop/web 8080/UDP")),
    ("a name with its protocol", [{"ports": [{"port": "dns", "protocol": "UDP"}]}], ("9.9.9.9 53/UDP",), ("9.9.9.9 53/TCP",)),
    ("a name of another protocol", [{"ports": [{"port": "dns"}]}], (), ("9.9.9.9 53/UDP", "9.9.9.9 53/TCP")),
    ("a name nobody has", [{"ports": [{"port": "metrics"}]}], (), ("pod/api 8080", "pod/api 53/UDP")),
    ("a host-network pod is no pod to selectors", [{"from": [{"namespaceSelector": ALL, "podSelector": WEB}]}], ("pod/other/web 1",), ("node/node2 1",)),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "yes", "no"), [row[1:] for row in FROM], ids=[row[0] for row in FROM])
def test_ingress_rules(rules: Any, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
    cluster = scene(policy({"podSelector": ALL, "ingress": rules}))
    for answer, asked in ((True, yes), (False, no)):
        for one in asked:
            source, port = one.split()
            decision = ask(cluster, f"{source} > pod/web {port}")
            assert (decision.ingress, decision.ingress_policies) == (answer, ("default/p",)), (one, decision)


# What stands in `egress` of a policy that selects every pod of namespace default; whom pod/default/api then reaches.
TO: list[tuple[str, Any, tuple[str, ...], tuple[str, ...]]] = [
    ("no rules", [], (), ("pod/web 8080", "9.9.9.9 80", "node/node1 80")),
    ("an empty rule", [{}], ("pod/web 8080", "9.9.9.9 80"), ()),
    ("empty to", [{"to": []}], ("pod/web 8080", "9.9.9.9 80"), ()),
    ("pods", [{"to": [{"podSelector": WEB}]}], ("pod/web 1",), ("pod/bare 1", "pod/shop/web 1", "9.9.9.9 1")),
    ("a name differs from pod to pod", [{"ports": [{"port": "http"}]}], ("pod/web 8080", "pod/shop/web 80"), ("pod/web 80", "pod/shop/web 8080", "9.9.9.9 80", "node/node1 8080")),
    ("a name behind ipBlock", [{"to": [{"ipBlock": {"cidr": "10.244.0.0/16"}}], "ports": [{"port": "http"}]}], ("pod/web 8080",), ("pod/web 80",)),
    ("ipBlock", [{"to": [{"ipBlock": {"cidr": "9.9.9.0/24", "except": ["9.9.9.9/32"]}}]}], ("9.9.9.8 1",), ("9.9.9.9 1", "pod/web 1")),
    ("a host-network pod by its node's address", [{"to": [{"ipBlock": {"cidr": "192.168.1.11/32"}}]}], ("pod/shop/host 8080", "node/node1 1"), ("pod/web 8080",)),
    ("a host-network pod is no pod to selectors", [{"to": [{"namespaceSelector": ALL}]}], ("pod/shop/web 1",), ("pod/shop/host 8080",)),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "yes", "no"), [row[1:] for row in TO], ids=[row[0] for row in TO])
def test_egress_rules(rules: Any, yes: tuple[str, ...], no: tuple[str, ...]) -> None:
    cluster = scene(policy({"podSelector": ALL, "policyTypes": ["Egress"], "egress": rules}))
    for answer, asked in ((True, yes), (False, no)):
        for one in asked:
            decision = ask(cluster, f"pod/api > {one}")
            assert (decision.egress, decision.egress_policies) == (answer, ("default/p",)), (one, decision)


RULES: list[dict[str, Any]] = [{}]


@pytest.mark.parametrize(
    ("spec", "isolated"),
    [
        ({}, "Ingress"),
        ({"ingress": RULES}, "Ingress"),
        ({"egress": []}, "Ingress"),
        ({"egress": RULES}, "Ingress Egress"),
        ({"policyTypes": [], "egress": RULES}, "Ingress Egress"),
        ({"policyTypes": ["Ingress"], "egress": RULES}, "Ingress"),
        ({"policyTypes": ["Egress"]}, "Egress"),
        ({"policyTypes": ["Egress"], "ingress": RULES}, "Egress"),
        ({"policyTypes": ["Egress", "Ingress"]}, "Ingress Egress"),
        ({"policyTypes": ["Ingress", "Ingress"]}, "Ingress"),
    ],
)
def test_policy_types(spec: dict[str, Any], isolated: str) -> None:
    cluster = scene(policy(spec))
    towards, from_ = ask(cluster, "pod/api > pod/web 80"), ask(cluster, "pod/web > 9.9.9.9 80")
    found = ["Ingress"] if towards.ingress_policies else []
    found += ["Egress"] if from_.egress_policies else []
    assert " ".join(found) == isolated


@pytest.mark.parametrize(
    ("selector", "isolated"),
    [
        (None, "api bare web"),
        (ALL, "api bare web"),
        (WEB, "web"),
        (where("app", "NotIn", "web"), "api bare"),
        (where("app", "Exists"), "api web"),
        ({"matchLabels": {"app": "api", "tier": "front"}}, ""),
        ({"matchLabels": {"app": ""}}, ""),
        ({"matchLabels": None, "matchExpressions": None}, "api bare web"),
    ],
)
def test_pod_selector_selects_in_its_own_namespace(selector: Any, isolated: str) -> None:
    cluster = scene(policy({"podSelector": selector}))
    asked = {name: ask(cluster, f"9.9.9.9 > pod/{name} 80") for name in ("api", "bare", "web", "shop/web", "shop/host")}
    assert " ".join(name for name, decision in asked.items() if not decision.ingress) == isolated


@pytest.mark.parametrize(
    ("policies", "asked", "answer", "by"),
    [
        ([], "pod/api > pod/web 80", (True, True), ()),
        ([policy({}, "a"), policy({"ingress": [{}]}, "b")], "pod/api > pod/web 80", (True, True), ("default/a", "default/b")),
        ([policy({}, "a"), policy({"podSelector": WEB}, "b")], "pod/api > pod/web 80", (False, True), ("default/a", "default/b")),
        ([policy({"ingress": [{}]}, "a", "shop"), policy({}, "b")], "pod/api > pod/web 80", (False, True), ("default/b",)),
        ([policy({"policyTypes": ["Egress"]}, "a")], "pod/api > pod/shop/web 80", (True, False), ()),
        ([policy({"ingress": [{}]}, "a"), policy({"policyTypes": ["Egress"]}, "b")], "pod/api > pod/web 80", (True, False), ("default/a",)),
        ([policy({}, "a", "shop")], "pod/api > pod/web 80", (True, True), ()),
    ],
    ids=["none", "a union", "no rule in two", "a rule of another namespace", "the source forbids", "both ends", "another namespace"],
)  # fmt: skip
def test_policies_together(policies: Any, asked: str, answer: tuple[bool, bool], by: tuple[str, ...]) -> None:
    decision = ask(scene(*policies), asked)
    assert (decision.ingress, decision.egress, decision.ingress_policies) == (*answer, by)
    assert decision.allowed == all(answer)


@pytest.mark.parametrize(
    ("cidr", "asked", "answer"),
    [
        ("fd00:2::/64", "pod/api > pod/web 80", True),
        ("10.244.0.0/16", "pod/api > pod/web 80", False),
        ("2001:db8::/32", "2001:db8::7 > pod/web 80", True),
        ("0.0.0.0/0", "2001:db8::7 > pod/web 80", False),
        ("::/0", "node/node2 > pod/web 80", True),
    ],
)
def test_ipv6(cidr: str, asked: str, answer: bool) -> None:
    cluster = scene(policy({"ingress": [{"from": [{"ipBlock": {"cidr": cidr}}]}]}))
    assert ask(cluster, asked, "ipv6").ingress is answer
