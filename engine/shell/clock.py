"""The time of day on a live cluster, whose clock counts seconds from its start."""

from __future__ import annotations

import datetime as dt

# A Thursday, five past two: when reports say that it began.
_START = dt.datetime(2024, 3, 14, 14, 5, 0, tzinfo=dt.UTC)


# The counter starts five minutes before it overflows 32 bits (include/linux/jiffies.h), at HZ=250 of Debian's and Ubuntu's
# kernels; the hosts have been up for twelve days.
_INITIAL_JIFFIES, _HZ, _UP = (1 << 32) - 300 * 250, 250, 12 * 86400.0


def time_of_day(clock: float) -> dt.datetime:
    """What the hosts' clocks show after `clock` seconds, in UTC."""
    return _START + dt.timedelta(seconds=clock)


def jiffies(clock: float) -> int:
    """The counter of the hosts' kernels after `clock` seconds."""
    return _INITIAL_JIFFIES + round((_UP + clock) * _HZ)
