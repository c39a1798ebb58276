"""When a Deployment's rollout creates and deletes which pod."""

from __future__ import annotations

import pytest

from engine.errors import EngineError
from engine.timeline.pods import Lifecycle
from engine.timeline.rollout import Strategy, StrategyType, planned

RECREATE = Strategy(StrategyType.RECREATE)
# A new pod is ready 10 s after it is created.
TEN = Lifecycle(listens_after=8_000, ready_after=2_000)


@pytest.mark.parametrize(
    ("strategy", "count", "cycle", "deleted", "created"),
    [
        pytest.param(Strategy(max_surge=1, max_unavailable=0), 3, TEN, [10, 20, 30], [0, 10, 20], id="one by one"),
        pytest.param(Strategy(max_surge=0, max_unavailable=1), 3, TEN, [0, 10, 20], [0, 10, 20], id="delete first"),
        pytest.param(
            Strategy(max_surge=3, max_unavailable=0), 3, TEN, [10, 10, 10], [0, 0, 0], id="all at once, beside"
        ),
        pytest.param(Strategy(max_surge=1, max_unavailable=1), 4, TEN, [0, 10, 10, 20], [0, 0, 10, 10], id="both"),
        pytest.param(Strategy(min_ready=5_000), 2, TEN, [15, 30], [0, 15], id="minReadySeconds"),
        pytest.param(Strategy(), 2, Lifecycle(ready_after=None, listens_after=9_000), [0, 0], [0, 0], id="no probe"),
        pytest.param(RECREATE, 2, TEN, [0, 0], [0, 0], id="Recreate, pods that end at once"),
        pytest.param(RECREATE, 2, Lifecycle(pre_stop=7_000), [0, 0], [7, 7], id="Recreate waits for the last"),
    ],
)
def test_plans(strategy: Strategy, count: int, cycle: Lifecycle, deleted: list[int], created: list[int]) -> None:
    old, new = [f"old-{n}" for n in range(count)], [f"new-{n}" for n in range(count)]
    lives = {life.pod: life for life in planned(strategy, old, new, cycle)}
    assert [lives[pod].deleted for pod in old] == [1000 * at for at in deleted]
    assert [lives[pod].created for pod in new] == [1000 * at for at in created]


@pytest.mark.parametrize(
    ("strategy", "new", "said"),
    [
        (Strategy(max_surge=0, max_unavailable=0), ["b"], "maxSurge and maxUnavailable may not both be 0"),
        (Strategy(), ["b", "c"], "as many new pods as old: 1 and 2"),
    ],
)
def test_what_is_refused(strategy: Strategy, new: list[str], said: str) -> None:
    with pytest.raises(EngineError, match=said):
        planned(strategy, ["a"], new, Lifecycle())
