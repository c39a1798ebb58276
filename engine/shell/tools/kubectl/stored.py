"""What the API server makes of an object that kubectl sends: a new one, a changed one, one that goes.

Sources: pkg/registry/core/service (alloc.go, strategy.go: addresses and nodePorts are given, and go with the type that needs
them); a change by the object itself never changes its status (subresources). Annotations and labels that no answer hangs on are
kept beside the cluster.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import json
from typing import Any

from engine.cluster import Cluster
from engine.manifests.write import Document
from engine.shell import api
from engine.shell.conntrack_room import set_by_kube_proxy
from engine.shell.deployments import deployments, next_address, restarted, schedulable, with_given
from engine.shell.live import LiveCluster
from engine.shell.tools.kubectl.deployment import after_edit
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.words import documents, resource_of

_RESTARTED = "kubectl.kubernetes.io/restartedAt"
_FIXED = ("Endpoints", "ReplicaSet", "DaemonSet", "Event")
_HAS_STATUS = ("Pod", "Node", "Service", "Deployment", "Namespace")
_DEFAULT_SERVICES = "10.96.0.0/12"
_FIRST_NODE_PORT, _NODE_PORTS = 30000, 2768
_MOST_ADDRESSES = 1 << 16
_OUTSIDE = ("NodePort", "LoadBalancer")


def replaced(live: LiveCluster, before: Document, after: Any) -> LiveCluster:
    """`live` once `before` is as `after` says. Raises BadWords for what is not modelled, Refused for what the API server does not
    take."""
    kind, key = before["kind"], api.key_of(before)
    if not isinstance(after, dict) or not isinstance(after.get("metadata"), dict) or api.key_of(after) != key:
        raise api.Refused("the name, the namespace and the kind of an object do not change")
    if kind in _HAS_STATUS and "status" in before:
        after = {**after, "status": before["status"]}
    if _restarts(before, after):
        return started_anew(live, before)
    if _bare(before) == _bare(after):
        return _noted(live, key, after)
    if kind in _FIXED:
        raise BadWords(f"error: changing a {kind} is not modelled here, but for its labels and annotations")
    if kind == "Deployment":
        return _noted(after_edit(live, before, {**after, "metadata": before["metadata"]}), key, after)
    if kind == "Service" and isinstance(after.get("spec"), dict):
        after = _retyped(live.cluster, before, after)
    return _noted(live.with_cluster(api.changed(live.cluster, key, lambda _: after)), key, after)


def _restarts(before: Document, after: Document) -> bool:
    """Whether all that differs is the annotation of the pods' template that `kubectl rollout restart` writes."""
    if before["kind"] not in ("Deployment", "DaemonSet"):
        return False
    made = json.loads(json.dumps(after))
    try:
        metadata = made["spec"]["template"]["metadata"]
        if metadata["annotations"].pop(_RESTARTED, None) is None:
            return False
        if not metadata["annotations"]:
            del metadata["annotations"]
    except (KeyError, TypeError, AttributeError):
        return False
    return bool(made == before)


def started_anew(live: LiveCluster, o: Document) -> LiveCluster:
    """`live` once the pods of a Deployment, or of the DaemonSet kube-proxy, were made anew."""
    if o["kind"] == "Deployment":
        return restarted(live, deployments(live)[f"{o['metadata']['namespace']}/{o['metadata']['name']}"])
    for node in live.cluster.nodes:
        live = set_by_kube_proxy(live.with_proxy(node.name, running=True), node.name)
    return live


def created(live: LiveCluster, document: Document) -> LiveCluster:
    """`live` with one object more. Raises as replaced."""
    if document["kind"] in (*_FIXED, "Deployment"):
        raise BadWords(f"error: creating a {document['kind']} is not modelled here")
    if document["kind"] == "Service" and isinstance(document.get("spec"), dict):
        document = _addressed(live.cluster, document)
    if document["kind"] == "Pod" and isinstance(document.get("spec"), dict) and not document["spec"].get("nodeName"):
        document = _scheduled(live, document)
    made = live.with_cluster(api.created(live.cluster, document))
    spec, status = document.get("spec"), document.get("status")
    if document["kind"] == "Pod" and isinstance(spec, dict) and isinstance(status, dict) and status.get("podIP"):
        made = with_given(made, spec["nodeName"], status["podIP"])
    return _noted(made, api.key_of(document), document)


def _scheduled(live: LiveCluster, document: Document) -> Document:
    """A pod on the node that has the fewest, where it runs and is ready. Raises BadWords."""
    cluster, nodes = live.cluster, schedulable(live)
    taken = [pod.node_name for pod in cluster.pods]
    if not nodes:
        raise BadWords("error: no node here gives addresses to pods")
    node = min(nodes, key=taken.count)
    status = {
        "phase": "Running",
        "podIP": next_address(live, node, cluster.pods),
        "conditions": [{"type": "Ready", "status": "True"}],
    }
    return {**document, "spec": {**document["spec"], "nodeName": node}, "status": status}


def deleted(live: LiveCluster, before: Document) -> LiveCluster:
    """`live` without the object. Raises BadWords for a kind whose end is not modelled."""
    kind = before["kind"]
    if kind in (*_FIXED, "Deployment", "ConfigMap", "Namespace"):
        raise BadWords(f"error: deleting {resource_of(kind).names[0]} is not modelled here")
    key = api.key_of(before)
    made = live.with_cluster(api.changed(live.cluster, key, lambda _: None))
    return dataclasses.replace(made, notes={one: notes for one, notes in made.notes.items() if one != key})


def found(live: LiveCluster, key: tuple[str, str, str]) -> Document | None:
    """The object of that key, as the API server holds it."""
    return next((o for o in documents(live, resource_of(key[0])) if api.key_of(o) == key), None)


def _bare(document: Document) -> Document:
    """Without labels and annotations."""
    kept = {name: value for name, value in document["metadata"].items() if name not in ("labels", "annotations")}
    return {**document, "metadata": kept} if document["kind"] in (*_FIXED, "Deployment") else document


def _noted(live: LiveCluster, key: tuple[str, str, str], after: Document) -> LiveCluster:
    """With the labels and annotations that the cluster's own objects do not hold."""
    live = dataclasses.replace(live, notes={one: notes for one, notes in live.notes.items() if one != key})
    made = found(live, key)
    if made is None:
        return live
    told = {field: after["metadata"].get(field) or {} for field in ("labels", "annotations")}
    lost = {field: value for field, value in told.items() if value != (made["metadata"].get(field) or {})}
    return dataclasses.replace(live, notes={**live.notes, key: lost}) if lost else live


def _addressed(cluster: Cluster, document: Document) -> Document:
    """A Service with the address and nodePorts that it is given."""
    made: Document = json.loads(json.dumps(document))
    spec = made["spec"]
    if spec.get("type") != "ExternalName" and not spec.get("clusterIP") and not spec.get("clusterIPs"):
        spec["clusterIP"] = _free_address(
            cluster, f"{document['metadata'].get('namespace')}/{document['metadata']['name']}"
        )
    if spec.get("type") in _OUTSIDE and isinstance(spec.get("ports"), list):
        spec["ports"] = _with_node_ports(cluster, spec["ports"], made["metadata"]["name"])
    return made


def _retyped(cluster: Cluster, before: Document, after: Document) -> Document:
    """A Service of another type: what only the old type has goes unless somebody has changed it, what the new one needs comes."""
    old, new = before["spec"], _kept(before["spec"], after["spec"])
    if old.get("type") in _OUTSIDE and new.get("type", "ClusterIP") not in _OUTSIDE:
        dropped = ("externalTrafficPolicy", "healthCheckNodePort")
        new = {name: value for name, value in new.items() if name not in dropped or value != old.get(name)}
        given = {port.get("nodePort") for port in old.get("ports", [])}
        if isinstance(new.get("ports"), list):
            new["ports"] = [_without(port, "nodePort") if isinstance(port, dict) and port.get("nodePort") in given else port for port in new["ports"]]  # fmt: skip
    return _addressed(cluster, {**after, "spec": new})


def _kept(old: Document, new: Document) -> Document:
    """What is not said of addresses and nodePorts stays as it was (patchAllocatedValues)."""
    if new.get("type") == "ExternalName" or old.get("type") == "ExternalName":
        return new
    made = dict(new)
    if not new.get("clusterIP") and not new.get("clusterIPs"):
        made.update({name: old[name] for name in ("clusterIP", "clusterIPs") if name in old})
    if new.get("type") in _OUTSIDE and isinstance(new.get("ports"), list):
        held = {_port_key(port): port["nodePort"] for port in old.get("ports", []) if port.get("nodePort")}
        made["ports"] = [{"nodePort": held[_port_key(port)], **port} if isinstance(port, dict) and _port_key(port) in held else port for port in new["ports"]]  # fmt: skip
    return made


def _port_key(port: Document) -> str:
    return f"{port.get('port')}/{port.get('protocol', 'TCP')}"


def _without(document: Document, name: str) -> Document:
    return {key: value for key, value in document.items() if key != name}


def _free_address(cluster: Cluster, seed: str) -> str:
    """An address of the Services' network that none has. Raises Refused."""
    taken = {ipaddress.ip_address(address) for service in cluster.services for address in service.cluster_ips}
    found = list(cluster.service_cidrs) or [
        _DEFAULT_SERVICES,
        *(f"{one}/{16 if one.version == 4 else 112}" for one in taken),
    ]
    networks = [ipaddress.ip_network(cidr, strict=False) for cidr in found]
    network = next((one for one in networks if any(address in one for address in taken)), networks[0])
    size = max(1, min(network.num_addresses - 2, _MOST_ADDRESSES))
    first = _number(seed)
    for number in range(size):
        address = network[min((first + number) % size + 1, network.num_addresses - 1)]
        if address not in taken:
            return str(address)
    raise api.Refused("Internal error occurred: failed to allocate a serviceIP: range is full")


def _with_node_ports(cluster: Cluster, ports: list[Any], name: str) -> list[Any]:
    """The ports, each with a nodePort: that of another protocol's with its number, or one that none has."""
    taken: set[Any] = {one.node_port for service in cluster.services for one in service.ports}
    taken |= {
        port.get("nodePort") for port in ports if isinstance(port, dict) and isinstance(port.get("nodePort"), int)
    }
    given: dict[Any, int] = {}
    made = []
    for port in ports:
        if not isinstance(port, dict) or port.get("nodePort"):
            made.append(port)
            continue
        number = str(port.get("port"))
        if number not in given:
            first = _number(f"{name} {number}")
            every = (_FIRST_NODE_PORT + (first + n) % _NODE_PORTS for n in range(_NODE_PORTS))
            given[number] = next(one for one in every if one not in taken)
            taken.add(given[number])
        made.append({**port, "nodePort": given[number]})
    return made


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4])
