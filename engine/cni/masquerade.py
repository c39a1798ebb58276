"""Which networks a masquerading agent leaves alone where nobody says otherwise, and what GKE's nodes write without one, and
what AKS tells its own.

Read when manifests are; the rules themselves only when a node's are asked for (engine.cni.chained.masquerade_agent).
Sources: kubernetes-sigs/ip-masq-agent NewMasqConfig; kubernetes/kubernetes cluster/gce/gci/configure-helper.sh.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import MasqueradeAgent

PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
# In the order in which GKE's nodes have them, each with the RFC that its comment names.
RESERVED = {
    "240.0.0.0/4": "RFC 5735",
    "192.0.2.0/24": "RFC 5737",
    "198.51.100.0/24": "RFC 5737",
    "203.0.113.0/24": "RFC 5737",
    "100.64.0.0/10": "RFC 6598",
    "198.18.0.0/15": "RFC 6815",
    "192.0.0.0/24": "RFC 6890",
    "192.88.99.0/24": "RFC 7526",
}
# What AKS tells its agent for kubenet (ConfigMap azure-ip-masq-agent-config-reconciled).
AKS = MasqueradeAgent(pods_inside=True, link_local=True, random_fully=False)
# ... and for pods of the virtual network: its networks, whatever they are.
AKS_NATIVE = MasqueradeAgent(inside=PRIVATE, link_local=True, random_fully=False)
GKE = MasqueradeAgent("ip-masq", "IP-MASQ", (*PRIVATE, *RESERVED), random_fully=False)
_NO_AKS_AGENT = (
    (
        "azure-ip-masq-agent's ConfigMap is not given (kubectl get configmap -n kube-system azure-ip-masq-agent-config-reconciled):"
        " it is taken to masquerade what leaves {inside}."
    ),
    (
        "没有给出 azure-ip-masq-agent 的 ConfigMap（kubectl get configmap -n kube-system azure-ip-masq-agent-config-reconciled）："
        "视其对离开{inside}的流量做 MASQUERADE。"
    ),
)
_INSIDE = {AKS: ("the pods' networks", " Pod 网段"), AKS_NATIVE: ("the private networks", "私有网段")}


def unsaid_of_agent(agent: MasqueradeAgent | None) -> Iterator[tuple[str, str]]:
    """What is taken of AKS' agent where no ConfigMap says it (English and Chinese)."""
    if agent in _INSIDE:
        yield tuple(text.replace("{inside}", word) for text, word in zip(_NO_AKS_AGENT, _INSIDE[agent], strict=True))  # type: ignore[misc]
