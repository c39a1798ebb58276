"""ClusterNetworkPolicy by its API's words (apis/v1alpha2/clusternetworkpolicy_types.go): tiers, priorities, actions, peers."""

from __future__ import annotations

from typing import Any

import pytest

from engine import UnsupportedFeature

from .scene import ask, cluster_policy, policy, scene

ALL: dict[str, Any] = {"namespaces": {}}
SHOP = {"namespaces": {"matchLabels": {"team": "a"}}}
DEFAULT = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}


def tier(name: str, priority: int, *actions: str, direction: str = "ingress", peer: Any = None, **more: Any) -> Any:
    """A policy about every pod, with a rule for each action; `more` goes into the rules."""
    peers = {"from" if direction == "ingress" else "to": [peer or ALL]}
    rules = [{"action": action, **peers, **more} for action in actions]
    return cluster_policy(
        {"tier": name, "priority": priority, "subject": ALL, direction: rules}, f"{name}-{priority}".lower()
    )


ISOLATE = policy({}, "isolate")
ALLOW = policy({"ingress": [{}]}, "allow")
ELSEWHERE = policy({}, "elsewhere", "shop")


@pytest.mark.parametrize(
    ("policies", "answer", "decided"),
    [
        ([tier("Admin", 1, "Deny")], False, "Admin admin-1"),
        ([tier("Admin", 1, "Accept")], True, "Admin admin-1"),
        ([tier("Admin", 1, "Accept"), ISOLATE], True, "Admin admin-1"),
        ([tier("Admin", 1, "Deny"), ALLOW], False, "Admin admin-1"),
        ([tier("Admin", 1, "Pass"), ISOLATE], False, "NetworkPolicy"),
        ([tier("Admin", 1, "Pass"), ALLOW], True, "NetworkPolicy default/allow"),
        ([tier("Admin", 1, "Pass")], True, ""),
        ([tier("Admin", 1, "Pass"), tier("Admin", 2, "Deny")], True, ""),
        ([tier("Admin", 1, "Pass", "Deny")], True, ""),
        ([tier("Admin", 1, "Pass"), tier("Baseline", 0, "Deny")], False, "Baseline baseline-0"),
        ([tier("Admin", 2, "Deny"), tier("Admin", 1, "Accept")], True, "Admin admin-1"),
        ([tier("Admin", 2, "Accept"), tier("Admin", 10, "Deny")], True, "Admin admin-2"),
        ([tier("Admin", 0, "Accept"), tier("Admin", 1000, "Deny")], True, "Admin admin-0"),
        ([tier("Admin", 1, "Deny", "Accept")], False, "Admin admin-1"),
        ([tier("Admin", 1, "Accept", "Deny")], True, "Admin admin-1"),
        ([tier("Baseline", 0, "Deny")], False, "Baseline baseline-0"),
        ([tier("Baseline", 0, "Deny"), ALLOW], True, "NetworkPolicy default/allow"),
        ([tier("Baseline", 0, "Accept"), ISOLATE], False, "NetworkPolicy"),
        ([tier("Baseline", 0, "Deny"), ELSEWHERE], False, "Baseline baseline-0"),
        ([tier("Baseline", 0, "Pass"), tier("Baseline", 1, "Deny")], True, ""),
        ([tier("Baseline", 5, "Deny"), tier("Admin", 9, "Accept")], True, "Admin admin-9"),
        ([tier("Admin", 1, "Deny", direction="egress")], True, ""),
        ([tier("Admin", 1), ISOLATE], False, "NetworkPolicy"),
    ],
)
def test_tiers_and_priorities(policies: Any, answer: bool, decided: str) -> None:
    decision = ask(scene(*policies), "pod/api > pod/web 80").ingress_decision
    by = " ".join(filter(None, (decision.tier, decision.rule.policy if decision.rule else None)))
    assert (decision.allowed, by) == (answer, decided)


def test_accept_at_the_source_does_not_accept_at_the_destination() -> None:
    decision = ask(scene(tier("Admin", 1, "Accept", direction="egress"), ISOLATE), "pod/api > pod/web 80")
    assert (decision.egress, decision.ingress, decision.allowed) == (True, False, False)


@pytest.mark.parametrize(
    ("subject", "denied"),
    [
        (ALL, "api other/web shop/web web"),
        (SHOP, "shop/web"),
        (DEFAULT, "api web"),
        ({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}}, "other/web shop/web web"),
        (
            {
                "pods": {
                    "namespaceSelector": {"matchLabels": {"team": "a"}},
                    "podSelector": {"matchLabels": {"app": "web"}},
                }
            },
            "shop/web",
        ),
        ({"pods": {"podSelector": {}}}, "api other/web shop/web web"),
    ],
    ids=["all", "a namespace by label", "a namespace by name", "pods", "pods of a namespace", "no namespaceSelector"],
)
def test_subject(subject: Any, denied: str) -> None:
    """Host-network pods are no subject of any."""
    deny = {"action": "Deny", "to": [{"networks": ["0.0.0.0/0"]}]}
    cluster = scene(cluster_policy({"tier": "Admin", "priority": 1, "subject": subject, "egress": [deny]}))
    pods = ("api", "other/web", "shop/host", "shop/web", "web")
    assert " ".join(pod for pod in pods if not ask(cluster, f"pod/{pod} > 9.9.9.9 80").egress) == denied


@pytest.mark.parametrize(
    ("peer", "denied"),
    [
        (ALL, "pod/api pod/shop/web"),
        (SHOP, "pod/shop/web"),
        ({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"tier": "back"}}}}, "pod/api"),
        ({"networks": ["10.244.2.3/32", "9.9.0.0/16"]}, "pod/api 9.9.9.9"),
        ({"networks": ["0.0.0.0/0"]}, "pod/api pod/shop/web pod/shop/host node/node2 198.51.100.2 9.9.9.9"),
        ({"networks": ["::/0"]}, ""),
        ({"nodes": {}}, "pod/shop/host node/node2 198.51.100.2"),
        ({"nodes": {"matchLabels": {"disk": "d2"}}}, "node/node2 198.51.100.2"),
    ],
    ids=[
        "all pods",
        "namespaces",
        "pods",
        "networks",
        "every IPv4 address",
        "every IPv6 address",
        "nodes",
        "nodes by label",
    ],
)
def test_egress_peers(peer: Any, denied: str) -> None:
    cluster = scene(tier("Admin", 1, "Deny", direction="egress", peer=peer))
    ends = ("pod/api", "pod/shop/web", "pod/shop/host", "node/node2", "198.51.100.2", "9.9.9.9")
    assert " ".join(end for end in ends if not ask(cluster, f"pod/web > {end} 80").egress) == denied


def test_ingress_peers_are_pods_alone() -> None:
    cluster = scene(tier("Admin", 1, "Deny"))
    denied = [
        end
        for end in ("pod/api", "9.9.9.9", "node/node2", "pod/shop/host")
        if not ask(cluster, f"{end} > pod/web 80").ingress
    ]
    assert denied == ["pod/api"]


def port(**fields: int) -> dict[str, Any]:
    return {"destinationPort": {"range": fields} if "start" in fields else fields}


@pytest.mark.parametrize(
    ("protocols", "denied"),
    [
        (None, "8080/TCP 53/UDP 53/TCP 9/SCTP"),
        ([{"tcp": port(number=53)}], "53/TCP"),
        ([{"udp": port(number=53)}], "53/UDP"),
        ([{"sctp": port(start=1, end=9)}], "9/SCTP"),
        ([{"tcp": port(start=53, end=8080)}], "8080/TCP 53/TCP"),
        ([{"udp": port(number=53)}, {"tcp": port(number=8080)}], "8080/TCP 53/UDP"),
        ([{"destinationNamedPort": "http"}], "8080/TCP"),
        ([{"destinationNamedPort": "dns"}], "53/UDP"),
        ([{"destinationNamedPort": "metrics"}], ""),
    ],
)
def test_protocols(protocols: Any, denied: str) -> None:
    cluster = scene(tier("Admin", 1, "Deny", protocols=protocols))
    ports = ("8080/TCP", "53/UDP", "53/TCP", "9/SCTP")
    assert " ".join(one for one in ports if not ask(cluster, f"pod/api > pod/web {one}").ingress) == denied


def _named(policy_: dict[str, Any], name: str) -> dict[str, Any]:
    return {**policy_, "metadata": {"name": name}}


def test_the_same_priority_and_the_same_action_is_an_answer() -> None:
    cluster = scene(_named(tier("Admin", 1, "Deny"), "b"), _named(tier("Admin", 1, "Deny"), "a"))
    rule = ask(cluster, "pod/api > pod/web 80").ingress_decision.rule
    assert rule is not None
    assert rule.policy == "a"


def test_the_same_priority_and_another_action_is_none() -> None:
    """ "There is no way for the user to reliably determine which one it will choose." """
    cluster = scene(_named(tier("Admin", 1, "Deny"), "b"), _named(tier("Admin", 1, "Accept"), "a"))
    with pytest.raises(
        UnsupportedFeature, match="the same priority 1 decide differently: a \\(Accept, spec.ingress\\[0\\]\\), b"
    ) as caught:
        ask(cluster, "pod/api > pod/web 80")
    assert "优先级同为 1" in caught.value.zh
    assert ask(cluster, "9.9.9.9 > pod/web 80").ingress


DOMAINS = tier(
    "Admin",
    1,
    "Accept",
    direction="egress",
    peer={"domainNames": ["*.kubernetes.io"]},
    protocols=[{"tcp": port(number=443)}],
)


@pytest.mark.parametrize(
    ("policies", "asked", "answer"),
    [
        ([DOMAINS], "pod/web > 9.9.9.9 443", None),
        ([DOMAINS], "pod/web > 9.9.9.9 80", True),
        ([DOMAINS], "9.9.9.9 > pod/web 443", True),
        (
            [tier("Admin", 0, "Deny", direction="egress", peer={"networks": ["9.9.9.0/24"]}), DOMAINS],
            "pod/web > 9.9.9.9 443",
            False,
        ),
    ],
    ids=["it hangs on the name", "another port", "the other direction", "decided before"],
)
def test_domain_names_are_refused_where_they_matter(policies: Any, asked: str, answer: bool | None) -> None:
    cluster = scene(*policies)
    if answer is None:
        with pytest.raises(UnsupportedFeature, match="admin-1: spec.egress\\[0\\].to\\[0\\] names domainNames"):
            ask(cluster, asked)
    else:
        assert ask(cluster, asked).allowed is answer
