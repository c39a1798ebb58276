"""Work on many clusters, several at once, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.pool
import signal
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from engine.errors import no_processes
from engine.lab.namespaces import die_with_parent

Found = TypeVar("Found")
# What is worked on holds mappings that cannot be pickled; the processes inherit it with the work instead.
_inherited: list[Callable[[int], Any]] = []


def in_processes(work: Callable[[int], Found], count: int, workers: int) -> Iterator[Found]:
    """`work(0)` to `work(count - 1)`, `workers` at a time, in their order. What it returns must be picklable."""
    _inherited[:] = [work]
    with _pool(workers) as pool:
        yield from pool.imap(_run, range(count))


def _run(index: int) -> Any:
    return _inherited[0](index)


def _pool(workers: int) -> multiprocessing.pool.Pool:
    """Processes that end with this one. Ctrl-C is this one's business: a worker never hears of it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return multiprocessing.get_context("fork").Pool(workers, _start_worker)
    except OSError as error:
        raise no_processes(error) from None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _start_worker() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
