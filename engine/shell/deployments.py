"""Deployments as far as their pods tell of them: a pod's name is its Deployment's with five letters behind it.

The Deployment's and the ReplicaSet's controllers are part of the API server here: what is scaled or restarted is so at once.
Sources: pkg/controller/deployment, pkg/controller/replicaset (a pod is never repaired, it is made anew); host-local gives the
address behind the last one that it gave.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from engine.cluster import Pod
from engine.manifests.write import Document, pod_document
from engine.shell import api
from engine.shell.defaults import controlled, uid_of
from engine.shell.live import LiveCluster, ScaledTo
from engine.values import dataclass

# k8s.io/apimachinery/pkg/util/rand: no vowels, nothing that reads as another letter.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_OWNED = re.compile(rf"(?P<name>.+?)(?:-[0-9a-f]{{8,10}})?-[{ALPHABET}]{{5}}")
MOST_REPLICAS = 50
_REVISION = {"deployment.kubernetes.io/revision": "1"}
# As SetDefaults_Deployment has it (pkg/apis/apps/v1/defaults.go).
_ROLLING = {"progressDeadlineSeconds": 600, "revisionHistoryLimit": 10, "strategy": {"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}, "type": "RollingUpdate"}}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployment:
    """`wanted` is its number of replicas, `pods` are those that it has."""

    namespace: str
    name: str
    wanted: int
    pods: tuple[Pod, ...]

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


def deployment_of(pod: Pod) -> str | None:
    """The name of the Deployment that a pod's name tells of."""
    found = _OWNED.fullmatch(pod.name)
    return None if found is None or pod.host_network else found["name"]


def deployments(live: LiveCluster) -> dict[str, Deployment]:
    """All of the cluster's, by `NAMESPACE/NAME`; one that was scaled to nothing is still there."""
    owned: dict[str, list[Pod]] = {key: [] for key in live.scaled}
    for pod in live.cluster.pods:
        name = deployment_of(pod)
        if name is not None:
            owned.setdefault(f"{pod.namespace}/{name}", []).append(pod)
    found = {}
    for key, pods in sorted(owned.items()):
        namespace, _, name = key.partition("/")
        wanted = live.scaled[key].replicas if key in live.scaled else len(pods)
        found[key] = Deployment(namespace, name, wanted, tuple(pods))
    return found


def scaled(live: LiveCluster, one: Deployment, replicas: int) -> LiveCluster:
    """`live` after `kubectl scale`: pods beyond the number go, the youngest first; those that lack are made."""
    like = one.pods[0] if one.pods else live.scaled[one.key].like
    live = dataclasses.replace(live, scaled={**live.scaled, one.key: ScaledTo(replicas, like)})
    for pod in one.pods[replicas:]:
        live = _deleted(live, pod)
    nodes = [pod.node_name or "" for pod in one.pods] or [like.node_name or ""]
    every = schedulable(live)
    for _ in range(replicas - len(one.pods)):
        node = min(every or nodes, key=lambda name: (nodes.count(name), name))
        nodes.append(node)
        live = made(live, like, node)
    return live


def restarted(live: LiveCluster, one: Deployment) -> LiveCluster:
    """`live` after `kubectl rollout restart`: each pod is made anew where it ran, or beside it where its node is cordoned; then the
    old one goes."""
    nodes = schedulable(live)
    for pod in one.pods:
        node = pod.node_name or ""
        live = _deleted(made(live, pod, min(nodes, default=node) if node in live.cordoned else node), pod)
    return live


def schedulable(live: LiveCluster) -> list[str]:
    """The nodes that take further pods."""
    return [node.name for node in live.cluster.nodes if node.pod_cidrs and node.name not in live.cordoned]


def with_cordon(live: LiveCluster, o: Document) -> Document:
    """A Node as `kubectl cordon` left it; any other object as it is."""
    if o["kind"] != "Node" or o["metadata"]["name"] not in live.cordoned:
        return o
    taint = {"effect": "NoSchedule", "key": "node.kubernetes.io/unschedulable"}
    return {**o, "spec": {**o.get("spec", {}), "taints": [taint], "unschedulable": True}}


def settled(live: LiveCluster, node: str) -> LiveCluster:
    """`live` in which the Deployments that have pods on the node are those of a number of pods, wherever these run."""
    there = [one for one in deployments(live).values() if any(pod.node_name == node for pod in one.pods)]
    numbers = {one.key: ScaledTo(one.wanted, one.pods[0]) for one in there}
    return dataclasses.replace(live, scaled={**live.scaled, **numbers})


def evicted(live: LiveCluster, node: str) -> LiveCluster:
    """`live` without the node's pods; what their Deployments lack then is made on nodes that take pods."""
    keys = [one.key for one in deployments(live).values() if any(pod.node_name == node for pod in one.pods)]
    for pod in live.cluster.pods:
        live = _deleted(live, pod) if pod.node_name == node else live
    for key in keys:
        one = deployments(live)[key]
        live = scaled(live, one, one.wanted)
    return live


def made(live: LiveCluster, like: Pod, node: str) -> LiveCluster:
    """`live` with a pod more, made from the same template on that node."""
    name, address = deployment_of(like) or like.name, next_address(live, node, (*live.cluster.pods, like))
    digest = hashlib.sha256(f"{name} {node} {address} {live.draws}".encode()).digest()
    suffix = "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:5])
    document: Document = pod_document(
        dataclasses.replace(like, name=f"{name}-{suffix}", node_name=node, ips=(address,), labels=_labels(live, like))
    )
    return with_given(live.with_cluster(api.created(live.cluster, document)), node, address)


def _labels(live: LiveCluster, like: Pod) -> Mapping[str, str]:
    """The template's: what most of its pods have, whatever somebody wrote on one of them."""
    name = deployment_of(like)
    mates = [p.labels for p in live.cluster.pods if p.namespace == like.namespace and deployment_of(p) == name]
    shown = [tuple(sorted(labels.items())) for labels in mates] or [tuple(sorted(like.labels.items()))]
    return dict(Counter(shown).most_common(1)[0][0])


def with_given(live: LiveCluster, node: str, address: str) -> LiveCluster:
    """`live` after the node gave a pod that address: it is not given next, once it is free again (host-local's last_reserved_ip)."""
    return dataclasses.replace(live, given={**live.given, node: address})


def next_address(live: LiveCluster, node: str, pods: Iterable[Pod]) -> str:
    """The address that a new pod on the node gets: behind the last one that it gave, and that any of `pods` has; once those
    are used up, the first that is free."""
    cidr = next((one.pod_cidrs[0] for one in live.cluster.nodes if one.name == node and one.pod_cidrs), None)
    if cidr is None:
        raise api.Refused(f"pods of {node} get their addresses from a network that is not modelled here")
    network = ipaddress.ip_network(cidr)
    addresses = [*(address for pod in pods for address in pod.ips), *([live.given[node]] if node in live.given else [])]
    used = [ipaddress.ip_address(address) for address in addresses]
    behind = max((one for one in used if one in network), default=network[1]) + 1
    if behind in network and behind != network[-1]:
        return str(behind)
    taken = {address for pod in pods for address in pod.ips}
    return next((str(one) for one in itertools.islice(network, 2, None) if str(one) not in taken), str(behind))


def _deleted(live: LiveCluster, pod: Pod) -> LiveCluster:
    return live.with_cluster(api.changed(live.cluster, ("Pod", pod.namespace, pod.name), lambda _: None))


def _conditions(wanted: int, ready: int) -> list[Document]:
    """As the controller keeps them: 25 % of the pods, rounded down, may be unavailable (pkg/controller/deployment/util)."""
    enough = ready >= wanted - wanted // 4
    available = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.") if enough else ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")  # fmt: skip
    told = {
        "Available": available,
        "Progressing": ("True", "NewReplicaSetAvailable", "ReplicaSet has successfully progressed."),
    }
    return [
        {"type": kind, "status": is_so, "reason": reason, "message": message}
        for kind, (is_so, reason, message) in told.items()
    ]


def replica_set_of(key: str) -> str:
    """The name of the ReplicaSet of the Deployment `NAMESPACE/NAME`."""
    return f"{key.partition('/')[2]}-{hashlib.sha256(key.encode()).hexdigest()[:10]}"


def owner_of(document: Document) -> str | None:
    """The name of the ReplicaSet that made a pod; None of one that nobody would make again."""
    metadata = document["metadata"]
    found = None if document["spec"].get("hostNetwork") else _OWNED.fullmatch(metadata["name"])
    return None if found is None else replica_set_of(f"{metadata['namespace']}/{found['name']}")


def workload_documents(live: LiveCluster) -> Iterator[Document]:
    """The Deployments with a ReplicaSet each, and the DaemonSet kube-proxy, as the API server would hold them."""
    for one in deployments(live).values():
        ready = sum(pod.ready for pod in one.pods)
        status = {"replicas": len(one.pods), "readyReplicas": ready, "availableReplicas": ready, "updatedReplicas": len(one.pods)}  # fmt: skip
        like = one.pods[0] if one.pods else live.scaled[one.key].like
        labels = dict(_labels(live, like))
        (container,) = pod_document(like)["spec"]["containers"]
        probe = live.probes.get(one.key)
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{**container, **({"readinessProbe": dict(probe)} if probe else {})}]},
        }
        spec = {"replicas": one.wanted, "selector": {"matchLabels": labels}, "template": template}
        metadata = {"namespace": one.namespace, "labels": labels, "annotations": _REVISION}
        held = {"apiVersion": "apps/v1", "metadata": metadata, "spec": spec, "status": status}
        yield {**held, "kind": "Deployment", "metadata": {**metadata, "name": one.name, "uid": uid_of("Deployment", one.namespace, one.name)}, "spec": {**spec, **_ROLLING}, "status": {**status, **({"unavailableReplicas": one.wanted - ready} if ready < one.wanted else {}), "conditions": _conditions(one.wanted, ready)}}  # fmt: skip
        name = replica_set_of(one.key)
        made = {**metadata, "name": name, "uid": uid_of("ReplicaSet", one.namespace, name)}
        yield controlled({**held, "kind": "ReplicaSet", "metadata": made}, "Deployment", one.name)
    nodes = [node.name for node in live.cluster.nodes]
    running = sum(live.proxy(node).running for node in nodes)
    yield {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system", "labels": {"k8s-app": "kube-proxy"}},
        "spec": {
            "revisionHistoryLimit": 10, "selector": {"matchLabels": {"k8s-app": "kube-proxy"}},
            "template": {"metadata": {"labels": {"k8s-app": "kube-proxy"}}, "spec": {"containers": [{"name": "kube-proxy"}], "hostNetwork": True}},
            "updateStrategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}, "type": "RollingUpdate"},
        },
        "status": {"desiredNumberScheduled": len(nodes), "currentNumberScheduled": len(nodes), "numberReady": running, "updatedNumberScheduled": len(nodes), "numberAvailable": running, "numberMisscheduled": 0},
    }  # fmt: skip
