"""kubectl's JSONPath templates: fields, indexes, slices, unions, filters, recursive descent, range ... end, text.

Source: k8s.io/client-go/util/jsonpath (parser.go, jsonpath.go); kubectl allows keys to be missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from engine.shell.go_text import go_json, go_text
from engine.values import dataclass

_MOST = 100_000
_FIELD = re.compile(r"(?:\\.|[^\s.\[\]{}()=!<>,'\"|\\&?@$:])+")
_ARRAY = re.compile(r"(-?[0-9]{1,9})?(?:(:)(-?[0-9]{1,9})?(?::(-?[0-9]{1,9})?)?)?")
_COMPARISON = re.compile(r"([^!<>=]+)([!<>=]+)(.+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b), "!=": lambda a, b: bool(a != b), "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b), ">": lambda a, b: bool(a > b), ">=": lambda a, b: bool(a >= b),
}  # fmt: skip
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class BadPath(Exception):
    """A template that cannot be read."""


class FailedPath(Exception):
    """A template that asks the document for what it cannot have."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `kind`: field, wildcard, recursive, array, union, filter, value, word; `value` is a field's name, an
    array's (first, end, by), a union's or a filter's paths (with its operator between them), what a value prints."""

    kind: str
    value: Any = None


def evaluate(template: str, document: Any) -> str:
    """What the template prints of the document. Raises BadPath, FailedPath."""
    return "".join(_printed(_parts(template), document, [document]))


def find(path: str, document: Any) -> list[Any]:
    """The values at a path, as it stands between braces. Raises BadPath, FailedPath."""
    return _walk(_steps(path), [document])


def relaxed(path: str) -> str:
    """The path of `name`, `.name`, `{name}`, `{.name}`, as columns and --sort-by take them. Raises BadPath."""
    found = re.fullmatch(r"\{\.?([^{}]+)\}|\.?([^{}]+)", path)
    if found is None:
        raise BadPath("unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'")  # fmt: skip
    return f".{found[1] or found[2]}"


def _parts(template: str) -> list[str | list[Step]]:
    """Text, and the steps of each action."""
    found: list[str | list[Step]] = []
    at = 0
    while at < len(template):
        opened = template.find("{", at)
        if opened < 0:
            found.append(template[at:])
            break
        if opened > at:
            found.append(template[at:opened])
        at = _closing(template, opened)
        found.append(_steps(template[opened + 1 : at]))
        at += 1
    return found


def _closing(template: str, opened: int) -> int:
    """Where the action that is opened there ends."""
    at, quote, depth = opened + 1, "", 0
    while at < len(template):
        letter = template[at]
        if letter == "\\":
            at += 1
        elif quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "[":
            depth += 1
        elif letter == "]":
            depth -= 1
        elif letter == "}" and depth <= 0:
            return at
        at += 1
    raise BadPath("unterminated array" if depth > 0 else "unclosed action")


def _steps(text: str) -> list[Step]:
    found: list[Step] = []
    at = 0
    while at < len(text):
        letter = text[at]
        if letter.isspace() or letter in "@$":
            at += 1
        elif letter in "'\"":
            end = _quoted(text, at)
            found.append(Step("value", _unescaped(text[at + 1 : end])))
            at = end + 1
        elif text.startswith("..", at):
            found.append(Step("recursive"))
            at += 1 if text[at + 2 : at + 3] not in ("[", "") else 2
        elif letter == ".":
            at = _field(text, at + 1, found)
        elif letter == "[":
            end = _bracket(text, at)
            found.append(_array(text[at + 1 : end]))
            at = end + 1
        elif letter == "*":
            found.append(Step("wildcard"))
            at += 1
        elif (number := re.compile(r"[+-]?[0-9]+(\.[0-9]+)?").match(text, at)) is not None:
            found.append(Step("value", float(number[0]) if number[1] else int(number[0])))
            at = number.end()
        elif (word := re.compile(r"[A-Za-z_][A-Za-z0-9_]*").match(text, at)) is not None:
            found.append(Step("value", word[0] == "true") if word[0] in ("true", "false") else Step("word", word[0]))
            at = word.end()
        else:
            raise BadPath(f"unrecognized character in action: U+{ord(letter):04X} '{letter}'")
    return found


def _field(text: str, at: int, found: list[Step]) -> int:
    """Read a field's name; where it ends."""
    if text[at : at + 1] == "*":
        found.append(Step("wildcard"))
        return at + 1
    name = _FIELD.match(text, at)
    if name is None:
        return at
    found.append(Step("field", re.sub(r"\\(.)", r"\1", name[0])))
    return name.end()


def _quoted(text: str, at: int) -> int:
    end = at + 1
    while end < len(text) and text[end] != text[at]:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        raise BadPath("unterminated quoted string")
    return end


def _bracket(text: str, at: int) -> int:
    end, quote, depth = at + 1, "", 1
    while end < len(text):
        letter = text[end]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter == "[") - (letter == "]")
            if not depth:
                return end
        end += 1
    raise BadPath("unterminated array")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), text)


def _array(text: str) -> Step:
    """What stands between brackets."""
    if text == "*":
        return Step("wildcard")
    if text.startswith("?("):
        if not text.endswith(")"):
            raise BadPath("unterminated filter")
        return _filter(text[2:-1])
    pieces = re.findall(r"'(?:\\.|[^'\\])*'|[^,]+", text)
    if all(piece.strip().startswith("'") and piece.strip().endswith("'") for piece in pieces) and pieces:
        return Step("union", [_named(piece.strip()[1:-1]) for piece in pieces])
    indexes = [_ARRAY.fullmatch(piece.strip()) for piece in pieces]
    if not pieces or any(one is None or not one[0] for one in indexes):
        bad = next((p for p, one in zip(pieces, indexes, strict=True) if one is None or not one[0]), text)
        raise BadPath(f"invalid array index {bad.strip()}")
    steps = [[Step("array", _bounds(one))] for one in indexes if one is not None]
    return steps[0][0] if len(steps) == 1 else Step("union", steps)


def _named(text: str) -> list[Step]:
    """The steps of 'metadata.name' between brackets."""
    found: list[Step] = []
    at = 0
    while at < len(text):
        after = _field(text, at + (text[at] == "."), found)
        at = max(after, at + 1)
    return found


def _bounds(found: re.Match[str]) -> tuple[int | None, int | None, int]:
    first, colon, end, by = found.groups()
    if colon is None:
        number = int(first)
        return number, number + 1 if number != -1 else None, 1
    return (int(first) if first else None), (int(end) if end else None), int(by) if by else 1


def _filter(text: str) -> Step:
    found = _COMPARISON.fullmatch(text)
    if found is None:
        return Step("filter", (_steps(text), "", []))
    left, right = _steps(found[1]), _steps(found[3])
    if found[2] not in _COMPARE:
        raise BadPath(f"unrecognized filter operator {found[2]}")
    return Step("filter", (left, found[2], right))


def _printed(parts: list[str | list[Step]], document: Any, at: list[Any]) -> Iterator[str]:
    """The pieces that are printed of each part, `at` being where paths begin."""
    number, length = 0, 0
    while number < len(parts):
        part = parts[number]
        number += 1
        said: str
        if isinstance(part, str):
            said = part
        elif part and part[0] == Step("word", "range"):
            end = _end(parts, number)
            said = "".join(piece for item in _walk(part[1:], at) for piece in _printed(parts[number:end], document, [item]))  # fmt: skip
            number = end + 1
        elif part and part[0] == Step("word", "end"):
            raise FailedPath("not in range, nothing to end")
        else:
            said = " ".join(_shown(value) for value in _walk(part, at))
        length += len(said)
        if length > _MOST:
            raise FailedPath("too much output")
        yield said


def _end(parts: list[str | list[Step]], at: int) -> int:
    depth = 1
    for number in range(at, len(parts)):
        part = parts[number]
        first = part[0] if isinstance(part, list) and part else None
        depth += (first == Step("word", "range")) - (first == Step("word", "end"))
        if depth == 0:
            return number
    return len(parts)


def _walk(steps: list[Step], values: list[Any]) -> list[Any]:
    for step in steps:
        values = [found for value in values for found in _step(step, value)]
    return values


def _step(step: Step, value: Any) -> list[Any]:
    match step.kind:
        case "field":
            return [value[step.value]] if isinstance(value, dict) and step.value in value else []
        case "wildcard":
            return [value[key] for key in sorted(value)] if isinstance(value, dict) else list(value) if isinstance(value, list) else []  # fmt: skip
        case "recursive":
            return list(_below(value))
        case "array":
            return _sliced(value, *step.value)
        case "union":
            return [found for path in step.value for found in _walk(path, [value])]
        case "filter":
            return [one for one in (value if isinstance(value, list) else []) if _passes(one, *step.value)]
        case "value":
            return [step.value]
    raise FailedPath(f"unrecognized identifier {step.value}")


def _below(value: Any) -> Iterator[Any]:
    yield value
    children = (
        [value[key] for key in sorted(value)] if isinstance(value, dict) else value if isinstance(value, list) else ()
    )
    for child in children:
        yield from _below(child) if isinstance(child, dict | list) else ()


def _sliced(value: Any, first: int | None, end: int | None, by: int) -> list[Any]:
    if not isinstance(value, list):
        kind = "map[string]interface {}" if isinstance(value, dict) else "string" if isinstance(value, str) else "bool" if isinstance(value, bool) else "int64"  # fmt: skip
        raise FailedPath(f"{kind} is not array or slice")
    length = len(value)
    start = 0 if first is None else first + length if first < 0 else first
    stop = length if end is None else end + length if end < 0 else end
    if start != stop:
        for number, bad in ((start, start >= length or start < 0), (stop - 1, stop > length or stop < 0)):
            if bad:
                raise FailedPath(f"array index out of bounds: index {number}, length {length}")
    if by <= 0:
        raise FailedPath("step must be > 0")
    return value[start:stop:by]


def _passes(item: Any, left: list[Step], operator: str, right: list[Step]) -> bool:
    found = _walk(left, [item])
    if not operator:
        return bool(found)
    against = _walk(right, [item])
    if not found or not against:
        return False
    if len(found) > 1 or len(against) > 1:
        raise FailedPath("can only compare one element at a time")
    one, other = found[0], against[0]
    if isinstance(one, bool) is not isinstance(other, bool) or isinstance(one, str) is not isinstance(other, str):
        raise FailedPath("incompatible types for comparison")
    return _COMPARE[operator](one, other)


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return go_json(value)
    return "" if value is None else go_text(value)
