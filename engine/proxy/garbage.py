"""Python's search for cycles, held back while very many objects are made that have none."""

from __future__ import annotations

import contextlib
import gc
import sys
from collections.abc import Iterator

# From so many new objects on it is worth it: what is done with them sets Python's own count of what it has not yet looked at
# back to nothing, and a program that did it for every small cluster would never look for cycles of its own.
_MANY = 100_000
# Python 3.12 starts with a few hundred objects of its own frozen, which may as well not be.
_FROZEN_BY_PYTHON = 2000 if sys.version_info[:2] == (3, 12) else 0


@contextlib.contextmanager
def without_garbage_search() -> Iterator[None]:
    """Looking through all that is there for cycles again and again would let a compile's time grow faster than the
    number of Services. What was made meanwhile counts as old afterwards, so that no search of all of it follows at once.

    Within another such block, or where the search is off anyway, it changes nothing."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        # Both only relink lists. Objects that someone else had frozen stay so.
        if gc.get_count()[0] > _MANY and gc.get_freeze_count() <= _FROZEN_BY_PYTHON:
            gc.freeze()
            gc.unfreeze()
        gc.enable()
