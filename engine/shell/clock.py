"""The time of day on a live cluster, whose clock counts seconds from its start."""

from __future__ import annotations

import datetime as dt

# A Thursday, five past two: when reports say that it began.
_START = dt.datetime(2024, 3, 14, 14, 5, 0, tzinfo=dt.UTC)


def time_of_day(clock: float) -> dt.datetime:
    """What the hosts' clocks show after `clock` seconds, in UTC."""
    return _START + dt.timedelta(seconds=clock)
