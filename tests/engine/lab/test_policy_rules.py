"""NetworkPolicies as nftables rules: what stands in a pod's chains, and where packets meet them."""

from __future__ import annotations

import pytest

from engine.fabric.fabric import build_fabric
from engine.lab.errors import NotInThisLab
from engine.lab.policy_rules import policy_rules
from tests.engine.clusters import A, B, C, cluster
from tests.engine.walk.test_policies import CALICO, policies, scene


def chain(text: str, name: str) -> list[str]:
    """The rules of one chain of a script, after those that are every pod's."""
    lines = [line.strip() for line in text.partition(f"chain {name} {{")[2].partition("}\n  chain")[0].splitlines()]
    return [line for line in lines if line and not line.startswith(("ct state", "}"))]


# a rule of the policy -> what nft asks in the chain of pod-a (10.244.1.5), whose namespace also holds pod-b and pod-c
RULES = [
    ("", ["drop"]),
    ("{}", ["return", "drop"]),
    ("{ports: [{port: 80}]}", ["tcp dport 80 return", "drop"]),
    ("{ports: [{port: 80, endPort: 90, protocol: UDP}]}", ["udp dport 80-90 return", "drop"]),
    ("{ports: [{protocol: SCTP}]}", ["meta l4proto sctp return", "drop"]),
    ("{ports: [{port: http}]}", ["tcp dport 8080 return", "drop"]),
    ("{ports: [{port: nobody}]}", ["drop"]),
    ("{from: [{ipBlock: {cidr: 9.9.9.0/24}}]}", ["ip saddr 9.9.9.0/24 return", "drop"]),
    (
        "{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.2.0.0/16]}}], ports: [{port: 80}]}",
        ["ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16, 10.2.0.0/16 } tcp dport 80 return", "drop"],
    ),
    ("{from: [{ipBlock: {cidr: 'fd00::/8'}}]}", ["drop"]),
    ("{from: [{podSelector: {matchLabels: {name: pod-b}}}]}", [f"ip saddr {{ {B} }} return", "drop"]),
    ("{from: [{podSelector: {}}]}", [f"ip saddr {{ {A}, {B}, {C} }} return", "drop"]),
    ("{from: [{namespaceSelector: {matchLabels: {team: x}}}]}", ["drop"]),
]


@pytest.mark.parametrize(("rule", "expected"), RULES)
def test_what_lets_a_connection_in(rule: str, expected: list[str]) -> None:
    script = policy_rules(build_fabric(scene("calico", policies(ingress=rule, kinds="Ingress"))), "node1", 4)
    assert script is not None
    assert chain(script, "to-0") == expected
    assert chain(script, "from-0") == []


def test_a_port_by_its_name_is_each_destination_s_own() -> None:
    text = policies(egress="{to: [{podSelector: {}}], ports: [{port: http}]}", kinds="Egress")
    script = policy_rules(build_fabric(scene("calico", text)), "node1", 4)
    assert script is not None
    assert chain(script, "own-0") == [*(f"ip daddr {end} tcp dport 8080 return" for end in (A, B, C)), "drop"]


# plugin, mode -> the hooks with their priorities, and how a refusal ends
PLACES = [
    ("calico", "iptables", {"forward": -1, "input": -1, "output": -1}, ["drop"]),
    ("calico", "ipvs", {"forward": -1, "input": 100, "output": -1}, ["drop"]),
    ("kube-router", "nftables", {"forward": 1, "input": 1, "output": 1}, ["icmp type echo-request return", "reject"]),
    ("kindnet", "iptables", {"postrouting": 99, "input": -1}, ["drop"]),
]


@pytest.mark.parametrize(("plugin", "mode", "hooks", "end"), PLACES)
def test_where_packets_meet_the_rules(plugin: str, mode: str, hooks: dict[str, int], end: list[str]) -> None:
    script = policy_rules(build_fabric(scene(plugin, policies(kinds="Ingress")), mode), "node1", 4)
    assert script is not None
    bases = [line.split() for line in script.splitlines() if "type filter hook" in line]
    assert {words[3]: int(words[5].rstrip(";")) for words in bases} == hooks
    assert chain(script, "to-0") == end


def test_nobody_who_enforces_means_no_rules() -> None:
    assert policy_rules(build_fabric(scene("flannel", policies())), "node1", 4) is None
    assert policy_rules(build_fabric(cluster(B, cni=CALICO)), "node1", 4) is None


def test_felix_drops_invalid_packets_without_any_policy() -> None:
    script = policy_rules(build_fabric(cluster(B, cni=CALICO, cni_rules=True)), "node1", 4)
    assert script is not None
    # At each of the node's two pods: what it sends, what it gets, what it sends its own node.
    assert script.count("ct state invalid drop") == 6
    assert script.replace("ct state invalid drop", "").count("drop") == 0


def test_neighbours_find_each_other_whatever_the_policies() -> None:
    script = policy_rules(build_fabric(scene("calico", policies())), "node1", 6)
    assert script is not None
    assert script.count("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } return") == 3


def test_policies_of_other_kinds_are_left_out() -> None:
    text = """
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: p}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {}}]}]
"""
    with pytest.raises(NotInThisLab, match="no policies of other kinds"):
        policy_rules(build_fabric(scene("calico", text)), "node1", 4)
