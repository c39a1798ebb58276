"""The NetworkPolicy tier: who isolates a pod, and which rule lets a connection through.

Source: NetworkPolicySpec in k8s.io/api/networking/v1/types.go. A pod is isolated for a direction by the policies of its
own namespace that select it and have that policyType; their rules are a union, so the policies' order is irrelevant.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.cluster import Pod
from engine.cluster.policies import NetworkPolicy, NetworkPolicyRule, PolicyType, RuleAction, Tier
from engine.networkpolicy.decision import MatchedRule
from engine.networkpolicy.index import PolicyIndex
from engine.networkpolicy.peers import peer_matches
from engine.networkpolicy.ports import port_matches
from engine.networkpolicy.selectors import selects
from engine.networkpolicy.traffic import Traffic


def isolating(index: PolicyIndex, pod: Pod, direction: PolicyType) -> tuple[NetworkPolicy, ...]:
    """The policies that isolate `pod` in that direction, by name."""
    own = index.by_namespace.get(pod.namespace, ())
    return tuple(p for p in own if direction in p.policy_types and selects(p.pod_selector, pod.labels))


def accepting(
    index: PolicyIndex, policies: Iterable[NetworkPolicy], direction: PolicyType, traffic: Traffic
) -> MatchedRule | None:
    """The first rule of any of `policies` that lets the connection through; None where none does."""
    for policy in policies:
        for number, rule in enumerate(policy.rules(direction)):
            found = _match(index, policy, direction, number, rule, traffic)
            if found is not None:
                return found
    return None


def _match(
    index: PolicyIndex,
    policy: NetworkPolicy,
    direction: PolicyType,
    number: int,
    rule: NetworkPolicyRule,
    traffic: Traffic,
) -> MatchedRule | None:
    """A rule fits where one of its ports and one of its peers do; an empty list of either fits everything."""
    port = next((i for i, port in enumerate(rule.ports) if port_matches(port, traffic)), None)
    if rule.ports and port is None:
        return None
    end = traffic.other(direction)
    peer = next((i for i, peer in enumerate(rule.peers) if peer_matches(index, policy.namespace, peer, end)), None)
    if rule.peers and peer is None:
        return None
    found = MatchedRule(
        Tier.NETWORK_POLICY, policy.key, direction, RuleAction.ACCEPT, number, namespace=policy.namespace
    )
    return found.by(rule.peers, peer, rule.ports, port)
