"""What a CNI plugin is told of each node: its addresses, its pod networks, its pods and their host ports."""

from __future__ import annotations

import dataclasses
import ipaddress

from engine.cluster import Cluster, CNIConfig, Node
from engine.cni import NodePlan, Plugin
from engine.fabric.address_index import AddressIndex
from engine.network.routes import contains, number


def node_plans(cluster: Cluster, address_index: AddressIndex, plugin: Plugin) -> dict[str, NodePlan]:
    """A plan for each node, by name."""
    networks = _pod_networks(cluster, address_index, plugin)
    return {node.name: _plan(cluster, node, address_index, networks[node.name]) for node in cluster.nodes}


def _plan(cluster: Cluster, node: Node, address_index: AddressIndex, pod_networks: tuple[str, ...]) -> NodePlan:
    described = {
        f"{pod.namespace}/{pod.name}": pod
        for pod in cluster.pods
        if pod.node_name == node.name and not pod.host_network
    }
    pods = []
    for pod_owner in address_index.by_node.get(node.name, ()):
        plan, pod = pod_owner.plan, described.get(pod_owner.key)
        if pod is not None:
            ports = tuple(port for port in pod.ports if port.host_port)
            plan = dataclasses.replace(plan, host_ports=ports, container_id=pod.container_id)
        pods.append(plan)
    return NodePlan(node.name, node.internal_ips, pod_networks, tuple(pods), node.annotations)


def with_networks(config: CNIConfig, cluster: Cluster, plans: dict[str, NodePlan]) -> CNIConfig:
    """The CNI's configuration with the pods' networks: as it says itself, else kube-proxy's clusterCIDR, which installers
    set alike, else for each family what just holds all nodes' pod networks."""
    if config.networks:
        return config
    found = list(cluster.proxy.cluster_cidrs)
    known = {number(cidr.partition("/")[0])[0] for cidr in found}
    for version in (4, 6):
        nets = [
            cidr for plan in plans.values() for cidr in plan.pod_cidrs if number(cidr.partition("/")[0])[0] == version
        ]
        if nets and version not in known:
            found.append(_span(nets))
    return dataclasses.replace(config, networks=tuple(found))


def _span(nets: list[str]) -> str:
    """The smallest network that holds all of `nets`, which are of one family."""
    span = ipaddress.ip_network(nets[0])
    while not all(ipaddress.ip_network(net).subnet_of(span) for net in nets):  # type: ignore[arg-type]
        span = span.supernet()
    return str(span)


def _pod_networks(cluster: Cluster, address_index: AddressIndex, plugin: Plugin) -> dict[str, tuple[str, ...]]:
    """Each node's pod networks: spec.podCIDRs; and the plugin's blocks of pods that those do not cover, or the pods' own
    addresses where several nodes share such a block. Not every plugin has blocks beside the podCIDRs."""
    found = {node.name: list(node.pod_cidrs) for node in cluster.nodes}
    blocks: dict[str, dict[str, list[str]]] = {}
    for ip, pod_owner in address_index.by_address.items():
        own = found.get(pod_owner.node or "")
        if own is None or (own and not plugin.has_more_blocks) or any(contains(cidr, ip) for cidr in own):
            continue
        block = str(ipaddress.ip_network(f"{ip}/{plugin.block_lengths[number(ip)[0]]}", strict=False))
        blocks.setdefault(block, {}).setdefault(pod_owner.node or "", []).append(ip)
    for block, members in blocks.items():
        for node, ips in members.items():
            found[node] += [block] if len(members) == 1 else [str(ipaddress.ip_network(ip)) for ip in ips]
    return {node: tuple(cidrs) for node, cidrs in found.items()}
