"""The small cluster of an incident: nodes, callers on each, an application of two pods behind a Service, CoreDNS.

Its Deployments are part of it: a pod that is deleted comes again under another name and address, with the labels of its
template (pkg/controller/replicaset: a pod is never repaired, it is made anew).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any

from engine.cluster import Cluster, Mode, Pod
from engine.manifests import load_cluster
from engine.shell import api
from engine.shell.deployments import ALPHABET, deployments, next_address, scaled, with_given
from engine.shell.live import LiveCluster
from engine.shell.readiness import probed
from engine.values import dataclass

APPLICATIONS = ("checkout", "payments", "orders", "catalog", "search", "pricing", "basket", "profile")
_CALLERS = ("frontend", "gateway", "worker", "batch")
_NODES = (("node1", "node2", "node3"), ("worker-a", "worker-b", "worker-c"), ("n11", "n12", "n13"), ("ip-10-20-0-4", "ip-10-20-0-5", "ip-10-20-0-6"))  # fmt: skip
DNS = "coredns"
# The network of the nodes' second cards.
_SECOND = "192.168.77"


@dataclass(frozen=True, slots=True)
class PodTemplate:
    """One pod of a Deployment: the node it runs on, the labels and ports (number, protocol) that its template says; `host_port`
    of the first of them, 0 where it has none."""

    workload: str
    node: str
    ports: tuple[tuple[int, str], ...]
    namespace: str = "default"
    host_port: int = 0

    @property
    def labels(self) -> dict[str, str]:
        return {"k8s-app": "kube-dns"} if self.workload == DNS else {"app": self.workload}

    @property
    def who(self) -> str:
        """`checkout@node1`: the pod whatever its name is now."""
        return f"{self.workload}@{self.node}"


@dataclass(frozen=True, slots=True)
class IncidentScene:
    """`front` is the Service that users complain of, `other` another one, `caller` the workload that calls both from every
    node. `strict`: a NetworkPolicy allows the callers to send to `front` and to CoreDNS alone. `uploads`: what callers send
    is large too. `second_cards`: the address of each node's second network card, by which the client asks too, where they have one."""

    cluster: Cluster
    mode: Mode
    plugin: str
    nodes: tuple[str, ...]
    front: str
    other: str
    caller: str
    port: int
    node_port: int
    templates: tuple[PodTemplate, ...]
    strict: bool = False
    uploads: bool = False
    second_cards: tuple[str, ...] = ()

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each node."""
        return {node.name: node.internal_ips[0] for node in self.cluster.nodes}

    def pods_network(self, node: str) -> str:
        """A node's podCIDR."""
        return next(one.pod_cidrs[0] for one in self.cluster.nodes if one.name == node)

    def of(self, workload: str) -> tuple[PodTemplate, ...]:
        return tuple(one for one in self.templates if one.workload == workload)


def pod_of(live: LiveCluster, template: PodTemplate) -> Pod | None:
    """The pod that runs for the template now; None where it is gone."""
    for pod in live.cluster.pods:
        stem = pod.name.rpartition("-")[0]
        if (stem, pod.namespace, pod.node_name) == (template.workload, template.namespace, template.node):
            return pod
    return None


def draw_scene(
    seed: str,
    plugin: str,
    mode: Mode,
    nodes: int,
    strict: bool = False,
    *,
    uploads: bool = False,
    two_cards: bool = False,
    host_port: int = 0,
) -> IncidentScene:
    """A scene with names, ports and addresses drawn by the seed. `plugin` is PLUGIN/BACKEND; `strict`, `uploads`: see
    IncidentScene. `two_cards`: each node has two. `host_port`: of `front`'s pods, 0: none."""
    rng = random.Random(f"scene:{seed}")
    front, other = rng.sample(APPLICATIONS, 2)
    caller = rng.choice(_CALLERS)
    names = rng.choice(_NODES)[:nodes]
    port = rng.choice((8080, 8000, 3000, 9090))
    node_port = rng.randint(30001, 32700)
    templates = [PodTemplate(caller, name, ((9000, "TCP"),)) for name in names]
    templates += [PodTemplate(front, name, ((port, "TCP"),), host_port=host_port) for name in names[:2]]
    templates += [PodTemplate(other, name, ((port, "TCP"),)) for name in names[-2:]]
    templates += [PodTemplate(DNS, name, ((53, "UDP"), (53, "TCP")), "kube-system") for name in names[-2:]]
    underlay, pods = rng.choice(("192.168.1", "10.20.0", "172.16.4")), rng.choice(("10.244", "10.42", "10.100"))
    second = tuple(f"{_SECOND}.{11 + n}" for n, _ in enumerate(names)) if two_cards else ("",) * len(names)
    items = [_node(name, f"{underlay}.{11 + n}", f"{pods}.{n + 1}.0/24", second[n]) for n, name in enumerate(names)]
    used: dict[str, int] = {}
    for template in templates:
        used[template.node] = used.get(template.node, 1 + rng.randint(1, 40)) + rng.randint(1, 9)
        address = f"{pods}.{names.index(template.node) + 1}.{used[template.node]}"
        items.append(_pod(template, f"{template.workload}-{_suffix(seed, template.who)}", address))
    items += _services(front, other, port, node_port, rng)
    name, _, backend = plugin.partition("/")
    items.append({"apiVersion": "k8squiz.dev/v1", "kind": "Network", "spec": {"cni": {"plugin": name, "backend": backend}}})  # fmt: skip
    if strict:
        items.append(egress_policy(caller, front, port))
    cluster = load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    cards = second if two_cards else ()
    return IncidentScene(
        cluster, mode, plugin, names, front, other, caller, port, node_port, tuple(templates), strict, uploads, cards
    )


def egress_policy(caller: str, front: str, port: int, *, dns: bool = True, name: str = "egress") -> dict[str, Any]:
    """The callers may send to `front` on `port`, and ask CoreDNS where `dns`."""
    rules: list[dict[str, Any]] = [
        {
            "to": [{"podSelector": {"matchLabels": {"app": front}}}],
            "ports": [{"protocol": "TCP", "port": port}],
        }
    ]
    if dns:
        ports = [{"protocol": one, "port": 53} for one in ("UDP", "TCP")]
        rules.append({"to": [{"namespaceSelector": {}}], "ports": ports})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"podSelector": {"matchLabels": {"app": caller}}, "policyTypes": ["Egress"], "egress": rules},
    }


def _node(name: str, address: str, pods: str, second: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name}
    if second:
        metadata["annotations"] = {"k8squiz.dev/addresses": second}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": {"podCIDR": pods, "podCIDRs": [pods]},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}],
            "nodeInfo": {"kubeletVersion": "v1.31.4", "kubeProxyVersion": "v1.31.4"},
        },
    }


def _pod(template: PodTemplate, name: str, address: str) -> dict[str, Any]:
    ports: list[dict[str, Any]] = [{"containerPort": port, "protocol": protocol} for port, protocol in template.ports]
    if template.host_port:
        ports[0]["hostPort"] = template.host_port
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": template.namespace, "labels": template.labels},
        "spec": {"nodeName": template.node, "containers": [{"name": template.workload, "ports": ports}]},
        "status": {"phase": "Running", "podIP": address, "conditions": [{"type": "Ready", "status": "True"}]},
    }


def _services(front: str, other: str, port: int, node_port: int, rng: random.Random) -> Iterator[dict[str, Any]]:
    last = rng.sample(range(20, 250), 2)
    web = {"port": 80, "targetPort": port, "protocol": "TCP", "name": "http"}
    rows: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
        (front, "default", {"type": "NodePort", "selector": {"app": front}, "clusterIP": f"10.96.3.{last[0]}", "ports": [{**web, "nodePort": node_port}]}),
        (other, "default", {"selector": {"app": other}, "clusterIP": f"10.96.3.{last[1]}", "ports": [web]}),
        ("kube-dns", "kube-system", {"selector": {"k8s-app": "kube-dns"}, "clusterIP": "10.96.0.10", "ports": [
            {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": 53},
            {"name": "dns-tcp", "protocol": "TCP", "port": 53, "targetPort": 53},
        ]}),
    )  # fmt: skip
    for name, namespace, spec in rows:
        metadata: dict[str, Any] = {"name": name, "namespace": namespace}
        if name == "kube-dns":
            metadata["labels"] = {"k8s-app": "kube-dns"}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _suffix(*about: object) -> str:
    digest = hashlib.sha256(repr(about).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:5])


def reconciled(scene: IncidentScene, live: LiveCluster) -> LiveCluster:
    """`live` after the Deployments' controllers made anew what is missing of their pods, and the kubelets asked those that
    have a readiness probe; what somebody scaled has as many as they said."""
    for key in live.scaled:
        one = deployments(live)[key]
        if len(one.pods) < one.wanted:
            live = scaled(live, one, one.wanted)
    for template in scene.templates:
        if f"{template.namespace}/{template.workload}" not in live.scaled and pod_of(live, template) is None:
            # One that is free again is not given next.
            address = next_address(live, template.node, (*live.cluster.pods, *scene.cluster.pods))
            name = f"{template.workload}-{_suffix(template.who, address)}"
            live = live.with_cluster(api.created(live.cluster, _pod(template, name, address)))
            live = with_given(live, template.node, address)
    return probed(live)


def restarted(scene: IncidentScene, live: LiveCluster, template: PodTemplate) -> LiveCluster:
    """`live` after that pod was deleted and came again."""
    pod = pod_of(live, template)
    if pod is not None:
        key = ("Pod", pod.namespace, pod.name)
        live = live.with_cluster(api.changed(live.cluster, key, lambda _: None))
    return reconciled(scene, live)
