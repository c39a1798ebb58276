"""compile_nftables: kube-proxy's nftables table on one node.

Source: pkg/proxy/nftables/proxier.go; pkg/proxy/util/localdetector.go.
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node, ProxyConfig
from engine.endpoints import categorize, service_ports
from engine.netfilter.nft import InInterfaceIndex
from engine.netfilter.rules import Backend, InInterface, Match, Ruleset, Source
from engine.packet import is_ipv6
from engine.proxy.nftables_frame import V1_30, V1_34, FrameConfig, Release, build_frame
from engine.proxy.nftables_names import TABLE
from engine.proxy.nftables_service import NodeFacts, ServiceWriter
from engine.proxy.nodeports import PRIMARY, node_port_addresses, own_address


def compile_nftables(cluster: Cluster, node: Node, family: str) -> Ruleset:
    """What kube-proxy in nftables mode leaves in the node's kernel after a full sync.

    Written as v1.30 writes it; a cluster with ServiceCIDR objects (v1.33) is written as v1.34 does. Services come
    sorted by namespace/name:port, elements in the order in which nft lists them.
    """
    release = V1_34 if cluster.service_cidrs else V1_30
    table, sets = build_frame(
        FrameConfig(
            family,
            release,
            cluster.proxy.masquerade_mark,
            nodeport_addresses(cluster, node, family),
            tuple(cidr for cidr in cluster.service_cidrs if is_ipv6(cidr) is (family == "ipv6")),
        )
    )
    local, not_local = local_traffic(cluster.proxy, node, family, release)
    facts = NodeFacts(release, local, not_local, cluster.proxy.masquerade_all, own_address(node, family))
    for view in service_ports(cluster, family):
        ServiceWriter(view, categorize(view, node), facts, table.chains, sets).write()
    table.sets = sets
    return Ruleset(Backend.NFTABLES, family, {TABLE: table})


def nodeport_addresses(cluster: Cluster, node: Node, family: str) -> tuple[str, ...] | None:
    """The node's addresses that take NodePort traffic; None for all of them but loopback.

    Without nodePortAddresses it is the node's primary address of each family.
    """
    found = node_port_addresses(cluster, node, family, unset=(PRIMARY,))
    if found.match_all:
        return None
    return tuple(own for own in found.addresses if not ipaddress.ip_address(own).is_loopback)


def local_traffic(proxy: ProxyConfig, node: Node, family: str, release: Release) -> tuple[Match | None, Match | None]:
    """How traffic of this node's pods is told from other (detectLocalMode), and its negation; None where it cannot be.

    v1.30 asks for an interface by `iif`. That works for a bridge that exists; nft refuses it for a name prefix, with
    the whole transaction, so a prefix is written as later releases do, by name.
    """
    mode = proxy.detect_local_mode or "ClusterCIDR"
    if mode in ("ClusterCIDR", "NodeCIDR"):
        cidrs = proxy.cluster_cidrs if mode == "ClusterCIDR" else node.pod_cidrs
        cidr = next((cidr for cidr in cidrs if is_ipv6(cidr) is (family == "ipv6")), None)
        return (Source(cidr), Source(cidr, negate=True)) if cidr is not None else (None, None)
    if mode == "BridgeInterface":
        kind = InInterfaceIndex if release.bridge_by_index else InInterface
        return kind(proxy.bridge_interface), kind(proxy.bridge_interface, negate=True)
    if mode == "InterfaceNamePrefix":
        name = f"{proxy.interface_name_prefix}*"
        return InInterface(name), InInterface(name, negate=True)
    return None, None
