"""NetworkPolicy and ClusterNetworkPolicy as values: what the manifests say, with the API server's defaults put in.

Field names are the API's in Python's spelling. Sources: staging/src/k8s.io/api/networking/v1/types.go of Kubernetes;
apis/v1alpha2/clusternetworkpolicy_types.go of kubernetes-sigs/network-policy-api (NPEP-285). Kept apart from
engine.cluster.objects so that a cluster without policies does not pay for them. What the values mean is engine.networkpolicy's.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from types import MappingProxyType

from engine.packet import L4
from engine.values import dataclass

_EMPTY: Mapping[str, str] = MappingProxyType({})


def _empty() -> Mapping[str, str]:
    return _EMPTY


class PolicyType(enum.StrEnum):
    """The two directions a policy is about, seen from the pod it selects."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


class Tier(enum.StrEnum):
    """The tiers in the order they are asked. ClusterNetworkPolicies are in the first or the last."""

    ADMIN = "Admin"
    NETWORK_POLICY = "NetworkPolicy"
    BASELINE = "Baseline"


class RuleAction(enum.StrEnum):
    """What a ClusterNetworkPolicy's rule does. A NetworkPolicy's rule can do nothing but Accept."""

    ACCEPT = "Accept"
    DENY = "Deny"
    PASS = "Pass"  # noqa: S105 (no password: the API's word)


@dataclass(frozen=True, slots=True)
class LabelSelectorRequirement:
    """One of matchExpressions; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """meta/v1 LabelSelector: all of it must hold. The empty one selects everything."""

    match_labels: Mapping[str, str] = dataclasses.field(default_factory=_empty)
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class IPBlock:
    """`cidr` without the networks of `excepted` (the API's `except`), all canonical."""

    cidr: str
    excepted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicyPeer:
    """One of `from` or `to`: `ip_block` alone, or one of the selectors, or both. None is "not set", which is not empty."""

    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


@dataclass(frozen=True, slots=True)
class NetworkPolicyPort:
    """One of `ports`. `port` None: every port of the protocol; a string: a container port's name."""

    protocol: L4 = L4.TCP
    port: int | str | None = None
    end_port: int | None = None


@dataclass(frozen=True, slots=True)
class NetworkPolicyRule:
    """NetworkPolicyIngressRule or NetworkPolicyEgressRule: `peers` is `from` or `to`. An empty tuple restricts nothing."""

    peers: tuple[NetworkPolicyPeer, ...] = ()
    ports: tuple[NetworkPolicyPort, ...] = ()


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    """networking.k8s.io/v1 NetworkPolicy. `policy_types` as the API server defaults them."""

    namespace: str
    name: str
    pod_selector: LabelSelector = LabelSelector()
    policy_types: tuple[PolicyType, ...] = (PolicyType.INGRESS,)
    ingress: tuple[NetworkPolicyRule, ...] = ()
    egress: tuple[NetworkPolicyRule, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"

    def rules(self, direction: PolicyType) -> tuple[NetworkPolicyRule, ...]:
        return self.ingress if direction is PolicyType.INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class NamespacedPod:
    """Pods by their own and their namespace's labels. `namespaces: X` of the API is this with every pod."""

    namespace_selector: LabelSelector
    pod_selector: LabelSelector = LabelSelector()


@dataclass(frozen=True, slots=True)
class ClusterNetworkPolicyPeer:
    """One of a rule's peers: exactly one of its fields is set. An ingress rule has `pods` alone."""

    pods: NamespacedPod | None = None
    nodes: LabelSelector | None = None
    networks: tuple[str, ...] = ()
    domain_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterNetworkPolicyProtocol:
    """One of `protocols`: the ports `first` to `last` of `protocol`, or of whatever protocol the container port of
    the name `named_port` has (then the others are None)."""

    protocol: L4 | None = None
    first: int | None = None
    last: int | None = None
    named_port: str | None = None


@dataclass(frozen=True, slots=True)
class ClusterNetworkPolicyRule:
    """One of `ingress` or `egress`. Without `protocols` it is about every protocol."""

    action: RuleAction
    peers: tuple[ClusterNetworkPolicyPeer, ...]
    protocols: tuple[ClusterNetworkPolicyProtocol, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class ClusterNetworkPolicy:
    """policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy."""

    name: str
    tier: Tier
    priority: int
    subject: NamespacedPod
    ingress: tuple[ClusterNetworkPolicyRule, ...] = ()
    egress: tuple[ClusterNetworkPolicyRule, ...] = ()

    def rules(self, direction: PolicyType) -> tuple[ClusterNetworkPolicyRule, ...]:
        return self.ingress if direction is PolicyType.INGRESS else self.egress
