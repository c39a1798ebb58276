"""What ClusterNetworkPolicy's own conformance tests expect of a plugin: kubernetes-sigs/network-policy-api,
conformance/tests/*-standard-{gress-rules,integration,priority}.go with their manifests, put in this form.

Each house is a namespace of two pods; gryffindor is the subject of every policy.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine import Cluster, load_cluster

from .scene import ask, cluster_policy, policy

HOUSES = ("gryffindor", "slytherin", "hufflepuff", "ravenclaw")


def house(name: str) -> dict[str, Any]:
    return {"namespaces": {"matchLabels": {"house": name}}}


def ports(*listed: str) -> list[dict[str, Any]]:
    """80/tcp -> its entry of protocols."""
    split = [one.split("/") for one in listed]
    return [{protocol: {"destinationPort": {"number": int(number)}}} for number, protocol in split]


def rule(action: str, direction: str, name: str, *listed: str) -> dict[str, Any]:
    made = {"action": action, "from" if direction == "ingress" else "to": [house(name)]}
    return {**made, "protocols": ports(*listed)} if listed else made


def rules(tier: str, priority: int, *rows: tuple[str, ...], name: str = "rules") -> dict[str, Any]:
    """A policy of gryffindor's with these rules, the same in both directions where the row does not say."""
    spec: dict[str, Any] = {"tier": tier, "priority": priority, "subject": house("gryffindor")}
    for direction in ("ingress", "egress"):
        own = [row[1:] for row in rows if row[0] in (direction, "both")]
        spec[direction] = [rule(action, direction, *more) for action, *more in own]
    return cluster_policy(spec, name)


def castle(*policies: dict[str, Any]) -> Cluster:
    items: list[dict[str, Any]] = [*policies]
    for number, name in enumerate(HOUSES):
        items.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"house": name}}})
        status = {"podIPs": [{"ip": f"10.244.1.{number + 5}"}]}
        items.append(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": name}, "status": status}
        )
    return load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


ALLOW_ALL, DENY_ALL, PASS_ALL = (("both", action, "ravenclaw") for action in ("Accept", "Deny", "Pass"))
AT = ("80/tcp", "53/udp", "9003/sctp")
DENY_AT, PASS_AT = (("both", action, "slytherin", *AT) for action in ("Deny", "Pass"))
OUT_AT = ("egress", "Accept", "hufflepuff", "8080/tcp", "5353/udp", "9003/sctp")
IN_AT = ("ingress", "Accept", "hufflepuff", "80/tcp", "5353/udp", "9003/sctp")
REST = ("both", "Deny", "hufflepuff")
LAST = (DENY_AT, PASS_AT, OUT_AT, IN_AT, REST)
GRESS = (ALLOW_ALL, DENY_ALL, PASS_ALL, *LAST)
DENY_FIRST = (DENY_ALL, ALLOW_ALL, PASS_ALL, *LAST)
PASS_FIRST = (PASS_ALL, ALLOW_ALL, DENY_ALL, PASS_AT, DENY_AT, OUT_AT, IN_AT, REST)
OPEN = policy(
    {
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": {"house": "slytherin"}}}]}],
        "egress": [{"to": [{"namespaceSelector": {"matchLabels": {"house": "slytherin"}}}]}],
    },
    "open",
    "gryffindor",
)
BASELINE = rules("Baseline", 10, ("both", "Deny", "slytherin"), name="default")


def integration(action: str) -> dict[str, Any]:
    return rules("Admin", 10, ("both", action, "slytherin"))


def priorities(changed: int) -> tuple[dict[str, Any], ...]:
    return (
        rules("Admin", 50, ("both", "Deny", "slytherin"), name="deny"),
        rules("Admin", changed, ("both", "Pass", "slytherin"), name="pass"),
        rules("Baseline", 10, ("both", "Accept", "slytherin"), name="default"),
    )


TABLE: list[tuple[str, tuple[dict[str, Any], ...], str, str]] = [
    ("Admin, Accept first", (rules("Admin", 15, *GRESS),), "> ravenclaw 80/tcp, > ravenclaw 53/udp, > ravenclaw 9003/sctp, < ravenclaw 80/tcp, < ravenclaw 53/udp, < ravenclaw 9003/sctp", ""),
    ("Admin, Accept at ports", (rules("Admin", 15, *GRESS),), "> hufflepuff 8080/tcp, > hufflepuff 5353/udp, > hufflepuff 9003/sctp, < hufflepuff 80/tcp, < hufflepuff 5353/udp, < hufflepuff 9003/sctp", "> hufflepuff 80/tcp, > hufflepuff 53/udp, > hufflepuff 9005/sctp, < hufflepuff 8080/tcp, < hufflepuff 53/udp, < hufflepuff 9005/sctp"),
    ("Admin, Deny first", (rules("Admin", 15, *DENY_FIRST),), "", "> ravenclaw 80/tcp, > ravenclaw 53/udp, > ravenclaw 9003/sctp, < ravenclaw 80/tcp, < ravenclaw 53/udp, < ravenclaw 9003/sctp"),
    ("Admin, Deny at ports", (rules("Admin", 15, *DENY_FIRST),), "> slytherin 8080/tcp, > slytherin 5353/udp, > slytherin 9005/sctp, < slytherin 8080/tcp, < slytherin 5353/udp, < slytherin 9005/sctp", "> slytherin 80/tcp, > slytherin 53/udp, > slytherin 9003/sctp, < slytherin 80/tcp, < slytherin 53/udp, < slytherin 9003/sctp"),
    ("Admin, Pass first", (rules("Admin", 15, *PASS_FIRST),), "> ravenclaw 80/tcp, < ravenclaw 53/udp, > slytherin 80/tcp, > slytherin 53/udp, < slytherin 9003/sctp", ""),
    ("Baseline, Accept first", (rules("Baseline", 10, ALLOW_ALL, DENY_ALL, DENY_AT, OUT_AT, IN_AT, REST),), "> ravenclaw 80/tcp, < ravenclaw 9003/sctp, > hufflepuff 8080/tcp, < hufflepuff 80/tcp, > slytherin 8080/tcp", "> hufflepuff 80/tcp, < hufflepuff 8080/tcp, > slytherin 80/tcp, < slytherin 53/udp"),
    ("Admin denies before a NetworkPolicy", (integration("Deny"), OPEN, BASELINE), "", "< slytherin 80/tcp, < slytherin 8080/tcp, > slytherin 80/tcp, > slytherin 8080/tcp"),
    ("Admin passes to a NetworkPolicy", (integration("Pass"), OPEN, BASELINE), "< slytherin 80/tcp, < slytherin 8080/tcp, > slytherin 80/tcp, > slytherin 8080/tcp", ""),
    ("Admin passes to Baseline", (integration("Pass"), BASELINE), "", "< slytherin 80/tcp, < slytherin 8080/tcp, > slytherin 80/tcp, > slytherin 8080/tcp"),
    ("the lower priority first", priorities(60), "", "< slytherin 80/tcp, < slytherin 8080/tcp, > slytherin 80/tcp, > slytherin 8080/tcp"),
    ("a priority changed", priorities(40), "< slytherin 80/tcp, < slytherin 8080/tcp, > slytherin 80/tcp, > slytherin 8080/tcp", ""),
]  # fmt: skip


@pytest.mark.parametrize(("policies", "yes", "no"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_gryffindor_and_the_others(policies: tuple[dict[str, Any], ...], yes: str, no: str) -> None:
    """`> HOUSE PORT`: gryffindor connects to it; `< HOUSE PORT`: it connects to gryffindor."""
    cluster = castle(*policies)
    for answer, listed in ((True, yes), (False, no)):
        for one in filter(None, listed.split(", ")):
            way, other, port = one.split()
            ends = ("gryffindor", other) if way == ">" else (other, "gryffindor")
            assert ask(cluster, f"pod/{ends[0]}/a > pod/{ends[1]}/a {port}").allowed is answer, one
