"""One field of one Kubernetes object changed: `spec.ports[0].targetPort: 8080`, as a path and a value.

The object is found in a multi-document manifest; what the change does is the engine's affair.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import yaml

from engine.values import dataclass
from k8squiz.bank.strictyaml import parse
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.admission import service as api_server
from k8squiz.kinds.admission.refused import written
from k8squiz.kinds.fields import Unreadable
from k8squiz.locale.typed import plain

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST = 400
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\[\d{1,3}\])*(?:\.[A-Za-z][A-Za-z0-9]*(?:\[\d{1,3}\])*)*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_WHOLE = re.compile(rf"\.?(?P<path>{_PATH.pattern})\s*[:=](?P<value>.*)", re.DOTALL)
_PATCH = re.compile(r"^(?:kubectl|k)\s.*?(?:-p|--patch)[=\s]\s*(?P<patch>.*?)(?:(?<=')\s+-.*)?$", re.DOTALL)
# What is not edited as one field.
_PARTS = (("spec",), ("metadata",), ("status",))
_STEP = re.compile(r"[A-Za-z][A-Za-z0-9]*|\[\d+\]")

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ObjectEdit:
    """`value` goes to `path`; None takes the field away."""

    path: Path
    value: Yaml

    def __str__(self) -> str:
        text = yaml.dump(self.value, Dumper=_DUMPER, default_flow_style=True, width=10_000)
        return f"{written(self.path)}: {text.removesuffix('...' + chr(10)).strip()}"

    def apply(self, document: dict[str, Yaml]) -> None:
        """Change `document`. Raises Unreadable where the path leads through something that has no fields."""
        target: Yaml = document
        for step, following in zip(self.path, self.path[1:], strict=False):
            if isinstance(target, dict) and step not in target:
                target[step] = [] if isinstance(following, int) else {}
            target = _enter(target, step)
        last = self.path[-1]
        if self.value is None and isinstance(target, dict):
            target.pop(last, None)
        elif isinstance(target, list) and last == len(target):
            target.append(self.value)
        elif isinstance(target, dict) and isinstance(last, str):
            target[last] = merged(target.get(last), self.value)
        else:
            _enter(target, last)
            if isinstance(target, list) and isinstance(last, int):
                target[last] = self.value


def merged(old: Yaml, new: Yaml) -> Yaml:
    """`new` put over `old` as a merge patch is (RFC 7396): mappings field by field, null takes a field away."""
    if not isinstance(new, dict):
        return new
    result = dict(old) if isinstance(old, dict) else {}
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def _enter(target: Yaml, step: str | int) -> Yaml:
    if isinstance(target, list) and isinstance(step, int) and step < len(target):
        return cast(Yaml, target[step])
    if isinstance(target, dict) and step in target:
        return cast(Yaml, target[step])
    raise Unreadable(f"the object has nothing at {step}", f"该对象没有 {step}")


def read_edit(typed: str, document: Mapping[str, Yaml]) -> ObjectEdit:
    """`PATH: VALUE` or `PATH=VALUE`, the value as YAML, or a merge patch of one field, as `kubectl patch -p` takes it. A
    path that begins inside spec may leave `spec.` out. Raises Unreadable."""
    text = plain(typed)
    called = _PATCH.search(text)
    if called is not None:
        text = called["patch"].strip().strip("'").strip()
    whole = _WHOLE.fullmatch(text)
    if len(typed) > _MOST or (whole is None and not text.startswith("{")):
        raise Unreadable(
            "type a field and its value, such as spec.type: NodePort or spec.ports[0].port: 80",
            "请输入字段与值，例如 spec.type: NodePort 或 spec.ports[0].port: 80",
        )
    steps: Path = ()
    if whole is not None:
        steps = tuple(int(step[1:-1]) if step[0] == "[" else step for step in _STEP.findall(whole["path"]))
    try:
        found = parse(f"value: {(text if whole is None else whole['value']).strip()}\n", "").data
    except QuizError as error:
        raise Unreadable(_after_place(error.en), _after_place(error.zh)) from None
    if not isinstance(found, dict) or list(found) != ["value"]:
        raise _more_than_one()
    steps, value = _down(steps, found["value"])
    if "spec" in document and steps[0] not in document:
        steps, value = _down(("spec", *steps), value)
    if steps in _PARTS and isinstance(value, dict):
        raise _more_than_one()
    return ObjectEdit(steps, value)


def _more_than_one() -> Unreadable:
    return Unreadable("one field and one value, please", "请只写一个字段和一个值")


def _down(steps: Path, value: Yaml) -> tuple[Path, Yaml]:
    """A patch of one field as its path and its value."""
    while isinstance(value, dict) and len(value) == 1 and _NAME.fullmatch(str(next(iter(value)))):
        ((key, value),) = value.items()
        steps = (*steps, str(key))
    if not steps:
        raise _more_than_one()
    return steps, value


def _after_place(message: str) -> str:
    return re.sub(r"^:\d+(?:: ?|：)", "", message)


def find(manifests: str, kind: str, name: str | None) -> dict[str, Yaml]:
    """The object of that kind and name. Raises QuizError where there is none."""
    for document in yaml.load_all(manifests, Loader=_LOADER):
        if _is(document, kind, name):
            return dict(document)
    raise QuizError(f"there is no {kind} {name or ''} in the manifests", f"清单中没有 {kind} {name or ''}")


def edited(manifests: str, kind: str, name: str | None, edit: ObjectEdit) -> str:
    """`manifests` with `edit` made in that object, and what the cluster itself changes then. Raises Unreadable for what
    the API server refuses."""
    documents = list(yaml.load_all(manifests, Loader=_LOADER))
    for index, document in enumerate(documents):
        if not _is(document, kind, name):
            continue
        before = copy.deepcopy(document)
        edit.apply(document)
        if kind == "Service":
            documents[index] = after = api_server.admitted(before, document)
            if api_server.moves_endpoints(before, after) and _at_selector(after):
                # Without slices the endpoints are those of the pods that the selector fits.
                documents = [each for each in documents if not _slice_of(each, after)]
            break
    return str(yaml.dump_all(documents, Dumper=_DUMPER, sort_keys=False))


def _at_selector(document: Mapping[str, Yaml]) -> bool:
    spec = document["spec"]
    return isinstance(spec, dict) and bool(spec.get("selector"))


def _slice_of(document: Any, service: Any) -> bool:
    if not isinstance(document, dict) or document.get("kind") != "EndpointSlice":
        return False
    ours, theirs = document.get("metadata", {}), service.get("metadata", {})
    owner = (ours.get("labels") or {}).get("kubernetes.io/service-name")
    return (owner, ours.get("namespace")) == (theirs.get("name"), theirs.get("namespace"))


def _is(document: object, kind: str, name: str | None) -> bool:
    return isinstance(document, dict) and document.get("kind") == kind and (
        name is None or document.get("metadata", {}).get("name") == name
    )  # fmt: skip


def shown(document: Mapping[str, Yaml]) -> str:
    """The object as YAML, as one would see it in an editor."""
    return str(yaml.dump(dict(document), Dumper=_DUMPER, sort_keys=False, width=76)).rstrip()


def paths(document: Mapping[str, Yaml], above: str = "") -> tuple[str, ...]:
    """The fields there are, as one types them: `spec.type:`."""
    found: list[str] = []
    for key, value in document.items():
        if isinstance(value, Mapping):
            found += paths(value, f"{above}{key}.")
        else:
            found.append(f"{above}{key}:")
    return tuple(found)


def _pairs(ours: Yaml, theirs: Yaml) -> list[tuple[Yaml, Yaml]] | None:
    """Two lists of as many objects each, pair by pair; None for anything else."""
    if not isinstance(ours, list) or not isinstance(theirs, list) or len(ours) != len(theirs):
        return None
    return list(zip(ours, theirs, strict=True)) if all(isinstance(one, dict) for one in (*ours, *theirs)) else None


def differences(broken: Yaml, sound: Yaml, path: Path = ()) -> Iterator[ObjectEdit]:
    """The edits that turn `broken` into `sound`, field by field; lists of plain values, or of
    unlike length, as a whole."""
    if isinstance(broken, dict) and isinstance(sound, dict):
        for key in dict.fromkeys((*broken, *sound)):
            if broken.get(key) != sound.get(key):
                yield from differences(broken.get(key), sound.get(key), (*path, key))
        return
    pairs = _pairs(broken, sound)
    if pairs is None:
        yield ObjectEdit(path, sound)
        return
    for index, (ours, theirs) in enumerate(pairs):
        if ours != theirs:
            yield from differences(ours, theirs, (*path, index))
