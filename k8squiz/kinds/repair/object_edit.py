"""One field of one Kubernetes object changed: `spec.ports[0].targetPort: 8080`, as a path and a value.

The object is found in a multi-document manifest; what the change does is the engine's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import yaml

from engine.values import dataclass
from k8squiz.bank.strictyaml import parse
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.kinds.fields import Unreadable

_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MOST = 400
_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:\[\d{1,3}\])*(?:\.[A-Za-z][A-Za-z0-9]*(?:\[\d{1,3}\])*)*")
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
            target[last] = self.value
        else:
            _enter(target, last)
            if isinstance(target, list) and isinstance(last, int):
                target[last] = self.value


def _enter(target: Yaml, step: str | int) -> Yaml:
    if isinstance(target, list) and isinstance(step, int) and step < len(target):
        return cast(Yaml, target[step])
    if isinstance(target, dict) and step in target:
        return cast(Yaml, target[step])
    raise Unreadable(f"the object has nothing at {step}", f"该对象没有 {step}")


def written(path: Path) -> str:
    """`spec.ports[0].port`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def read_edit(typed: str, document: Mapping[str, Yaml]) -> ObjectEdit:
    """`PATH: VALUE`, the value as YAML. A path that begins inside spec may leave `spec.` out. Raises Unreadable."""
    name, colon, value = typed.strip().partition(":")
    if not colon or len(typed) > _MOST or not _PATH.fullmatch(name.strip()):
        raise Unreadable(
            "type a field and its value, such as spec.type: NodePort or spec.ports[0].port: 80",
            "请输入字段与值，例如 spec.type: NodePort 或 spec.ports[0].port: 80",
        )
    steps: Path = tuple(int(step[1:-1]) if step[0] == "[" else step for step in _STEP.findall(name.strip()))
    if "spec" in document and steps[0] not in document:
        steps = ("spec", *steps)
    try:
        found = parse(f"value: {value.strip()}\n", "").data
    except QuizError as error:
        raise Unreadable(_after_place(error.en), _after_place(error.zh)) from None
    if not isinstance(found, dict) or list(found) != ["value"]:
        raise Unreadable("one field and one value, please", "请只写一个字段和一个值")
    return ObjectEdit(steps, found["value"])


def _after_place(message: str) -> str:
    return re.sub(r"^:\d+(?:: ?|：)", "", message)


def find(manifests: str, kind: str, name: str | None) -> dict[str, Yaml]:
    """The object of that kind and name. Raises QuizError where there is none."""
    for document in yaml.load_all(manifests, Loader=_LOADER):
        if _is(document, kind, name):
            return dict(document)
    raise QuizError(f"there is no {kind} {name or ''} in the manifests", f"清单中没有 {kind} {name or ''}")


def edited(manifests: str, kind: str, name: str | None, edit: ObjectEdit) -> str:
    """`manifests` with `edit` made in that object."""
    documents = list(yaml.load_all(manifests, Loader=_LOADER))
    for document in documents:
        if _is(document, kind, name):
            edit.apply(document)
    return str(yaml.dump_all(documents, Dumper=_DUMPER, sort_keys=False))


def _is(document: object, kind: str, name: str | None) -> bool:
    return isinstance(document, dict) and document.get("kind") == kind and (
        name is None or document.get("metadata", {}).get("name") == name
    )  # fmt: skip


def shown(document: Mapping[str, Yaml]) -> str:
    """The object as YAML, as one would see it in an editor."""
    return str(yaml.dump(dict(document), Dumper=_DUMPER, sort_keys=False, width=76)).rstrip()


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
