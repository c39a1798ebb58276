"""kubectl patch, label, annotate, apply, create, replace, delete: what changes an object."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from engine.cluster import Cluster
from engine.errors import ManifestError
from engine.manifests.composer import documents
from engine.manifests.write import Document
from engine.shell import api
from engine.shell.deployments import workload_documents
from engine.shell.files import FileRefused, read_file
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.deployment import after_edit
from engine.shell.tools.kubectl.words import BadWords, Words, asked_for, matching, one_kind, resource_of

Key = tuple[str, str, str]


def run(call: Call, words: Words) -> Result:
    """`kubectl patch|label|annotate|apply|create|replace|delete ...`."""
    return {
        "patch": _patch,
        "label": _pairs,
        "annotate": _pairs,
        "apply": _apply,
        "create": _apply,
        "replace": _apply,
        "delete": _delete,
        "edit": _edit,
    }[words.rest[0]](call, words)


def _patch(call: Call, words: Words) -> Result:
    if "patch" not in words.values:
        raise BadWords("error: must specify --patch or --patch-file containing the contents of the patch")
    resource, names = one_kind(words)
    if not names:
        raise BadWords("error: resource(s) were provided, but no name was specified")
    patch, kind = _read(words.values["patch"]), words.values.get("type", "strategic")
    apply: Callable[[Any, Any], Any] | None = {
        "strategic": api.strategic_merge,
        "merge": api.merge,
        "json": api.json_patch,
    }.get(kind)
    if apply is None:
        raise BadWords(f'error: --type must be one of [json merge strategic], not "{kind}"')
    if isinstance(patch, list) and kind != "json":
        raise BadWords(
            "Error from server (BadRequest): json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    cluster, out = call.live.cluster, ""
    if resource.kind == "Deployment":
        return _patched_deployments(call, matching(cluster, resource, names, words, workload_documents(call.live)), lambda o: apply(o, patch))  # fmt: skip
    for o in matching(cluster, resource, names, words):
        after = api.changed(cluster, api.key_of(o), lambda document: apply(document, patch))
        same = _held(after) == _held(cluster)
        out += f"{resource.full}/{o['metadata']['name']} patched{' (no change)' if same else ''}\n"
        cluster = after
    return Result(out, live=call.live.with_cluster(cluster))


def _patched_deployments(call: Call, found: list[Document], change: Callable[[Document], Any]) -> Result:
    live, out = call.live, ""
    for o in found:
        after = change(o)
        out += f"deployment.apps/{o['metadata']['name']} patched{' (no change)' if after == o else ''}\n"
        live = after_edit(live, o, after)
    return Result(out, live=live)


def _held(cluster: Cluster) -> dict[Key, Document]:
    return {api.key_of(o): o for o in api.objects(cluster)}


def _read(text: str) -> Any:
    try:
        found = [document for document, _ in documents(text, "patch")]
    except ManifestError:
        found = []
    if len(found) != 1 or not isinstance(found[0], dict | list):
        raise BadWords(f"error: unable to parse {text[:100]!r}: it is neither JSON nor YAML")
    return json.loads(json.dumps(found[0], default=str))


def _pairs(call: Call, words: Words) -> Result:
    verb = words.rest[0]
    field, done = ("labels", "labeled") if verb == "label" else ("annotations", "annotate")
    done = "annotated" if verb == "annotate" else done
    changes = [word for word in words.rest[1:] if "=" in word or (word.endswith("-") and "/" not in word)]
    named = Words((verb, *(word for word in words.rest[1:] if word not in changes)), words.values, words.flags)
    if not changes:
        raise BadWords(f"error: at least one {verb} update is required")
    resource, names = one_kind(named)
    if not names and "all" not in words.flags and "selector" not in words.values:
        raise BadWords("error: resource(s) were provided, but no name was specified")
    cluster, out = call.live.cluster, ""
    for o in matching(cluster, resource, names, words):
        held = dict(o["metadata"].get(field, {}))
        for change in changes:
            name, equals, value = change.partition("=")
            if not equals:
                held.pop(change[:-1], None)
            elif held.get(name, value) != value and "overwrite" not in words.flags:
                raise BadWords(f"error: '{name}' already has a value ({held[name]}), and --overwrite is false")
            else:
                held[name] = value
        same = held == o["metadata"].get(field, {})
        cluster = api.changed(cluster, api.key_of(o), lambda document, held=held: api.merge(document, {"metadata": {field: None}}) | {"metadata": {**document["metadata"], field: held}})  # type: ignore[misc]  # fmt: skip
        out += f"{resource.full}/{o['metadata']['name']} {'not ' if same else ''}{done}\n"
    return Result(out, live=call.live.with_cluster(cluster))


def _apply(call: Call, words: Words) -> Result:
    verb = words.rest[0]
    if "file" not in words.values:
        raise BadWords("error: must specify one of -f and -k")
    file = words.values["file"]
    try:
        text = (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        found = [document for document, _ in documents(text, file)]
    except FileRefused as error:
        raise BadWords(f"error: the path {error}") from None
    except ManifestError as error:
        raise BadWords(f"error: error parsing {file}: {error.message}") from None
    cluster, out = call.live.cluster, ""
    held = _held(cluster)
    for one in found:
        for document in _items(json.loads(json.dumps(one, default=str))):
            resource = resource_of(str(document.get("kind", "")))
            metadata = document.get("metadata")
            if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
                raise BadWords("error: resource name may not be empty")
            if resource.namespaced:
                metadata.setdefault("namespace", words.namespace)
            if not isinstance(metadata.get("namespace", ""), str):
                raise BadWords(f"error: the namespace of {resource.full}/{metadata['name']} is no string")
            key = api.key_of(document)
            if key in held:
                if verb == "create":
                    raise BadWords(f'Error from server (AlreadyExists): {resource.names[0]} "{key[2]}" already exists')
                cluster = api.changed(cluster, key, lambda old, new=document: _applied(old, new))  # type: ignore[misc]
                out += f"{resource.full}/{key[2]} {'replaced' if verb == 'replace' else 'configured'}\n"
            else:
                cluster = api.created(cluster, document)
                out += f"{resource.full}/{key[2]} created\n"
    return Result(out, live=call.live.with_cluster(cluster))


def _items(document: Any) -> list[Document]:
    several = isinstance(document, dict) and isinstance(document.get("items"), list)
    found = document["items"] if several else [document]
    if not all(isinstance(one, dict) for one in found):
        raise BadWords("error: an object is a mapping with apiVersion, kind and metadata")
    return list(found)


def _applied(old: Document, new: Document) -> Document:
    """What was not said stays as the API server had it (status, defaults); spec is as it is said, but for its addresses."""
    made: Document = api.merge(old, {key: value for key, value in new.items() if key != "spec"})
    if "spec" in new and not isinstance(new["spec"], dict):
        # Refused where the object is read.
        made["spec"] = new["spec"]
    elif "spec" in new:
        kept = {
            key: old["spec"][key]
            for key in ("clusterIP", "clusterIPs", "ipFamilies", "podCIDR", "podCIDRs")
            if key in old.get("spec", {})
        }
        made["spec"] = {**kept, **new["spec"]}
    return made


def _edit(call: Call, words: Words) -> Result:
    """What an editor made of `kubectl get ... -o yaml` comes by the pipe: who has a terminal runs the editor."""
    resource, names = one_kind(words)
    if len(names) != 1:
        raise BadWords("error: name one object to edit")
    beside = workload_documents(call.live) if resource.kind == "Deployment" else ()
    (before,) = matching(call.live.cluster, resource, names, words, beside)
    if call.stdin is None:
        raise BadWords(
            "error: there is no editor here; at a terminal k8squiz opens $EDITOR, else use kubectl patch or apply"
        )
    after = _read(call.stdin)
    if after == json.loads(json.dumps(before)):
        return Result(stderr="Edit cancelled, no changes made.\n")
    if not isinstance(after, dict) or api.key_of(after) != api.key_of(before):
        raise BadWords("error: At least one of apiVersion, kind and name was changed")
    said = f"{resource.full}/{names[0]} edited\n"
    if resource.kind == "Deployment":
        return Result(said, live=after_edit(call.live, before, after))
    cluster = api.changed(call.live.cluster, api.key_of(before), lambda _: after)
    return Result(said, live=call.live.with_cluster(cluster))


def _delete(call: Call, words: Words) -> Result:
    cluster, out = call.live.cluster, ""
    asked = asked_for(words)
    for resource, names in asked:
        if not names and "all" not in words.flags and "selector" not in words.values:
            raise BadWords("error: resource(s) were provided, but no name was specified")
        for o in matching(cluster, resource, names, words):
            if resource.kind in ("Endpoints", "ConfigMap", "Namespace"):
                raise BadWords(f"error: deleting {resource.names[0]} is not modelled here")
            cluster = api.changed(cluster, api.key_of(o), lambda document: None)
            spoken = (
                f" from {o['metadata']['namespace']} namespace"
                if resource.namespaced and "namespace" in o["metadata"]
                else ""
            )
            out += f'{resource.full} "{o["metadata"]["name"]}" deleted{spoken}\n'
    return Result(out, live=call.live.with_cluster(cluster))
