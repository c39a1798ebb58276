"""YAML that somebody typed, as objects: read strictly, held to what the API server takes, each complaint with line and column."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml

from engine import load_cluster
from engine.errors import ManifestError
from engine.values import dataclass
from k8squiz.bank.strictyaml import Document, NotYaml, parse
from k8squiz.errors import QuizError
from k8squiz.kinds.admission import network_policy, service
from k8squiz.kinds.admission.refused import Path, Refused, required, unknown_field, written
from k8squiz.kinds.fields import Unreadable
from k8squiz.locale.typed import plain

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_MOST = 8000
_BETWEEN = re.compile(r"^---[ \t]*$", re.MULTILINE)
_PLACE = re.compile(r"^<?[a-z]*>?:(?P<line>\d+)(?:: ?|：) ?")
_FIELD = re.compile(r"^[A-Za-z]+(?:\.[A-Za-z]+|\[\d+\])*")


@dataclass(frozen=True, slots=True)
class KnownKind:
    """An object that may be written: of which API, with which fields, and who refuses one."""

    api: str
    fields: tuple[str, ...]
    check: Callable[[Mapping[str, Any]], None] = lambda document: None


KINDS: Mapping[str, KnownKind] = {
    "NetworkPolicy": KnownKind("networking.k8s.io/v1", ("spec",), network_policy.check),
    "Service": KnownKind("v1", ("spec", "status"), service.check),
    "Endpoints": KnownKind("v1", ("subsets",)),
    "EndpointSlice": KnownKind("discovery.k8s.io/v1", ("addressType", "ports", "endpoints")),
}
_HEAD = frozenset({"apiVersion", "kind", "metadata"})
_METADATA = frozenset({"name", "namespace", "labels", "annotations"})


@dataclass(frozen=True, slots=True)
class TypedObject:
    """`data` is the object with its namespace filled in."""

    kind: str
    namespace: str
    name: str
    data: dict[str, Any]


def tidy(typed: str) -> str:
    """What was typed, in plain characters, without indentation that all lines share."""
    lines = [re.match(r"[ \t]*", line)[0] + plain(line) for line in textwrap.dedent(typed).expandtabs(2).splitlines()]  # type: ignore[index]
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def read_objects(text: str, kinds: tuple[str, ...], namespace: str) -> tuple[TypedObject, ...]:
    """The objects of a tidy text, of these kinds. Raises Unreadable with line and column."""
    if len(text) > _MOST:
        raise Unreadable(f"at most {_MOST} characters", f"最多 {_MOST} 个字符")
    found = [_object(document, kinds, namespace) for document in _documents(text)]
    if not found:
        raise Unreadable(
            f"type YAML, beginning with apiVersion and kind: {', '.join(kinds)}",
            f"请输入 YAML，以 apiVersion 和 kind 开头：{'、'.join(kinds)}",
        )
    seen: set[tuple[str, str, str]] = set()
    for each in found:
        key = (each.kind, each.namespace, each.name)
        if key in seen:
            raise Unreadable(
                f"{each.kind} {each.namespace}/{each.name} is written twice; the second would replace the first",
                f"{each.kind} {each.namespace}/{each.name} 写了两次；后一个会覆盖前一个",
            )
        seen.add(key)
    return tuple(found)


def patched(given: str, typed: str) -> str:
    """The text of the object `given` with the patch `typed` in it, as `kubectl patch --type merge` puts it in (RFC 7386: mappings are
    merged, lists replaced, null removes); `typed` as it is where it is no patch, for it says its kind. Raises Unreadable."""
    documents = list(_documents(typed))
    if (
        len(documents) != 1
        or not isinstance(documents[0].data, dict)
        or {"apiVersion", "kind"} & documents[0].data.keys()
    ):
        return typed
    (whole,) = _documents(given)
    return str(yaml.dump(_merged(whole.data, documents[0].data), Dumper=_DUMPER, sort_keys=False))


def _merged(value: Any, patch: Any) -> Any:
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(value) if isinstance(value, Mapping) else {}
    for name, part in patch.items():
        if part is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), part)
    return merged


def dumped(objects: tuple[TypedObject, ...]) -> str:
    """The objects as one YAML text."""
    return str(yaml.dump_all([each.data for each in objects], Dumper=_DUMPER, sort_keys=False))


def _documents(text: str) -> Iterator[Document]:
    """Each with the lines that the whole text has."""
    line = 0
    for part in _BETWEEN.split(text):
        if part.strip():
            try:
                yield parse("\n" * line + part, "")
            except NotYaml as error:
                raise _placed(error.line, error.column, error) from None
            except QuizError as error:
                raise _placed(0, 0, error) from None
        line += part.count("\n")


def _placed(line: int, column: int, error: QuizError | ManifestError) -> Unreadable:
    """What is wrong with the text, with its place in front."""
    found = _PLACE.match(error.en)
    line = line or (int(found["line"]) if found else 1)
    at = (f", column {column}", f"第 {column} 列") if column else ("", "")
    return Unreadable(
        f"line {line}{at[0]}: {_PLACE.sub('', error.en)}", f"第 {line} 行{at[1]}：{_PLACE.sub('', error.zh)}"
    )


def _object(document: Document, kinds: tuple[str, ...], namespace: str) -> TypedObject:
    data = document.data
    if not isinstance(data, dict):
        raise Unreadable(
            "an object begins with apiVersion: and kind:, each on a line of its own",
            "对象以 apiVersion: 和 kind: 开头，各占一行",
        )
    try:
        kind = _kind(data, kinds)
        metadata = data.get("metadata")
        if not isinstance(metadata, dict) or not metadata.get("name"):
            raise required(("metadata", "name"), "name or generateName is required")
        for path in _unknown(data, metadata, kind):
            raise unknown_field(path)
        KINDS[kind].check(data)
    except Refused as error:
        raise error.at(*_place_of(error.path, document)) from None
    place = str(metadata.get("namespace") or namespace)
    made = {**data, "metadata": {**metadata, "namespace": place}}
    try:
        load_cluster(text=yaml.dump(made, Dumper=_DUMPER, sort_keys=False))
    except ManifestError as error:
        # The line is one of the text that was dumped: the field says where it stands in what was typed.
        raise _found(error, document) from None
    return TypedObject(kind, place, str(metadata["name"]), made)


def _kind(data: Mapping[str, Any], kinds: tuple[str, ...]) -> str:
    unset = [
        f"{name} not set" for name in ("apiVersion", "kind") if not (isinstance(data.get(name), str) and data[name])
    ]
    if unset:
        raise Refused((), f"error validating data: [{', '.join(unset)}]")
    api, kind = str(data["apiVersion"]), str(data["kind"])
    if kind not in kinds:
        raise Unreadable(
            f"{' or '.join(kinds)} is to be written, not {kind[:80]}",
            f"要写的是 {' 或 '.join(kinds)}，而不是 {kind[:80]}",
        )
    if api != KINDS[kind].api:
        raise Refused((), f'no matches for kind "{kind[:80]}" in version "{api[:80]}"')
    return kind


def _unknown(data: Mapping[str, Any], metadata: Mapping[str, Any], kind: str) -> Iterator[Path]:
    yield from ((name,) for name in data if name not in (*_HEAD, *KINDS[kind].fields))
    yield from (("metadata", name) for name in metadata if name not in _METADATA)


def _place_of(path: Path, document: Document) -> tuple[int, int]:
    """Line and column of the value at `path`, or of the nearest thing around it."""
    while path and path not in document.lines:
        path = path[:-1]
    first = min(document.lines.values(), default=1)
    return document.lines.get(path, first), document.columns.get(path, 1)


def _found(error: ManifestError, document: Document) -> Unreadable:
    en, zh = _PLACE.sub("", error.en), _PLACE.sub("", error.zh)
    named = _FIELD.match(en)
    paths = {written(path): path for path in document.lines}
    name = named[0] if named else ""
    while name and name not in paths:
        name = re.sub(r"(?:\.?[A-Za-z]+|\[\d+\])$", "", name)
    line, column = _place_of(paths.get(name, ()), document)
    return Unreadable(f"line {line}, column {column}: {en}", f"第 {line} 行第 {column} 列：{zh}")
