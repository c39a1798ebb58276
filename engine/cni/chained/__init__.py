"""Plugins that are chained behind a cluster's main one, or that it delegates to: host ports, and the bridge's ipMasq.

They know nothing of the main plugin; a pod's addresses and the node's networks are all they are told.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import CNIConfig
from engine.cni.chained import ip_masq, masquerade_agent, portmap, portmap_nft
from engine.cni.chained.names import ContainerAddress, container_addresses
from engine.cni.interface import NodePlan, WrittenRules
from engine.errors import UnsupportedFeature
from engine.netfilter.chain_meaning import ChainWriter
from engine.packet import Family

__all__ = ["WRITERS", "ContainerAddress", "chained_rules"]

WRITERS: tuple[ChainWriter, ...] = (portmap.WRITER, portmap_nft.WRITER, ip_masq.WRITER, masquerade_agent.WRITER)


def chained_rules(config: CNIConfig, node: NodePlan, family: Family, bridged: bool) -> Iterator[WrittenRules]:
    """What the chained plugins write for the node's pods; `bridged` says whether the main plugin hangs pods on a bridge."""
    if config.masquerade_agent is not None and (family is Family.IPV4 or config.masquerade_agent.ipv6):
        yield masquerade_agent.written_rules(config.masquerade_agent, family, config.networks)
    if config.port_map is None and not bridged:
        return
    containers = container_addresses(node, family, bridged)
    network = "cbr0" if config.port_map is None else config.port_map.network
    masquerades = not config.ip_masq if config.bridge_ip_masq is None else config.bridge_ip_masq
    if bridged and masquerades and containers:
        yield ip_masq.written_rules(network, containers, family)
    if config.port_map is not None and any(container.host_ports for container in containers):
        if config.port_map.unmodelled:
            option = config.port_map.unmodelled[0]
            raise UnsupportedFeature(f"portmap's {option} is not modelled", zh=f"portmap 的 {option} 未建模")
        write = portmap_nft.written_rules if config.port_map.backend == "nftables" else portmap.written_rules
        yield write(config.port_map, containers, family)
