"""A story's cluster, brought to life: walks, rules and facts read off them. Nothing here knows a topic."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable

from engine import Request, compile_rules, load_cluster, outcomes
from engine.cluster import Cluster, Mode
from engine.fabric.fabric import build_fabric
from engine.trace import Hop, Outcome, Stage, Text
from k8squiz.explain.clusters import Shape, manifests
from k8squiz.story.blocks import BesideWalk, Live, Step, Walk
from k8squiz.story.picture.beside import beside
from k8squiz.story.picture.layout import lay_out
from k8squiz.world.release import as_of, told


# A story asks for the same clusters again and again: one object each lets the engine find what it has built for them.
@functools.lru_cache(maxsize=32)
def _loaded(shape: Shape, release: str) -> Cluster:
    assert release == told()
    return as_of(load_cluster(text=manifests(shape)))


@functools.lru_cache(maxsize=32)
def _without(shape: Shape, without: frozenset[str], release: str) -> Cluster:
    loaded = _loaded(shape, release)
    return dataclasses.replace(
        loaded, network=dataclasses.replace(loaded.network, without=loaded.network.without | without)
    )


class StoryCluster:
    """One cluster with some parts taken away (`without`), in one proxy mode."""

    def __init__(self, shape: Shape, without: frozenset[str] = frozenset(), mode: Mode = Mode.IPTABLES) -> None:
        self.mode = mode
        self.cluster = _without(shape, without, told())

    def all(self, source: str, destination: str, node: str | None = None) -> tuple[Outcome, ...]:
        """Every way the request can go."""
        request = Request(source=source, destination=destination, protocol="TCP", node=node)
        return outcomes(self.cluster, request, mode=self.mode)

    def walk(self, source: str, destination: str, *, to: str | None = None, node: str | None = None) -> Outcome:
        """The way that ends at the endpoint with address `to`, or the first there is."""
        found = self.all(source, destination, node)
        if to is None:
            return found[0]
        return next((outcome for outcome in found if outcome.destination.rsplit(":", 1)[0] == to), found[0])

    def told(self, caption: Text, outcome: Outcome) -> Walk:
        """The walk as a block of a story, picture and all."""
        return Walk(caption, outcome, lay_out(outcome, build_fabric(self.cluster, self.mode)))

    def beside(
        self, other: StoryCluster, caption: Text, names: tuple[Text, Text], asked: tuple[str, str], to: str
    ) -> BesideWalk:
        """The request from `asked` [0] to [1] that ends at `to`, here and in `other`, side by side."""
        left, right = (
            lay_out(world.walk(*asked, to=to), build_fabric(world.cluster, world.mode)) for world in (self, other)
        )
        return BesideWalk(caption, names, beside(left, right))

    def live(self, name: Text, source: str, destination: str) -> Live:
        """The request as a case for a real kernel."""
        return Live(name, self.cluster, self.mode, Request(source, destination))

    def rule_lines(self, node: str, *needles: str) -> tuple[str, ...]:
        """The lines of `node`'s ruleset that hold any of `needles`, in the ruleset's order."""
        text = str(compile_rules(self.cluster, node, self.mode))
        return tuple(line for line in text.splitlines() if any(needle in line for needle in needles))


def first(hops: Iterable[Hop], stage: Stage, where: Callable[[Hop], bool] = lambda hop: True) -> Hop | None:
    """The first hop of that stage for which `where` holds."""
    return next((hop for hop in hops if hop.stage == stage and where(hop)), None)


def seen_at(hop: Hop | None) -> Text | None:
    """What a step shows: where, and the packet's addresses once it was over."""
    if hop is None:
        return None
    place = f"{hop.host} {hop.device}".strip()
    outer = ""
    if hop.encapsulation is not None:
        outer = f" [{hop.encapsulation.kind} {hop.encapsulation.src} → {hop.encapsulation.dst}]"
    line = f"{place}: {hop.src} → {hop.dst}{outer}"
    return Text(f"{line}. {hop.note.en}", f"{line}。{hop.note.zh}")


def last(hops: Iterable[Hop], stage: Stage) -> Hop | None:
    """The last hop of that stage."""
    return next((hop for hop in reversed(tuple(hops)) if hop.stage == stage), None)


def step(title: Text, hop: Hop | None) -> Step:
    return Step(title, seen_at(hop))


def snat_source(outcome: Outcome) -> str:
    """The ip:port that source NAT gave the request, or the one it came with."""
    hop = first(outcome.hops, Stage.SNAT) or outcome.hops[0]
    return hop.src
