"""Who enforces network policies on a node, and where a packet meets them: a value a plugin names, none where it enforces
nothing (flannel alone, the bridge plugin).

Sources: Calico's felix (rules/endpoints.go, rules/static.go: cali-tw-, cali-fw-, cali-wl-to-host, cali-OUTPUT); kube-router's
network policy controller, which k3s carries (pkg/controllers/netpol); kube-network-policies, which kindnet carries
(pkg/dataplane/controller.go, syncNFTablesRules).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.hooks import Hook
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class PolicyEnforcement:
    """`hooks`: where packets from and to the node's pods are judged (a packet that IPVS sends on is judged at OUTPUT, or
    at POSTROUTING where that is one of them). `rejects`: what is not allowed gets icmp-port-unreachable, else it is dropped.
    `judges_own_node`: what a pod sends to its own node is judged by the pod's egress policies. `drops_invalid`: packets
    that conntrack knows no connection for are dropped at every pod. `lets_ping`: ICMP echo requests always pass.
    `cluster_policies`: whether ClusterNetworkPolicies are enforced too; None: that depends on the release. `chains`: what
    the names of the chains or tables begin with that hold the policies' rules on a node.
    """

    name: str
    hooks: frozenset[Hook]
    chains: tuple[str, ...]
    rejects: bool = False
    judges_own_node: bool = True
    drops_invalid: bool = True
    lets_ping: bool = False
    cluster_policies: bool | None = None


_FILTER = frozenset({Hook.INPUT, Hook.FORWARD, Hook.OUTPUT})
CALICO = PolicyEnforcement("Calico", _FILTER, ("cali-tw-", "cali-fw-"))
KUBE_ROUTER = PolicyEnforcement(
    "kube-router",
    _FILTER,
    ("KUBE-POD-FW-", "KUBE-NWPLCY-", "KUBE-ROUTER-"),
    rejects=True,
    lets_ping=True,
    # The controller drops INVALID in the chains of pods that it made some for, which are not all (KUBE-POD-FW).
    drops_invalid=False,
    cluster_policies=False,
)
KINDNET = PolicyEnforcement(
    "kindnet",
    frozenset({Hook.POSTROUTING}),
    ("kindnet-network-policies", "kube-network-policies"),
    judges_own_node=False,
    drops_invalid=False,
)

# AKS' nodes say by a label who enforces policies: its value, and the word of the one, modelled or not.
AKS_LABEL = "kubernetes.azure.com/network-policy"
AKS_ENFORCERS: Mapping[str, str] = MappingProxyType({"calico": "calico", "azure": "azure-npm"})

# By the word that a Network document uses.
ENFORCEMENTS: Mapping[str, PolicyEnforcement | None] = MappingProxyType(
    {"none": None, "calico": CALICO, "kube-router": KUBE_ROUTER, "kindnet": KINDNET}
)
