"""What must hold for any set of policies: they add up, in any order, each in its own namespace."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cluster import Cluster, ContainerPort, Node, Pod
from engine.cluster.policies import (
    IPBlock,
    LabelSelector,
    LabelSelectorRequirement,
    NetworkPolicy,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    NetworkPolicyRule,
    PolicyType,
)
from engine.networkpolicy import PolicyDecision, allowed
from engine.packet import L4
from tests.breadth import breadth

NAMESPACES, KEYS, VALUES = ("a", "b"), ("app", "tier"), ("", "x", "y")
ENDS = ("pod/a/p", "pod/a/q", "pod/b/p", "pod/b/host", "node/node1", "9.9.9.9", "10.9.9.9")

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
some_values = st.lists(st.sampled_from(VALUES), min_size=1, max_size=2).map(tuple)
requirements = st.one_of(
    st.builds(LabelSelectorRequirement, st.sampled_from(KEYS), st.sampled_from(["In", "NotIn"]), some_values),
    st.builds(LabelSelectorRequirement, st.sampled_from(KEYS), st.sampled_from(["Exists", "DoesNotExist"])),
)
selectors = st.builds(LabelSelector, labels, st.lists(requirements, max_size=1).map(tuple))
blocks = st.sampled_from(
    [IPBlock("0.0.0.0/0"), IPBlock("10.0.0.0/8", ("10.9.0.0/16",)), IPBlock("9.9.9.9/32"), IPBlock("10.244.0.0/16")]
)
peers = st.one_of(
    st.builds(NetworkPolicyPeer, ip_block=blocks),
    st.builds(NetworkPolicyPeer, selectors),
    st.builds(NetworkPolicyPeer, st.none(), selectors),
    st.builds(NetworkPolicyPeer, selectors, selectors),
)
protocols = st.sampled_from([L4.TCP, L4.UDP])
ports = st.one_of(
    st.builds(NetworkPolicyPort, protocols),
    st.builds(NetworkPolicyPort, protocols, st.sampled_from([80, 81, "http"])),
    st.builds(NetworkPolicyPort, protocols, st.just(80), st.sampled_from([80, 81])),
)

rules = st.builds(NetworkPolicyRule, st.lists(peers, max_size=2).map(tuple), st.lists(ports, max_size=2).map(tuple))
types = st.sampled_from([(PolicyType.INGRESS,), (PolicyType.EGRESS,), tuple(PolicyType)])
some_rules = st.lists(rules, max_size=2).map(tuple)


@st.composite
def policies(draw: st.DrawFn) -> tuple[NetworkPolicy, ...]:
    drawn = draw(st.lists(st.tuples(st.sampled_from(NAMESPACES), selectors, types, some_rules, some_rules), max_size=4))
    return tuple(NetworkPolicy(row[0], f"p{number}", *row[1:]) for number, row in enumerate(drawn))


@st.composite
def clusters(draw: st.DrawFn) -> Cluster:
    http = (ContainerPort("http", 80), ContainerPort("http", 81, L4.UDP))
    pods = (
        Pod("a", "p", "node1", ("10.244.1.5",), labels=draw(labels), ports=http),
        Pod("a", "q", "node2", ("10.244.2.5",), labels=draw(labels)),
        Pod("b", "p", "node2", ("10.244.2.6",), labels=draw(labels), ports=http[:1]),
        Pod("b", "host", "node1", ("192.168.1.1",), host_network=True, labels=draw(labels), ports=http),
    )
    nodes = (Node("node1", ("192.168.1.1",)), Node("node2", ("192.168.1.2",)))
    namespaces = {name: draw(labels) for name in NAMESPACES}
    return Cluster(nodes=nodes, pods=pods, namespaces=namespaces, network_policies=draw(policies()))


requests = st.fixed_dictionaries(
    {
        "source": st.sampled_from(ENDS),
        "destination": st.sampled_from(ENDS),
        "port": st.sampled_from([80, 81]),
        "protocol": st.sampled_from(["TCP", "UDP"]),
    }
)
Request = dict[str, Any]


def verdict(decision: PolicyDecision) -> tuple[bool, bool]:
    return decision.ingress, decision.egress


@given(clusters(), requests, rules, st.data())
@settings(max_examples=breadth(60))
def test_one_more_rule_never_forbids(
    cluster: Cluster, request: Request, rule: NetworkPolicyRule, data: st.DataObject
) -> None:
    if not cluster.network_policies:
        return
    index = data.draw(st.integers(0, len(cluster.network_policies) - 1))
    widened = list(cluster.network_policies)
    widened[index] = dataclasses.replace(
        widened[index], ingress=(rule, *widened[index].ingress), egress=(*widened[index].egress, rule)
    )
    before = verdict(allowed(cluster, **request))
    after = verdict(allowed(dataclasses.replace(cluster, network_policies=tuple(widened)), **request))
    assert all(now or not then for then, now in zip(before, after, strict=True))


@given(clusters(), requests, st.randoms(use_true_random=False))
@settings(max_examples=breadth(60))
def test_the_order_of_policies_is_irrelevant(cluster: Cluster, request: Request, random: Any) -> None:
    shuffled = list(cluster.network_policies)
    random.shuffle(shuffled)
    assert allowed(dataclasses.replace(cluster, network_policies=tuple(shuffled)), **request) == allowed(
        cluster, **request
    )


@given(clusters(), requests, policies())
@settings(max_examples=breadth(60))
def test_a_policy_of_another_namespace_has_no_influence(
    cluster: Cluster, request: Request, others: tuple[NetworkPolicy, ...]
) -> None:
    elsewhere = tuple(dataclasses.replace(policy, namespace="elsewhere") for policy in others)
    more = dataclasses.replace(cluster, network_policies=(*elsewhere, *cluster.network_policies))
    assert verdict(allowed(more, **request)) == verdict(allowed(cluster, **request))


@given(clusters(), requests)
@settings(max_examples=breadth(60))
def test_each_end_is_the_rules_word_or_an_exception(cluster: Cluster, request: Request) -> None:
    """Where nothing isolates, all is allowed; where a rule is named, it accepts; and sentences exist for all of it."""
    decision = allowed(cluster, **request)
    for one in (decision.ingress_decision, decision.egress_decision):
        if not one.isolated_by:
            assert one.allowed and one.by_rules_alone and one.rule is None
        elif one.exception is None:
            assert one.allowed == one.by_rules_alone == (one.rule is not None)
        else:
            assert one.allowed
        assert one.reason.en.endswith(".") and one.reason.zh.endswith("。")
