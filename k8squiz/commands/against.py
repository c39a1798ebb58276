"""`k8squiz trace --against ...`: the same request in another world, beside the first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import engine
from engine.cluster import Cluster, Service
from engine.errors import NoSuchObject
from engine.fabric.fabric import Fabric
from engine.proxy.interface import MODES
from engine.trace import Outcome, Text
from k8squiz.commands.input import read_cluster
from k8squiz.commands.trace import DEFAULT_SEED, Options, Shown, asked_text, fabric_of
from k8squiz.errors import unknown
from k8squiz.locale.i18n import Lang
from k8squiz.terminal.console import make_console

POLICIES = ("Cluster", "Local")


def show(options: Options, fabric: Fabric, outcome: Outcome, shown: Shown, lang: Lang) -> None:
    """Print, or write, the walk beside the same request's where `shown.against` says."""
    from k8squiz.story.picture.beside import beside
    from k8squiz.story.picture.layout import lay_out

    other_options, other_fabric = _other(options, fabric.cluster, shown.against, lang)
    other = _same_way(other_options, other_fabric, outcome)
    left, right = lay_out(outcome, fabric), lay_out(other, other_fabric)
    asked, others = asked_text(fabric, options.request), asked_text(other_fabric, other_options.request)
    said = ", ".join(shown.against)
    names = (asked, Text(f"{others.en} ({said})", f"{others.zh}（{said}）"))
    pair = beside(left, right)
    if shown.export is not None:
        from k8squiz.commands.explain import write
        from k8squiz.story.picture.export import exported

        title = Text(f"{asked.en}, against {said}", f"{asked.zh}，对照 {said}")
        write(
            shown.export, exported(shown.export.suffix, title, list(zip(names, (left, right), strict=True)), lang, pair)
        )
        return
    from k8squiz.screens.picture import beside_view, picture_view

    console = make_console()
    if shown.picture:
        console.print(picture_view(left, lang), "", picture_view(right, lang), "")
    console.print(beside_view(pair, names, lang))


def _same_way(options: Options, fabric: Fabric, outcome: Outcome) -> Outcome:
    """The way to the same endpoint, where there is one: which endpoint is drawn is no difference of the worlds."""
    seed = options.seed if options.seed is not None else DEFAULT_SEED
    drawn = engine.outcomes(fabric.cluster, options.request, fabric.mode, seed=seed, fabric=fabric)[0]
    if drawn.destination == outcome.destination:
        return drawn
    every = engine.outcomes(fabric.cluster, options.request, fabric.mode, fabric=fabric)
    return next((way for way in every if way.destination == outcome.destination), drawn)


def _other(options: Options, cluster: Cluster, against: Sequence[str], lang: Lang) -> tuple[Options, Fabric]:
    """The options and the hosts of the other world. Raises QuizError for a word that says nothing."""
    files = tuple(word for word in against if not _is_change(word))
    if files:
        options = dataclasses.replace(options, paths=files)
        cluster = read_cluster(files, lang)
    for word in against:
        if not _is_change(word):
            continue
        name, _, value = word.partition("=")
        if name == "mode":
            options = dataclasses.replace(options, mode=_one_of("mode", value, tuple(MODES)))
        elif name == "release":
            options = dataclasses.replace(options, release=value)
        else:
            cluster = _CHANGES[name](cluster, value)
    return options, fabric_of(options, cluster, lang)


def _is_change(word: str) -> bool:
    """Whether it is NAME=VALUE of a change there is; anything else names a file."""
    name, sign, _ = word.partition("=")
    return bool(sign) and name in ("mode", "release", *_CHANGES)


def _one_of(what: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise unknown(what, value, known)
    return value


def _without(cluster: Cluster, value: str) -> Cluster:
    parts = frozenset(part.strip() for part in value.split(",") if part.strip())
    return dataclasses.replace(
        cluster, network=dataclasses.replace(cluster.network, without=cluster.network.without | parts)
    )


def _external(cluster: Cluster, value: str) -> Cluster:
    policy = _one_of("traffic policy", value, POLICIES)
    return _each_service(cluster, lambda service: dataclasses.replace(service, external_traffic_policy=policy))


def _internal(cluster: Cluster, value: str) -> Cluster:
    policy = _one_of("traffic policy", value, POLICIES)
    return _each_service(cluster, lambda service: dataclasses.replace(service, internal_traffic_policy=policy))


def _each_service(cluster: Cluster, change: Callable[[Service], Service]) -> Cluster:
    if not cluster.services:
        raise NoSuchObject("there is no Service whose policy could be another", zh="没有可以更改策略的 Service")
    return dataclasses.replace(cluster, services=tuple(map(change, cluster.services)))


_CHANGES: dict[str, Callable[[Cluster, str], Cluster]] = {
    "without": _without,
    "external-policy": _external,
    "internal-policy": _internal,
}
