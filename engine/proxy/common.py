"""What kube-proxy's rules have in common on all nodes of a cluster, in one mode, family and behaviour.

Which Service ports there are, and their endpoints, is the same everywhere; nodes differ in which of them they use. Made
for the first node, and taken by the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.cluster import Cluster
from engine.packet import Family
from engine.proxy import endpoints
from engine.proxy.endpoints import EndpointRules, ServicePortView

if TYPE_CHECKING:
    from engine.proxy.iptables_service import Ways


class Common:
    """Of one cluster, family and behaviour; filled while a node is compiled. Threads may share it. `ways` may come from
    another cluster of the same family, as before a change: what did not change is not made again."""

    __slots__ = ("_views", "ways")

    def __init__(self, ways: Ways | None = None) -> None:
        self._views: tuple[ServicePortView, ...] | None = None
        self.ways: Ways = {} if ways is None else ways

    def service_ports(self, cluster: Cluster, family: Family, rules: EndpointRules) -> tuple[ServicePortView, ...]:
        """As engine.proxy.endpoints.service_ports."""
        if self._views is None:
            self._views = endpoints.service_ports(cluster, family, rules)
        return self._views
