"""Check a value against the part of JSON Schema that questions/schema.json uses, so that editor and program agree."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, TypedDict, cast

from engine.trace import Text
from k8squiz.bank.yaml_values import Yaml

Path: TypeAlias = tuple[str | int, ...]
Violation: TypeAlias = tuple[Path, Text]
# The keywords that questions/schema.json uses, as JSON has them.
JsonSchema = TypedDict(
    "JsonSchema",
    {
        "$ref": str,
        "$defs": "dict[str, JsonSchema]",
        "type": "str | list[str]",
        "const": Yaml,
        "enum": "list[str]",
        "pattern": str,
        "minimum": float,
        "maximum": float,
        "minLength": int,
        "minItems": int,
        "maxItems": int,
        "minProperties": int,
        "properties": "dict[str, JsonSchema]",
        "required": "list[str]",
        "additionalProperties": "bool | JsonSchema",
        "items": "JsonSchema",
        "prefixItems": "list[JsonSchema]",
        "anyOf": "list[JsonSchema]",
        "oneOf": "list[JsonSchema]",
        "allOf": "list[JsonSchema]",
        "if": "JsonSchema",
        "then": "JsonSchema",
    },
    total=False,
)
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float), "null": (type(None),),
}  # fmt: skip


def violations(value: Yaml, schema: JsonSchema) -> Iterator[Violation]:
    """Every place where `value` is not what `schema` asks for, as (path, message), outermost first."""
    yield from _check(value, schema, schema, ())


def _check(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    wrong = _wrong_type(value, schema)
    if wrong:
        yield _at(path, *wrong)
        return
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            yield from check(value, schema, root, path)


def _wrong_type(value: Yaml, schema: JsonSchema) -> tuple[str, str] | None:
    if "type" not in schema:
        return None
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    for name in wanted:
        if isinstance(value, bool) and name != "boolean":
            continue
        if isinstance(value, _TYPES[name]):
            return None
    found = (f"{value!r}"[:60],) * 2 if value is not None else ("nothing", "空")
    return f"must be {' or '.join(wanted)}, not {found[0]}", f"必须是 {' 或 '.join(wanted)}，而不是 {found[1]}"


def _at(path: Path, en: str, zh: str) -> Violation:
    name = ".".join(str(part) for part in path)
    return path, Text(f"{name or 'the file'}: {en}", f"{name or '该文件'}：{zh}")


def _properties(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, dict):
        for key, item in schema["properties"].items():
            if key in value:
                yield from _check(value[key], item, root, (*path, key))


def _required(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, dict):
        for key in schema["required"]:
            if key not in value:
                yield _at(path, f"{key!r} is missing", f"缺少 {key!r}")


def _additional(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if not isinstance(value, dict):
        return
    allowed = schema["additionalProperties"]
    known = schema.get("properties", {})
    for key in value:
        if key in known:
            continue
        if allowed is False:
            near = difflib.get_close_matches(key, list(known), n=1)
            hint = (f"; did you mean {near[0]!r}?", f"；是不是 {near[0]!r}？") if near else ("", "")
            yield _at((*path, key), f"no such field{hint[0]}", f"没有这个字段{hint[1]}")
        elif isinstance(allowed, dict):
            yield from _check(value[key], allowed, root, (*path, key))


def _items(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, schema["items"], root, (*path, index))


def _prefix_items(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, list):
        for index, (item, part) in enumerate(zip(value, schema["prefixItems"], strict=False)):
            yield from _check(item, part, root, (*path, index))


def _size(low: str, high: str, what: str, zh: str) -> Callable[..., Iterator[Violation]]:
    def check(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
        if not isinstance(value, (list, dict, str)):
            return
        bounds = cast("Mapping[str, int]", schema)
        if low in bounds and len(value) < bounds[low]:
            yield _at(path, f"needs at least {bounds[low]} {what}", f"至少需要 {bounds[low]} {zh}")
        if high in bounds and len(value) > bounds[high]:
            yield _at(path, f"holds more than {bounds[high]} {what}", f"多于 {bounds[high]} {zh}")

    return check


def _bounds(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        top = ("any", "任意值") if high is None else (high, high)
        yield _at(path, f"{value} is not between {low} and {top[0]}", f"{value} 不在 {low} 与 {top[1]} 之间")


def _pattern(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if isinstance(value, str) and not re.search(schema["pattern"], value):
        yield _at(
            path, f"{value!r} does not have the form {schema['pattern']}", f"{value!r} 不符合格式 {schema['pattern']}"
        )


def _enum(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if value not in schema["enum"]:
        near = difflib.get_close_matches(str(value), [str(item) for item in schema["enum"]], n=1)
        known = [str(item) for item in schema["enum"]]
        hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
        zh = f"是不是 {near[0]!r}？" if near else f"可用 {'、'.join(known)}"
        yield _at(path, f"{value!r} is not allowed; {hint}", f"不允许 {value!r}；{zh}")


def _const(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    if value != schema["const"] or isinstance(value, bool) is not isinstance(schema["const"], bool):
        yield _at(path, f"must be {schema['const']!r}", f"必须是 {schema['const']!r}")


def _any_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    found = [list(_check(value, option, root, path)) for option in schema["anyOf"]]
    if any(not problems for problems in found):
        return
    # The alternative that fits best is the one whose complaints lie deepest, then the one with fewest.
    yield from min(found, key=lambda problems: (-max(len(place) for place, _ in problems), len(problems)))


def _one_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    fitting = sum(1 for option in schema["oneOf"] if not list(_check(value, option, root, path)))
    if fitting != 1:
        names = ["/".join(option.get("required", ())) for option in schema["oneOf"]]
        yield _at(path, f"needs exactly one of {' or '.join(names)}", f"{' 或 '.join(names)} 之中必须恰有一个")


def _all_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[Violation]:
    for part in schema["allOf"]:
        if "if" in part and list(_check(value, part["if"], root, path)):
            continue
        yield from _check(value, part.get("then", part), root, path)


_KEYWORDS: dict[str, Callable[..., Iterator[Violation]]] = {
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "minimum": _bounds,
    "maximum": lambda value, schema, root, path: (
        iter(()) if "minimum" in schema else _bounds(value, schema, root, path)
    ),
    "minLength": _size("minLength", "maxLength", "characters", "个字符"),
    "minItems": _size("minItems", "maxItems", "items", "项"),
    "minProperties": _size("minProperties", "maxProperties", "fields", "个字段"),
    "additionalProperties": _additional,
    "required": _required,
    "properties": _properties,
    "items": _items,
    "prefixItems": _prefix_items,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "allOf": _all_of,
}
