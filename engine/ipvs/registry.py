"""The schedulers by name, as `ipvsadm -s` takes them."""

from __future__ import annotations

from engine.errors import EngineError
from engine.ipvs.counting import (
    FailOver,
    LeastConnection,
    NeverQueue,
    OverflowConnection,
    PowerOfTwoChoices,
    ShortestExpectedDelay,
    WeightedLeastConnection,
)
from engine.ipvs.interface import Scheduler
from engine.ipvs.locality import LocalityLeastConnection, LocalityLeastConnectionReplicated
from engine.ipvs.roundrobin import RoundRobin, WeightedRoundRobin
from engine.ipvs.tables import DestinationHashing, MaglevHashing, SourceHashing

SCHEDULERS: dict[str, type[Scheduler]] = {
    scheduler.name: scheduler
    for scheduler in (
        RoundRobin,
        WeightedRoundRobin,
        LeastConnection,
        WeightedLeastConnection,
        LocalityLeastConnection,
        LocalityLeastConnectionReplicated,
        DestinationHashing,
        SourceHashing,
        ShortestExpectedDelay,
        NeverQueue,
        FailOver,
        OverflowConnection,
        MaglevHashing,
        PowerOfTwoChoices,
    )
}


def scheduler_class(name: str, flags: frozenset[str]) -> type[Scheduler]:
    """The scheduler of that name; EngineError for an unknown one or for a flag that it does not have."""
    found = SCHEDULERS.get(name)
    if found is None:
        raise EngineError(
            f"unknown IPVS scheduler {name!r}; the kernel's are {', '.join(SCHEDULERS)}",
            zh=f"未知的 IPVS 调度算法 {name!r}；内核支持 {'、'.join(SCHEDULERS)}",
        )
    for flag in sorted(flags):
        owners = [s for s, known in SCHEDULERS.items() if flag in known.known_flags]
        if not owners:
            every = sorted(f for known in SCHEDULERS.values() for f in known.known_flags)
            raise EngineError(
                f"unknown scheduler flag {flag!r}; there are {', '.join(every)}",
                zh=f"未知的调度标志 {flag!r}；有 {'、'.join(every)}",
            )
        if flag not in found.known_flags:
            raise EngineError(
                f"flag {flag!r} belongs to scheduler {owners[0]!r}, not to {name!r}",
                zh=f"标志 {flag!r} 属于调度算法 {owners[0]!r}，而不是 {name!r}",
            )
    return found
