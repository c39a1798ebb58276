"""What a walk's chains are called on a card, and how their names are shown: as whoever writes them says."""

from __future__ import annotations

from typing import TypeAlias

from engine.cluster import Mode
from engine.fabric import chains
from engine.fabric.chains import short, tells_services_apart
from engine.trace import Hop

__all__ = ["CHAINS", "card", "is_own", "short", "tells_services_apart"]

_Cards: TypeAlias = tuple[tuple[str, str, str], ...]

# (name or prefix, English, Chinese) of the chains that are a step of their own, by mode.
CHAINS: dict[Mode, _Cards] = {
    mode: tuple((row.name, row.card.en, row.card.zh) for row in writer.rows if row.card is not None)
    for mode, writer in chains.MODES.items()
}


def card(chain: str, mode: Mode) -> tuple[str, str, str] | None:
    """The row of a chain: its own name, or the longest prefix ending in `-` that it begins with. None where it is no
    step of its own."""
    fitting = [row for row in CHAINS[mode] if chain == row[0] or (row[0].endswith("-") and chain.startswith(row[0]))]
    return max(fitting, key=lambda row: (chain == row[0], len(row[0])), default=None)


def is_own(hop: Hop) -> bool:
    """Whether the hop stands in a chain by which kube-proxy tells Services apart, in any mode: no hook's own chain."""
    return hop.chain is not None and tells_services_apart(hop.table or "", hop.chain)
