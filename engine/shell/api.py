"""The API server of a live cluster: its objects as documents, and what a changed document makes of the cluster.

The EndpointSlice controller is part of it: where what a Service selects has changed, its slices are written anew. What an
API server refuses is refused with its words. Sources: pkg/apis/core/validation/validation.go, pkg/controller/endpointslice.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from engine.cluster import Cluster, EndpointSlice, Service
from engine.errors import EngineError, ManifestError
from engine.manifests import load_cluster
from engine.manifests.selectors import derived_slices
from engine.manifests.write import Document, documents_of, proxy_document, yaml_text
from engine.shell.go_text import go_text
from engine.values import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind: its names as one may type them, the first being the plural that kubectl prints."""

    kind: str
    names: tuple[str, ...]
    namespaced: bool = True
    group: str = ""

    @property
    def full(self) -> str:
        """`service`, `networkpolicy.networking.k8s.io`: as kubectl names an object it has changed."""
        return self.kind.lower() + (f".{self.group}" if self.group else "")

    @property
    def plural(self) -> str:
        """`services`, `networkpolicies.networking.k8s.io`: as the API server names the kind."""
        return self.names[0] + (f".{self.group}" if self.group else "")

    @property
    def version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/v1" if self.group else "v1"


RESOURCES = (
    Resource("Node", ("nodes", "node", "no"), namespaced=False),
    Resource("Namespace", ("namespaces", "namespace", "ns"), namespaced=False),
    Resource("Pod", ("pods", "pod", "po")),
    Resource("Service", ("services", "service", "svc")),
    Resource("Endpoints", ("endpoints", "ep")),
    Resource("EndpointSlice", ("endpointslices", "endpointslice"), group="discovery.k8s.io"),
    Resource("ConfigMap", ("configmaps", "configmap", "cm")),
    Resource("NetworkPolicy", ("networkpolicies", "networkpolicy", "netpol"), group="networking.k8s.io"),
    Resource("Deployment", ("deployments", "deployment", "deploy"), group="apps"),
    Resource("ReplicaSet", ("replicasets", "replicaset", "rs"), group="apps"),
    Resource("DaemonSet", ("daemonsets", "daemonset", "ds"), group="apps"),
    Resource("ServiceCIDR", ("servicecidrs", "servicecidr"), namespaced=False, group="networking.k8s.io"),
    # Kinds of which there is no object here; events are older than an hour, and gone.
    Resource("Event", ("events", "event", "ev")),
    Resource("Ingress", ("ingresses", "ingress", "ing"), group="networking.k8s.io"),
    Resource("Secret", ("secrets", "secret")),
    Resource("PersistentVolumeClaim", ("persistentvolumeclaims", "persistentvolumeclaim", "pvc")),
    Resource("StatefulSet", ("statefulsets", "statefulset", "sts"), group="apps"),
    Resource("Job", ("jobs", "job"), group="batch"),
    Resource("CronJob", ("cronjobs", "cronjob", "cj"), group="batch"),
    Resource(
        "HorizontalPodAutoscaler", ("horizontalpodautoscalers", "horizontalpodautoscaler", "hpa"), group="autoscaling"
    ),
    Resource("PodDisruptionBudget", ("poddisruptionbudgets", "poddisruptionbudget", "pdb"), group="policy"),
)


# How the reader of manifests says what field.NotSupported says (apimachinery/pkg/util/validation/field).
_CHOICE = re.compile(r"([\w.\[\]]+) must be one of ([\w, ]+), not '([^']*)'")


_REJECTED = "The request is invalid: the server rejected our request due to an error in our request"


class Refused(EngineError):
    """What the API server does not take, in its words."""


def resource_named(name: str) -> Resource | None:
    """The kind that somebody calls so; `svc`, `services`, `endpointslices.discovery.k8s.io`."""
    plain, _, rest = name.lower().partition(".")
    return next((one for one in RESOURCES if plain in one.names and _of_group(rest, one)), None)


def _of_group(given: str, one: Resource) -> bool:
    """What may stand behind a kind's name: nothing, its group, its version and its group."""
    return given in ("", one.group, f"v1.{one.group}")


def objects(cluster: Cluster) -> Iterator[Document]:
    """Every object that the API server holds."""
    yield from documents_of(cluster)
    for name in _namespaces(cluster):
        if name not in cluster.namespaces:
            labels = {"kubernetes.io/metadata.name": name}
            yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    yield from _endpoints(cluster)
    configuration = yaml_text(proxy_document(cluster.proxy))
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
        "data": {"config.conf": configuration},
    }


def _namespaces(cluster: Cluster) -> tuple[str, ...]:
    used = (one.namespace for many in (cluster.pods, cluster.services) for one in many)
    return tuple(dict.fromkeys(("default", "kube-system", *used)))


def _endpoints(cluster: Cluster) -> Iterator[Document]:
    """v1 Endpoints as the mirroring controller keeps them: ready addresses and others, a subset a set of ports."""
    for service in cluster.services:
        subsets = []
        for slice_ in cluster.slices:
            if (slice_.namespace, slice_.service_name) != (service.namespace, service.name):
                continue
            ports = [{"name": p.name, "port": p.port, "protocol": p.protocol.value} for p in slice_.ports]
            ready = [{"ip": a} for e in slice_.endpoints if e.ready for a in e.addresses]
            others = [{"ip": a} for e in slice_.endpoints if not e.ready for a in e.addresses]
            subset = {"addresses": ready, "notReadyAddresses": others, "ports": ports}
            if ready or others:
                subsets.append({key: value for key, value in subset.items() if value})
        yield {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": service.name, "namespace": service.namespace},
            "subsets": subsets,
        }


def key_of(document: Document) -> tuple[str, str, str]:
    """(kind, namespace, name)."""
    metadata = document["metadata"]
    return document["kind"], metadata.get("namespace", ""), metadata["name"]


def changed(cluster: Cluster, key: tuple[str, str, str], change: Callable[[Document], Document | None]) -> Cluster:
    """`cluster` after `change` of the object with that key; None deletes it. Raises Refused."""
    found = []
    for document in objects(cluster):
        if document["kind"] == "Endpoints":
            continue
        made: Document | None = document
        if key_of(document) == key:
            made = change(json.loads(json.dumps(document)))
            if made is not None:
                _immutable(document, made)
        if made is not None:
            found.append(made)
    return _loaded(found, cluster, key)


def created(cluster: Cluster, document: Document) -> Cluster:
    """`cluster` with one object more. Raises Refused."""
    return _loaded(
        [*(one for one in objects(cluster) if one["kind"] != "Endpoints"), document], cluster, key_of(document)
    )


def _immutable(before: Document, after: Document) -> None:
    """Fields that may not change once they are set (ValidateServiceClusterIPsRelatedFields, validatePodUpdate)."""
    kind, _, name = key_of(before)
    old, new = before.get("spec", {}), after.get("spec", {})
    if not isinstance(new, dict):
        # The reader of the changed object says what is wrong with it.
        return
    if kind == "Service":
        first, told = _first_address(old), new.get("clusterIP") or ""
        if (
            old.get("type") != "ExternalName"
            and new.get("type") != "ExternalName"
            and first not in ("", told, _first_address(new))
            or told
            and _first_address(new) not in ("", told)
        ):
            raise Refused(
                f'The Service "{name}" is invalid: spec.clusterIPs[0]: Invalid value: ["{told}"]: may not change once set'
            )
    if kind == "Pod" and old != new:
        raise Refused(f'The Pod "{name}" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds` or `spec.tolerations`')  # fmt: skip


def _first_address(spec: Document) -> Any:
    """The first of a Service's clusterIPs, "" where there is none."""
    addresses = spec.get("clusterIPs")
    return addresses[0] if isinstance(addresses, list) and addresses else ""


def _loaded(documents: list[Document], before: Cluster, key: tuple[str, str, str]) -> Cluster:
    kind, _, name = key
    try:
        read = load_cluster(text=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    except ManifestError as error:
        # The place within the list that was read is nobody's business.
        said, said_zh = (re.sub(r"items\[[0-9]+\]\.", "", text) for text in (error.message, error.message_zh))
        if (choice := _CHOICE.fullmatch(said)) is not None:
            among = ", ".join(json.dumps(one) for one in choice[2].split(", "))
            said = f"{choice[1]}: Unsupported value: {json.dumps(choice[3])}: supported values: {among}"
        raise Refused(f'The {kind} "{name}" is invalid: {said}', said_zh) from None
    made = dataclasses.replace(read, network=before.network, cni=before.cni, namespaces={**read.namespaces})
    return dataclasses.replace(made, slices=tuple(_slices(before, made)))


def _slices(before: Cluster, after: Cluster) -> Iterator[EndpointSlice]:
    """The slices that the controller leaves: anew where what it would write has changed, else as they were."""
    anew = {
        s.key: _derived(after, s)
        for s in after.services
        if s.selector and _derived(before, s, before.services) != _derived(after, s)
    }
    gone = {s.key for s in before.services} - {s.key for s in after.services}
    for slice_ in after.slices:
        owner = f"{slice_.namespace}/{slice_.service_name}"
        if owner not in anew and owner not in gone:
            yield slice_
    for made in anew.values():
        yield from made


def _derived(
    cluster: Cluster, service: Service, services: tuple[Service, ...] | None = None
) -> tuple[EndpointSlice, ...]:
    asked = service if services is None else next((s for s in services if s.key == service.key), None)
    return () if asked is None else derived_slices([asked], (), cluster.pods, cluster.nodes)


def merge(document: Any, patch: Any) -> Any:
    """RFC 7396: a merge patch; null takes a field away."""
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merge(made.get(name), value)
    return made


# By which field an item of a list is known, where a strategic merge patch merges it (patchMergeKey in the API's types).
_CONTAINERS = ("spec.containers", "spec.template.spec.containers")
_MERGE_KEYS = {
    "spec.ports": "port", "status.conditions": "type", "status.addresses": "type", "status.podIPs": "ip", "metadata.ownerReferences": "uid",
    **dict.fromkeys(_CONTAINERS, "name"), **{f"{path}.ports": "containerPort" for path in _CONTAINERS},
    **{f"{path}.env": "name" for path in _CONTAINERS},
}  # fmt: skip


def strategic_merge(document: Any, patch: Any, path: str = "") -> Any:
    """A strategic merge patch: as merge(), but for lists whose items have a key; `path` is where it stands in the object. Raises
    Refused for a directive ($patch)."""
    if isinstance(patch, list) and path in _MERGE_KEYS and isinstance(document, list):
        found, key = list(document), _MERGE_KEYS[path]
        for item in patch:
            if not isinstance(item, dict) or key not in item:
                raise Refused(f"Error from server: map: {go_text(item)} does not contain declared merge key: {key}")
            at = next((n for n, old in enumerate(found) if isinstance(old, dict) and old.get(key) == item[key]), None)
            if at is None:
                found.append(strategic_merge({}, item, path))
            else:
                found[at] = strategic_merge(found[at], item, path)
        return found
    if not isinstance(patch, dict):
        return patch
    made = dict(document) if isinstance(document, dict) else {}
    for field, value in patch.items():
        if field.startswith("$"):
            raise Refused(f"error: {field} in a patch is not available here; use --type=json or --type=merge")
        if value is None:
            made.pop(field, None)
        else:
            made[field] = strategic_merge(made.get(field), value, f"{path}.{field}" if path else field)
    return made


def json_patch(document: Any, operations: Any) -> Any:
    """RFC 6902: add, replace, remove and test. Raises Refused."""
    made = json.loads(json.dumps(document))
    for one in operations if isinstance(operations, list) else [operations]:
        operation, path = (one.get("op"), one.get("path", "")) if isinstance(one, dict) else (None, "")
        steps = [step.replace("~1", "/").replace("~0", "~") for step in str(path).split("/")[1:]]
        if operation in ("move", "copy"):
            raise Refused(f"error: {operation} in a JSON patch is not simulated here; add and remove are")
        if operation not in ("add", "replace", "remove", "test") or not steps:
            raise Refused(_REJECTED)
        try:
            _operate(made, steps, operation, one)
        except (KeyError, IndexError, ValueError, TypeError):
            raise Refused(_REJECTED) from None
    return made


def _operate(at: Any, steps: list[str], operation: str, one: Document) -> None:
    """One operation, at the end of its path. Raises what a path that leads nowhere raises."""
    for step in steps[:-1]:
        at = at[int(step)] if isinstance(at, list) else at[step]
    last: Any = steps[-1]
    if isinstance(at, list):
        last = len(at) if last == "-" else int(last)
    if operation == "test":
        if at[last] != one["value"]:
            raise ValueError(last)
    elif operation == "remove":
        del at[last]
    elif isinstance(at, list) and operation == "add":
        at.insert(last, one["value"])
    else:
        if operation == "replace":
            at[last]
        at[last] = one["value"]
