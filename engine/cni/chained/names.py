"""How the reference plugins name a container's chains, and what they are told of it.

Source: containernetworking/plugins pkg/utils/utils.go (formatChainNameWithPrefix, FormatComment).
"""

from __future__ import annotations

import hashlib

from engine.cluster import ContainerPort
from engine.cni.interface import NodePlan
from engine.network.routes import contains
from engine.packet import Family, family_of
from engine.values import dataclass

_LONGEST_CHAIN = 28


@dataclass(frozen=True, slots=True)
class ContainerAddress:
    """One address of a container: `net` is its network on the node's side (10.244.1.0/24; with a routed veth the address
    itself), `id` the container's."""

    id: str
    address: str
    net: str
    host_ports: tuple[ContainerPort, ...]


def container_addresses(node: NodePlan, family: Family, bridged: bool) -> tuple[ContainerAddress, ...]:
    """The node's pods of that family, each with its first address. No field of the API holds the id of a pod's sandbox:
    where it is not given (annotation k8squiz.dev/container-id) a hash of the pod's name stands for it."""
    found = []
    for pod in node.pods:
        address = next((ip for ip in pod.ips if family_of(ip) is family), None)
        if address is None:
            continue
        alone = f"{address}/{128 if family is Family.IPV6 else 32}"
        net = next((cidr for cidr in node.pod_cidrs if contains(cidr, address)), alone) if bridged else alone
        sandbox = pod.container_id or hashlib.sha256(pod.key.encode()).hexdigest()
        found.append(ContainerAddress(sandbox, address, net, pod.host_ports))
    return tuple(found)


def chain_name(network: str, container: str, prefix: str = "") -> str:
    """CNI-, the prefix, and as much of the hash as fits into a chain's name."""
    digest = hashlib.sha512((network + container).encode()).hexdigest()
    return f"CNI-{prefix}{digest}"[:_LONGEST_CHAIN]


def comment(network: str, container: str) -> str:
    """What the rules of a container say."""
    return f'name: "{network}" id: "{container}"'
