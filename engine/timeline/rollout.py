"""Which pod a Deployment creates and deletes when, while it rolls out a new template.

Sources: pkg/controller/deployment/rolling.go (reconcileNewReplicaSet, reconcileOldReplicaSets), recreate.go, and
util/deployment_util.go (NewRSNewReplicas, MaxUnavailable, ResolveFenceposts: percentages round surge up and unavailable
down, and both cannot be 0). The controllers take no time here: what they do, they do at the moment that allows it.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from engine.errors import EngineError
from engine.timeline.pods import Lifecycle, PodLife
from engine.values import dataclass


class StrategyType(enum.StrEnum):
    """spec.strategy.type of a Deployment."""

    ROLLING_UPDATE = "RollingUpdate"
    RECREATE = "Recreate"


@dataclass(frozen=True, slots=True)
class Strategy:
    """spec.strategy of a Deployment, in numbers of pods. `min_ready`: minReadySeconds, in milliseconds."""

    type: StrategyType = StrategyType.ROLLING_UPDATE
    max_surge: int = 1
    max_unavailable: int = 0
    min_ready: int = 0


def planned(
    strategy: Strategy, old: Sequence[str], new: Sequence[str], cycle: Lifecycle, start: int = 0
) -> tuple[PodLife, ...]:
    """The lives of the `old` pods and of the `new` ones that take their place from `start` on, in that order.

    Raises EngineError where neither surge nor unavailability is allowed, or where there are not as many new pods as old.
    """
    if len(old) != len(new):
        raise EngineError(
            f"a rollout needs as many new pods as old: {len(old)} and {len(new)}",
            zh=f"滚动更新的新旧 Pod 数量必须相同：旧 {len(old)}，新 {len(new)}",
        )
    if strategy.type is StrategyType.RECREATE:
        from engine.timeline.pods import pod_times

        # recreate.go, oldPodsRunning: the new ReplicaSet waits until no old pod is left.
        gone = [PodLife(pod, deleted=start) for pod in old]
        empty = max((pod_times(life, cycle).exits or start for life in gone), default=start)
        return (*gone, *(PodLife(pod, created=empty) for pod in new))
    if strategy.max_surge <= 0 and strategy.max_unavailable <= 0:
        raise EngineError("maxSurge and maxUnavailable may not both be 0", zh="maxSurge 与 maxUnavailable 不能同时为 0")
    return _rolled(strategy, old, new, cycle, start)


def _rolled(
    strategy: Strategy, old: Sequence[str], new: Sequence[str], cycle: Lifecycle, start: int
) -> tuple[PodLife, ...]:
    wanted = len(old)
    takes = cycle.listens_after + cycle.ready_after if cycle.ready_after is not None else 0
    takes += strategy.min_ready
    created: list[int] = []
    deleted: list[int] = []
    now = start
    while len(created) < wanted or len(deleted) < wanted:
        # A pod that is being deleted no longer counts (FilterActivePods), so that surge is about the others.
        room = min(wanted + strategy.max_surge - (wanted - len(deleted)) - len(created), wanted - len(created))
        created += [now] * max(0, room)
        available = wanted - len(deleted) + sum(1 for at in created if at + takes <= now)
        spare = min(available - (wanted - strategy.max_unavailable), wanted - len(deleted))
        deleted += [now] * max(0, spare)
        if room > 0 or spare > 0:
            continue
        now = min(at + takes for at in created if at + takes > now)
    return (
        *(PodLife(pod, deleted=at) for pod, at in zip(old, deleted, strict=True)),
        *(PodLife(pod, created=at) for pod, at in zip(new, created, strict=True)),
    )
