"""A node's sysctls: what a Network document says of it, and what kube-proxy sets."""

from __future__ import annotations

from engine.cluster import Cluster, Mode, NetworkFacts, Node
from engine.fabric.node_facts import PLAIN
from engine.network.host import Sysctls
from engine.packet import Family
from engine.proxy.interface import MODES
from engine.proxy.nodeports import node_port_addresses
from engine.proxy.releases import behaviour_on


def node_sysctls(cluster: Cluster, facts: NetworkFacts, node: Node, mode: Mode, release: str | None) -> Sysctls:
    """`facts` are the network's as that node has them, `mode` and `release` kube-proxy's."""
    own = cluster.network.nodes.get(node.name, PLAIN)
    # --nodeport-addresses may leave 127.0.0.1 out: then kube-proxy does not touch route_localnet.
    loopback_covered = node_port_addresses(cluster, node, Family.IPV4, behaviour_on(node, release)).ipv4_loopback
    localnet = MODES[mode].sets_route_localnet and cluster.proxy.localhost_node_ports and loopback_covered
    return Sysctls(
        ip_forward=facts.ip_forward and "ip_forward" not in facts.without,
        rp_filter=facts.rp_filter,
        rp_filter_of={one.name: one.rp_filter for one in own.cards if one.rp_filter is not None},
        route_localnet=facts.route_localnet and localnet and "route_localnet" not in facts.without,
        bridge_nf_call_iptables=facts.bridge_nf_call_iptables and "br_netfilter" not in facts.without,
    )
