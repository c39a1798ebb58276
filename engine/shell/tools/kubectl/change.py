"""kubectl patch, label, annotate, edit, delete: what changes an object that is there.

Sources: staging/src/k8s.io/kubectl/pkg/cmd (patch, label, annotate, edit, delete); each object that is named is changed by itself, and
one that is not there is said behind those that are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from engine.errors import ManifestError
from engine.manifests.composer import documents as read_documents
from engine.manifests.write import Document
from engine.shell import api
from engine.shell.api import Resource
from engine.shell.files import FileRefused, read_file
from engine.shell.interface import Call, Result
from engine.shell.tools.kubectl.apply import delete_named
from engine.shell.tools.kubectl.changes import Changes, delete_one, each
from engine.shell.tools.kubectl.flags import Words
from engine.shell.tools.kubectl.problems import BadWords
from engine.shell.tools.kubectl.stored import found, replaced
from engine.shell.tools.kubectl.words import asked_for, matching, one_kind

_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_KEY = re.compile(r"(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?")
_BAD_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def run(call: Call, words: Words) -> Result:
    """`kubectl patch|label|annotate|delete|edit ...`."""
    return {"patch": _patch, "label": _pairs, "annotate": _pairs, "delete": _delete, "edit": _edit}[words.rest[0]](
        call, words
    )


def _patch(call: Call, words: Words) -> Result:
    if "patch" not in words.values and "patch-file" not in words.values:
        raise BadWords("error: must specify --patch or --patch-file containing the contents of the patch")
    text = words.values["patch"] if "patch" in words.values else _file(call, words.values["patch-file"])
    kind = words.values.get("type", "strategic")
    apply: Callable[[Any, Any], Any] | None = {
        "strategic": api.strategic_merge,
        "merge": api.merge,
        "json": api.json_patch,
    }.get(kind)
    if apply is None:
        raise BadWords(f'error: --type must be one of [json merge strategic], not "{kind}"')
    patch = _read(text)
    if isinstance(patch, list) and kind != "json":
        raise BadWords(
            "Error from server (BadRequest): json: cannot unmarshal array into Go value of type map[string]interface {}"
        )

    def change(changes: Changes, resource: Resource, o: Document) -> None:
        changes.live = replaced(changes.live, o, apply(json.loads(json.dumps(o)), patch))
        after = found(changes.live, api.key_of(o))
        changes.say(resource, o["metadata"]["name"], "patched" if after != o else "patched (no change)", after)

    return each(call, words, change)


def _file(call: Call, file: str) -> str:
    try:
        return read_file(call.live, call.host, file)
    except FileRefused:
        raise BadWords(f"error: unable to read patch file: open {file}: no such file or directory") from None


def _read(text: str) -> Any:
    try:
        read = [document for document, _ in read_documents(text, "patch")]
    except ManifestError:
        read = []
    if len(read) != 1 or not isinstance(read[0], dict | list):
        raise BadWords(
            f"error: unable to parse {json.dumps(text[:100], ensure_ascii=False)}: it is neither JSON nor YAML"
        )
    return json.loads(json.dumps(read[0], default=str))


def _split(words: Words) -> tuple[list[str], Words]:
    """(what is to be changed, the words without it): a=b and a-, behind the kind."""
    changes = [
        word for word in words.rest[1:] if "=" in word or (word.endswith("-") and "/" not in word.partition("-")[0])
    ]
    rest = (words.rest[0], *(word for word in words.rest[1:] if word not in changes))
    return changes, Words(rest, words.values, words.flags)


def _check_pairs(verb: str, changes: list[str]) -> None:
    written = {change.partition("=")[0] for change in changes if "=" in change}
    both = [change[:-1] for change in changes if "=" not in change and change[:-1] in written]
    if both:
        what = "label" if verb == "label" else "annotation"
        raise BadWords(f"error: can not both modify and remove the following {what}(s) in the same command: {', '.join(both)}" if verb == "annotate" else "error: can not both modify and remove a label in the same command")  # fmt: skip
    for change in changes:
        name, equals, value = change.partition("=")
        if "=" in value and verb == "label":
            raise BadWords(f"error: invalid label spec: {change}")
        if equals and verb == "label" and not _VALUE.fullmatch(value):
            raise BadWords(f'error: invalid label value: "{change}": {_BAD_VALUE}')
        if not _KEY.fullmatch(name.removesuffix("-") if not equals else name):
            raise BadWords(f"error: {name[:100]!r} is no key of a label or of an annotation")


def _pairs(call: Call, words: Words) -> Result:
    verb = words.rest[0]
    field = "labels" if verb == "label" else "annotations"
    changes, named = _split(words)
    if not changes and "list" not in words.flags:
        raise BadWords(f"error: at least one {'label' if verb == 'label' else 'annotation'} update is required")
    _check_pairs(verb, changes)

    def change(made: Changes, resource: Resource, o: Document) -> None:
        held = dict(o["metadata"].get(field, {}))
        if "list" in words.flags:
            made.out += "".join(f"{name}={value}\n" for name, value in sorted(held.items()))
            return
        added, removed = _changed(made, verb, held, changes, "overwrite" in words.flags)
        after = {**o, "metadata": {**o["metadata"], field: held}}
        same = held == o["metadata"].get(field, {})
        if not same:
            made.live = replaced(made.live, o, after)
        if verb == "annotate":
            done = "annotated"
        else:
            done = "not labeled" if same else "unlabeled" if removed and not added else "labeled"
        made.say(resource, o["metadata"]["name"], done, found(made.live, api.key_of(o)))

    return each(call, named, change)


def _changed(made: Changes, verb: str, held: dict[str, str], changes: list[str], overwrite: bool) -> tuple[bool, bool]:
    """Change `held`; (whether any was written, whether any was taken away). Raises BadWords."""
    added = removed = False
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            if name[:-1] not in held and verb == "label":
                made.out += f'label "{name[:-1]}" not found.\n'
            removed = held.pop(name[:-1], None) is not None or removed
        elif held.get(name, value) != value and not overwrite:
            raise BadWords(
                f"error: '{name}' already has a value ({held[name]}), and --overwrite is false"
                if verb == "label"
                else f"error: --overwrite is false but found the following declared annotation(s): '{name}' already has a value ({held[name]})"
            )
        else:
            held[name] = value
            added = True
    return added, removed


def _edit(call: Call, words: Words) -> Result:
    """What an editor made of `kubectl get ... -o yaml` comes by the pipe: who has a terminal runs the editor."""
    resource, names = one_kind(words)
    if len(names) != 1:
        raise BadWords("error: name one object to edit")
    (before,) = matching(call.live, resource, names, words)
    if call.stdin is None:
        raise BadWords(
            "error: there is no editor here; at a terminal k8squiz opens $EDITOR, else use kubectl patch or apply"
        )
    after = _read(call.stdin)
    if after == json.loads(json.dumps(before)):
        return Result(stderr="Edit cancelled, no changes made.\n")
    if (
        not isinstance(after, dict)
        or not isinstance(after.get("metadata"), dict)
        or api.key_of(after) != api.key_of(before)
    ):
        raise BadWords("error: At least one of apiVersion, kind and name was changed")
    return Result(f"{resource.full}/{names[0]} edited\n", live=replaced(call.live, before, after))


def _delete(call: Call, words: Words) -> Result:
    if "filename" in words.values:
        return delete_named(call, words)
    if "all" in words.flags and words.values.get("selector"):
        raise BadWords("error: setting 'all' parameter but found a non empty selector. \n")
    result = each(call, words, lambda changes, resource, o: delete_one(changes, resource, o, words))
    if not result.stdout and not result.stderr and not any(names for _, names in asked_for(words, verb="delete")):
        return Result("No resources found\n", live=result.live)
    return result
