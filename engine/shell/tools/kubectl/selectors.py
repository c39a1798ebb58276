"""Which objects -l and --field-selector ask for.

Sources: apimachinery/pkg/labels/selector.go; the fields are those that the API server knows of each kind (pkg/apis/core/v1,
conversion.go, and metadata.name and metadata.namespace of every kind).
"""

from __future__ import annotations

import re
from typing import Any

from engine.manifests.write import Document
from engine.shell.api import Resource
from engine.shell.tools.kubectl.problems import BadWords

_KEY = r"(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?"
_PART = re.compile(
    rf"\s*(?:(?P<absent>!)\s*(?P<gone>{_KEY})|(?P<key>{_KEY})\s*(?:(?P<sign>==|!=|=)\s*(?P<value>[-A-Za-z0-9_.]*)"
    r"|\s(?P<set>in|notin)\s*\((?P<values>[-A-Za-z0-9_., ]*)\))?)\s*(?:,|$)"
)
_FIELD = re.compile(r"([^=!]+)(==|!=|=)(.*)")
_DEFAULTS = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "spec.restartPolicy": "Always", "spec.schedulerName": "default-scheduler",
             "spec.serviceAccountName": "default"}  # fmt: skip
_FIELDS = {
    "Pod": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
            "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    "Node": ("spec.unschedulable",),
    "Service": ("spec.clusterIP", "spec.type"),
    "Namespace": ("status.phase",),
    "Event": ("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "reason", "type", "source"),
    "ReplicaSet": ("status.replicas",),
}  # fmt: skip


def check_selectors(resource: Resource, labels: str, fields: str) -> None:
    """Raises BadWords for what the API server cannot read, or does not select this kind by."""
    said = _bad_labels(labels) or _bad_fields(resource.kind, fields)
    if said:
        raise BadWords(f'Error from server (BadRequest): Unable to find "{resource.group}/v1, Resource={resource.names[0]}" that match label selector "{labels[:100]}", field selector "{fields[:100]}": {said}')  # fmt: skip


def _bad_labels(selector: str) -> str:
    at = 0
    while at < len(selector):
        part = _PART.match(selector, at)
        if part is None:
            return f"unable to parse requirement: '{selector[at : at + 40]}'"
        at = part.end()
    return ""


def _bad_fields(kind: str, selector: str) -> str:
    for part in filter(None, selector.split(",")):
        found = _FIELD.fullmatch(part)
        if found is None:
            return f"invalid selector: '{selector[:100]}'; can't understand '{part[:50]}'"
        if found[1] not in ("metadata.name", "metadata.namespace", *_FIELDS.get(kind, ())):
            return f"field label not supported: {found[1][:50]}"
    return ""


def selected(document: Document, selector: str) -> bool:
    """Whether the object's labels are those of the selector: a=b, a!=b, a, !a, `a in (b,c)`, `a notin (b,c)`, all of those that
    commas join."""
    labels = document["metadata"].get("labels", {})
    return all(_holds(part, labels) for part in _PART.finditer(selector))


def _holds(part: re.Match[str], labels: dict[str, str]) -> bool:
    if part["gone"]:
        return part["gone"] not in labels
    found = labels.get(part["key"])
    if part["set"]:
        among = found in [value.strip() for value in part["values"].split(",")]
        return among if part["set"] == "in" else not among
    if part["sign"] is None:
        return found is not None
    return (found != part["value"]) if part["sign"] == "!=" else (found == part["value"])


def fields_match(document: Document, selector: str) -> bool:
    """Whether the object's fields are those of the selector."""
    for part in filter(None, selector.split(",")):
        found = _FIELD.fullmatch(part)
        if found is None or (_field(document, found[1]) == found[3]) is (found[2] == "!="):
            return False
    return True


def _field(document: Document, path: str) -> str:
    at: Any = document
    for step in path.split("."):
        at = at.get(step) if isinstance(at, dict) else None
    return _DEFAULTS.get(path, "") if at is None else str(at).lower() if isinstance(at, bool) else str(at)
