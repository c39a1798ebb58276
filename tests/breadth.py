"""How many cases a sweep tries: as many as show that it works by default; K8SQUIZ_FUZZ=10 tries ten times as many, at night."""

from __future__ import annotations

import os

TIMES = float(os.environ.get("K8SQUIZ_FUZZ", "1"))


def breadth(count: int, most: int | None = None) -> int:
    """`count` cases, or as many times that as the environment says, at most `most`."""
    found = max(1, round(count * TIMES))
    return found if most is None else min(found, most)
