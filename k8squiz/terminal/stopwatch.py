"""Seconds while the program runs: Ctrl-Z (SIGTSTP) stops the count with the program, `fg` goes on with both."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from types import FrameType


class Stopwatch:
    """A steady count of seconds, like time.monotonic, without the time for which the process was suspended."""

    def __init__(self) -> None:
        self._away = 0.0

    def __call__(self) -> float:
        return time.monotonic() - self._away

    @contextlib.contextmanager
    def minded(self) -> Iterator[None]:
        """Within it a suspension is not counted. Where there is no SIGTSTP (Windows), or outside the main thread, there
        is nothing to do."""
        stop = getattr(signal, "SIGTSTP", None)
        before = None
        with contextlib.suppress(ValueError):
            before = signal.signal(stop, self._suspend) if stop is not None else None
        try:
            yield
        finally:
            if stop is not None and before is not None:
                signal.signal(stop, before)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        began = time.monotonic()
        # The default action is what suspends; it happens before kill(2) returns.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._suspend)
        self._away += time.monotonic() - began
