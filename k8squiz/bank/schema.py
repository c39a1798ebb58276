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
_Words: TypeAlias = tuple[str, str]
# A place, and what makes the words for it of what: most that is found on the way to an alternative that fits is never told.
_Found: TypeAlias = tuple[Path, Callable[..., _Words], tuple[object, ...]]
_Check: TypeAlias = "Callable[[Yaml, JsonSchema, JsonSchema, Path], Iterator[_Found]]"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,),
    "integer": (int,), "number": (int, float), "null": (type(None),),
}  # fmt: skip


def violations(value: Yaml, schema: JsonSchema) -> Iterator[Violation]:
    """Every place where `value` is not what `schema` asks for, as (path, message), outermost first."""
    for path, words, given in _check(value, schema, schema, ()):
        en, zh = words(*given)
        name = ".".join(str(part) for part in path)
        yield path, Text(f"{name or 'the file'}: {en}", f"{name or '该文件'}：{zh}")


def _check(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    wanted = schema.get("type")
    if wanted is not None and not _has_type(value, wanted):
        yield path, _other_type, (wanted, value)
        return
    for keyword, check in _KEYWORDS.items():
        if keyword in schema:
            yield from check(value, schema, root, path)


def _fits(value: Yaml, schema: JsonSchema, root: JsonSchema) -> bool:
    return next(_check(value, schema, root, ()), None) is None


def _has_type(value: Yaml, wanted: str | list[str]) -> bool:
    return any(
        isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))
        for name in ([wanted] if isinstance(wanted, str) else wanted)
    )


def _other_type(wanted: str | list[str], value: Yaml) -> _Words:
    names = [wanted] if isinstance(wanted, str) else wanted
    found = (f"{value!r}"[:60],) * 2 if value is not None else ("nothing", "空")
    return f"must be {' or '.join(names)}, not {found[0]}", f"必须是 {' 或 '.join(names)}，而不是 {found[1]}"


def _properties(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, dict):
        for key, item in schema["properties"].items():
            if key in value:
                yield from _check(value[key], item, root, (*path, key))


def _required(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, dict):
        for key in schema["required"]:
            if key not in value:
                yield path, _missing, (key,)


def _missing(key: str) -> _Words:
    return f"{key!r} is missing", f"缺少 {key!r}"


def _additional(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if not isinstance(value, dict):
        return
    allowed = schema["additionalProperties"]
    known = schema.get("properties", {})
    for key in value:
        if key in known:
            continue
        if allowed is False:
            yield (*path, key), _no_such_field, (key, known)
        elif isinstance(allowed, dict):
            yield from _check(value[key], allowed, root, (*path, key))


def _no_such_field(key: str, known: Mapping[str, JsonSchema]) -> _Words:
    near = difflib.get_close_matches(key, list(known), n=1)
    hint = (f"; did you mean {near[0]!r}?", f"；是不是 {near[0]!r}？") if near else ("", "")
    return f"no such field{hint[0]}", f"没有这个字段{hint[1]}"


def _items(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _check(item, schema["items"], root, (*path, index))


def _prefix_items(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, list):
        for index, (item, part) in enumerate(zip(value, schema["prefixItems"], strict=False)):
            yield from _check(item, part, root, (*path, index))


def _size(low: str, high: str, what: str, zh: str) -> _Check:
    def check(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
        if not isinstance(value, (list, dict, str)):
            return
        bounds = cast("Mapping[str, int]", schema)
        if low in bounds and len(value) < bounds[low]:
            yield path, _too_few, (bounds[low], what, zh)
        if high in bounds and len(value) > bounds[high]:
            yield path, _too_many, (bounds[high], what, zh)

    return check


def _too_few(least: int, what: str, zh: str) -> _Words:
    return f"needs at least {least} {what}", f"至少需要 {least} {zh}"


def _too_many(most: int, what: str, zh: str) -> _Words:
    return f"holds more than {most} {what}", f"多于 {most} {zh}"


def _bounds(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return
    low, high = schema.get("minimum"), schema.get("maximum")
    if (low is not None and value < low) or (high is not None and value > high):
        yield path, _outside, (value, low, high)


def _outside(value: float, low: float | None, high: float | None) -> _Words:
    top = ("any", "任意值") if high is None else (high, high)
    return f"{value} is not between {low} and {top[0]}", f"{value} 不在 {low} 与 {top[1]} 之间"


def _pattern(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if isinstance(value, str) and not re.search(schema["pattern"], value):
        yield path, _other_form, (value, schema["pattern"])


def _other_form(value: str, pattern: str) -> _Words:
    return f"{value!r} does not have the form {pattern}", f"{value!r} 不符合格式 {pattern}"


def _enum(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if value not in schema["enum"]:
        yield path, _not_allowed, (value, schema["enum"])


def _not_allowed(value: Yaml, allowed: list[str]) -> _Words:
    known = [str(item) for item in allowed]
    near = difflib.get_close_matches(str(value), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
    zh = f"是不是 {near[0]!r}？" if near else f"可用 {'、'.join(known)}"
    return f"{value!r} is not allowed; {hint}", f"不允许 {value!r}；{zh}"


def _const(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if value != schema["const"] or isinstance(value, bool) is not isinstance(schema["const"], bool):
        yield path, _not_the_one, (schema["const"],)


def _not_the_one(wanted: Yaml) -> _Words:
    return f"must be {wanted!r}", f"必须是 {wanted!r}"


def _any_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if any(_fits(value, option, root) for option in schema["anyOf"]):
        return
    found = [list(_check(value, option, root, path)) for option in schema["anyOf"]]
    # The alternative that fits best is the one whose complaints lie deepest, then the one with fewest.
    yield from min(found, key=lambda problems: (-max(len(place) for place, *_ in problems), len(problems)))


def _one_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    if sum(_fits(value, option, root) for option in schema["oneOf"]) != 1:
        yield path, _not_exactly_one, (["/".join(option.get("required", ())) for option in schema["oneOf"]],)


def _not_exactly_one(names: list[str]) -> _Words:
    return f"needs exactly one of {' or '.join(names)}", f"{' 或 '.join(names)} 之中必须恰有一个"


def _all_of(value: Yaml, schema: JsonSchema, root: JsonSchema, path: Path) -> Iterator[_Found]:
    for part in schema["allOf"]:
        if "if" not in part or _fits(value, part["if"], root):
            yield from _check(value, part.get("then", part), root, path)


_KEYWORDS: dict[str, _Check] = {
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
