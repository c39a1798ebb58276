"""Whether one fact is what a question file wants of it: a value to equal, or a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

from k8squiz.bank.shapes import ANYTHING, MAPPING, PLACEHOLDER, Schema, Shape, ref
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.world.facts import WORDS, Fact

# What is wanted of a hop, a rule, an entry: by the name of a fact, a value to equal or a comparison.
Conditions: TypeAlias = "Mapping[str, Yaml]"


MATCH = ref("match", ANYTHING.read)


def match_of(name: str) -> Schema:
    """What may be wanted of the fact of that name."""
    return ref(f"match_{name}", ANYTHING.read).schema if name in WORDS else MATCH.schema


def definitions() -> Schema:
    """What MATCH and match_of refer to."""
    word: Schema = {"type": ["string", "number", "boolean"]}
    found: Schema = {"match": _match(word, {})}
    for name, words in WORDS.items():
        found[name] = {"anyOf": [{"enum": list(words)}, PLACEHOLDER]}
        one: Schema = {"$ref": f"#/$defs/{name}"}
        found[f"match_{name}"] = _match(one, one)
    return found


def _match(word: Schema, compared: Schema) -> Schema:
    among: Schema = {"anyOf": [{"type": "array", **({"items": compared} if compared else {})}, PLACEHOLDER]}
    other = {"in": among, "eq": compared, "ne": compared}
    return {
        "description": "A value to equal, or a comparison.",
        "anyOf": [
            word,
            {
                "type": "object", "properties": {name: other.get(name, {}) for name in COMPARISONS},
                "additionalProperties": False, "minProperties": 1,
            },
        ],
    }  # fmt: skip


def conditions(*names: str, required: tuple[str, ...] = ()) -> Shape[Conditions]:
    """Conditions on facts of these names."""
    needed: Schema = {"required": list(required)} if required else {}
    return Shape(
        {
            "type": "object",
            "properties": {name: match_of(name) for name in names},
            **needed,
            "additionalProperties": False,
        },
        MAPPING.read,
    )


def match(found: Fact, wanted: Yaml) -> bool:
    """Whether a fact equals `wanted`, or stands to it as its comparisons say."""
    if not isinstance(wanted, Mapping):
        return _equal(found, wanted)
    for key in wanted:
        if key not in COMPARISONS:
            raise QuizError(
                f"{key!r} is none of {', '.join(COMPARISONS)}", f"{key!r} 不是 {'、'.join(COMPARISONS)} 之一"
            )
    return all(COMPARISONS[key](found, value) for key, value in wanted.items())


def _equal(found: Fact, wanted: Yaml | Fact) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, (int, float, Fraction)):
        return found == number(wanted)
    return str(found) == str(wanted) if found is not None else wanted is None


def number(value: Yaml | Fact) -> Fraction:
    try:
        return Fraction(value) if isinstance(value, (int, str, Fraction)) else Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise QuizError(f"{value!r} is not a number", f"{value!r} 不是数字") from error


_Comparison: TypeAlias = "Callable[[Fact, Yaml | Fact], bool]"


def _ordered(compare: Callable[[Fraction, Fraction], bool]) -> _Comparison:
    return lambda found, wanted: found is not None and compare(number(found), number(wanted))


def _among(found: Fact, wanted: Yaml | Fact) -> bool:
    if not isinstance(wanted, (list, tuple)):
        raise QuizError(f"in: needs a list, not {wanted!r}", f"in：需要一个列表，而不是 {wanted!r}")
    return any(_equal(found, item) for item in wanted)


COMPARISONS: dict[str, _Comparison] = {
    "eq": _equal,
    "ne": lambda found, wanted: not _equal(found, wanted),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "contains": lambda found, wanted: found is not None and str(wanted) in str(found),
    "prefix": lambda found, wanted: found is not None and str(found).startswith(str(wanted)),
    "in": _among,
}
