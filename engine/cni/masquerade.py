"""Which networks a masquerading agent leaves alone where nobody says otherwise, and what GKE's nodes write without one.

Read when manifests are; the rules themselves only when a node's are asked for (engine.cni.chained.masquerade_agent).
Sources: kubernetes-sigs/ip-masq-agent NewMasqConfig; kubernetes/kubernetes cluster/gce/gci/configure-helper.sh.
"""

from __future__ import annotations

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
GKE = MasqueradeAgent("ip-masq", "IP-MASQ", (*PRIVATE, *RESERVED), random_fully=False)
