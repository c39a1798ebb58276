"""How a figure that a question asks for comes about: the same computation as predicates.value_of, written out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from engine.fabric.chains import shared_by
from engine.trace import Text
from engine.values import is_decimal
from k8squiz.bank.shapes import WORD, Place
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError
from k8squiz.locale.i18n import LANGS
from k8squiz.locale.names import request_name
from k8squiz.world.lookups import told_figure
from k8squiz.world.predicates import (
    VALUES,
    fits,
    matching_entries,
    matching_rules,
    outcomes_of,
    value_of,
)
from k8squiz.world.rule_lines import brief
from k8squiz.world.subjects import size_spec
from k8squiz.world.world import World, host_name

_MOST = 5
_NAMES: dict[str, Text] = {
    "rules_evaluated": Text("rules evaluated", "条规则被匹配"),
    "hash_lookups": Text("hash look-ups", "次哈希查找"),
    "hops": Text("hops", "跳"),
    "ways": Text("ways", "条可能的路径"),
}


def figured(value: Yaml) -> bool:
    """Whether it is a figure: computed, or a plain number."""
    return isinstance(value, (Mapping, int, float, Fraction)) or is_decimal(str(value).replace(".", "", 1))


def working(value: Yaml, world: World, on: str | None = None) -> Text:
    """The sum that leads to a value, with its result: `1/2 + 1/6 = 2/3`. A value that is given stands for itself."""
    if not isinstance(value, Mapping):
        return Text(_shown(value), _shown(value))
    name = str(value.get("for", on or world.first))
    for key, write in _WORKINGS.items():
        if key in value:
            return write(value, world, name)
    result = _shown(value_of(value, world, name))
    return Text(result, result)


def brief_working(value: Yaml, world: World, on: str | None = None) -> Text:
    """The same where two are held against each other: without what leads to it, where that is a list."""
    if isinstance(value, Mapping) and ("taken" in value or "picked" in value):
        result = value_of(value, world, on)
        if "picked" in value:
            return _connection(value["picked"], str(result) or "-")
        return Text(f"{value['taken']} takes {result}", f"{value['taken']} 接到 {result} 个")
    return working(value, world, on)


def _shown(value: object) -> str:
    """A figure as one reads it."""
    if isinstance(value, float):
        value = Fraction(str(value))
    if isinstance(value, Fraction) and value.denominator != 1 and (abs(value) > 1 or value.denominator > 1000):
        return f"{float(value):.4g}" if abs(value) < 1000 else f"{float(value):.1f}"
    return str(value)


def _term(value: Yaml, world: World, name: str) -> str:
    """A part of a sum: its result alone, with the sum itself in brackets where it is one."""
    if isinstance(value, Mapping):
        for key in ("add", "subtract", "multiply", "divide"):
            if key in value:
                return f"({_joined(key, value[key], world, str(value.get('for', name)))})"
    return _shown(value_of(value, world, name))


_SIGNS = {"add": " + ", "subtract": " - ", "multiply": " × ", "divide": " / "}


def _joined(key: str, parts: Yaml, world: World, name: str) -> str:
    return _SIGNS[key].join(_term(part, world, name) for part in _list(parts))


def _sum(key: str) -> Callable[[Mapping[str, Yaml], World, str], Text]:
    def write(value: Mapping[str, Yaml], world: World, name: str) -> Text:
        result = value_of(value, world, name)
        told = f"{_joined(key, value[key], world, name)} = {_shown(result)}"
        if isinstance(result, Fraction) and 0 < result < 1:
            told += f" ({float(result):.3g})"
        listed = [_named(part, world, name) for part in _list(value[key])]
        if not any(listed):
            return Text(told, told)
        return Text(
            f"{told}; {', '.join(text.en for text in listed if text)}",
            f"{told}；{'，'.join(text.zh for text in listed if text)}",
        )

    return write


def _named(part: Yaml, world: World, name: str) -> Text | None:
    """What a part of a sum is, where it is something by itself."""
    if isinstance(part, Mapping) and any(key in part for key in ("add", "subtract", "multiply")):
        sums = ("add", "subtract", "multiply")
        found = [_named(each, world, name) for key in sums for each in _list(part.get(key))]
        texts = [text for text in found if text]
        return Text(", ".join(t.en for t in texts), "，".join(t.zh for t in texts)) if texts else None
    if isinstance(part, Mapping) and ("figure" in part or "fact" in part or "chance" in part):
        return working(part, world, name)
    return None


def _list(value: Yaml) -> Sequence[Yaml]:
    return value if isinstance(value, (list, tuple)) else ()


def _chance(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    """The ways that fit, each with its share of those that the question is about."""
    wanted = value["chance"]
    assert isinstance(wanted, Mapping)
    name = str(wanted.get("for", name))
    every = outcomes_of(world, name)
    whole = sum((way.probability for way in every), Fraction(0))
    fitting = [way for way in every if fits(wanted, world, name, way)]
    result = sum((way.probability for way in fitting), Fraction(0)) / whole
    shares = [way.probability / whole for way in fitting]
    if len(set(shares)) == 1 and len(shares) > 1:
        terms = f"{len(shares)} × {shares[0]}"
    else:
        terms = " + ".join(_times(share, count) for share, count in _counted(shares)) or "0"
    told = terms if terms == str(result) else f"{terms} = {result}"
    pods = list(dict.fromkeys(filter(None, (world.endpoint(name, way)[0] or way.destination for way in fitting))))
    places = f" ({', '.join(pods[:_MOST])}{', …' if len(pods) > _MOST else ''})" if pods else ""
    of = f"{len(fitting)} of {len(every)} ways", f"{len(every)} 条路径中的 {len(fitting)} 条"
    of_whom = _of_whom(world, name) if "for" in value or "for" in wanted else Text("", "")
    if not fitting:
        others = dict.fromkeys(world.endpoint(name, way)[0] or f"{way.verdict} {way.destination}" for way in every)
        return Text(
            f"{of_whom.en}{of[0]}, for they go to {', '.join(others)}: 0",
            f"{of_whom.zh}{of[1]}，都去往 {'、'.join(others)}：0",
        )
    listed = f"（{'、'.join(pods[:_MOST])}{'…' if len(pods) > _MOST else ''}）" if pods else ""
    return Text(f"{of_whom.en}{of[0]}{places}: {told}", f"{of_whom.zh}{of[1]}{listed}：{told}")


def _counted(shares: Sequence[Fraction]) -> list[tuple[Fraction, int]]:
    return [(share, len(list(group))) for share, group in itertools.groupby(sorted(shares, reverse=True))]


def _times(share: Fraction, count: int) -> str:
    return str(share) if count == 1 else f"{count} × {share}"


def _rules(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    """So many a chain: chains of one kind and size together."""
    wanted = value.get("count_rules", value.get("count_chains"))
    assert isinstance(wanted, Mapping)
    lines = matching_rules(wanted, world, name, chains="count_chains" in value)
    sizes: dict[str, int] = {}
    for line in lines:
        sizes[line.chain] = sizes.get(line.chain, 0) + 1
    kinds: dict[tuple[str, int], list[str]] = {}
    for chain, count in sizes.items():
        kinds.setdefault((shared_by(chain), count), []).append(chain)
    terms = [
        f"{count} ({chains[0]})" if len(chains) == 1 else f"{len(chains)} × {count} ({kind}…)"
        for (kind, count), chains in kinds.items()
    ]
    if len(terms) > _MOST:
        terms = [*terms[:_MOST], f"{len(lines) - sum(_size(kinds, at) for at in range(_MOST))} (…)"]
    told = " + ".join(terms) or "0"
    told = f"{told} = {len(lines)}" if len(terms) > 1 or terms and "×" in terms[0] else told
    return Text(f"{wanted['node']}: {told}", f"{wanted['node']}：{told}")


def _size(kinds: Mapping[tuple[str, int], Sequence[str]], at: int) -> int:
    (_, count), chains = list(kinds.items())[at]
    return count * len(chains)


def _entries(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    wanted = value["count_entries"]
    assert isinstance(wanted, Mapping)
    found = [brief(entry.text) for entry in matching_entries(wanted, world, name)]
    listed = ", ".join(found[:_MOST]) + (f", … (+{len(found) - _MOST})" if len(found) > _MOST else "")
    place = f"{wanted['node']} {wanted.get('set', '')}".strip()
    if not found:
        return Text(f"{place}: 0", f"{place}：0")
    return Text(f"{len(found)} on {place}: {listed}", f"{place} 共 {len(found)} 个：{listed}")


def _fact(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    key = str(value["fact"])
    result = _shown(value_of(value, world, name))
    of_whom = _of_whom(world, name) if "for" in value else Text("", "")
    if key == "nodes":
        nodes = {node.name for node in world.cluster(name).nodes}
        passed = [host for hop in outcomes_of(world, name)[0].hops if (host := host_name(hop.host)) in nodes]
        hosts = list(dict.fromkeys(passed))
        return Text(
            f"{of_whom.en}{result} ({', '.join(hosts)})",
            f"{of_whom.zh}{result}" + (f"（{'、'.join(hosts)}）" if hosts else ""),
        )
    if key == "path_mtu":
        mtu, overhead = world.cluster(name).cni.mtu, value_of({"fact": "overhead"}, world, name)
        kind = value_of({"fact": "encapsulation"}, world, name)
        told = f"{mtu} - {overhead} ({kind}) = {result}"
        return Text(f"{of_whom.en}{told}", f"{of_whom.zh}{told}")
    words = _NAMES.get(key)
    if words is None:
        return Text(f"{of_whom.en}{result}", f"{of_whom.zh}{result}")
    return Text(f"{of_whom.en}{result} {words.en}", f"{of_whom.zh}{result} {words.zh}")


def _of_whom(world: World, name: str) -> Text:
    """Which request's figure it is, as it stands in front."""
    en, zh = (request_name(name, lang, world.request(name).route) for lang in LANGS)
    return Text(f"{en}: ", f"{zh}：")


def _taken(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    from k8squiz.world.virtual_servers import history

    found = history(world.question)
    if found is None:
        raise QuizError(f"{world.question.id}: ask.ipvs is missing", f"{world.question.id}：缺少 ask.ipvs")
    wanted = WORD.read(value["taken"], Place(world.question.template, ("ask",)))
    at = [str(number) for number, server in enumerate(found.picks, 1) if server == wanted]
    listed = ", ".join(at[:12]) + (", …" if len(at) > 12 else "")
    return Text(
        f"{wanted} takes {len(at)} of {len(found.picks)}: connections {listed or '-'}",
        f"{wanted} 接到 {len(found.picks)} 个中的 {len(at)} 个：第 {listed or '-'} 个连接",
    )


def _picked(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    from k8squiz.world.virtual_servers import history

    found = history(world.question)
    if found is None:
        raise QuizError(f"{world.question.id}: ask.ipvs is missing", f"{world.question.id}：缺少 ask.ipvs")
    server = found.picked(WORD.read(value["picked"], Place(world.question.template, ("ask",)))) or "-"
    picks = " ".join(pick or "-" for pick in found.picks[-8:])
    lead = "… " if len(found.picks) > 8 else ""
    told = _connection(value["picked"], server)
    return Text(f"{told.en} (in order: {lead}{picks})", f"{told.zh}（依次为：{lead}{picks}）")


def _connection(which: Yaml, server: str) -> Text:
    if which == "last":
        return Text(f"the last connection goes to {server}", f"最后一个连接去往 {server}")
    return Text(f"connection {which} goes to {server}", f"第 {which} 个连接去往 {server}")


# What the counts of a size alone are called.
_FIGURES: Mapping[str, Text] = {
    "chains": Text("chains", "链"),
    "rules": Text("rules", "规则"),
    "elements": Text("elements", "元素"),
    "first": Text("rules for the first Service", "访问第一个 Service 匹配的规则"),
    "middle": Text("rules for the middle Service", "访问中间的 Service 匹配的规则"),
    "average": Text("rules on average", "平均匹配的规则"),
    "last": Text("rules for the last Service", "访问最后一个 Service 匹配的规则"),
    "none": Text("rules for an address of no Service", "访问非 Service 地址匹配的规则"),
    "later": Text("rules for a later packet", "后续数据包匹配的规则"),
    "last_lookups": Text("look-ups for the last Service", "访问最后一个 Service 的查找次数"),
    "full_sync": Text("lines of a full sync", "全量同步写入的行"),
    "one_endpoint": Text("lines after one endpoint changed", "一个端点变化后写入的行"),
}


def _figure(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    result = _shown(value_of(value, world, name))
    asked = value["figure"]
    other = asked if isinstance(asked, Mapping) else {}
    spec = size_spec(world.question)
    label = str(other.get("name", asked if not isinstance(asked, Mapping) else ""))
    words = _FIGURES.get(label, Text(label, label))
    if spec is None:
        return Text(f"{words.en} {result}", f"{words.zh} {result}")
    size = f"{other.get('mode', spec.mode)}, {other.get('services', spec.services)} × {other.get('endpoints', spec.endpoints)}"
    return Text(f"{words.en} ({size}): {result}", f"{words.zh}（{size}）：{result}")


def _lookup(value: Mapping[str, Yaml], world: World, name: str) -> Text:
    spec = value["lookup"]
    assert isinstance(spec, Mapping)
    told, asked = told_figure(spec, world, name), str(spec.get("name", ""))
    return Text(f"{asked}, looked up: {told.en}", f"查询 {asked}：{told.zh}")


def _inner(key: str) -> Callable[[Mapping[str, Yaml], World, str], Text]:
    """A figure of one other: that one's working and what becomes of it."""

    def write(value: Mapping[str, Yaml], world: World, name: str) -> Text:
        inner, result = working(value[key], world, name), _shown(value_of(value, world, name))
        return Text(f"{inner.en} → {result}", f"{inner.zh} → {result}")

    return write


_WORKINGS: dict[str, Callable[[Mapping[str, Yaml], World, str], Text]] = {
    "fact": _fact,
    "chance": _chance,
    "count_rules": _rules,
    "count_chains": _rules,
    "count_entries": _entries,
    "add": _sum("add"),
    "subtract": _sum("subtract"),
    "multiply": _sum("multiply"),
    "divide": _sum("divide"),
    "percent": _inner("percent"),
    "round": _inner("round"),
    "picked": _picked,
    "taken": _taken,
    "figure": _figure,
    "lookup": _lookup,
}
assert set(_WORKINGS) <= set(VALUES)
