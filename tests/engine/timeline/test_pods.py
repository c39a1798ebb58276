"""A pod's moments, and what its EndpointSlice says at each."""

from __future__ import annotations

import pytest

from engine.errors import EngineError
from engine.timeline.pods import Lifecycle, PodLife, SigtermAnswer, pod_times

EXITS, DRAINS, IGNORES = SigtermAnswer


@pytest.mark.parametrize(
    ("cycle", "moments"),
    [
        # sigterm, closes, exits; deleted at 1000
        pytest.param(Lifecycle(), (1000, 1000, 1000), id="ends at once"),
        pytest.param(Lifecycle(pre_stop=5000), (6000, 6000, 6000), id="preStop keeps it serving"),
        pytest.param(Lifecycle(on_sigterm=DRAINS, drain=8000), (1000, 1000, 9000), id="drains"),
        pytest.param(Lifecycle(on_sigterm=DRAINS, drain=60_000), (1000, 1000, 31_000), id="SIGKILL ends a long drain"),
        pytest.param(Lifecycle(on_sigterm=IGNORES), (1000, 31_000, 31_000), id="PID 1 without a handler"),
        pytest.param(Lifecycle(pre_stop=30_000, on_sigterm=IGNORES), (31_000, 33_000, 33_000), id="2 s are always left"),
        pytest.param(Lifecycle(pre_stop=90_000), (31_000, 31_000, 31_000), id="preStop is cut at the grace period"),
        pytest.param(Lifecycle(pre_stop=10_000, grace=15_000, on_sigterm=DRAINS), (11_000, 11_000, 16_000), id="preStop counts"),
    ],
)  # fmt: skip
def test_how_a_pod_ends(cycle: Lifecycle, moments: tuple[int, int, int]) -> None:
    times = pod_times(PodLife("default/a", deleted=1000), cycle)
    assert (times.sigterm, times.closes, times.exits) == moments


READY, UNREADY, TERMINATING, DEAF = (
    (True, True, False),
    (False, False, False),
    (False, True, True),
    (False, False, True),
)


@pytest.mark.parametrize(
    ("life", "cycle", "conditions"),
    [
        pytest.param(PodLife("p"), Lifecycle(), {0: READY, 99_000: READY}, id="always there"),
        pytest.param(
            PodLife("p", created=1000), Lifecycle(listens_after=2000, ready_after=500),
            {999: None, 1000: UNREADY, 3499: UNREADY, 3500: READY}, id="becomes ready when its probe has passed",
        ),
        pytest.param(
            PodLife("p", created=1000), Lifecycle(listens_after=2000, ready_after=None), {1000: READY},
            id="without a probe it is ready before it listens",
        ),
        pytest.param(
            PodLife("p", deleted=1000), Lifecycle(pre_stop=5000), {999: READY, 1000: TERMINATING, 6000: None},
            id="terminating and serving, then gone",
        ),
        pytest.param(
            PodLife("p", deleted=0), Lifecycle(on_sigterm=DRAINS, drain=20_000, probe_fails_after=6000),
            {5999: TERMINATING, 6000: DEAF, 20_000: None}, id="its probe fails while it drains",
        ),
        pytest.param(
            PodLife("p", unready=(1000, 2000)), Lifecycle(), {999: READY, 1000: UNREADY, 2000: READY}, id="readiness off",
        ),
        pytest.param(PodLife("p", vanishes=1000), Lifecycle(), {5000: READY}, id="a dead node's pod stands as it stood"),
    ],
)  # fmt: skip
def test_conditions_of_its_endpoint(
    life: PodLife, cycle: Lifecycle, conditions: dict[int, tuple[bool, bool, bool] | None]
) -> None:
    times = pod_times(life, cycle)
    assert {at: times.conditions(at) for at in conditions} == conditions


def test_a_life_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(EngineError, match="default/a is deleted at 1 ms, before it is created at 2 ms"):
        pod_times(PodLife("default/a", created=2, deleted=1), Lifecycle())
