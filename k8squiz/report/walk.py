"""A walk in rows: hops of one host and stage in a row together, what they rewrite, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from engine.trace import Hop, Text
from engine.values import dataclass
from k8squiz.kinds.chains import is_own
from k8squiz.story.picture.layout import WalkLayout
from k8squiz.story.picture.question import QuestionWalk, question_walks
from k8squiz.world.world import World, host_name


@dataclass(frozen=True, slots=True)
class ReportedHop:
    """One row: `chains` are kube-proxy's, in order; `changes` as `src A » B`; `packet` as `A → B` after it; `rule` is the line that decided, as
    iptables-save or nft prints it."""

    host: str
    stage: str
    device: str
    chains: tuple[str, ...]
    changes: tuple[str, ...]
    tunnel: str
    packet: str
    rule: str


@dataclass(frozen=True, slots=True)
class ReportedWalk:
    """One request's likeliest way, there and back. `reason` is empty where it was delivered."""

    request: str
    route: str
    ways: int
    probability: str
    there: tuple[ReportedHop, ...]
    back: tuple[ReportedHop, ...]
    verdict: str
    where: str
    reason: Text
    layout: WalkLayout


def walks(world: World) -> tuple[ReportedWalk, ...]:
    """The walk of each request of a question."""
    return tuple(_walk(walk) for walk in question_walks(world))


def _walk(walk: QuestionWalk) -> ReportedWalk:
    outcome = walk.outcome
    where = host_name(outcome.where.host) if outcome.where is not None else ""
    reason = outcome.where.reason if outcome.where is not None else Text("", "")
    return ReportedWalk(
        walk.name,
        walk.route,
        walk.ways,
        str(outcome.probability),
        _steps(outcome.hops),
        _steps(outcome.reply),
        str(outcome.verdict),
        where,
        reason,
        walk.layout,
    )


def _steps(hops: Sequence[Hop]) -> tuple[ReportedHop, ...]:
    groups: list[list[Hop]] = []
    for hop in hops:
        if groups and (groups[-1][-1].host, groups[-1][-1].stage) == (hop.host, hop.stage):
            groups[-1].append(hop)
        else:
            groups.append([hop])
    return tuple(_step(group) for group in groups)


def _step(group: Sequence[Hop]) -> ReportedHop:
    last = group[-1]
    chains = tuple(dict.fromkeys(hop.chain for hop in group if hop.chain is not None and is_own(hop)))
    changes = tuple(f"{change.field} {change.before} » {change.after}" for hop in group for change in hop.changes)
    outer = last.encapsulation
    tunnel = f"{outer.kind} {outer.src} → {outer.dst}" if outer is not None else ""
    return ReportedHop(
        host_name(last.host),
        str(last.stage),
        last.device,
        chains,
        changes,
        tunnel,
        f"{last.src} → {last.dst}",
        next((hop.rule for hop in reversed(group) if hop.rule), ""),
    )
