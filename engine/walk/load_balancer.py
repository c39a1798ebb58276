"""An L4 load balancer outside the cluster: it keeps the destination and picks a node (KEP-1860 ipMode VIP).

With health checks it uses, for externalTrafficPolicy Local, the nodes that answer on healthCheckNodePort (those with a
ready endpoint of their own), else those whose kube-proxy is healthy (not being deleted: KEP-3836).
"""

from __future__ import annotations

from engine.cluster import Node, Service
from engine.errors import UnsupportedFeature
from engine.fabric.fabric import Fabric
from engine.network.routes import number
from engine.packet import L4


def service_at(fabric: Fabric, address: str, protocol: L4, port: int) -> Service | None:
    """The Service whose load balancer has that address and port. Raises UnsupportedFeature for ipMode Proxy."""
    found = fabric.service_index.balanced(address, protocol, port)
    if found is None:
        return None
    service, ingress = found
    # KEP-1860: with Proxy the nodes do not short-cut the address, and the balancer opens a connection of its own.
    if ingress.ip_mode != "VIP":
        raise UnsupportedFeature(
            f"{address}: a load balancer with ipMode {ingress.ip_mode} rewrites packets in its own way, which "
            "is not modelled; send the request to what it sends to, a node's NodePort",
            zh=f"{address}：ipMode 为 {ingress.ip_mode} 的负载均衡器以自己的方式改写数据包，未建模；请把请求发往它所转发到的节点 NodePort",
        )
    return service


def candidates(fabric: Fabric, service: Service, version: int) -> tuple[Node, ...]:
    """The nodes that the load balancer may send to, in the cluster's order."""
    cluster = fabric.cluster
    nodes = tuple(n for n in cluster.nodes if any(number(a)[0] == version for a in n.internal_ips))
    if not cluster.network.load_balancer_health_checks:
        return nodes
    # Every node would drop what it has no endpoint of its own for, so health checks tell which not to ask.
    if service.external_traffic_policy == "Local":
        ready = _nodes_with_ready_endpoints(fabric, service)
        return tuple(node for node in nodes if node.name in ready)
    return tuple(node for node in nodes if not node.deleting)


def _nodes_with_ready_endpoints(fabric: Fabric, service: Service) -> set[str]:
    return {
        endpoint.node_name
        for slice_ in fabric.service_index.slices(service)
        for endpoint in slice_.endpoints
        if endpoint.node_name is not None and endpoint.ready
    }
