"""A rollout, moment by moment: who knows what when, which requests fail, and what each knob is for."""

from __future__ import annotations

import dataclasses
import functools
from fractions import Fraction

from engine import Request
from engine.cluster import Cluster, Mode
from engine.timeline import (
    Connection,
    Lifecycle,
    PodTimes,
    SigtermAnswer,
    Strategy,
    Timeline,
    expected_failures,
    planned,
)
from engine.timeline.connections import Attempt
from engine.timeline.run import over_time, run
from engine.timeline.view import ClusterOverTime, Lags, ProxyStop
from engine.trace import Outcome, Verdict
from k8squiz.explain import rollout_words as words
from k8squiz.explain.clusters import NODE_PORT, NODES, PODS, TARGET_PORT, Shape
from k8squiz.explain.walked import StoryCluster
from k8squiz.story.blocks import Claim, Grid, Paragraph, Rules, Section, Story, Walk, same
from k8squiz.story.picture.layout import lay_out

WITHOUT = ("pre-stop", "readiness-probe", "drain", "surge", "kube-proxy")
_SHAPE = Shape()
_OLD, _NEW, _STAYS = "pod-b", "pod-c", "pod-a"
_START, _END = 2_000, 24_000
_LAGS = Lags(500, 1_000, {"node2": 3_000})
_CYCLE = Lifecycle(
    listens_after=3_000, ready_after=1_000, pre_stop=5_000, grace=30_000, on_sigterm=SigtermAnswer.DRAINS, drain=8_000
)
_TO = f"{NODES['node1'][0]}:{NODE_PORT}"
_FROM_OUTSIDE = Request("client", _TO)
_NEW_ONES = Connection("new", _FROM_OUTSIDE, 250, 500, _END, reuses=False)
_SLOW = Connection("slow", _FROM_OUTSIDE, 100, 500, _END, lasts=3_000, reuses=False)
_KEPT = Connection("kept", _FROM_OUTSIDE, 400, 500, _END)


def build(without: frozenset[str] = frozenset()) -> Story:
    """The story, with the parts in `without` taken away from the rollout."""
    world = StoryCluster(_SHAPE)
    rollout = _Rollout(world.cluster, without)
    return Story(
        topic="rollout",
        title=words.TITLE,
        summary=words.summary(_OLD, _NEW, _STAYS, _TO),
        sections=(_moments(rollout), _walk(rollout), _fates(rollout), _knobs(world.cluster)),
        claims=_claims(world.cluster),
        points=words.POINTS,
        follow_ups=words.FOLLOW_UPS,
        sources=(
            "Kubernetes documentation, Pod Lifecycle: Termination of Pods",
            "KEP-1672 Tracking Terminating Endpoints; KEP-1669 Proxy Terminating Endpoints",
            "kubernetes/kubernetes pkg/controller/deployment/rolling.go",
            "kubernetes/kubernetes pkg/kubelet/kuberuntime/kuberuntime_container.go: preStop counts against the grace period",
            "linux net/netfilter/nf_nat_core.c: NAT is decided at a connection's first packet",
        ),
        without=WITHOUT,
    )


class _Rollout:
    """The rollout with some parts taken away."""

    def __init__(self, cluster: Cluster, without: frozenset[str] = frozenset(), cycle: Lifecycle = _CYCLE) -> None:
        if "pre-stop" in without:
            cycle = dataclasses.replace(cycle, pre_stop=0)
        if "readiness-probe" in without:
            cycle = dataclasses.replace(cycle, ready_after=None)
        if "drain" in without:
            cycle = dataclasses.replace(cycle, on_sigterm=SigtermAnswer.EXITS)
        strategy = Strategy(max_surge=0, max_unavailable=1) if "surge" in without else Strategy()
        stops = (ProxyStop("node1", 3_000),) if "kube-proxy" in without else ()
        lives = planned(strategy, [f"default/{_OLD}"], [f"default/{_NEW}"], cycle, _START)
        self.timeline = Timeline(cluster, (_NEW_ONES, _SLOW, _KEPT), lives, cycle, _LAGS, stops, mode=Mode.IPTABLES)

    @functools.cached_property
    def over(self) -> ClusterOverTime:
        return over_time(self.timeline)

    @functools.cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        return run(self.timeline)

    def times(self, pod: str) -> PodTimes:
        return self.over.times[f"default/{pod}"]

    def of(self, connection: str) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self.attempts if attempt.connection == connection)

    def failures(self, connection: str) -> Fraction:
        return expected_failures(self.of(connection))

    def leaves_rules(self, node: str) -> int | None:
        """When the rules of `node` no longer have the old pod."""
        address = PODS[_OLD][0]
        service = self.timeline.cluster.services[0]
        for sync in self.over.syncs(node, 0, 10 * _END):
            if address not in self.over.endpoints(service, node, sync):
                return sync
        return None


def _moments(rollout: _Rollout) -> Section:
    old, new = rollout.times(_OLD), rollout.times(_NEW)
    happened = [
        (new.created, words.created(_NEW)),
        (new.listens, words.listens(_NEW)),
        (new.ready, words.ready(_NEW)),
        (old.deleted, words.deleted(_OLD)),
        (old.sigterm, words.sigterm(_OLD, rollout.timeline.lifecycle.on_sigterm)),
        *((rollout.leaves_rules(node), words.leaves_rules(node, _OLD)) for node in NODES),
        (old.exits, words.ended(_OLD)),
    ]
    rows = sorted(((at, text) for at, text in happened if at is not None), key=lambda row: row[0])
    never = [text for at, text in happened if at is None]
    grid = Grid(
        words.MOMENTS_CAPTION,
        (words.SECONDS, words.WHAT),
        (*((same(f"{at / 1000:g}"), text) for at, text in rows), *((words.NEVER, text) for text in never)),
    )
    return Section(words.MOMENTS, (grid, Rules(words.DRAWN, tuple(_drawn(rollout)))))


# A column of the drawing is so many milliseconds.
_COLUMN = 500


def _drawn(rollout: _Rollout) -> list[str]:
    """The rollout as lines of text: pods, rules, and the requests that may fail."""
    columns = range(0, _END, _COLUMN)
    old, new = rollout.times(_OLD), rollout.times(_NEW)
    service = rollout.timeline.cluster.services[0]
    lines = [f"{'seconds':<12}" + "".join(f"{at // 1000:<4}" if at % 2000 == 0 else "" for at in columns)]
    for pod, times in ((_OLD, old), (_NEW, new)):
        lines.append(f"{pod:<12}" + "".join(_pod_mark(times, at) for at in columns))
    for node in NODES:
        for pod in (_OLD, _NEW):
            there = (PODS[pod][0] in rollout.over.endpoints(service, node, at) for at in columns)
            lines.append(f"{node}: {pod[-1]:<5}" + "".join("=" if found else " " for found in there))
    for name in ("new", "slow", "kept"):
        failing = {at.at // _COLUMN * _COLUMN: at.fails for at in rollout.of(name)}
        lines.append(f"{name:<12}" + "".join("x" if failing.get(at) else "." for at in columns))
    return [line.rstrip() for line in lines]


def _pod_mark(times: PodTimes, at: int) -> str:
    if not times.exists(at):
        return " "
    if not times.accepts(at):
        return "-"
    conditions = times.conditions(at)
    return "t" if conditions is not None and conditions[2] else "#"


def _walk(rollout: _Rollout) -> Section:
    """The connection that is opened a moment after the old pod got SIGTERM, or would have without preStop."""
    old = rollout.times(_OLD)
    at = (old.deleted or 0) + 250
    outcome = _way(rollout.over.ways(at, _FROM_OUTSIDE))
    fabric = rollout.over.fabric(at)
    return Section(
        words.WALK,
        (
            Paragraph(words.walked(at, _OLD, outcome.verdict is Verdict.DELIVERED)),
            Walk(words.walk_caption(at), outcome, lay_out(outcome, fabric)),
        ),
    )


def _way(ways: tuple[Outcome, ...]) -> Outcome:
    """Of the ways the one to the old pod, where there is one."""
    wanted = f"{PODS[_OLD][0]}:{TARGET_PORT}"
    return next((way for way in ways if way.destination == wanted), ways[0])


def _fates(rollout: _Rollout) -> Section:
    rows = []
    for connection in (_NEW_ONES, _SLOW, _KEPT):
        failed = rollout.failures(connection.name)
        why = next(
            (c.why for a in rollout.of(connection.name) for c in a.chances if c.fate != "answered"), words.NOBODY
        )
        rows.append((words.CONNECTIONS[connection.name], same(str(len(rollout.of(connection.name)))), same(_figure(failed)), why))  # fmt: skip
    return Section(
        words.FATES,
        (Grid(words.FATES_CAPTION, (words.WHO, words.SENT, words.FAILED, words.WHY), tuple(rows)),),
    )


def _figure(value: Fraction) -> str:
    return str(value) if value.denominator <= 12 else f"{float(value):.3g}"


_CASES: tuple[frozenset[str], ...] = (
    frozenset(),
    *(frozenset({part}) for part in WITHOUT),
    frozenset({"pre-stop", "drain"}),
    frozenset({"surge", "readiness-probe"}),
)


def _knobs(cluster: Cluster) -> Section:
    rows = []
    for without in _CASES:
        rollout = _Rollout(cluster, without)
        figures = (same(_figure(rollout.failures(name))) for name in ("new", "slow", "kept"))
        rows.append((words.case(without), *figures))
    return Section(
        words.KNOBS,
        (
            Grid(
                words.KNOBS_CAPTION,
                (words.ROLLOUT, words.CONNECTIONS["new"], words.CONNECTIONS["slow"], words.CONNECTIONS["kept"]),
                tuple(rows),
            ),
            Paragraph(words.alone(_STAYS, _alone(_Rollout(cluster, frozenset({"surge"}))))),
        ),
    )


def _alone(rollout: _Rollout) -> float:
    """Seconds for which the rules of node1 have but the pod that stays."""
    service = rollout.timeline.cluster.services[0]
    step = 100
    counted = (len(rollout.over.endpoints(service, "node1", at)) == 1 for at in range(0, _END, step))
    return sum(counted) * step / 1000


def _lasts(rollout: _Rollout) -> float:
    """Seconds from the old pod's SIGTERM to its end."""
    old = rollout.times(_OLD)
    return ((old.exits or 0) - (old.sigterm or 0)) / 1000


def _claims(cluster: Cluster) -> tuple[Claim, ...]:
    whole, bare = _Rollout(cluster), _Rollout(cluster, frozenset({"pre-stop"}))
    longer = _Rollout(cluster, frozenset({"pre-stop"}), dataclasses.replace(_CYCLE, grace=120_000))
    squeezed = _Rollout(cluster, frozenset(), dataclasses.replace(_CYCLE, pre_stop=28_000, grace=30_000))
    cut = _Rollout(cluster, frozenset({"pre-stop", "drain"}))
    late = next(attempt for attempt in whole.of("kept") if attempt.at > (whole.leaves_rules("node1") or 0))
    still = sum((c.probability for c in late.chances if c.pod == f"default/{_OLD}"), Fraction(0))
    old = bare.times(_OLD)
    return (
        words.claim_waits(_OLD, (old.sigterm or 0) / 1000, (bare.leaves_rules("node1") or 0) / 1000, (bare.leaves_rules("node2") or 0) / 1000),
        words.claim_probe(_figure(bare.failures("new"))),
        words.claim_grace(_figure(longer.failures("new")), _figure(bare.failures("new"))),
        words.claim_cut(_figure(still), _OLD),
        words.claim_adds(_lasts(squeezed), _lasts(whole)),
        words.claim_drain(_figure(bare.failures("new")), _figure(cut.failures("new")), _figure(bare.failures("slow")), _figure(cut.failures("slow"))),
    )  # fmt: skip
