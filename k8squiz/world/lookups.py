"""Names looked up by a pod of the question's cluster: which queries leave it, in which order, and what comes back.

The answers are engine.dns'; the resolv.conf is the pod's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from engine.trace import Text
from k8squiz.bank.yaml_values import Yaml
from k8squiz.errors import QuizError, unknown

if TYPE_CHECKING:
    from engine.cluster import Cluster
    from engine.dns import Lookup
    from k8squiz.world.facts import Fact
    from k8squiz.world.world import World

# What may be asked of a look-up.
LOOKUP_FACTS: Mapping[str, Callable[[Lookup], Fact]] = {
    "queries": lambda found: len(found.queries),
    "names": lambda found: len({query.name.rstrip(".") for query in found.queries}),
    "asked_first": lambda found: found.queries[0].name.rstrip(".") if found.queries else "",
    "asked_last": lambda found: found.queries[-1].name.rstrip(".") if found.queries else "",
    "result": lambda found: " ".join(found.result),
    "answers": lambda found: len(found.result),
    "found": lambda found: bool(found.result),
    "error": lambda found: found.error,
    "seconds": lambda found: round(found.seconds, 1),
}
_TOLD: Mapping[str, Text] = {
    "queries": Text("{value} queries", "发出 {value} 次查询"),
    "names": Text("{value} names asked for", "查询了 {value} 个名称"),
    "asked_first": Text("asked for first: {value}", "最先查询 {value}"),
    "asked_last": Text("asked for last: {value}", "最后查询 {value}"),
    "result": Text("result {value}", "结果为 {value}"),
    "answers": Text("{value} addresses", "得到 {value} 个地址"),
    "error": Text("error {value}", "错误 {value}"),
    "seconds": Text("{value} seconds", "耗时 {value} 秒"),
}
_NOTHING = Text("not found", "解析不到")


def told_fact(name: str, value: Fact) -> Text:
    """A fact of a look-up, in words."""
    if name == "found":
        return Text("found", "解析成功") if value else _NOTHING
    if name == "result" and not value:
        return _NOTHING
    told = _TOLD[name]
    return Text(told.en.format(value=value), told.zh.format(value=value))


# What a look-up is told by: who asks, for which name, with which library, for which addresses; servers that never answer.
LOOKUP_KEYS = ("from", "name", "libc", "family", "dead")


def look_up_name(spec: Mapping[str, Yaml], world: World, on: str) -> Lookup:
    """The look-up that `spec` tells of, in the cluster of request `on`. Raises QuizError, EngineError."""
    from engine.dns import lookup
    from engine.shell.names import unreachable_servers, zone_behind
    from engine.shell.resolver import resolv_conf

    live = world.live(on)
    name = str(spec.get("from", ""))
    pod = next((one for one in live.cluster.pods if one.name == name), None)
    if pod is None:
        raise unknown("pod", name, [one.name for one in live.cluster.pods], f"{world.question.id}: lookup: ")
    host = live.host_named(f"pod/{pod.namespace}/{pod.name}")
    text = resolv_conf(live, host)
    given = spec.get("dead", ())
    dead = [str(one) for one in given] if isinstance(given, (list, tuple)) else [str(given)]
    libc, family = str(spec.get("libc", "glibc")), str(spec.get("family", "unspec"))
    return lookup(
        resolv_conf=text, name=str(spec.get("name", "")), libc=libc, family=family,  # type: ignore[arg-type]
        zone=zone_behind(live, text), dead=(*unreachable_servers(live, host, text)[0], *dead),
    )  # fmt: skip


def addresses_of(service: str, namespace: str, cluster: Cluster) -> tuple[str, ...]:
    """The IPv4 addresses that a Service's full name has in DNS; an ExternalName's are those of the host outside that it names."""
    from engine.dns import records

    found: list[str] = []
    for kind, value in records(cluster).get(f"{service}.{namespace}.svc.cluster.local", ()):
        outside = cluster.network.external_hosts.get(value.rstrip(".")) if kind == "CNAME" else None
        found += [value] if kind == "A" else [outside] if outside else []
    return tuple(found)


def lookup_figure(spec: Mapping[str, Yaml], world: World, on: str) -> Fact:
    """The fact that `spec` asks for by `of`: how many queries, where it does not say."""
    return _fact(str(spec.get("of", "queries")), spec, world, on)


def told_figure(spec: Mapping[str, Yaml], world: World, on: str) -> Text:
    """That fact, in words."""
    return told_fact(str(spec.get("of", "queries")), lookup_figure(spec, world, on))


def lookup_wanted(spec: Mapping[str, Yaml], world: World, on: str) -> tuple[dict[str, Yaml], Callable[[str], Fact]]:
    """What `spec` wants to hold of the look-up, and the facts to hold it against. Raises QuizError where it wants nothing."""
    wanted = {name: value for name, value in spec.items() if name not in LOOKUP_KEYS}
    if not wanted:
        raise QuizError(
            f"{world.question.id}: lookup: nothing is asked of it", f"{world.question.id}：lookup：没有要判断的内容"
        )
    return wanted, lambda name: _fact(name, spec, world, on)


def _fact(name: str, spec: Mapping[str, Yaml], world: World, on: str) -> Fact:
    if name not in LOOKUP_FACTS:
        raise unknown("fact of a look-up", name, LOOKUP_FACTS)
    return LOOKUP_FACTS[name](look_up_name(spec, world, on))
