"""The ports of a rule: which of them a connection's destination port is.

Source: NetworkPolicyPort in k8s.io/api/networking/v1/types.go (KEP-2079 for endPort); ClusterNetworkPolicyProtocol in
apis/v1alpha2 of network-policy-api (NPEP-187). A name is looked up on the destination's pod, whichever end is asked.
"""

from __future__ import annotations

from engine.cluster.policies import ClusterNetworkPolicyProtocol, NetworkPolicyPort
from engine.networkpolicy.traffic import Traffic
from engine.packet import L4


def port_matches(port: NetworkPolicyPort, traffic: Traffic) -> bool:
    """Whether one of a NetworkPolicy rule's ports is this connection's."""
    if port.protocol is not traffic.protocol:
        return False
    if port.port is None:
        return True
    if isinstance(port.port, str):
        return _is_named(traffic, port.port, port.protocol)
    return port.port <= traffic.port <= (port.end_port or port.port)


def protocol_matches(protocol: ClusterNetworkPolicyProtocol, traffic: Traffic) -> bool:
    """Whether one of a ClusterNetworkPolicy rule's protocols is this connection's. destinationNamedPort says nothing
    of the protocol: it is the container port's."""
    if protocol.named_port is not None:
        return _is_named(traffic, protocol.named_port, traffic.protocol)
    if protocol.protocol is not traffic.protocol or protocol.first is None or protocol.last is None:
        return False
    return protocol.first <= traffic.port <= protocol.last


def _is_named(traffic: Traffic, name: str, protocol: L4) -> bool:
    """Whether a container of the destination gives the connection's port that name. Only one port of a container has a
    name, but two containers may use it twice: then each is meant."""
    pod = traffic.destination.pod
    if pod is None:
        return False
    return any(port.name == name and port.protocol is protocol and port.port == traffic.port for port in pod.ports)
