"""The Admin and Baseline tiers: which ClusterNetworkPolicy's rule a connection meets first.

Source: ClusterNetworkPolicySpec in apis/v1alpha2 of network-policy-api (NPEP-285): the lower priority first, within a
policy the rules in their order. Of policies with the same priority any may be taken first: where they would decide
differently the API gives no answer, and neither do we.
"""

from __future__ import annotations

from engine.cluster.policies import ClusterNetworkPolicy, ClusterNetworkPolicyRule, PolicyType, Tier
from engine.errors import UnsupportedFeature
from engine.networkpolicy.decision import MatchedRule
from engine.networkpolicy.index import PolicyIndex
from engine.networkpolicy.peers import cluster_peer_matches, pods_match, refuse_domain_names
from engine.networkpolicy.ports import protocol_matches
from engine.networkpolicy.traffic import Traffic


def first_rule(index: PolicyIndex, tier: Tier, direction: PolicyType, traffic: Traffic) -> MatchedRule | None:
    """The rule of that tier which decides, whatever its action; None where none fits."""
    for policies in index.tiers.get(tier, ()):
        found = [rule for policy in policies if (rule := _of_policy(index, policy, direction, traffic)) is not None]
        if len({rule.action for rule in found}) > 1:
            raise _undecided(tier, found)
        if found:
            return found[0]
    return None


def _of_policy(
    index: PolicyIndex, policy: ClusterNetworkPolicy, direction: PolicyType, traffic: Traffic
) -> MatchedRule | None:
    rules = policy.rules(direction)
    if not rules or not pods_match(index, policy.subject, traffic.own(direction)):
        return None
    for number, rule in enumerate(rules):
        found = _match(index, policy, direction, number, rule, traffic)
        if found is not None:
            return found
    return None


def _match(
    index: PolicyIndex,
    policy: ClusterNetworkPolicy,
    direction: PolicyType,
    number: int,
    rule: ClusterNetworkPolicyRule,
    traffic: Traffic,
) -> MatchedRule | None:
    port = next((i for i, protocol in enumerate(rule.protocols) if protocol_matches(protocol, traffic)), None)
    if rule.protocols and port is None:
        return None
    end = traffic.other(direction)
    answers = [cluster_peer_matches(index, peer, end) for peer in rule.peers]
    peer = next((i for i, answer in enumerate(answers) if answer), None)
    if peer is None:
        if None in answers:
            raise refuse_domain_names(policy.name, f"spec.{direction.lower()}[{number}].to[{answers.index(None)}]")
        return None
    found = MatchedRule(
        policy.tier, policy.name, direction, rule.action, number, priority=policy.priority, name=rule.name
    )
    return found.by(rule.peers, peer, rule.protocols, port)


def _undecided(tier: Tier, found: list[MatchedRule]) -> UnsupportedFeature:
    said = ", ".join(f"{rule.policy} ({rule.action}, {rule.path})" for rule in found)
    return UnsupportedFeature(
        f"ClusterNetworkPolicies of the {tier} tier with the same priority {found[0].priority} decide differently: {said};"
        " the API does not say which of them is taken; give each a priority of its own",
        zh=f"{tier} 层中优先级同为 {found[0].priority} 的 ClusterNetworkPolicy 结果不同：{said}；API 没有规定采用哪一个；请使用不同的优先级",
    )
