"""What kube-proxy's rules have in common on all nodes of a cluster, in one mode, family and behaviour.

Which Service ports there are, and their endpoints, is the same everywhere; nodes differ in which of them they use. Made
for the first node, and taken by the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cluster import Cluster
from engine.packet import Family
from engine.proxy import endpoints
from engine.proxy.endpoints import EndpointRules, MadeViews, ServicePortView

if TYPE_CHECKING:
    from engine.proxy.iptables_service import Ways


class Common:
    """Of one cluster, family and behaviour; filled while a node is compiled. Threads may share it. `before` is of the same
    family and behaviour, and of the cluster as it was before a change: what did not change is not made again."""

    __slots__ = ("_made", "_views", "ways")

    def __init__(self, before: Common | None = None) -> None:
        self._views: tuple[ServicePortView, ...] | None = None
        self._made: MadeViews = {} if before is None else before._made
        self.ways: Ways = {} if before is None else before.ways

    def service_ports(self, cluster: Cluster, family: Family, rules: EndpointRules) -> tuple[ServicePortView, ...]:
        """As engine.proxy.endpoints.service_ports."""
        if self._views is None:
            self._views = endpoints.service_ports(cluster, family, rules, self._made)
        return self._views
