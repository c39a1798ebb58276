"""A walk in rows: hops of one host and stage in a row together, what they rewrite, and how it ended."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from engine.trace import Hop, Outcome, Text
from k8squiz.kinds.chains import is_own
from k8squiz.world.predicates import ways as ways_of
from k8squiz.world.world import World, host_name


@dataclasses.dataclass(frozen=True)
class Step:
    """One row: `chains` are kube-proxy's, in order; `changes` as `src A » B`; `packet` as `A → B` after it."""

    host: str
    stage: str
    device: str
    chains: tuple[str, ...]
    changes: tuple[str, ...]
    tunnel: str
    packet: str


@dataclasses.dataclass(frozen=True)
class Walk:
    """One request's likeliest way, there and back. `reason` is empty where it was delivered."""

    request: str
    ways: int
    probability: str
    there: tuple[Step, ...]
    back: tuple[Step, ...]
    verdict: str
    where: str
    reason: Text


def walks(world: World) -> tuple[Walk, ...]:
    """The walk of each request of a question."""
    return tuple(_walk(world, ask.name) for ask in world.question.requests)


def _walk(world: World, name: str) -> Walk:
    ways = ways_of(world, name)
    way: Outcome = max(ways, key=lambda way: way.probability)
    where = host_name(way.where.host) if way.where is not None else ""
    reason = way.where.reason if way.where is not None else Text("", "")
    return Walk(
        name, len(ways), str(way.probability), _steps(way.hops), _steps(way.reply), str(way.verdict), where, reason
    )


def _steps(hops: Sequence[Hop]) -> tuple[Step, ...]:
    groups: list[list[Hop]] = []
    for hop in hops:
        if groups and (groups[-1][-1].host, groups[-1][-1].stage) == (hop.host, hop.stage):
            groups[-1].append(hop)
        else:
            groups.append([hop])
    return tuple(_step(group) for group in groups)


def _step(group: Sequence[Hop]) -> Step:
    last = group[-1]
    chains = tuple(dict.fromkeys(hop.chain for hop in group if hop.chain is not None and is_own(hop)))
    changes = tuple(f"{change.field} {change.before} » {change.after}" for hop in group for change in hop.changes)
    outer = last.encapsulation
    tunnel = f"{outer.kind} {outer.src} → {outer.dst}" if outer is not None else ""
    return Step(host_name(last.host), str(last.stage), last.device, chains, changes, tunnel, f"{last.src} → {last.dst}")
