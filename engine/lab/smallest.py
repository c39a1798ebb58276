"""The smallest scene that still shows a disagreement, and its text: manifests that `k8squiz trace` and `lab run` read."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

from engine.cluster import Cluster, EndpointSlice, NetworkFacts, ProxyConfig
from engine.cni import PLUGINS
from engine.lab.scene import Scene
from engine.manifests.config import network_document
from engine.manifests.write import documents_of, proxy_document

Shows = Callable[[Scene], bool]


def smallest(scene: Scene, shows: Shows, attempts: int = 40) -> Scene:
    """Take things away from `scene` as long as `shows` says that the disagreement is still there."""
    left = attempts
    again = True
    while again:
        again = False
        for cluster in _smaller(scene.cluster):
            if left <= 0:
                return scene
            left -= 1
            candidate = dataclasses.replace(scene, cluster=cluster)
            if shows(candidate):
                scene, again = candidate, True
                break
    return scene


def _smaller(cluster: Cluster) -> Iterator[Cluster]:
    """Clusters with one thing less, the largest things first."""
    for node in cluster.nodes if len(cluster.nodes) > 1 else ():
        pods = tuple(pod for pod in cluster.pods if pod.node_name != node.name)
        slices = tuple(_without(slice_, {e.addresses for e in slice_.endpoints if e.node_name == node.name}) for slice_ in cluster.slices)  # fmt: skip
        nodes = tuple(one for one in cluster.nodes if one is not node)
        yield dataclasses.replace(cluster, nodes=nodes, pods=pods, slices=slices)
    for service in cluster.services:
        services = tuple(one for one in cluster.services if one is not service)
        slices = tuple(slice_ for slice_ in cluster.slices if slice_.service_name != service.name)
        yield dataclasses.replace(cluster, services=services, slices=slices)
    for policy in cluster.network_policies:
        rest = tuple(one for one in cluster.network_policies if one is not policy)
        yield dataclasses.replace(cluster, network_policies=rest)
    for pod in cluster.pods:
        slices = tuple(_without(slice_, {pod.ips}) for slice_ in cluster.slices)
        yield dataclasses.replace(cluster, pods=tuple(one for one in cluster.pods if one is not pod), slices=slices)
    if cluster.network != NetworkFacts():
        yield dataclasses.replace(cluster, network=NetworkFacts())
    if cluster.proxy != ProxyConfig():
        yield dataclasses.replace(cluster, proxy=ProxyConfig())


def _without(slice_: EndpointSlice, gone: set[tuple[str, ...]]) -> EndpointSlice:
    return dataclasses.replace(slice_, endpoints=tuple(e for e in slice_.endpoints if e.addresses not in gone))


def as_text(cluster: Cluster) -> str:
    """The cluster as documents that load_cluster reads: one JSON object each, which YAML is a superset of."""
    documents = [_network(cluster), proxy_document(cluster.proxy), *PLUGINS[cluster.cni.plugin].objects(cluster.cni)]
    documents += documents_of(cluster)
    return "".join(f"---\n{json.dumps(document)}\n" for document in documents)


def _network(cluster: Cluster) -> dict[str, Any]:
    cni, facts = cluster.cni, cluster.network
    hairpin = cni.hairpin_mode if facts.hairpin_mode is None else facts.hairpin_mode
    told = dataclasses.replace(facts, mtu=cni.mtu, hairpin_mode=hairpin)
    return network_document(told, cni={"plugin": cni.plugin, "backend": cni.backend})
