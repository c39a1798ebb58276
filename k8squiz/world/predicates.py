"""The predicate language of question files: data, evaluated over a World; never code.

A predicate about one way is asked of every way the question is about; all must agree, or the question is ambiguous.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from engine.trace import Outcome
from k8squiz.errors import QuizError
from k8squiz.world.facts import FACTS, conntrack_fact, fact, hop_fact
from k8squiz.world.rule_lines import RuleLine
from k8squiz.world.world import World

if TYPE_CHECKING:
    from k8squiz.world.virtual_servers import History


class Ambiguous(QuizError):
    """The ways the packet can go do not agree on the answer."""


Predicate = Mapping[str, Any]


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
    """The ways that the question is about: those of request `name` that fit its `way`. Raises QuizError where none does."""
    wanted = world.request(name).way
    every = world.all_outcomes(name)
    if wanted is None:
        return every
    chosen = tuple(outcome for outcome in every if fits(wanted, world, name, outcome))
    if not chosen:
        raise QuizError(
            f"{world.question.id}: request {name}: no way the packet can go fits its `way`",
            f"{world.question.id}：请求 {name}：没有路径符合其 `way`",
        )
    return chosen


def fits(predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    """Whether `predicate` is true of one way of request `on`."""
    other = predicate.get("for", on)
    if other != on:
        return holds(predicate, world, other)
    return all(
        _OPERATORS[key](value, predicate, world, on, outcome) if key in _OPERATORS
        else match(fact(key, world, on, outcome), value)
        for key, value in predicate.items() if key not in ("for", "is")
    )  # fmt: skip


def match(found: Any, wanted: Any) -> bool:
    """Whether a fact equals `wanted`, or stands to it as its comparisons say."""
    if not isinstance(wanted, Mapping):
        return _equal(found, wanted)
    return all(_COMPARE[key](found, value) for key, value in wanted.items())


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, (int, float, Fraction)):
        return found == _number(wanted)
    return str(found) == str(wanted) if found is not None else wanted is None


def _number(value: Any) -> Fraction:
    try:
        return Fraction(value) if isinstance(value, (int, str, Fraction)) else Fraction(str(value))
    except (ValueError, ZeroDivisionError) as error:
        raise QuizError(f"{value!r} is not a number", f"{value!r} 不是数字") from error


def _ordered(compare: Callable[[Fraction, Fraction], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, wanted: found is not None and compare(_number(found), _number(wanted))


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda found, wanted: not _equal(found, wanted),
    "gt": _ordered(lambda a, b: a > b),
    "ge": _ordered(lambda a, b: a >= b),
    "lt": _ordered(lambda a, b: a < b),
    "le": _ordered(lambda a, b: a <= b),
    "in": lambda found, wanted: any(_equal(found, item) for item in wanted),
    "contains": lambda found, wanted: found is not None and str(wanted) in str(found),
    "prefix": lambda found, wanted: found is not None and str(found).startswith(str(wanted)),
}


def _hops(of: str) -> Callable[..., bool]:
    def check(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
        hops = outcome.reply if of == "reply" else outcome.hops
        return any(_all_match(value, partial(hop_fact, hop=hop)) for hop in hops)

    return check


def _all_match(wanted: Mapping[str, Any], read: Callable[[str], Any]) -> bool:
    return all(match(read(name), value) for name, value in wanted.items())


def _conntrack(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return any(_all_match(value, partial(conntrack_fact, entry=entry)) for entry in outcome.conntrack)


def count_rules(value: Mapping[str, Any], world: World, on: str, chains: bool = False) -> int:
    """How many rules (or chains) of a node fit `value`."""
    return len(matching_rules(value, world, on, chains))


def matching_rules(value: Mapping[str, Any], world: World, on: str, chains: bool = False) -> tuple[RuleLine, ...]:
    """The rules (or chains) of a node that fit `value`."""
    lines = world.rules(on, str(value["node"]), str(value.get("family", "ipv4")))
    wanted = {key: item for key, item in value.items() if key not in ("node", "family")}
    return tuple(line for line in lines if line.declares is chains and _all_match(wanted, partial(getattr, line)))


def count_entries(value: Mapping[str, Any], world: World, on: str) -> int:
    """How many entries of a node's sets (ipsets, IPVS's table, nft's sets and maps) fit `value`."""
    found = world.entries(on, str(value["node"]), str(value.get("family", "ipv4")))
    wanted = {key: item for key, item in value.items() if key not in ("node", "family")}
    return sum(1 for entry in found if _all_match(wanted, partial(getattr, entry)))


def _rule(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return count_rules(value, world, on) > 0


def _entry(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return count_entries(value, world, on) > 0


def _chance_is(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    return match(chance(value, world, on), predicate.get("is", {"gt": 0}))


def chance(predicate: Predicate, world: World, on: str) -> Fraction:
    """The share of the ways for which `predicate` holds, exactly."""
    name = str(predicate.get("for", on))
    found = outcomes_of(world, name)
    whole = sum((outcome.probability for outcome in found), Fraction(0))
    return sum((outcome.probability for outcome in found if fits(predicate, world, name, outcome)), Fraction(0)) / whole


def _compare(value: Any, predicate: Predicate, world: World, on: str, outcome: Outcome) -> bool:
    left, word, right = value
    if word not in _COMPARE:
        raise QuizError(
            f"compare: {word!r} is none of {', '.join(_COMPARE)}", f"compare：{word!r} 不是 {'、'.join(_COMPARE)} 之一"
        )
    return _COMPARE[word](value_of(left, world, on), value_of(right, world, on))


_OPERATORS: dict[str, Callable[..., bool]] = {
    "all": lambda value, predicate, world, on, outcome: all(fits(part, world, on, outcome) for part in value),
    "any": lambda value, predicate, world, on, outcome: any(fits(part, world, on, outcome) for part in value),
    "not": lambda value, predicate, world, on, outcome: not fits(value, world, on, outcome),
    "some": lambda value, predicate, world, on, outcome: any(
        fits(value, world, on, each) for each in outcomes_of(world, on)
    ),
    "every": lambda value, predicate, world, on, outcome: all(
        fits(value, world, on, each) for each in outcomes_of(world, on)
    ),
    "passes": _hops("request"),
    "reply_passes": _hops("reply"),
    "conntrack": _conntrack,
    "rule": _rule,
    "entry": _entry,
    "chance": _chance_is,
    "compare": _compare,
}


def value_of(value: Any, world: World, on: str | None = None) -> Any:
    """A figure the engine computes. Raises Ambiguous where the ways disagree about it."""
    if not isinstance(value, Mapping):
        return value
    name = str(value.get("for", on or world.first))
    for key, compute in _VALUES.items():
        if key in value:
            return compute(value[key], world, name)
    raise QuizError(f"{world.question.id}: {dict(value)} is no value", f"{world.question.id}：{dict(value)} 不是值")


def _agreed(name: str, results: Iterable[Any], world: World) -> Any:
    distinct = list(dict.fromkeys(results))
    if len(distinct) != 1:
        raise Ambiguous(
            f"{world.question.id}: the ways the packet can go disagree about {name}: {distinct}",
            f"{world.question.id}：数据包的各条路径在 {name} 上不一致：{distinct}",
        )
    return distinct[0]


def _fact(value: Any, world: World, on: str) -> Any:
    return _agreed(value, (fact(value, world, on, outcome) for outcome in outcomes_of(world, on)), world)


def _count_hops(value: Any, world: World, on: str) -> Any:
    counts = (
        sum(1 for hop in outcome.hops if _all_match(value, partial(hop_fact, hop=hop)))
        for outcome in outcomes_of(world, on)
    )
    return _agreed("count_hops", counts, world)


def _bench(world: World) -> History:
    # It brings the schedulers and every mode's costs with it, which few questions ask about.
    from k8squiz.world.virtual_servers import history

    found = history(world.question.ask)
    if found is None:
        raise QuizError(f"{world.question.id}: ask.ipvs is missing", f"{world.question.id}：缺少 ask.ipvs")
    return found


def _scale_figure(value: Any, world: World) -> Fraction:
    """`{figure: rules}`, or `{figure: {name: rules, mode: ipvs, services: 200}}` of another mode or size."""
    from k8squiz.world.virtual_servers import size

    ask = world.question.ask
    if "scale" not in ask:
        raise QuizError(f"{world.question.id}: ask.scale is missing", f"{world.question.id}：缺少 ask.scale")
    name, other = (value["name"], value) if isinstance(value, Mapping) else (value, {})
    changed = {key: other[key] for key in ("services", "endpoints", "mode") if key in other}
    found = size({"scale": {**ask["scale"], **changed}})
    assert found is not None
    return found.figure(str(name))


def _figures(values: Iterable[Any], world: World, on: str) -> list[Fraction]:
    return [_number(value_of(value, world, on)) for value in values]


def _divide(value: Any, world: World, on: str) -> Fraction:
    top, bottom = _figures(value, world, on)
    if bottom == 0:
        raise QuizError(f"{world.question.id}: divide: by zero", f"{world.question.id}：divide：除数为零")
    return top / bottom


def _subtract(value: Any, world: World, on: str) -> Fraction:
    first, *rest = _figures(value, world, on)
    return first - sum(rest)


_VALUES: dict[str, Callable[[Any, World, str], Any]] = {
    "fact": _fact,
    "chance": chance,
    "count_rules": count_rules,
    "count_chains": lambda value, world, on: count_rules(value, world, on, chains=True),
    "count_entries": count_entries,
    "count_hops": _count_hops,
    "picked": lambda value, world, on: _bench(world).picked(value),
    "taken": lambda value, world, on: sum(1 for name in _bench(world).picks if name == value),
    "figure": lambda value, world, on: _scale_figure(value, world),
    "add": lambda value, world, on: sum(_figures(value, world, on), Fraction(0)),
    "subtract": _subtract,
    "multiply": lambda value, world, on: math.prod(_figures(value, world, on), start=Fraction(1)),
    "divide": _divide,
    "percent": lambda value, world, on: _number(value_of(value, world, on)) * 100,
    "round": lambda value, world, on: Fraction(math.floor(_number(value_of(value, world, on)) + Fraction(1, 2))),
}

assert not set(_OPERATORS) & set(FACTS)
