"""How far a path that was told agrees with the one that was walked: steps in order, then field by field."""

from __future__ import annotations

from collections.abc import Sequence

from k8squiz.kinds.path.steps import PathStep

# What host and device count in a step, and the host without the right device; the rest is shared by the addresses.
_PLACE, _HOST = 0.5, 0.3
Pairs = tuple[tuple[int | None, int | None], ...]


def step_credit(told: PathStep, truth: PathStep) -> float:
    """0 to 1: nothing where the host is another."""
    if told.host != truth.host:
        return 0.0
    place = _PLACE if on_device(told, truth) else 0.0 if told.device else _HOST
    if not place:
        return 0.0
    fields = [(told.src, truth.src), (told.dst, truth.dst)]
    fields += [(told.outer, truth.outer)] if truth.outer else []
    right = sum(1 for ours, theirs in fields if fits(ours, theirs))
    return place + (1 - _PLACE) * right / len(fields)


def on_device(told: PathStep, truth: PathStep) -> bool:
    """Whether the device is the one; a host's card goes without saying."""
    return told.device == truth.device or truth.device == "eth0" and not told.device


def fits(told: tuple[str, ...], truth: tuple[str, ...]) -> bool:
    """Whether an address that was told is one that counts there; of a pair, both."""
    return told == truth if len(told) == 2 else bool(told) and told[0] in truth


def aligned(told: Sequence[PathStep], truth: Sequence[PathStep]) -> tuple[float, Pairs]:
    """The credit of the best alignment that keeps both orders, 0 to 1, and its pairs of indices (None: left out, or too
    many). A step too many costs as much as one left out."""
    rows, columns = len(told), len(truth)
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            both = best[i + 1][j + 1] + step_credit(told[i], truth[j]) * truth[j].weight
            best[i][j] = max(both, best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < rows or j < columns:
        credit = step_credit(told[i], truth[j]) * truth[j].weight if i < rows and j < columns else 0.0
        if credit and best[i][j] == best[i + 1][j + 1] + credit:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif j < columns and best[i][j] == best[i][j + 1]:
            pairs.append((None, j))
            j += 1
        else:
            pairs.append((i, None))
            i += 1
    extra = sum(told[i].weight for i, j in pairs if i is not None and j is None)
    whole = sum(step.weight for step in truth) + extra
    return (best[0][0] / whole if whole else 0.0), tuple(pairs)
