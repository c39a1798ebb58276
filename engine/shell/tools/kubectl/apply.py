"""kubectl apply, create and replace: objects that a file or standard input describes.

Sources: staging/src/k8s.io/kubectl/pkg/cmd/{apply,create,replace}; apply is a three-way merge of what was applied last (which the
object's own annotation says), what is applied now, and what is there (apply/patcher.go).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from engine.errors import ManifestError
from engine.manifests.composer import documents as read_documents
from engine.manifests.write import Document
from engine.shell import api
from engine.shell.api import Resource
from engine.shell.files import FileRefused, read_file
from engine.shell.go_text import go_json
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.changes import Changes, delete_one
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.stored import created, found, replaced
from engine.shell.tools.kubectl.words import not_found

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OFF = "; if you choose to ignore these errors, turn validation off with --validate=false"


def run(call: Call, words: Words) -> Result:
    """`kubectl apply|create|replace -f FILE|-`."""
    verb = words.rest[0]
    if "filename" not in words.values:
        raise BadWords("error: must specify one of -f and -k\n")
    if len(words.rest) > 1:
        raise BadWords(
            f"error: Unexpected args: [{' '.join(words.rest[1:])}]\nSee 'kubectl {verb} -h' for help and examples"
        )
    changes = Changes(call.live, words)
    read = list(_objects(call, words))
    if not read:
        raise BadWords(f"error: no objects passed to {verb}")
    for resource, document in read:
        try:
            _put(changes, verb, resource, document)
        except api.Refused as error:
            changes.err += f"{error.en}\n"
        except BadWords as error:
            changes.err += f"{error}\n"
    return changes.result()


def delete_named(call: Call, words: Words) -> Result:
    """`kubectl delete -f FILE|-`."""
    changes = Changes(call.live, words)
    for resource, document in _objects(call, words):
        held = found(changes.live, api.key_of(document))
        if held is None:
            changes.err += f'Error from server (NotFound): error when deleting "{_shown(words)}": {resource.plural} "{document["metadata"]["name"]}" not found\n'  # fmt: skip
            continue
        delete_one(changes, resource, held, words)
    return changes.result()


def _put(changes: Changes, verb: str, resource: Resource, document: Document) -> None:
    key = api.key_of(document)
    before = found(changes.live, key)
    if verb == "create" and before is not None:
        raise BadWords(f'Error from server (AlreadyExists): error when creating "STDIN": {resource.plural} "{key[2]}" already exists')  # fmt: skip
    if verb == "replace" and before is None:
        raise BadWords(not_found(resource, key[2]).replace(": ", ': error when replacing "STDIN": ', 1))
    if before is None:
        changes.live = created(changes.live, _annotated(document) if verb == "apply" else document)
        done = "created"
    elif verb == "replace":
        changes.live = replaced(changes.live, before, document)
        done = "replaced"
    else:
        last = before["metadata"].get("annotations", {}).get(LAST_APPLIED)
        if last is None:
            changes.warned += _missing(resource, key[2])
        after = api.strategic_merge(_without(before, json.loads(last) if last else {}, document), _annotated(document))
        changes.live = replaced(changes.live, before, after)
        done = "unchanged" if after == before else "configured"
    changes.say(resource, key[2], done, found(changes.live, key))


def _missing(resource: Resource, name: str) -> str:
    return (
        f"Warning: resource {resource.names[0]}/{name} is missing the {LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply "
        "should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing "
        "annotation will be patched automatically.\n"
    )


def _annotated(document: Document) -> Document:
    """With what is applied in its own annotation, as Go writes it."""
    metadata = document["metadata"]
    said = go_json({**document, "metadata": {"annotations": {}, **metadata}}) + "\n"
    return {
        **document,
        "metadata": {**metadata, "annotations": {**metadata.get("annotations", {}), LAST_APPLIED: said}},
    }


def _without(held: Any, last: Any, now: Any) -> Any:
    """What is there without the fields that were applied last and are not any more."""
    if not isinstance(held, dict) or not isinstance(last, dict) or not isinstance(now, dict):
        return held
    gone = {name for name in last if name not in now}
    return {
        name: _without(value, last.get(name), now.get(name)) if name in now else value
        for name, value in held.items()
        if name not in gone
    }


def _shown(words: Words) -> str:
    return "STDIN" if words.values["filename"] == "-" else words.values["filename"]


def _objects(call: Call, words: Words) -> Iterator[tuple[Resource, Document]]:
    """The objects of -f. Raises BadWords."""
    file = words.values["filename"]
    shown = _shown(words)
    try:
        text = (call.stdin or "") if file == "-" else read_file(call.live, call.host, file)
        read = [document for document, _ in read_documents(text, file)]
    except FileRefused:
        raise BadWords(f'error: the path "{file}" does not exist') from None
    except ManifestError as error:
        raise BadWords(f"error: error parsing {shown}: {error.message}") from None
    for one in read:
        for document in _items(json.loads(json.dumps(one, default=str)), shown):
            yield _checked(document, words, shown)


def _checked(document: Document, words: Words, shown: str) -> tuple[Resource, Document]:
    invalid = f'error: error validating "{shown}": error validating data: '
    unset = [name for name in ("apiVersion", "kind") if not isinstance(document.get(name), str) or not document[name]]
    if unset:
        said = f"{unset[0]} not set" if len(unset) == 1 else "[apiVersion not set, kind not set]"
        raise BadWords(f"{invalid}{said}{_OFF}")
    resource = next((one for one in api.RESOURCES if (one.kind, one.version) == (document["kind"], document["apiVersion"])), None)  # fmt: skip
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if resource is None:
        raise BadWords(
            f'error: resource mapping not found for name: "{name or ""}" namespace: "{_text(metadata, "namespace")}" from "{shown}": no matches '
            f'for kind "{document["kind"]}" in version "{document["apiVersion"]}"\nensure CRDs are installed first'
        )
    if not isinstance(metadata, dict) or not isinstance(name, str) or not name:
        raise BadWords(_nameless(resource, words, shown))
    if resource.namespaced:
        metadata.setdefault("namespace", words.namespace)
    if not isinstance(metadata.get("namespace", ""), str):
        raise BadWords(f"error: the namespace of {resource.full}/{name} is no string")
    for field in ("labels", "annotations"):
        if not isinstance(metadata.get(field, {}), dict):
            raise BadWords(f"error: {field} of {resource.full}/{name} is no mapping")
    if "namespace" in words.values and resource.namespaced and metadata["namespace"] != words.namespace:
        raise BadWords(f'error: the namespace from the provided object "{metadata["namespace"]}" does not match the namespace "{words.namespace}". You must pass \'--namespace={metadata["namespace"]}\' to perform this operation.')  # fmt: skip
    return resource, document


def _nameless(resource: Resource, words: Words, shown: str) -> str:
    if words.rest[0] != "apply":
        return f'The {resource.kind} "" is invalid: metadata.name: Required value: name or generateName is required'
    return (
        f'error: error when retrieving current configuration of:\nResource: "{resource.group}/v1, Resource={resource.names[0]}", '
        f'GroupVersionKind: "{resource.group}/v1, Kind={resource.kind}"\nName: "", Namespace: "{words.namespace if resource.namespaced else ""}"\n'
        f'from server for: "{shown}": resource name may not be empty'
    )


def _text(metadata: Any, name: str) -> str:
    value = metadata.get(name) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""


def _items(document: Any, shown: str) -> list[Document]:
    if document is None:
        return []
    several = isinstance(document, dict) and isinstance(document.get("items"), list)
    found = document["items"] if several else [document]
    if not all(isinstance(one, dict) for one in found):
        raise BadWords(f'error: error validating "{shown}": error validating data: invalid object to validate{_OFF}')
    return list(found)
