"""The release of kube-proxy that questions and stories speak of: in one place.

It is the newest one they were read for: whoever lets the engine know a newer one reads them again before it is
named here. A question that is about another says so (`cluster.release`, `ask.scale.release`). `k8squiz rules` and
`k8squiz trace` ask the user's own nodes.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from contextvars import ContextVar

from engine.cluster import Cluster

RELEASE = "1.37"
# The last one whose nftables mode had a chain for each endpoint: what clusters that lag behind, and most articles, have.
EARLIER = "1.35"


# The release that a story is told of, where somebody asked for another.
_TOLD: ContextVar[str] = ContextVar("told", default=RELEASE)


@contextlib.contextmanager
def told_of(release: str) -> Iterator[None]:
    """Tell stories of kube-proxy `release` inside."""
    token = _TOLD.set(release)
    try:
        yield
    finally:
        _TOLD.reset(token)


def told() -> str:
    """The release that stories are told of."""
    return _TOLD.get()


def as_of(cluster: Cluster) -> Cluster:
    """`cluster` with that release on every node that does not report its own."""
    nodes = (dataclasses.replace(node, proxy_version=node.proxy_version or told()) for node in cluster.nodes)
    return dataclasses.replace(cluster, nodes=tuple(nodes))


def spoken(release: str) -> str:
    """A release as texts name it: v1.37."""
    return f"v{release.removeprefix('v')}"
