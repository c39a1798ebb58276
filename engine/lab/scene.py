"""A scene: one cluster in one mode, and the requests to send through it; the kinds of ending they can come to."""

from __future__ import annotations

import dataclasses

from engine.cluster import Cluster, Mode
from engine.trace import Outcome, Request


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """`name` says in a few words what is special about it; `seed` draws what the lab draws (a load balancer's node)."""

    name: str
    cluster: Cluster
    mode: Mode
    requests: tuple[Request, ...]
    version: int = 4
    seed: int = 0


DELIVERED = ("masqueraded", "source kept")


def ending(outcome: Outcome) -> str:
    """The kind of ending: the code of where the packet died or the connection stalls; of a delivered one, one of
    DELIVERED."""
    if outcome.where is not None:
        return outcome.where.code
    if outcome.stalls is not None:
        return f"stalls: {outcome.stalls.code}"
    return DELIVERED[0] if outcome.masqueraded else DELIVERED[1]
