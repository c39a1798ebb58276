"""Where another proxy mode does something else than iptables with the same first packet: one table.

Every entry is documented: in the reference of virtual IPs (kubernetes.io), the KEP, or kube-proxy's code.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Callable
from typing import Any

from engine.cluster import Cluster, Node, Service, SliceEndpoint
from engine.packet import canonical, join_host_port

# The recorded flow: sourceIP, protocol, destIP, destPort, output, masq.
Fact = dict[str, Any]
# (verdict, destination, masqueraded)
Outcome = tuple[str, str, bool]


@dataclasses.dataclass(frozen=True)
class Difference:
    """`applies` says which flows go another way in `mode`, `outcomes` all that can happen to them there."""

    mode: str
    name: str
    source: str
    applies: Callable[[Cluster, Node, Fact], bool]
    outcomes: Callable[[Cluster, Node, Fact], set[Outcome]]


def destination(fact: Fact) -> str:
    return join_host_port(canonical(fact["destIP"]), fact["destPort"])


def untouched(cluster: Cluster, node: Node, fact: Fact) -> set[Outcome]:
    """kube-proxy's rules leave the packet as it is."""
    return {("ACCEPT", destination(fact), False)}


def rejected(cluster: Cluster, node: Node, fact: Fact) -> set[Outcome]:
    return {("REJECT", destination(fact), False)}


def _endpoints(cluster: Cluster, service: Service, usable: Callable[[SliceEndpoint], bool]) -> set[str]:
    return {
        join_host_port(endpoint.addresses[0], port.port or 0)
        for piece in cluster.slices
        if (piece.namespace, piece.service_name) == (service.namespace, service.name)
        for port in piece.ports
        for endpoint in piece.endpoints
        if usable(endpoint)
    }


def local_endpoints_unmasqueraded(cluster: Cluster, node: Node, fact: Fact) -> set[Outcome]:
    (service,) = _external_services(cluster, fact)
    local = _endpoints(cluster, service, lambda endpoint: endpoint.ready and endpoint.node_name == node.name)
    return {("ACCEPT", endpoint, False) for endpoint in local}


def all_endpoints_unmasqueraded(cluster: Cluster, node: Node, fact: Fact) -> set[Outcome]:
    """All that are ready, or where there is none, all that still serve."""
    (service,) = _external_services(cluster, fact)
    ready = _endpoints(cluster, service, lambda endpoint: endpoint.ready)
    serving = _endpoints(cluster, service, lambda endpoint: endpoint.serving and endpoint.terminating)
    return {("ACCEPT", endpoint, False) for endpoint in ready or serving}


def _services(cluster: Cluster, fact: Fact) -> list[Service]:
    return [service for service in cluster.services if canonical(fact["destIP"]) in service.cluster_ips]


def _wrong_port_of_a_cluster_ip(cluster: Cluster, node: Node, fact: Fact) -> bool:
    known = {(port.port, port.protocol.value) for service in _services(cluster, fact) for port in service.ports}
    return bool(_services(cluster, fact)) and (fact["destPort"], fact["protocol"]) not in known


def _external_services(cluster: Cluster, fact: Fact) -> list[Service]:
    """The Services that a flow from outside reaches by NodePort or load balancer address."""
    address, asked = canonical(fact["destIP"]), (fact["destPort"], fact["protocol"])
    return [
        service
        for service in cluster.services
        for port in service.ports
        if (port.node_port, port.protocol.value) == asked
        or (address in (i.ip for i in service.load_balancer_ingress) and (port.port, port.protocol.value) == asked)
    ]


def _under_external_local(cluster: Cluster, node: Node, fact: Fact, here: bool) -> bool:
    """A flow to a Service with externalTrafficPolicy Local and endpoints, some of them on this node or none."""
    services = _external_services(cluster, fact)
    if len(services) != 1 or services[0].external_traffic_policy != "Local":
        return False
    anywhere = _endpoints(cluster, services[0], lambda endpoint: endpoint.ready or endpoint.serving)
    local = _endpoints(
        cluster, services[0], lambda endpoint: (endpoint.ready or endpoint.serving) and endpoint.node_name == node.name
    )
    return bool(local) is here and bool(anywhere)


def _own_traffic_to_external_local(cluster: Cluster, node: Node, fact: Fact) -> bool:
    source = ipaddress.ip_address(fact["sourceIP"])
    own = str(source) in node.internal_ips or any(
        source in ipaddress.ip_network(cidr) for cidr in cluster.proxy.cluster_cidrs
    )
    return own and _under_external_local(cluster, node, fact, here=True)


def _outside_traffic_without_a_local_endpoint(cluster: Cluster, node: Node, fact: Fact) -> bool:
    return fact["output"] == "DROP" and _under_external_local(cluster, node, fact, here=False)


def _is_node_port(cluster: Cluster, fact: Fact) -> bool:
    asked = (fact["destPort"], fact["protocol"])
    return any((port.node_port, port.protocol.value) == asked for service in cluster.services for port in service.ports)


def _node_port_of_localhost(cluster: Cluster, node: Node, fact: Fact) -> bool:
    return ipaddress.ip_address(fact["destIP"]).is_loopback and _is_node_port(cluster, fact)


def _node_port_of_a_further_address(cluster: Cluster, node: Node, fact: Fact) -> bool:
    address = canonical(fact["destIP"])
    further = address in node.addresses and address not in node.internal_ips
    return further and not cluster.proxy.node_port_addresses and _is_node_port(cluster, fact)


DIFFERENCES = (
    Difference(
        "nftables",
        "a ClusterIP rejects ports that it does not have",
        "KEP-3866; kubernetes pull request 122692",
        _wrong_port_of_a_cluster_ip,
        rejected,
    ),
    Difference(
        "nftables",
        "localhost has no NodePorts",
        "kubernetes.io, reference/networking/virtual-ips: migrating from iptables mode to nftables",
        _node_port_of_localhost,
        untouched,
    ),
    Difference(
        "nftables",
        "without nodePortAddresses, NodePorts are on the node's primary addresses only",
        "kubernetes.io, reference/networking/virtual-ips: migrating from iptables mode to nftables",
        _node_port_of_a_further_address,
        untouched,
    ),
    Difference(
        "ipvs",
        "a ClusterIP rejects ports that it does not have: the node holds the address on kube-ipvs0",
        "pkg/proxy/ipvs/proxier.go: KUBE-IPVS-FILTER; kubernetes issue 72236",
        _wrong_port_of_a_cluster_ip,
        rejected,
    ),
    Difference(
        "ipvs",
        "localhost has no NodePorts",
        "kube-proxy's option --iptables-localhost-nodeports; pkg/proxy/ipvs/proxier.go leaves loopback out",
        _node_port_of_localhost,
        untouched,
    ),
    Difference(
        "ipvs",
        "externalTrafficPolicy Local: traffic of pods and of the node itself gets local endpoints, like any other",
        "pkg/proxy/ipvs/proxier.go: syncEndpoint; KUBE-NODE-PORT-LOCAL-* and KUBE-LOAD-BALANCER-LOCAL return",
        _own_traffic_to_external_local,
        local_endpoints_unmasqueraded,
    ),
    Difference(
        "ipvs",
        "externalTrafficPolicy Local without a local endpoint: sent to the others unmasqueraded, not dropped",
        "kubernetes pull request 97081",
        _outside_traffic_without_a_local_endpoint,
        all_endpoints_unmasqueraded,
    ),
)
