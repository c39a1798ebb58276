"""The search for cycles is held back and comes back as it was."""

from __future__ import annotations

import gc

import pytest

from engine.proxy.garbage import without_garbage_search


@pytest.mark.parametrize("before", [True, False])
def test_the_search_is_as_it_was_afterwards_also_after_an_error(before: bool) -> None:
    was, frozen = gc.isenabled(), gc.get_freeze_count()
    (gc.enable if before else gc.disable)()
    try:
        with pytest.raises(KeyError):
            _fail_inside()
        assert gc.isenabled() is before
        assert gc.get_freeze_count() <= frozen
    finally:
        (gc.enable if was else gc.disable)()


def _fail_inside() -> None:
    with without_garbage_search(), without_garbage_search():
        assert not gc.isenabled()
        raise KeyError


def test_what_python_counts_goes_on_after_a_small_piece_of_work() -> None:
    """Otherwise a program that compiles one small cluster after another would never look for its own cycles."""
    gc.collect()
    kept: list[list[int]] = [[] for _ in range(400)]
    with without_garbage_search():
        kept.append([])
    assert gc.get_count()[0] > len(kept) // 2
