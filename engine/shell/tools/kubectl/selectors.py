"""Which objects are asked for: by labels (-l), by fields (--field-selector).

Sources: k8s.io/apimachinery/pkg/labels/selector.go, pkg/fields; pkg/apis/core/v1/conversion.go (the fields of each kind).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.manifests.write import Document
from engine.shell.tools.kubectl.jsonpath import BadPath, find
from engine.shell.tools.kubectl.problems import BadWords

_SET = re.compile(r"\s*(?P<name>[\w./-]+)\s+(?P<sign>in|notin)\s*\((?P<values>[^()]*)\)\s*")
_PARTED = re.compile(r",(?![^()]*\))")
_METADATA = frozenset({"metadata.name", "metadata.namespace"})
# Beside those that every kind has.
_FIELDS = {
    "Pod": frozenset({"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase",
                      "status.podIP", "status.nominatedNodeName"}),
    "Node": frozenset({"spec.unschedulable"}),
    "Service": frozenset({"spec.clusterIP", "spec.type"}),
    "Event": frozenset({"type", "reason", "involvedObject.kind", "involvedObject.name", "involvedObject.namespace", "source"}),
    "ReplicaSet": frozenset({"status.replicas"}),
    "Namespace": frozenset({"status.phase"}),
    "Secret": frozenset({"type"}),
}  # fmt: skip
# What an object has that does not say so.
_DEFAULTS = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "spec.restartPolicy": "Always", "spec.schedulerName": "default-scheduler",
             "spec.serviceAccountName": "default"}  # fmt: skip


def by_labels(selector: str) -> Callable[[Document], bool]:
    """Whether an object's labels match: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b)`, joined by commas. Raises BadWords."""
    parts = [_label(part.strip(), selector) for part in _PARTED.split(selector) if part.strip()]
    return lambda o: all(part(o["metadata"].get("labels") or {}) for part in parts)


def _label(part: str, selector: str) -> Callable[[dict[str, Any]], bool]:
    several = _SET.fullmatch(part)
    if several is not None:
        name, values = several["name"], {one.strip() for one in several["values"].split(",")}
        return lambda labels: (labels.get(name) in values) is (several["sign"] == "in")
    if "(" in part or ")" in part or " " in part.replace(" = ", "="):
        raise BadWords(f"error: unable to parse requirement: found '{part[:50]}' in \"{selector[:100]}\"")
    key, equals, value = part.replace("==", "=").partition("=")
    key, value = key.strip(), value.strip()
    if key.endswith("!") and equals:
        return lambda labels: labels.get(key[:-1]) != value
    if equals:
        return lambda labels: labels.get(key) == value
    return (lambda labels: key[1:].strip() not in labels) if key.startswith("!") else (lambda labels: key in labels)


def by_fields(selector: str, kind: str, plural: str) -> Callable[[Document], bool]:
    """Whether an object's fields match: `a=b`, `a==b`, `a!=b`, joined by commas. Raises BadWords for a field that the API server
    does not select this kind by."""
    parts: list[tuple[str, str, bool]] = []
    for part in filter(None, selector.split(",")):
        field, equals, value = part.replace("==", "=").partition("=")
        if not equals:
            raise BadWords(
                f"Error from server (BadRequest): invalid selector: '{selector[:100]}'; can't understand '{part[:50]}'"
            )
        differs = field.endswith("!")
        field = field.removesuffix("!")
        if field not in _METADATA and field not in _FIELDS.get(kind, frozenset()):
            raise BadWords(f'Error from server (BadRequest): Unable to find "/v1, Resource={plural}" that match label selector "", field selector "{selector[:100]}": field label not supported: {field[:50]}')  # fmt: skip
        parts.append((field, value, not differs))
    return lambda o: all((field_text(o, field) == value) is same for field, value, same in parts)


def field_text(o: Document, field: str) -> str:
    """A field as a selector or a column sees it; "" where there is none. Raises BadPath."""
    found = find(f".{field.removeprefix('.')}", o)
    return str(found[0]) if found and found[0] is not None else _DEFAULTS.get(field, "")


def sorted_by(found: list[Document], path: str) -> list[Document]:
    """By a JSONPath of theirs, numbers by their value. Raises BadWords where none has it."""
    plain = path.strip("{}'\"")
    plain = plain if plain.startswith(".") else f".{plain}"
    if plain in (".metadata.creationTimestamp", ".lastTimestamp", ".firstTimestamp", ".status.startTime"):
        # All are of one age.
        return found
    try:
        values = [find(plain, o) for o in found]
    except BadPath as error:
        raise BadWords(f"error: error parsing jsonpath {plain[:100]}, {error}") from None
    if found and not any(values):
        raise BadWords(f'error: couldn\'t find any field with path "{{{plain[:100]}}}" in the list of objects')

    def order(at: int) -> tuple[int, float, str]:
        value = values[at][0] if values[at] else None
        number = isinstance(value, (int, float))
        return (0 if value is None else 1, float(value) if number else 0.0, "" if number else str(value))  # type: ignore[arg-type]

    return [found[at] for at in sorted(range(len(found)), key=order)]
