"""What a part of a question file may look like, said once: how it is read into a typed value, and its JSON schema.

A frozen dataclass whose members are made with `key` is such a part: `record(HopOrderAsk)` reads it and describes it.
schema.json is written from these shapes; an error names file and line.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, Generic, TypeAlias, TypeVar, cast

from engine.trace import Text
from engine.values import dataclass
from k8squiz.bank.question import Template
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError

T = TypeVar("T")
W = TypeVar("W", bound=str)
Schema: TypeAlias = "dict[str, object]"

_REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands in a question file."""

    template: Template
    path: tuple[str | int, ...]

    def at(self, step: str | int) -> Place:
        return Place(self.template, (*self.path, step))

    @property
    def where(self) -> str:
        """file:line."""
        return self.template.place(*self.path)

    def error(self, en: str, zh: str) -> QuizError:
        where, name = self.where, ".".join(map(str, self.path))
        return QuizError(f"{where}: {name}: {en}", f"{where}：{name}：{zh}")

    def must_be(self, what: str, zh: str, value: Yaml) -> QuizError:
        found = "nothing" if value is None else repr(value)[:60]
        return self.error(f"must be {what}, not {found}", f"必须是{zh}，而不是 {'空' if value is None else found}")


class Shape(Generic[T]):
    """`read` makes the typed value (raising QuizError with file:line), `schema` is what an editor checks."""

    def __init__(self, schema: Schema, read: Callable[[Yaml, Place], T]) -> None:
        self.schema = schema
        self.read = read

    def told(self, description: str) -> Shape[T]:
        """The same with a description, which editors show."""
        return Shape({**self.schema, "description": description}, self.read)


def ref(name: str, read: Callable[[Yaml, Place], T]) -> Shape[T]:
    """A shape that stands among the schema's $defs."""
    return Shape({"$ref": f"#/$defs/{name}"}, read)


PLACEHOLDER: Schema = {"$ref": "#/$defs/placeholder"}


def drawn(shape: Shape[T]) -> Shape[T]:
    """The shape, or a placeholder that becomes one."""
    return Shape({"anyOf": [shape.schema, PLACEHOLDER]}, shape.read)


def _word(value: Yaml, place: Place) -> str:
    if isinstance(value, (Mapping, list)) or value is None:
        raise place.must_be("a word", "一个词", value)
    return str(value)


def _integer(value: Yaml, place: Place) -> int:
    # Longer ones are text to the reader of YAML too.
    if isinstance(value, str) and len(value) < 40 and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise place.must_be("a whole number", "整数", value)
    return value


def _flag(value: Yaml, place: Place) -> bool:
    if not isinstance(value, bool):
        raise place.must_be("true or false", " true 或 false", value)
    return value


def _mapping(value: Yaml, place: Place) -> Mapping[str, Yaml]:
    if not isinstance(value, Mapping):
        raise place.must_be("a mapping", "映射", value)
    return value


def _text(value: Yaml, place: Place) -> Text:
    raw = _mapping(value, place)
    return Text(_prose(raw.get("en"), place.at("en")), _prose(raw.get("zh"), place.at("zh")))


def _prose(value: Yaml, place: Place) -> str:
    text = _word(value, place)
    if not text.strip():
        raise place.error("says nothing", "没有内容")
    return text


def _anything(value: Yaml, place: Place) -> Yaml:
    return value


ANYTHING: Shape[Yaml] = Shape({}, _anything)
WORD = Shape({"type": "string"}, _word)
#: Text that is shown to people: some.
PROSE = Shape({"type": "string"}, _prose)
FLAG = Shape({"type": "boolean"}, _flag)
MAPPING = Shape({"type": "object"}, _mapping)
TEXT = ref("text", _text)


def integer(least: int | None = None, most: int | None = None) -> Shape[int]:
    """A whole number; the bounds are the schema's affair, and held again when a placeholder has its value."""

    def read(value: Yaml, place: Place) -> int:
        number = _integer(value, place)
        if (least is not None and number < least) or (most is not None and number > most):
            raise place.error(
                f"{number} is not between {least} and {'any' if most is None else most}",
                f"{number} 不在 {least} 与 {'任意值' if most is None else most} 之间",
            )
        return number

    bounds: Schema = {"minimum": least} if least is not None else {}
    return Shape({"type": "integer", **bounds, **({"maximum": most} if most is not None else {})}, read)


DRAWN_INTEGER = drawn(integer())
DRAWN_FLAG = drawn(FLAG)


def matching(pattern: str) -> Shape[str]:
    """A word of this form, which the schema holds it to."""
    return Shape({"type": "string", "pattern": pattern}, _word)


def mapping_of(shape: Shape[T], **bounds: int) -> Shape[Mapping[str, T]]:
    """A mapping whose keys are names and whose values are all of one shape."""

    def read(value: Yaml, place: Place) -> Mapping[str, T]:
        return {name: shape.read(item, place.at(name)) for name, item in _mapping(value, place).items()}

    return Shape({"type": "object", "additionalProperties": shape.schema, **bounds}, read)


def one_of(*words: W) -> Shape[W]:
    """One of these words, which may be members of an enumeration."""

    def read(value: Yaml, place: Place) -> W:
        word = _word(value, place)
        for known in words:
            if known == word:
                return known
        listed = ", ".join(words)
        raise place.error(f"{word!r} is not allowed; one of {listed}", f"不允许 {word!r}；可用 {listed}")

    return Shape({"enum": [str(word) for word in words]}, read)


def list_of(
    shape: Shape[T], least: int | None = None, most: int | None = None, last: bool = False
) -> Shape[tuple[T, ...]]:
    """A list; `last` writes the bounds behind the items, as some of the schema has it."""

    def read(value: Yaml, place: Place) -> tuple[T, ...]:
        if not isinstance(value, (list, tuple)):
            raise place.must_be("a list", "列表", value)
        return tuple(shape.read(item, place.at(index)) for index, item in enumerate(value))

    bounds: Schema = {name: at for name, at in (("minItems", least), ("maxItems", most)) if at is not None}
    items: Schema = {"items": shape.schema}
    return Shape({"type": "array", **(items if last else bounds), **(bounds if last else items)}, read)


def key(shape: Shape[T], default: T | object = _REQUIRED, name: str = "") -> T:
    """A member of a record: the key `name` (default: as the member is called), which must be there where no default is."""
    metadata = {"shape": shape, "name": name}
    if isinstance(default, dict):
        return cast(T, dataclasses.field(default_factory=dict, metadata=metadata))
    return cast(T, dataclasses.field(default=default, metadata=metadata))


def record(made: type[T], schema: Schema | None = None) -> Shape[T]:
    """A mapping with the keys that the dataclass `made` has; `schema` holds further rules for the editor's sake."""
    members: list[tuple[str, str, Shape[object], bool]] = [
        (field.metadata["name"] or field.name, field.name, field.metadata["shape"], field.default is _REQUIRED)
        for field in dataclasses.fields(cast("type[_Dataclass]", made))
        if "shape" in field.metadata
    ]
    required = [name for name, _, _, needed in members if needed]

    def read(value: Yaml, place: Place) -> T:
        raw = _mapping(value, place)
        for name in required:
            if name not in raw:
                raise place.error(f"{name!r} is missing", f"缺少 {name!r}")
        found = {
            attribute: shape.read(raw[name], place.at(name)) for name, attribute, shape, _ in members if name in raw
        }
        return made(**found)

    return Shape(
        {
            "type": "object", "properties": {name: shape.schema for name, _, shape, _ in members},
            **({"required": required} if required else {}), **(schema or {}), "additionalProperties": False,
        },
        read,
    )  # fmt: skip


class _Dataclass:
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[object]]]
