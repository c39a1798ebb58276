"""The decision at one end of a connection, and at both.

Admin tier, then NetworkPolicy, then Baseline, then allowed (ClusterNetworkPolicySpec.Tier, NPEP-285). Two exceptions are
the documentation's, not a rule's: traffic from and to the pod's own node (NetworkPolicySpec.Ingress in types.go; "IP
blocks" on the page Network Policies), and a pod to itself (the same page; for ClusterNetworkPolicy "hairpin" traffic in
network-policy-api's api-overview.md: by its own address it is not subject to them, through a Service it is).
"""

from __future__ import annotations

from engine.cluster import Pod
from engine.cluster.policies import NetworkPolicy, PolicyType, RuleAction, Tier
from engine.networkpolicy.assumptions import assumptions
from engine.networkpolicy.decision import DirectionDecision, MatchedRule, PolicyDecision
from engine.networkpolicy.index import PolicyIndex
from engine.networkpolicy.isolation import accepting, isolating
from engine.networkpolicy.peers import described
from engine.networkpolicy.tiers import first_rule
from engine.networkpolicy.traffic import Traffic
from engine.packet import L4, family_of
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class _Evaluation:
    allowed: bool
    tier: Tier | None = None
    rule: MatchedRule | None = None
    passed: tuple[MatchedRule, ...] = ()
    excepted: bool = False


def decide(index: PolicyIndex, traffic: Traffic) -> PolicyDecision:
    """What both ends say. Raises UnsupportedFeature where the API or the model gives no answer, NoSuchObject where
    the answer hangs on something that no manifest tells."""
    return PolicyDecision(
        decide_direction(index, PolicyType.EGRESS, traffic), decide_direction(index, PolicyType.INGRESS, traffic)
    )


def at_pod(
    index: PolicyIndex,
    direction: PolicyType,
    pod: Pod,
    *,
    peer_address: str,
    protocol: L4,
    port: int,
    peer_pod: Pod | None = None,
    through_service: bool = False,
) -> DirectionDecision:
    """What the policies say at the door of `pod`, about a packet as it stands there: after DNAT, before SNAT.

    `direction` is Ingress for what comes to the pod from `peer_address`, Egress for what it sends there; `port` is the
    destination's. `peer_pod` says whose the packet is where the address does not: without it the address' owner is
    asked (a pod's, a node's, or nobody's in the cluster). Addresses are canonical. Raises as `decide`.
    """
    family = family_of(peer_address)
    own = index.pod_peer(pod, family=family)
    other = index.peer_at(peer_address) if peer_pod is None else index.pod_peer(peer_pod, peer_address)
    source, destination = (other, own) if direction is PolicyType.INGRESS else (own, other)
    return decide_direction(index, direction, Traffic(source, destination, protocol, port, through_service))


def decide_direction(
    index: PolicyIndex, direction: PolicyType, traffic: Traffic, *, rules_alone: bool = False
) -> DirectionDecision:
    """What the policies at one end say; raises as `decide`. `rules_alone`: without the two exceptions, as a plugin judges
    that does not make them."""
    own = traffic.own(direction)
    pod = own.pod if index.empty else described(own).pod
    if pod is None or index.empty:
        return DirectionDecision(
            direction,
            f"{pod.namespace}/{pod.name}" if pod is not None else None if own.described else own.address,
            traffic.source.name,
            traffic.destination.name,
            traffic.protocol,
            traffic.port,
            assumed=assumptions(index, direction, traffic, ()),
        )
    policies = isolating(index, pod, direction)
    exception = None if rules_alone else _exception(direction, traffic)
    by_rules = _evaluate(index, policies, direction, traffic, excepted=False)
    final = by_rules
    if exception is not None:
        own_address = exception == "itself" and not traffic.through_service
        final = (
            _Evaluation(True, excepted=True)
            if own_address
            else _evaluate(index, policies, direction, traffic, excepted=True)
        )
    return DirectionDecision(
        direction,
        f"{pod.namespace}/{pod.name}",
        traffic.source.name,
        traffic.destination.name,
        traffic.protocol,
        traffic.port,
        allowed=final.allowed,
        by_rules_alone=by_rules.allowed,
        exception=exception if final.excepted else None,
        isolated_by=tuple(policy.key for policy in policies),
        tier=final.tier,
        rule=final.rule,
        passed=final.passed,
        assumed=assumptions(index, direction, traffic, policies),
    )


def _exception(direction: PolicyType, traffic: Traffic) -> str | None:
    own, other = traffic.own(direction), traffic.other(direction)
    if traffic.to_itself:
        return "itself"
    return "own-node" if other.is_node and other.node == own.node else None


def _evaluate(
    index: PolicyIndex, policies: tuple[NetworkPolicy, ...], direction: PolicyType, traffic: Traffic, excepted: bool
) -> _Evaluation:
    """`excepted`: what NetworkPolicies cannot forbid, ClusterNetworkPolicies still can."""
    passed: list[MatchedRule] = []
    for tier in Tier:
        if tier is Tier.NETWORK_POLICY:
            if policies and excepted:
                return _Evaluation(True, tier, None, tuple(passed), excepted=True)
            if policies:
                rule = accepting(index, policies, direction, traffic)
                return _Evaluation(rule is not None, tier, rule, tuple(passed))
            continue
        rule = first_rule(index, tier, direction, traffic)
        if rule is not None and rule.action is not RuleAction.PASS:
            return _Evaluation(rule.action is RuleAction.ACCEPT, tier, rule, tuple(passed))
        passed.extend([rule] if rule is not None else [])
    return _Evaluation(True, passed=tuple(passed))
