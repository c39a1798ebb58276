"""Why a predicate of a question file holds or does not: one line, read off the same walk, rules and entries as the
predicate itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.trace import ConntrackView, Direction, Hop, Outcome, Stage, Text
from k8squiz.bank.yaml_values import Yaml
from k8squiz.locale.i18n import LANGS
from k8squiz.locale.names import request_name
from k8squiz.world.comparisons import match
from k8squiz.world.facts import conntrack_fact, hop_fact
from k8squiz.world.lookups import lookup_wanted, told_fact
from k8squiz.world.predicates import OPERATORS, Predicate, fits, matching_entries, matching_rules, outcomes_of
from k8squiz.world.rule_lines import brief
from k8squiz.world.working import brief_working, figured, working
from k8squiz.world.world import World, direction_of, host_name

_MOST = 4
_ENDING = frozenset({"verdict", "code", "died_on", "died_in", "died_at", "direction"})
_SOURCE = frozenset({"source_seen", "source_kept"})
_ENDPOINT = frozenset({"endpoint", "endpoint_node", "destination", "destination_ip", "destination_port"})


def evidence(predicate: Predicate, world: World, on: str | None = None) -> Text:
    """What decides whether `predicate` is true of request `on` (default: the first): the rule, the entry, the hop, the
    figures. Raises as predicates.holds does."""
    name = str(predicate.get("for", on or world.first))
    outcome = max(outcomes_of(world, name), key=lambda way: way.probability)
    told = list(dict.fromkeys((text.en, text.zh) for text in _told(predicate, world, name, outcome)))
    several = len(world.question.requests) > 1 and _walks(predicate)
    en, zh = "; ".join(en for en, _ in told), "；".join(zh for _, zh in told)
    if not several:
        return Text(en, zh)
    called = [request_name(name, lang, world.request(name).route) for lang in LANGS]
    return Text(f"{called[0]}: {en}", f"{called[1]}：{zh}")


def _walks(predicate: Predicate) -> bool:
    """Whether it speaks of one request's walk itself, rather than of figures that name theirs."""
    return not {"all", "any", "not", "compare"} & set(predicate)


def _told(predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    facts = [key for key in predicate if key not in OPERATORS and key not in ("for", "is")]
    if _ENDING & set(facts):
        yield ended(outcome)
    if _SOURCE & set(facts):
        yield source(outcome)
    if _ENDPOINT & set(facts):
        yield endpoints(world, name, outcome)
    for key in facts:
        if key == "masqueraded":
            yield masquerade(outcome)
        elif key not in _ENDING | _SOURCE | _ENDPOINT:
            yield working({"fact": key}, world, name)
    for key, value in predicate.items():
        if key in _BY_OPERATOR:
            yield from _BY_OPERATOR[key](value, predicate, world, name, outcome)


def ended(outcome: Outcome) -> Text:
    """How a walk ends: the verdict; where and by which rule, or why, it died."""
    where = outcome.where
    if where is None:
        seen = outcome.source_seen or "-"
        return Text(
            f"{outcome.verdict} at {outcome.destination}, the server sees {seen}",
            f"{outcome.verdict}，到达 {outcome.destination}，服务端看到 {seen}",
        )
    place = " ".join(filter(None, (host_name(where.host), where.table, where.chain)))
    back = where.direction is Direction.REPLY
    rule = brief(where.rule) if where.rule else ""
    return Text(
        f"{outcome.verdict} on {place}{' (reply)' if back else ''}, {where.reason.en}{rule and f': {rule}'}",
        f"{outcome.verdict}，{place}{'（回程）' if back else ''}：{where.reason.zh}{rule and f'：{rule}'}",
    )


def source(outcome: Outcome) -> Text:
    """Which hop rewrites the source on the way there, or that none does."""
    changed = [hop for hop in outcome.hops if any(change.field == "src" for change in hop.changes)]
    if not changed:
        return Text(
            f"no hop rewrites the source: it stays {outcome.hops[0].src}",
            f"没有一跳改写源地址：一直是 {outcome.hops[0].src}",
        )
    return _rewritten(changed[-1], "src")


def masquerade(outcome: Outcome) -> Text:
    """By which rule kube-proxy masquerades it, or that none does."""
    if outcome.masqueraded:
        rewriting = (hop for hop in outcome.hops if any(change.field == "src" for change in hop.changes))
        hop = next((hop for hop in rewriting if hop.stage is Stage.SNAT), None)
        if hop is not None:
            return _rewritten(hop, "src")
    marked = next((hop for hop in outcome.hops if hop.mark), None)
    if marked is None:
        return Text(
            "no rule marks it for masquerading on its first node", "在第一个节点上没有规则给它打 MASQUERADE 标记"
        )
    return Text(f"mark {marked.mark:#x} at hop {marked.n}", f"第 {marked.n} 跳打上标记 {marked.mark:#x}")


def _rewritten(hop: Hop, field: str) -> Text:
    change = next(change for change in hop.changes if change.field == field)
    rule = brief(hop.rule) if hop.rule else ""
    place = f"{host_name(hop.host)} {hop.stage}"
    told = f"{field} {change.before} » {change.after}"
    return Text(
        f"hop {hop.n}, {place}: {told}{rule and f': {rule}'}", f"第 {hop.n} 跳，{place}：{told}{rule and f'：{rule}'}"
    )


def endpoints(world: World, name: str, outcome: Outcome) -> Text:
    """Where it goes: the hop that decides, or all places that may be drawn."""
    ways = outcomes_of(world, name)
    rewritten = [hop for hop in outcome.hops if any(change.field == "dst" for change in hop.changes)]
    if len(ways) == 1 and rewritten:
        return _rewritten(rewritten[0], "dst")
    places = dict.fromkeys(_where(world, name, way) for way in ways)
    listed = ", ".join([*list(places)[:_MOST], *(["…"] if len(places) > _MOST else [])])
    return Text(f"it can go to {listed}", f"它可能去往 {listed}")


def _where(world: World, name: str, outcome: Outcome) -> str:
    pod, node = world.endpoint(name, outcome)
    return f"{pod} ({outcome.destination}, {node})" if pod else outcome.destination


def _hops(of: str) -> Callable[[Yaml, Predicate, World, str, Outcome], Iterator[Text]]:
    def told(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
        wanted = _conditions(value)
        hops = direction_of(outcome, of)
        found = [hop for hop in hops if all(match(hop_fact(key, hop), want) for key, want in wanted.items())]
        if found:
            yield hop_line(found[0], of)
            return
        host = wanted.get("host")
        there = [hop for hop in hops if host is not None and match(hop_fact("host", hop), host)]
        if there:
            stages = " › ".join(dict.fromkeys(str(hop.stage) for hop in there))
            place = host_name(there[0].host)
            yield Text(f"on {place} the {of} passes {stages}", f"{_OF[of]}在 {place} 上经过 {stages}")
        elif host is not None:
            passed = " › ".join(dict.fromkeys(host_name(hop.host) for hop in hops))
            yield Text(f"the {of} passes {passed or 'no host'}", f"{_OF[of]}经过 {passed or '（无）'}")
        else:
            yield Text(f"no hop of the {of} has {_words(wanted)}", f"{_OF[of]}没有一跳符合 {_words(wanted)}")

    return told


_OF = {"request": "请求", "reply": "响应"}


def hop_line(hop: Hop, of: str = "request") -> Text:
    """A hop in a line: where, what it rewrites, the rule that decided (else the chain)."""
    chain = () if hop.rule else (hop.table, hop.chain)
    place = " ".join(filter(None, (host_name(hop.host), str(hop.stage), *chain)))
    changes = ", ".join(f"{change.field} {change.before} » {change.after}" for change in hop.changes)
    rest = ": ".join(filter(None, (changes, brief(hop.rule or ""))))
    reply = of == "reply"
    return Text(
        f"{'reply ' if reply else ''}hop {hop.n}, {place}" + (f": {rest}" if rest else ""),
        f"{'回程' if reply else ''}第 {hop.n} 跳，{place}" + (f"：{rest}" if rest else ""),
    )


def _rule(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    wanted = _conditions(value)
    node = str(wanted["node"])
    found = matching_rules(wanted, world, name)
    if found:
        yield Text(
            f"{node}: {_several([brief(line.text) for line in found])}",
            f"{node}：{_several([brief(line.text) for line in found])}",
        )
        return
    rest = {key: want for key, want in wanted.items() if key not in ("node", "family", "release")}
    # Without what the text must hold: what stands in that chain instead.
    near = matching_rules({key: want for key, want in wanted.items() if key != "text"}, world, name)
    if near and ("chain" in wanted):
        told = _several([brief(line.text) for line in near])
        yield Text(
            f"{node} has none with {_text(rest['text'])}, but: {told}",
            f"{node} 上没有含 {_text(rest['text'])} 的规则，只有：{told}",
        )
    else:
        yield Text(f"{node} has no rule with {_words(rest)}", f"{node} 上没有符合 {_words(rest)} 的规则")


def _entry(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    wanted = _conditions(value)
    node, label = str(wanted["node"]), _text(wanted.get("set", ""))
    found = matching_entries(wanted, world, name)
    if found:
        told = _several([f"{entry.set}: {brief(entry.text)}" for entry in found])
        yield Text(f"{node}, {told}", f"{node}，{told}")
        return
    near = matching_entries({key: want for key, want in wanted.items() if key != "text"}, world, name)
    if near:
        told = _several([brief(entry.text) for entry in near])
        yield Text(f"{label} on {node} holds {told}", f"{node} 的 {label} 中只有 {told}")
    else:
        yield Text(f"{label} on {node} is empty, or not there", f"{node} 的 {label} 为空或不存在")


def _conntrack(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    wanted = _conditions(value)

    def all_fit(entry: ConntrackView, keys: Sequence[str]) -> bool:
        return all(match(conntrack_fact(key, entry), wanted[key]) for key in keys)

    found = [entry for entry in outcome.conntrack if all_fit(entry, list(wanted))]
    near = found or [entry for entry in outcome.conntrack if all_fit(entry, ["host"] if "host" in wanted else [])]
    if near:
        told = _several([_flows(entry) for entry in near], 2)
        yield Text(f"conntrack: {told}", f"conntrack：{told}")
        return
    hosts = ", ".join(dict.fromkeys(host_name(entry.host) for entry in outcome.conntrack))
    if hosts:
        yield Text(f"it has conntrack entries on {hosts} alone", f"只有 {hosts} 上有它的 conntrack 表项")
    else:
        end = ended(outcome)
        yield Text(f"no conntrack entry stays: {end.en}", f"没有留下 conntrack 表项：{end.zh}")


def _flows(entry: ConntrackView) -> str:
    there, back = entry.original, entry.reply
    return f"{host_name(entry.host)} {there.source} → {there.destination} | {back.source} → {back.destination}"


def _lookup(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    """What the resolver gets, fact by fact."""
    wanted, read = lookup_wanted(_conditions(value), world, name)
    told = [told_fact(key, read(key)) for key in wanted]
    asked = _text(_conditions(value).get("name", ""))
    yield Text(
        f"{asked}, looked up: {', '.join(one.en for one in told)}", f"查询 {asked}：{'，'.join(one.zh for one in told)}"
    )


def _compare(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    assert isinstance(value, (list, tuple))
    left, word, right = value
    both = isinstance(left, Mapping) and figured(right)
    write = brief_working if both else working
    ours, theirs = write(left, world, name), write(right, world, name)
    if not both:
        # A name that is or is not the one: which it is says it all.
        yield ours
        return
    true = OPERATORS["compare"].holds(value, predicate, world, name, outcome)
    sign = _SIGNS[str(word)][not true]
    yield Text(f"{ours.en} {sign} {theirs.en}", f"{ours.zh} {sign} {theirs.zh}")


# A comparison, and what is so where it does not hold.
_SIGNS = {
    "eq": ("=", "≠"),
    "ne": ("≠", "="),
    "gt": (">", "≤"),
    "ge": ("≥", "<"),
    "lt": ("<", "≥"),
    "le": ("≤", ">"),
    "contains": ("⊇", "⊉"),
    "prefix": ("⊇", "⊉"),
    "in": ("∈", "∉"),
}


def _parts(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    """The parts that decide: of `all` those that fail, of `any` those that hold; where there are none, every one."""
    every = [_conditions(part) for part in value] if isinstance(value, (list, tuple)) else []
    decides = "any" in predicate
    deciding = [part for part in every if fits(part, world, name, outcome) is decides]
    for part in deciding[:1] or every:
        yield evidence(part, world, name)


def _one(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    yield evidence(_conditions(value), world, name)


def _some(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    """Of `some` a way that fits, of `every` one that does not; where there is none, the likeliest."""
    part = _conditions(value)
    wanted = "some" in predicate
    ways = outcomes_of(world, name)
    telling = next((way for way in ways if fits(part, world, name, way) is wanted), ways[0])
    yield from _told(part, world, name, telling)


def _chance(value: Yaml, predicate: Predicate, world: World, name: str, outcome: Outcome) -> Iterator[Text]:
    yield working({"chance": value}, world, name)


_BY_OPERATOR: dict[str, Callable[[Yaml, Predicate, World, str, Outcome], Iterator[Text]]] = {
    "passes": _hops("request"),
    "reply_passes": _hops("reply"),
    "rule": _rule,
    "entry": _entry,
    "conntrack": _conntrack,
    "lookup": _lookup,
    "all": _parts,
    "any": _parts,
    "not": _one,
    "some": _some,
    "every": _some,
    "chance": _chance,
    "compare": _compare,
}
assert set(_BY_OPERATOR) == set(OPERATORS)


def _conditions(value: Yaml) -> Mapping[str, Yaml]:
    return value if isinstance(value, Mapping) else {}


def _several(texts: Sequence[str], most: int = _MOST) -> str:
    """The first few, and how many more there are."""
    shown = ", ".join(texts[:most])
    return shown if len(texts) <= most else f"{shown}, … (+{len(texts) - most})"


def _words(wanted: Mapping[str, Yaml]) -> str:
    return ", ".join(f"{key} {_text(want)}" for key, want in wanted.items())


def _text(want: Yaml) -> str:
    if isinstance(want, Mapping):
        return " ".join(str(value) for value in want.values())
    return str(want)
