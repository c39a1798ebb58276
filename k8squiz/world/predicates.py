"""The predicate language of question files: data, evaluated over a World; never code.

A predicate about one way is asked of every way the question is about; all must agree, or the question is ambiguous.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from engine.trace import Outcome
from engine.values import dataclass
from k8squiz.bank.forms import PREDICATE, VALUE
from k8squiz.bank.shapes import ANYTHING, DRAWN_INTEGER, PLACEHOLDER, WORD, Place, Schema, Shape
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.world.comparisons import COMPARISONS, MATCH, Conditions, conditions, match, number
from k8squiz.world.facts import CONNTRACK_FACTS, FACTS, HOP_FACTS, Fact, conntrack_fact, fact, hop_fact
from k8squiz.world.lookups import LOOKUP_FACTS, LOOKUP_KEYS, lookup_figure, lookup_wanted
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.world import World

if TYPE_CHECKING:
    from k8squiz.world.set_elements import SetElement
    from k8squiz.world.virtual_servers import History


class Ambiguous(QuizError):
    """The ways the packet can go do not agree on the answer."""


class NoSuchWay(QuizError):
    """No way the packet can go fits what the question is about."""


Predicate: TypeAlias = "Mapping[str, Yaml]"
HOP = conditions(*HOP_FACTS)
CONNTRACK = conditions(*CONNTRACK_FACTS)
RULE = conditions("node", "table", "chain", "text", "family", "release", required=("node",))
ENTRY = conditions("node", "set", "text", "family", required=("node",))


LOOKUP = conditions(*LOOKUP_KEYS, *LOOKUP_FACTS, "of", required=("from", "name"))


def _schema_only(schema: Schema) -> Shape[Yaml]:
    """Read when it is asked about: what a placeholder became is known then."""
    return Shape(schema, ANYTHING.read)


# Two figures, or what is no figure: true, a list.
_FIGURE: Schema = {"anyOf": [VALUE.schema, {"type": ["boolean", "array"]}]}


def _shown_as(shape: Shape[Conditions]) -> Shape[Yaml]:
    return _schema_only(shape.schema)


_COMPARED = _schema_only(
    {
        "type": "array",
        "prefixItems": [_FIGURE, {"anyOf": [{"enum": list(COMPARISONS)}, PLACEHOLDER]}, _FIGURE],
        "minItems": 3,
        "maxItems": 3,
    }
)
_PREDICATES = _schema_only({"type": "array", "items": PREDICATE.schema, "minItems": 1})


def _mapping(value: Yaml, world: World) -> Mapping[str, Yaml]:
    """What a placeholder may have become: no mapping. Raises QuizError."""
    if not isinstance(value, Mapping):
        raise _misshapen(world, "a mapping", "一个映射", value)
    return value


def _named(value: Mapping[str, Yaml], key: str, world: World) -> str:
    if key not in value:
        raise QuizError(f"{world.question.id}: {key!r} is missing", f"{world.question.id}：缺少 {key!r}")
    return str(value[key])


def _list(value: Yaml, world: World, count: int | None = None) -> Sequence[Yaml]:
    if not isinstance(value, (list, tuple)) or count is not None and len(value) != count:
        raise _misshapen(world, f"a list{'' if count is None else f' of {count}'}", "一个列表", value)
    return value


def _misshapen(world: World, what: str, zh: str, value: object) -> QuizError:
    return QuizError(
        f"{world.question.id}: here must be {what}, not {value!r}",
        f"{world.question.id}：此处必须是{zh}，而不是 {value!r}",
    )


def holds(predicate: Predicate, world: World, on: str | None = None) -> bool:
    """Whether `predicate` is true of request `on` (default: the first). Raises Ambiguous where the ways disagree."""
    name = str(predicate.get("for", on or world.first))
    results = {fits(predicate, world, name, outcome) for outcome in outcomes_of(world, name)}
    if len(results) != 1:
        raise Ambiguous(
            f"{world.question.id}: the ways the packet can go disagree about {dict(predicate)}",
            f"{world.question.id}：数据包的各条路径在 {dict(predicate)} 上不一致",
        )
    return results.pop()


def outcomes_of(world: World, name: str) -> tuple[Outcome, ...]:
    """The ways that the question is about: those of request `name` that fit its `way`. Raises NoSuchWay where none does."""
    wanted = world.request(name).way
    every = world.all_outcomes(name)
    if wanted is None:
        return every
    chosen = tuple(outcome for outcome in every if fits(wanted, world, name, outcome))
    if not chosen:
        raise NoSuchWay(
            f"{world.question.id}: request {name}: no way the packet can go fits its `way`",
            f"{world.question.id}：请求 {name}：没有路径符合其 `way`",
        )
    return chosen


def fits(predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    """Whether `predicate` is true of one way of request `on`."""
    world.work.look(len(predicate))
    other = str(predicate.get("for", on))
    if other != on:
        return holds(predicate, world, other)
    return all(
        OPERATORS[key].holds(value, predicate, world, on, outcome) if key in OPERATORS
        else match(fact(key, world, on, outcome), value)
        for key, value in predicate.items() if key not in ("for", "is")
    )  # fmt: skip


_Operator: TypeAlias = "Callable[[Yaml, Predicate, World, str, Outcome], bool]"


def _hops(of: str) -> _Operator:
    def check(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
        hops = outcome.reply if of == "reply" else outcome.hops
        world.work.look(len(hops))
        return any(_all_match(_mapping(value, world), partial(hop_fact, hop=hop)) for hop in hops)

    return check


def _all_match(wanted: Conditions, read: Callable[[str], Fact]) -> bool:
    return all(match(read(name), value) for name, value in wanted.items())


def _conntrack(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return any(_all_match(_mapping(value, world), partial(conntrack_fact, entry=entry)) for entry in outcome.conntrack)


def count_rules(value: Conditions, world: World, on: str, chains: bool = False) -> int:
    """How many rules (or chains) of a node fit `value`."""
    return len(matching_rules(value, world, on, chains))


def matching_rules(value: Conditions, world: World, on: str, chains: bool = False) -> tuple[RuleLine, ...]:
    """The rules (or chains) of a node that fit `value`, as another `release` writes them where one is named."""
    release = str(value["release"]) if "release" in value else None
    lines = world.rules(on, _named(value, "node", world), str(value.get("family", "ipv4")), release)
    world.work.look(len(lines))
    wanted = {key: item for key, item in value.items() if key not in ("node", "family", "release")}
    return tuple(line for line in lines if line.declares is chains and _all_match(wanted, partial(getattr, line)))


def count_entries(value: Conditions, world: World, on: str) -> int:
    """How many entries of a node's sets fit `value`."""
    return len(matching_entries(value, world, on))


def matching_entries(value: Conditions, world: World, on: str) -> tuple[SetElement, ...]:
    """The entries of a node's sets (ipsets, IPVS's table, nft's sets and maps) that fit `value`."""
    found = world.entries(on, _named(value, "node", world), str(value.get("family", "ipv4")))
    world.work.look(len(found))
    wanted = {key: item for key, item in value.items() if key not in ("node", "family")}
    return tuple(entry for entry in found if _all_match(wanted, partial(getattr, entry)))


def _rule(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return count_rules(_mapping(value, world), world, on) > 0


def _entry(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return count_entries(_mapping(value, world), world, on) > 0


def _chance_is(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return match(chance(_mapping(value, world), world, on), predicate.get("is", {"gt": 0}))


def chance(predicate: Predicate, world: World, on: str) -> Fraction:
    """The share of the ways for which `predicate` holds, exactly."""
    name = str(predicate.get("for", on))
    found = outcomes_of(world, name)
    whole = sum((outcome.probability for outcome in found), Fraction(0))
    return sum((outcome.probability for outcome in found if fits(predicate, world, name, outcome)), Fraction(0)) / whole


def _compare(value: Yaml, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    left, raw, right = _list(value, world, 3)
    word = str(raw)
    if word not in COMPARISONS:
        raise QuizError(
            f"compare: {word!r} is none of {', '.join(COMPARISONS)}",
            f"compare：{word!r} 不是 {'、'.join(COMPARISONS)} 之一",
        )
    found = value_of(left, world, on)
    if found is not None and not isinstance(found, (bool, int, float, Fraction, str)):
        raise _misshapen(world, "a figure", "一个数值", found)
    return COMPARISONS[word](found, value_of(right, world, on))


def _parts(value: Yaml, world: World) -> Iterator[Predicate]:
    return (_mapping(part, world) for part in _list(value, world))


@dataclass(frozen=True, slots=True)
class Operator:
    """A word of the predicate language: what stands behind it in a file, and whether it holds of a way."""

    shape: Shape[Yaml]
    holds: _Operator


OPERATORS: dict[str, Operator] = {
    "passes": Operator(_shown_as(HOP), _hops("request")),
    "reply_passes": Operator(_shown_as(HOP), _hops("reply")),
    "rule": Operator(_shown_as(RULE), _rule),
    "entry": Operator(_shown_as(ENTRY), _entry),
    "lookup": Operator(
        _shown_as(LOOKUP),
        lambda value, predicate, world, on, outcome: _all_match(*lookup_wanted(_mapping(value, world), world, on)),
    ),
    "conntrack": Operator(_shown_as(CONNTRACK), _conntrack),
    "all": Operator(
        _PREDICATES,
        lambda value, predicate, world, on, outcome: all(
            fits(part, world, on, outcome) for part in _parts(value, world)
        ),
    ),
    "any": Operator(
        _PREDICATES,
        lambda value, predicate, world, on, outcome: any(
            fits(part, world, on, outcome) for part in _parts(value, world)
        ),
    ),
    "not": Operator(
        _shown_as(PREDICATE),
        lambda value, predicate, world, on, outcome: not fits(_mapping(value, world), world, on, outcome),
    ),
    "some": Operator(
        _shown_as(PREDICATE),
        lambda value, predicate, world, on, outcome: any(
            fits(_mapping(value, world), world, on, each) for each in outcomes_of(world, on)
        ),
    ),
    "every": Operator(
        _shown_as(PREDICATE),
        lambda value, predicate, world, on, outcome: all(
            fits(_mapping(value, world), world, on, each) for each in outcomes_of(world, on)
        ),
    ),
    "chance": Operator(_shown_as(PREDICATE), _chance_is),
    "compare": Operator(_COMPARED, _compare),
}
# What stands beside an operator and changes it: which request is meant, what a chance is held against.
BESIDE = {"for": WORD.schema, "is": MATCH.schema}


def value_of(value: Yaml, world: World, on: str | None = None) -> Yaml | Fraction:
    """A figure the engine computes. Raises Ambiguous where the ways disagree about it."""
    if not isinstance(value, Mapping):
        return value
    name = str(value.get("for", on or world.first))
    for key, figure in VALUES.items():
        if key in value:
            return figure.compute(value[key], world, name)
    raise QuizError(f"{world.question.id}: {dict(value)} is no value", f"{world.question.id}：{dict(value)} 不是值")


def _agreed(name: str, results: Iterable[Fact], world: World) -> Fact:
    distinct = list(dict.fromkeys(results))
    if len(distinct) != 1:
        raise Ambiguous(
            f"{world.question.id}: the ways the packet can go disagree about {name}: {distinct}",
            f"{world.question.id}：数据包的各条路径在 {name} 上不一致：{distinct}",
        )
    return distinct[0]


def _fact(value: Yaml, world: World, on: str) -> Fact:
    name = str(value)
    return _agreed(name, (fact(name, world, on, outcome) for outcome in outcomes_of(world, on)), world)


def _count_hops(value: Yaml, world: World, on: str) -> Fact:
    wanted = _mapping(value, world)
    counts = (
        sum(1 for hop in outcome.hops if _all_match(wanted, partial(hop_fact, hop=hop)))
        for outcome in outcomes_of(world, on)
    )
    return _agreed("count_hops", counts, world)


def _history(world: World) -> History:
    # It brings the schedulers and every mode's costs with it, which few questions ask about.
    from k8squiz.world.virtual_servers import history

    found = history(world.question)
    if found is None:
        raise QuizError(f"{world.question.id}: ask.ipvs is missing", f"{world.question.id}：缺少 ask.ipvs")
    return found


def _scale_figure(value: Yaml, world: World, on: str) -> Fraction:
    """`{figure: rules}`, or `{figure: {name: rules, mode: ipvs, services: 200}}` of another mode, size or
    release."""
    from k8squiz.world.virtual_servers import size

    name, other = (_named(value, "name", world), value) if isinstance(value, Mapping) else (value, {})
    found = size(world.question, {key: other[key] for key in _SIZED_BY if key in other})
    if found is None:
        raise QuizError(f"{world.question.id}: ask.scale is missing", f"{world.question.id}：缺少 ask.scale")
    world.work.count(found.services, found.endpoints, found.mode, found.release)
    return found.figure(str(name))


def _over_time(value: Mapping[str, Yaml], world: World) -> Fraction:
    """`{over_time: {of: failures, set: {lifecycle.preStop: 5}, connections: [new]}}`."""
    # It brings the timeline with it, which few questions ask about.
    from k8squiz.world.over_time import figure

    names = tuple(map(str, _list(value.get("connections", ()), world)))
    return figure(world, _named(value, "of", world), _mapping(value.get("set", {}), world), names)


def _figures(values: Yaml, world: World, on: str) -> list[Fraction]:
    return [number(value_of(value, world, on)) for value in _list(values, world)]


def _divide(value: Yaml, world: World, on: str) -> Fraction:
    top, bottom = _figures(_list(value, world, 2), world, on)
    if bottom == 0:
        raise QuizError(f"{world.question.id}: divide: by zero", f"{world.question.id}：divide：除数为零")
    return top / bottom


def _subtract(value: Yaml, world: World, on: str) -> Fraction:
    first, *rest = _figures(value, world, on)
    return first - sum(rest)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value that the engine computes: what stands behind its word in a file, and the computation."""

    shape: Shape[Yaml]
    compute: Callable[[Yaml, World, str], Yaml | Fraction]


# What may be asked of a timeline, ports or a table; k8squiz.world.over_time computes it.
OVER_TIME = ("failures", "requests", "share", "available", "most_per_second", "runs_out_after")
_SIZED_BY = ("services", "endpoints", "mode", "release")
_ONE_VALUE = _schema_only(VALUE.schema)
_SOME_VALUES = _schema_only({"type": "array", "items": VALUE.schema, "minItems": 1})
_SIZED = _schema_only({
    "anyOf": [
        WORD.schema,
        {
            "type": "object",
            "properties": {
                "name": WORD.schema, "mode": WORD.schema, "services": DRAWN_INTEGER.schema,
                "endpoints": DRAWN_INTEGER.schema, "release": WORD.schema,
            },
            "required": ["name"], "additionalProperties": False,
        },
    ],
})  # fmt: skip
VALUES: dict[str, Figure] = {
    "fact": Figure(_schema_only({"enum": list(FACTS)}), _fact),
    "chance": Figure(_shown_as(PREDICATE), lambda value, world, on: chance(_mapping(value, world), world, on)),
    "count_rules": Figure(_shown_as(RULE), lambda value, world, on: count_rules(_mapping(value, world), world, on)),
    "count_chains": Figure(
        _shown_as(RULE), lambda value, world, on: count_rules(_mapping(value, world), world, on, chains=True)
    ),
    "count_entries": Figure(
        _shown_as(ENTRY), lambda value, world, on: count_entries(_mapping(value, world), world, on)
    ),
    "lookup": Figure(_shown_as(LOOKUP), lambda value, world, on: lookup_figure(_mapping(value, world), world, on)),
    "count_hops": Figure(_shown_as(HOP), _count_hops),
    "add": Figure(_SOME_VALUES, lambda value, world, on: sum(_figures(value, world, on), Fraction(0))),
    "subtract": Figure(_SOME_VALUES, _subtract),
    "multiply": Figure(_SOME_VALUES, lambda value, world, on: math.prod(_figures(value, world, on), start=Fraction(1))),
    "divide": Figure(_SOME_VALUES, _divide),
    "percent": Figure(_ONE_VALUE, lambda value, world, on: number(value_of(value, world, on)) * 100),
    "round": Figure(
        _ONE_VALUE,
        lambda value, world, on: Fraction(math.floor(number(value_of(value, world, on)) + Fraction(1, 2))),
    ),
    "picked": Figure(
        _schema_only({"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        lambda value, world, on: _history(world).picked(WORD.read(value, _at_ask(world))),
    ),
    "taken": Figure(
        _schema_only({"type": "string"}),
        lambda value, world, on: sum(1 for name in _history(world).picks if name == value),
    ),
    "figure": Figure(_SIZED, _scale_figure),
    "over_time": Figure(
        _schema_only(
            {
                "type": "object",
                "properties": {
                    "of": {"enum": list(OVER_TIME)},
                    "set": {"type": "object"},
                    "connections": {"type": "array", "items": WORD.schema},
                },
                "required": ["of"],
                "additionalProperties": False,
            }
        ),
        lambda value, world, on: _over_time(_mapping(value, world), world),
    ),
}


def _at_ask(world: World) -> Place:
    return Place(world.question.template, ("ask",))


assert not set(OPERATORS) & set(FACTS)
