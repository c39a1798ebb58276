"""Long work shared out among the processors, in processes that end at once when the command does."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def processors() -> int:
    """How many there are."""
    return os.cpu_count() or 1


def shared_out(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """`work(item)` of each, in their order, begun in that order on all processors. `work` and what it takes and returns
    must be picklable; what it raises is raised here.

    Whatever ends the caller's loop, Ctrl-C too, ends the processes with it: an executor would wait for them to finish.
    Raises EngineError where the system starts none.
    """
    import multiprocessing

    try:
        pool = multiprocessing.Pool(initializer=_leave_interrupts_to_the_parent)
    except OSError as error:
        from engine.errors import no_processes

        raise no_processes(error) from None
    with pool:
        yield from pool.imap(work, items)


def _leave_interrupts_to_the_parent() -> None:
    """A terminal sends Ctrl-C to all of a command's processes, and each would print where it was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
