"""The figures of one run: three modes at one size, and how they grow. Plain values; JSON in docs/json.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TypeAlias

from engine.cluster import Mode
from engine.cost.count import ModeCost, PacketCost, UpdateCost, costs
from engine.proxy.interface import MODES
from engine.proxy.releases import behaviour_of
from engine.values import dataclass
from k8squiz.bank.limits import MOST_ENDPOINTS_OF_A_SERVICE
from k8squiz.errors import QuizError
from k8squiz.terminal.processes import processors, shared_out
from k8squiz.world.release import EARLIER, RELEASE

SIZES = (10, 100, 1000, 10000)
# Some 2.5 KiB of memory an endpoint and mode.
MOST_ENDPOINTS = 200_000
_WORTH_SHARING = 2000  # Services; below that, starting processes takes longer


@dataclass(frozen=True, slots=True)
class ScalePoint:
    """One mode at one number of Services."""

    cost: ModeCost
    update: UpdateCost

    @property
    def mode(self) -> Mode:
        return self.cost.mode

    @property
    def services(self) -> int:
        return self.cost.services


@dataclass(frozen=True, slots=True)
class Figures:
    """`points` are the modes at the size asked for; `growth` the modes at each of `sizes`, size by size; `earlier` is
    nftables mode as EARLIER wrote it, at the size asked for. All else is as kube-proxy `release` writes it."""

    services: int
    endpoints: int
    points: tuple[ScalePoint, ...]
    growth: tuple[ScalePoint, ...]
    earlier: ScalePoint
    release: str = RELEASE

    def of(self, mode: Mode) -> ScalePoint:
        """The point of `mode` at the size asked for."""
        return next(point for point in self.points if point.mode == mode)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(point.services for point in self.growth))

    def series(self, mode: Mode, value: Callable[[ScalePoint], int | Fraction]) -> tuple[tuple[int, float], ...]:
        """(number of Services, value) along the growth of `mode`."""
        return tuple((point.services, float(value(point))) for point in self.growth if point.mode == mode)


def check(services: int, endpoints: int) -> None:
    """Refuse sizes that this machine should not be asked for, before anything is compiled."""
    if services < 1 or endpoints < 1:
        raise QuizError(
            "--services and --endpoints are numbers from 1 up", "--services 和 --endpoints 须为大于等于 1 的整数"
        )
    if endpoints > MOST_ENDPOINTS_OF_A_SERVICE:
        raise QuizError(
            f"--endpoints is {endpoints}: a packet is followed to each of a Service's endpoints, at most {MOST_ENDPOINTS_OF_A_SERVICE}",
            f"--endpoints 为 {endpoints}：会把数据包跟踪到 Service 的每个端点，最多 {MOST_ENDPOINTS_OF_A_SERVICE} 个",
        )
    if services * endpoints > MOST_ENDPOINTS:
        raise QuizError(
            f"{services} Services of {endpoints} endpoints are more than {MOST_ENDPOINTS} endpoints; "
            "what is to be seen is seen with fewer",
            f"{services} 个 Service、每个 {endpoints} 个端点，超过了 {MOST_ENDPOINTS} 个端点；更小的规模就足以看出规律",
        )


def compute(
    services: int,
    endpoints: int,
    grow: bool = True,
    tell: Callable[[int, int], None] = lambda done, of: None,
    release: str = RELEASE,
) -> Figures:
    """All figures, of kube-proxy `release`. `tell` hears how many of the points are done. Raises QuizError for sizes that are
    refused, UnsupportedFeature for a release that is not known."""
    check(services, endpoints)
    release = behaviour_of(release).release
    sizes = [size for size in SIZES if size * endpoints <= MOST_ENDPOINTS] if grow else []
    wanted = [(mode, size, endpoints, release) for size in dict.fromkeys([services, *sizes]) for mode in MODES]
    wanted.append(before := (Mode.NFTABLES, services, endpoints, EARLIER))
    found = dict(zip(wanted, _each(wanted, tell), strict=True))
    return Figures(
        services,
        endpoints,
        tuple(found[mode, services, endpoints, release] for mode in MODES),
        tuple(found[mode, size, endpoints, release] for size in sizes for mode in MODES),
        found[before],
        release,
    )


# Mode, Services, endpoints of each, kube-proxy's release.
_Wanted: TypeAlias = tuple[Mode, int, int, str]


def _point(wanted: _Wanted) -> ScalePoint:
    return ScalePoint(*costs(*wanted))


def _each(wanted: Sequence[_Wanted], tell: Callable[[int, int], None]) -> list[ScalePoint]:
    # The largest first, so that no processor is left waiting for them at the end.
    order = sorted(wanted, key=lambda one: -one[1])
    shared = max(size for _, size, _, _ in wanted) >= _WORTH_SHARING and processors() > 1
    points = shared_out(_point, order) if shared else map(_point, order)
    found = {}
    for number, one in enumerate(order):
        tell(number, len(order))
        found[one] = next(points)
    return [found[one] for one in wanted]


def as_json(figures: Figures) -> dict[str, object]:
    """The figures as `--json` prints them."""
    return {
        "services": figures.services,
        "endpoints": figures.endpoints,
        "release": figures.release,
        "modes": {point.mode: _json(point) for point in figures.points},
        "growth": [
            {"services": size, "modes": {p.mode: _json(p) for p in figures.growth if p.services == size}}
            for size in figures.sizes
        ],
        "earlier": {"release": EARLIER, "modes": {Mode.NFTABLES: _json(figures.earlier)}},
    }


def _json(point: ScalePoint) -> dict[str, object]:
    cost, size = point.cost, point.cost.size
    return {
        "chains": size.chains,
        "rules": size.rules,
        "elements": size.elements,
        "bytes": size.bytes,
        "first_packet": {
            "first": _packet(cost.first),
            "middle": _packet(cost.middle),
            "average": _packet(cost.average),
            "last": _packet(cost.last),
            "no_service": _packet(cost.none),
        },
        "later_packet": _packet(cost.later),
        "lines_written": {
            "full_sync": {"lines": point.update.full, "chains": point.update.full_chains},
            "one_endpoint_changed": {"lines": point.update.partial, "chains": point.update.partial_chains},
        },
    }


def _packet(cost: PacketCost) -> dict[str, float]:
    return {"rules_evaluated": _number(cost.rules), "lookups": _number(cost.lookups)}


def _number(value: Fraction) -> float:
    return int(value) if value.denominator == 1 else float(value)
