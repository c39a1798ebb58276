"""What the API server, the kubelet and the controllers write into objects beside what the cluster's model holds: times, families,
states that nothing here changes.

Sources: pkg/apis/core/v1/defaults.go, pkg/registry/core/service (ipFamilies), pkg/kubelet/status; the figures of a node are those of
a small machine, since nothing tells of them.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from engine.manifests.write import Document
from engine.packet import is_ipv6
from engine.shell.clock import time_of_day
from engine.shell.live import LiveCluster

# How long ago an object was made is nothing that the model knows: all are of one age.
AGE = dt.timedelta(days=12)
_CAPACITY = {"cpu": "4", "ephemeral-storage": "81106868Ki", "memory": "16386380Ki", "pods": "110"}
_ALLOCATABLE = {**_CAPACITY, "ephemeral-storage": "74748089426", "memory": "16283980Ki"}
_CONDITIONS = (
    ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
)
_POD_CONDITIONS = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")


def created_at() -> str:
    """The time at which the objects were made, as RFC 3339 has it."""
    return _stamp(time_of_day(0) - AGE)


def now(live: LiveCluster) -> str:
    """The cluster's time, likewise."""
    return _stamp(time_of_day(live.clock))


def _stamp(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def uid_of(kind: str, namespace: str, name: str) -> str:
    """metadata.uid: a name has the same one each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))


def filled(live: LiveCluster, document: Document) -> Document:
    """The object with what its own model does not hold."""
    metadata = {"creationTimestamp": created_at(), **document["metadata"]}
    made = {**document, "metadata": metadata}
    kind = document["kind"]
    if kind == "Service":
        made["spec"] = _families(document["spec"])
    elif kind == "Pod":
        made["status"] = _pod_status(live, document)
    elif kind == "Node":
        made["status"] = _node_status(live, document["status"])
    elif kind == "Namespace":
        made = {**made, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    return made


def _families(spec: Document) -> Document:
    addresses = [address for address in spec.get("clusterIPs", []) if address != "None"]
    families = spec.get("ipFamilies") or ["IPv6" if is_ipv6(address) else "IPv4" for address in addresses] or ["IPv4"]
    if spec.get("type") == "ExternalName":
        return spec
    policy = "RequireDualStack" if len(families) > 1 else "SingleStack"
    return {**spec, "ipFamilies": families, "ipFamilyPolicy": policy}


def _pod_status(live: LiveCluster, document: Document) -> Document:
    status: Document = document["status"]
    spec: Document = document["spec"]
    if status.get("phase") != "Running":
        return status
    given = {one["type"]: one for one in status.get("conditions", [])}
    ready = given.get("Ready", {}).get("status", "False")
    known = {"ContainersReady": ready, "Ready": ready}
    at = {"lastProbeTime": None, "lastTransitionTime": created_at()}
    conditions = [{**at, "type": name, "status": known.get(name, "True")} for name in _POD_CONDITIONS]
    host = next(
        (n.internal_ips[0] for n in live.cluster.nodes if n.name == spec.get("nodeName") and n.internal_ips), ""
    )
    made: Document = {**status, "conditions": conditions, "qosClass": "BestEffort", "startTime": created_at()}
    return {**made, "hostIP": host, "hostIPs": [{"ip": host}]} if host else made


def _node_status(live: LiveCluster, status: Document) -> Document:
    times = {"lastHeartbeatTime": now(live), "lastTransitionTime": created_at()}
    conditions = [{**times, "type": kind, "status": is_so, "reason": reason, "message": message} for kind, is_so, reason, message in _CONDITIONS]  # fmt: skip
    return {**status, "capacity": _CAPACITY, "allocatable": _ALLOCATABLE, "conditions": conditions}


def controlled(document: Document, kind: str, name: str) -> Document:
    """The object with its controller, an object of group apps."""
    metadata: dict[str, Any] = document["metadata"]
    uid = uid_of(kind, metadata["namespace"], name)
    owner = {
        "apiVersion": "apps/v1",
        "blockOwnerDeletion": True,
        "controller": True,
        "kind": kind,
        "name": name,
        "uid": uid,
    }
    return {**document, "metadata": {**metadata, "ownerReferences": [owner]}}
