"""The release of kube-proxy that questions and stories speak of, and whether the CNI's own rules are there: in one place.

Their prose, figures and key points were checked against v1.30, and some of them are wrong for v1.36, which writes another
nftables table. Until each has been reviewed for the newest release, their clusters are v1.30's: an answer must not change
before the words around it do. `k8squiz rules` and `k8squiz trace` ask the user's own nodes instead.

The same holds for what a CNI writes beside kube-proxy (flannel's FLANNEL-POSTRTG, Calico's natOutgoing): questions were
drawn and their words checked with kube-proxy's rules alone, and some answers change with the others in place
(`python benchmarks/changed_keys.py` prints which).
"""

from __future__ import annotations

import dataclasses

from engine.cluster import Cluster

RELEASE = "1.30"
# What v1.30 does not know is asked of the first release that has all of it: ServiceCIDRs and hints for nodes.
_WITH_NEWER_OBJECTS = "1.34"
# What clusters go without (engine.fabric.without) until each question and story has been reviewed.
WITHOUT = frozenset({"cni-rules"})


def as_of(cluster: Cluster) -> Cluster:
    """`cluster` with that release on every node that does not report its own, and kube-proxy's rules alone."""
    hinted = any(endpoint.node_hints for slice_ in cluster.slices for endpoint in slice_.endpoints)
    release = _WITH_NEWER_OBJECTS if cluster.service_cidrs or hinted else RELEASE
    nodes = (dataclasses.replace(node, proxy_version=node.proxy_version or release) for node in cluster.nodes)
    network = dataclasses.replace(cluster.network, without=cluster.network.without | WITHOUT)
    return dataclasses.replace(cluster, nodes=tuple(nodes), network=network)
