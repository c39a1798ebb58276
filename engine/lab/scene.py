"""A scene: one cluster in one mode, and the requests to send through it."""

from __future__ import annotations

import dataclasses

from engine.cluster import Cluster
from engine.trace import Request


@dataclasses.dataclass(frozen=True, slots=True)
class Scene:
    """`name` says in a few words what is special about it; `seed` draws what the lab draws (a load balancer's node)."""

    name: str
    cluster: Cluster
    mode: str
    requests: tuple[Request, ...]
    version: int = 4
    seed: int = 0
