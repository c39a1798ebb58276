"""A scenario: a requirement in a service owner's words, its workload, and which schedulers meet it, by measuring.

Bare IPVS has weights and flags. kube-proxy has neither: every weight is 1, the scheduler is one setting for the whole
cluster, and the flags are those that it sets by itself (Scheduler.kube_proxy_flags).
"""

from __future__ import annotations

import math
import re

from engine.errors import EngineError, quoted
from engine.ipvs.registry import SCHEDULERS
from engine.ipvs.simulate import METRICS, Measured, candidate_name, measure
from engine.ipvs.workload import Workload
from engine.trace import Text
from engine.values import dataclass

# What is no greater than 1 where all servers are used alike.
_BEST_IS_ONE = ("spread", "load_spread")
# From this margin on a figure does not depend on the seed.
_CLEAR = 0.5
BARE = "ipvs"
KUBE_PROXY = "kube-proxy"


def kube_proxy_twins() -> tuple[frozenset[str], ...]:
    """The groups of schedulers that no fair question about kube-proxy can tell apart (all weights are 1 there)."""
    return tuple(
        frozenset((name, found.with_equal_weights)) for name, found in SCHEDULERS.items() if found.with_equal_weights
    )


def indistinguishable(first: str, second: str, dataplane: str = KUBE_PROXY) -> bool:
    """Whether two schedulers always share connections out alike under `dataplane`."""
    return first == second or (dataplane == KUBE_PROXY and {first, second} in kube_proxy_twins())


def candidates(dataplane: str) -> tuple[str, ...]:
    """The schedulers (with their flags, `sh+sh-port`) that one can choose among under `dataplane`."""
    if dataplane == BARE:
        flagged = (candidate_name(name, flag) for name, found in SCHEDULERS.items() for flag in found.known_flags)
        return (*SCHEDULERS, *flagged)
    if dataplane == KUBE_PROXY:
        return tuple(candidate_name(name, *found.kube_proxy_flags) for name, found in SCHEDULERS.items())
    raise EngineError(
        f"unknown dataplane {dataplane!r}; it is {BARE!r} or {KUBE_PROXY!r}",
        zh=f"未知的数据面 {dataplane!r}；可用 {BARE!r} 或 {KUBE_PROXY!r}",
    )


@dataclass(frozen=True, slots=True)
class Requirement:
    """A bound on one metric of engine.ipvs.simulate.Measured; both ends are inclusive."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise EngineError(
                f"unknown metric {quoted(self.metric)}; there are {', '.join(METRICS)}",
                zh=f"未知的指标 {quoted(self.metric)}；有 {'、'.join(METRICS)}",
            )
        if self.at_least is None and self.at_most is None:
            raise EngineError(
                f"the requirement on {self.metric} needs at_least or at_most",
                zh=f"对 {self.metric} 的要求需要 at_least 或 at_most",
            )

    def met(self, measured: Measured) -> bool:
        value = getattr(measured, self.metric)
        return (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most)

    def margin(self, measured: Measured) -> float:
        """How far the figure is from the bound, as a share of what the bound leaves above the best figure there is (1 for a
        spread, else 0): above 0 where it is met. A figure that is the bound itself is no accident: infinitely far."""
        value = float(getattr(measured, self.metric))
        best = 1.0 if self.metric in _BEST_IS_ONE else 0.0
        far = []
        if self.at_least is not None:
            far.append(_share(value - self.at_least, self.at_least))
        if self.at_most is not None:
            far.append(_share(self.at_most - value, self.at_most - best))
        return min(far)

    def __str__(self) -> str:
        parts = [f"{self.metric} >= {self.at_least:g}"] if self.at_least is not None else []
        return " and ".join(parts + ([f"{self.metric} <= {self.at_most:g}"] if self.at_most is not None else []))


def _share(distance: float, room: float) -> float:
    if distance == 0:
        return math.inf
    return distance / room if room > 0 else math.copysign(math.inf, distance)


_WRITTEN = re.compile(r"\s*([a-z_]+)\s*(<=|>=|==|=)\s*(\d{1,12}(?:\.\d{1,12})?)\s*")


def parse_requirements(text: str) -> tuple[Requirement, ...]:
    """`stickiness >= 1, spread <= 2` as Requirements; EngineError says what is wrong."""
    found = []
    for part in re.split(r",|\band\b", text):
        match = _WRITTEN.fullmatch(part)
        if match is None:
            raise EngineError(
                f"requirement {part.strip()[:60]!r} is not of the form METRIC >= NUMBER or METRIC <= NUMBER",
                zh=f"要求 {part.strip()[:60]!r} 的格式不是 指标 >= 数值 或 指标 <= 数值",
            )
        metric, sign, number = match.groups()
        bound = float(number)
        found.append(Requirement(metric, bound if sign != "<=" else None, bound if sign != ">=" else None))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A requirement and the workload it is measured on. `dataplane` is "ipvs" (bare) or "kube-proxy"."""

    name: str
    words: Text
    workload: Workload
    requirements: tuple[Requirement, ...]
    dataplane: str = BARE

    def __post_init__(self) -> None:
        candidates(self.dataplane)
        if not self.requirements:
            raise EngineError(f"scenario {self.name}: it needs a requirement", zh=f"场景 {self.name}：至少需要一个要求")
        if self.dataplane == KUBE_PROXY and any(server.weight > 1 for server in self.workload.servers):
            raise EngineError(
                f"scenario {self.name}: under kube-proxy every weight is 1 (0 for a terminating endpoint)",
                zh=f"场景 {self.name}：在 kube-proxy 下所有权重都是 1（正在终止的端点为 0）",
            )

    def measure(self, candidate: str, seed: int | str = 0) -> Measured:
        """The figures of one scheduler. Under kube-proxy it has the flags that kube-proxy sets: `mh` is mh with the port."""
        if self.dataplane == KUBE_PROXY and candidate in SCHEDULERS:
            candidate = candidate_name(candidate, *SCHEDULERS[candidate].kube_proxy_flags)
        return measure(self.workload, candidate, seed, self.dataplane == KUBE_PROXY)

    def table(self, seed: int | str = 0) -> dict[str, Measured]:
        """The figures of every scheduler that can be chosen."""
        return {candidate: self.measure(candidate, seed) for candidate in candidates(self.dataplane)}

    def fits(self, candidate: str, seed: int | str = 0) -> bool:
        """Whether the measured figures of this scheduler meet every requirement."""
        measured = self.measure(candidate, seed)
        return all(requirement.met(measured) for requirement in self.requirements)

    def undecided(self, candidate: str, seed: int | str = 0) -> Requirement | None:
        """The requirement that only luck decides for this scheduler: its figure comes too near the bound. None where every
        requirement is met clearly, or one clearly is not."""
        measured = self.measure(candidate, seed)
        margins = {requirement: requirement.margin(measured) for requirement in self.requirements}
        if self.fits(candidate, seed):
            return next((one for one, margin in margins.items() if margin < _CLEAR), None)
        failed = [one for one, margin in margins.items() if margin < 0]
        return None if any(margins[one] <= -_CLEAR for one in failed) else failed[0]

    def fitting(self, seed: int | str = 0) -> tuple[str, ...]:
        return tuple(candidate for candidate in candidates(self.dataplane) if self.fits(candidate, seed))

    def degenerate(self, seed: int | str = 0) -> str | None:
        """Why this is no question, or None: "none" or "every" scheduler meets the requirement."""
        fitting = self.fitting(seed)
        if not fitting:
            return "none"
        return "every" if len(fitting) == len(candidates(self.dataplane)) else None

    def refuse_degenerate(self, seed: int | str = 0) -> None:
        """Raise EngineError where no scheduler or every scheduler meets the requirement."""
        who = self.degenerate(seed)
        if who is not None:
            wanted = " and ".join(map(str, self.requirements))
            raise EngineError(
                f"scenario {self.name}: {who} of the schedulers meets {wanted}, so it asks nothing",
                zh=f"场景 {self.name}：{'没有' if who == 'none' else '所有'}调度算法满足 {wanted}，不成问题",
            )
