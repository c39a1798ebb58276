"""How much work a piece of code does, without a clock: the same on a busy machine as on a quiet one."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from types import FrameType


def function_calls(run: Callable[[], object]) -> int:
    """How many functions are called by `run`, in Python or in C. What is done inside one C function is not seen."""
    counted = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return counted


def childrens_cpu_seconds() -> float:
    """CPU seconds of all processes that this one has started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
