"""The search for a free port (nf_nat_l4proto_unique_tuple)."""

from __future__ import annotations

import pytest

from engine.netfilter.nat import search_windows


@pytest.mark.parametrize(
    ("size", "tries"), [(3, [3]), (128, [128]), (1000, [128, 64, 32, 16, 8]), (64_512, [128, 64, 32, 16, 8])]
)
def test_how_many_ports_are_tried(size: int, tries: list[int]) -> None:
    assert list(search_windows(size)) == tries
