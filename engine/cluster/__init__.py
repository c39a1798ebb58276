"""What a cluster is to the dataplane: the objects of Kubernetes (objects), and what none of them holds (facts).

How either stands in YAML is engine.manifests' affair, what follows from it the rooms' above.
"""

from engine.cluster.facts import CardFacts, NetworkFacts, NodeFacts, StaleEndpoint, UnderlayDrop
from engine.cluster.objects import (
    LABEL_HEADLESS,
    LABEL_PROXY_NAME,
    Cluster,
    CNIConfig,
    ContainerPort,
    Endpoint,
    EndpointPort,
    EndpointSlice,
    IPPool,
    LoadBalancerIngress,
    MasqueradeAgent,
    Mode,
    Node,
    NodeLocalDNS,
    Pod,
    PodDNSConfig,
    PortMap,
    ProxyConfig,
    Service,
    ServicePort,
    SliceEndpoint,
)

__all__ = [
    "LABEL_HEADLESS",
    "LABEL_PROXY_NAME",
    "CNIConfig",
    "CardFacts",
    "Cluster",
    "ContainerPort",
    "Endpoint",
    "EndpointPort",
    "EndpointSlice",
    "IPPool",
    "LoadBalancerIngress",
    "MasqueradeAgent",
    "Mode",
    "NetworkFacts",
    "Node",
    "NodeFacts",
    "NodeLocalDNS",
    "Pod",
    "PodDNSConfig",
    "PortMap",
    "ProxyConfig",
    "Service",
    "ServicePort",
    "SliceEndpoint",
    "StaleEndpoint",
    "UnderlayDrop",
]
