"""Follow-ups: what an interviewer asks next about the same cluster, with one thing changed ("now it is Local").

A question file holds them under `then`. Each is made into a question of its own, named PARENT/ID, whose draw is its
parent's: the same names and addresses under the same seed. Its answer is computed like any other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from k8squiz.bank.forms import LEVEL, part
from k8squiz.bank.question import Template
from k8squiz.bank.shapes import MAPPING, TEXT, Place, list_of
from k8squiz.bank.yaml_values import Yaml

# What a follow-up never takes from its parent: it would answer, or give away, the wrong question.
_PARENT_ONLY = frozenset({"then", "followups", "hints", "key_points", "explanation", "ask", "prompt"})
# What it states of the request and the cluster, and adds to.
_CHANGES = frozenset({"id", "set", "without", "mode", "request", "requests", "params", "values"})


def names(template: Template) -> tuple[str, ...]:
    """The ids of a question's follow-ups, PARENT/ID, in the order they are asked."""
    return tuple(f"{template.meta.id}/{raw['id']}" for raw in _then(template))


def follow_ups(template: Template) -> tuple[Template, ...]:
    """A question's follow-ups, each as a question of its own."""
    return tuple(_made(template, index, raw) for index, raw in enumerate(_then(template)))


def _then(template: Template) -> tuple[Mapping[str, Yaml], ...]:
    return part(template, "then", list_of(MAPPING), ())


def _made(template: Template, index: int, raw: Mapping[str, Yaml]) -> Template:
    parent, place = template.data, Place(template, ("then", index))
    data: dict[str, Yaml] = {key: value for key, value in parent.items() if key not in _PARENT_ONLY}
    data |= {key: value for key, value in raw.items() if key not in _CHANGES}
    for name in ("params", "values"):
        # Those of the parent first: they are drawn as they were.
        if parent.get(name) or raw.get(name):
            own = MAPPING.read(raw.get(name) or {}, place.at(name))
            theirs: Mapping[str, Yaml] = part(template, name, MAPPING, {})
            data[name] = {**theirs, **own}
    given = "requests" if "requests" in raw else "request" if "request" in raw else ""
    if given:
        data.pop("request", None)
        data.pop("requests", None)
        data[given] = raw[given]
    if "request" in data:
        data["request"] = _changed(data["request"], raw, place)
    else:
        requests = MAPPING.read(data.get("requests") or {}, place.at("requests"))
        data["requests"] = {name: _changed(request, raw, place) for name, request in requests.items()}
    meta, title = template.meta, TEXT.read(data["title"], place.at("title"))
    level = LEVEL.read(raw.get("level", meta.level), place.at("level"))
    own_meta = dataclasses.replace(meta, id=f"{meta.id}/{raw['id']}", level=level, kind=str(raw["kind"]))
    return dataclasses.replace(template, meta=own_meta, title=title, data=data, lines=_lines(template, index))


def _changed(request: Yaml, raw: Mapping[str, Yaml], place: Place) -> dict[str, Yaml]:
    result = dict(MAPPING.read(request, place.at("request")))
    if "set" in raw:
        before = MAPPING.read(result.get("set") or {}, place.at("request"))
        result["set"] = {**before, **MAPPING.read(raw["set"], place.at("set"))}
    return {**result, **{key: raw[key] for key in ("without", "mode") if key in raw}}


def _lines(template: Template, index: int) -> Mapping[tuple[str | int, ...], int]:
    """Where each part stands in the file: the follow-up's own parts under `then`, all else where the parent has it."""
    start = template.lines.get(("then", index), 1)
    kept = {path: line for path, line in template.lines.items() if path and path[0] not in _PARENT_ONLY}
    own = {path[2:]: line for path, line in template.lines.items() if path[:2] == ("then", index) and len(path) > 2}
    return {**kept, **dict.fromkeys((("ask",), ("prompt",), ("explanation",)), start), **own}
