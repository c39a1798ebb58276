"""Ports and conntrack entries that are used up."""

from __future__ import annotations

from fractions import Fraction

import pytest

from engine.timeline.ports import (
    CONNTRACK_TIME_WAIT,
    LOCAL_PORTS,
    MASQUERADE_PORTS,
    SOCKET_TIME_WAIT,
    PortUse,
    finds_none,
)
from engine.timeline.table import Admission, TableUse, admission


@pytest.mark.parametrize(
    ("use", "available", "most", "after"),
    [
        pytest.param(PortUse(500, 120), 64_512, Fraction(64_512, 120), None, id="500/s through one node's MASQUERADE"),
        pytest.param(PortUse(600, 120), 64_512, Fraction(64_512, 120), Fraction(64_512, 600), id="600/s run out"),
        pytest.param(PortUse(600, 120, destinations=2), 129_024, Fraction(129_024, 120), None, id="two destinations"),
        pytest.param(
            PortUse(500, 10, held_after=CONNTRACK_TIME_WAIT), 64_512, Fraction(64_512, 130), Fraction(64_512, 500),
            id="TIME_WAIT counts where no search takes a port over",
        ),
        pytest.param(PortUse(5_000), 64_512, Fraction(0), None, id="what is closed at once"),
        pytest.param(
            PortUse(500, 0, LOCAL_PORTS, SOCKET_TIME_WAIT), 28_232, Fraction(28_232, 60), Fraction(28_232, 500),
            id="one pod's own ports run out first",
        ),
    ],
)  # fmt: skip
def test_ports(use: PortUse, available: int, most: Fraction, after: Fraction | None) -> None:
    assert (use.available, use.most_per_second, use.runs_out_after) == (available, most, after)


@pytest.mark.parametrize(
    ("use", "seconds", "failing"),
    [
        (PortUse(10, 20, (1, 100)), 10, 0),
        (PortUse(10, 20, (1, 100)), 20, 100),
        # From the twentieth second on ten ports a second come back, for ten seconds.
        (PortUse(10, 20, (1, 100)), 30, 100),
        (PortUse(10, 20, (1, 100)), 35, 150),
        (PortUse(10, 20, (1, 100)), 100, 500),
        (PortUse(5, 20, (1, 100)), 300, 0),
    ],
)
def test_connections_without_a_port(use: PortUse, seconds: int, failing: int) -> None:
    assert use.failing(seconds) == failing


@pytest.mark.parametrize(
    ("size", "free", "low", "high"),
    [
        (3, 0, 1, 1),
        (3, 1, 0, 0),
        # Measured: 8 to 9 of 10 first SYNs succeed with 990 of 1000 ports taken.
        (1000, 10, 0.06, 0.09),
        (64_512, 0, 1, 1),
        (64_512, 645, 0.05, 0.1),
        (64_512, 6_451, 0, 1e-9),
    ],
)
def test_a_search_gives_up(size: int, free: int, low: float, high: float) -> None:
    assert low <= float(finds_none(size, free)) <= high
    assert MASQUERADE_PORTS[1] - MASQUERADE_PORTS[0] + 1 == 64_512


@pytest.mark.parametrize(
    ("count", "most", "unassured", "what"),
    [
        (99, 100, 0, Admission.ENTERED),
        (100, 100, 0, Admission.DROPPED),
        (100, 100, 1, Admission.EVICTS),
        (10**6, 0, 0, Admission.ENTERED),
    ],
)
def test_who_gets_an_entry(count: int, most: int, unassured: int, what: Admission) -> None:
    assert admission(count, most, unassured) is what


FULL = TableUse(most=1000, standing=400, per_second=10, lasts=120)


@pytest.mark.parametrize(
    ("use", "wanted", "after", "seconds", "dropped"),
    [
        pytest.param(FULL, 1600, 60, 60, 0, id="just full"),
        pytest.param(FULL, 1600, 60, 120, 600, id="nothing has run out yet"),
        pytest.param(FULL, 1600, 60, 240, 1200, id="then they come back, and are gone again"),
        pytest.param(TableUse(1000, 400, 5, lasts=120), 1000, None, 10_000, 0, id="it just fits"),
        pytest.param(TableUse(1000, 400, 10, 3, 120), 4000, 20, 30, 100, id="three entries a connection"),
        pytest.param(TableUse(1000, 400, 10, lasts=120, assured=False), 1600, 60, 600, 0, id="entries that are not ASSURED give way"),
        pytest.param(TableUse(1000, 400, 10_000), 400, None, 600, 0, id="what is closed at once gives way"),
        pytest.param(TableUse(1000, 1000, 10, lasts=120), 2200, 0, 10, 100, id="full from the start"),
    ],
)  # fmt: skip
def test_a_table_that_fills(use: TableUse, wanted: int, after: int | None, seconds: int, dropped: int) -> None:
    assert use.wanted == wanted
    assert (use.full_after, use.dropped_by(seconds)) == (None if after is None else Fraction(after), Fraction(dropped))
