"""What a decision leaves behind: what each end allows, the rule that made it so, and what was assumed."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

from engine.cluster.policies import (
    ClusterNetworkPolicyPeer,
    ClusterNetworkPolicyProtocol,
    NetworkPolicyPeer,
    NetworkPolicyPort,
    PolicyType,
    RuleAction,
    Tier,
)
from engine.networkpolicy.words import peer_words, port_words
from engine.packet import L4
from engine.trace import Text
from engine.values import dataclass

# Who, and by which port, in either kind of policy.
Peer: TypeAlias = NetworkPolicyPeer | ClusterNetworkPolicyPeer
Port: TypeAlias = NetworkPolicyPort | ClusterNetworkPolicyProtocol


@dataclass(frozen=True, slots=True)
class Assumption(Text):
    """What the API leaves open and was taken one way. `code` is a stable word for it: itself, own-node, host-network,
    nat, node-address, namespace-labels."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class MatchedRule:
    """A rule that a connection fits. `policy` is ns/name, or the name of a ClusterNetworkPolicy (`priority` None: it
    is a NetworkPolicy). `rule`, `peer`, `port` are indexes from 0; None where the rule restricts no peer or port."""

    tier: Tier
    policy: str
    direction: PolicyType
    action: RuleAction
    rule: int
    peer: int | None = None
    port: int | None = None
    priority: int | None = None
    name: str = ""
    namespace: str = ""
    peer_value: Peer | None = None
    port_value: Port | None = None

    def by(self, peers: Sequence[Peer], peer: int | None, ports: Sequence[Port], port: int | None) -> MatchedRule:
        """The rule with which of its peers and ports it was that fit."""
        return dataclasses.replace(
            self,
            peer=peer,
            port=port,
            peer_value=None if peer is None else peers[peer],
            port_value=None if port is None else ports[port],
        )

    @property
    def kind(self) -> str:
        return "NetworkPolicy" if self.priority is None else "ClusterNetworkPolicy"

    @property
    def path(self) -> str:
        """Where it stands in its policy: spec.ingress[0]."""
        return f"spec.{self.direction.lower()}[{self.rule}]"

    @property
    def words(self) -> Text:
        """The policy, the rule, the peer and the port, in a phrase: `NetworkPolicy default/web, spec.ingress[0]:
        from[0] (pods with app=a of namespace default), ports[0] (TCP 80)`."""
        return _rule_words(self)


@dataclass(frozen=True, slots=True)
class DirectionDecision:
    """What the policies at one end say. `pod` is the ns/name they are asked about (the address of a pod that no
    manifest describes, in a cluster without policies); None where no pod of the pod network is at that end, and so no
    policy is asked.

    `by_rules_alone` is what the rules say without the exceptions for the own node and the pod itself; `exception` is
    the code of the one that applied. `isolated_by`: the NetworkPolicies that isolate the pod in this direction, as
    ns/name. `tier` is the one that decided; None: none did, and so it is allowed. `rule` decided; None where a
    NetworkPolicy's missing rule did, or nothing. `passed`: the rules that said Pass before.
    """

    direction: PolicyType
    pod: str | None
    source: str
    destination: str
    protocol: L4
    port: int
    allowed: bool = True
    by_rules_alone: bool = True
    exception: str | None = None
    isolated_by: tuple[str, ...] = ()
    tier: Tier | None = None
    rule: MatchedRule | None = None
    passed: tuple[MatchedRule, ...] = ()
    assumed: tuple[Assumption, ...] = ()

    @property
    def reason(self) -> Text:
        """Why, in a sentence."""
        return _reason(self)


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """A connection is allowed where its source may send it and its destination may take it."""

    egress_decision: DirectionDecision
    ingress_decision: DirectionDecision

    @property
    def ingress(self) -> bool:
        """Whether the destination's policies let it in."""
        return self.ingress_decision.allowed

    @property
    def egress(self) -> bool:
        """Whether the source's policies let it out."""
        return self.egress_decision.allowed

    @property
    def allowed(self) -> bool:
        return self.ingress and self.egress

    @property
    def ingress_policies(self) -> tuple[str, ...]:
        """The NetworkPolicies (ns/name) that isolate the destination for ingress."""
        return self.ingress_decision.isolated_by

    @property
    def egress_policies(self) -> tuple[str, ...]:
        """The NetworkPolicies (ns/name) that isolate the source for egress."""
        return self.egress_decision.isolated_by

    @property
    def assumed(self) -> tuple[Assumption, ...]:
        """What was assumed at either end, each once."""
        return tuple(dict.fromkeys((*self.egress_decision.assumed, *self.ingress_decision.assumed)))


_ACTIONS = {
    RuleAction.ACCEPT: Text("accepts", "接受"),
    RuleAction.DENY: Text("denies", "拒绝"),
    RuleAction.PASS: Text("passes on", "交由下一层决定"),
}


def _rule_words(rule: MatchedRule) -> Text:
    en = f"{rule.kind} {rule.policy}"
    zh = f"{en} "
    if rule.priority is not None:
        en += f" ({rule.tier} tier, priority {rule.priority})"
        zh = f"{zh.rstrip()}（{rule.tier} 层，优先级 {rule.priority}）"
    place = f"{rule.path} {rule.name!r}" if rule.name else rule.path
    parts_en, parts_zh = [], []
    if rule.peer_value is not None:
        peer = peer_words(rule.peer_value, rule.namespace)
        field = f"{'from' if rule.direction is PolicyType.INGRESS else 'to'}[{rule.peer}]"
        parts_en.append(f"{field} ({peer.en})")
        parts_zh.append(f"{field}（{peer.zh}）")
    if rule.port_value is not None:
        port = port_words(rule.port_value)
        field = f"{'ports' if rule.priority is None else 'protocols'}[{rule.port}]"
        parts_en.append(f"{field} ({port.en})")
        parts_zh.append(f"{field}（{port.zh}）")
    whole_en = ", ".join(parts_en) or "everything"
    whole_zh = "、".join(parts_zh) or "一切流量"
    return Text(f"{en}, {place}: {whole_en}", f"{zh}的 {place}：{whole_zh}")


def _reason(decision: DirectionDecision) -> Text:
    ingress = decision.direction is PolicyType.INGRESS
    if decision.pod is None:
        end = decision.destination if ingress else decision.source
        return Text(
            f"No policy is asked at {end}: it is no pod of the pod network.",
            f"{end} 不是 Pod 网络中的 Pod，不受策略约束。",
        )
    let, let_zh = ("in", "进入") if ingress else ("out", "发出")
    if decision.exception == "itself":
        return Text("A pod cannot be kept from reaching itself.", "策略不能阻止 Pod 访问自身。")
    if decision.exception == "own-node":
        return Text(
            f"Traffic {'from' if ingress else 'to'} the pod's own node is let {let} whatever NetworkPolicies say.",
            f"Pod 与其所在节点之间的流量总能{let_zh}，不受 NetworkPolicy 限制。",
        )
    rule = decision.rule
    if rule is not None:
        words = rule.words
        if rule.priority is not None:
            action = _ACTIONS[rule.action]
            return Text(f"It is what this rule {action.en}: {words.en}.", f"此规则{action.zh}该流量：{words.zh}。")
        return Text(f"This rule lets it {let}: {words.en}.", f"此规则允许其{let_zh}：{words.zh}。")
    if decision.isolated_by:
        names = ", ".join(decision.isolated_by)
        return Text(
            f"Pod {decision.pod} is isolated for {decision.direction.lower()} by {names}, and no rule of theirs lets it {let}.",
            f"Pod {decision.pod} 的{'入站' if ingress else '出站'}流量被 {names} 隔离，其中没有规则允许其{let_zh}。",
        )
    return Text(
        f"No policy isolates pod {decision.pod} for {decision.direction.lower()}, so everything is let {let}.",
        f"没有策略隔离 Pod {decision.pod} 的{'入站' if ingress else '出站'}流量，因此一切都可{let_zh}。",
    )
