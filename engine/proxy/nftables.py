"""compile_nftables: kube-proxy's nftables table on one node.

Source: pkg/proxy/nftables/proxier.go; pkg/proxy/util/localdetector.go.
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node, ProxyConfig
from engine.errors import UnsupportedFeature
from engine.netfilter.nft import InInterfaceIndex
from engine.netfilter.rules import Backend, InInterface, Jump, Match, Ruleset, SetMark, Source
from engine.packet import Family, family_of
from engine.proxy.common import Common
from engine.proxy.endpoints import categorize
from engine.proxy.nftables_frame import MARK_FOR_MASQUERADE, FrameConfig, build_frame
from engine.proxy.nftables_names import TABLE
from engine.proxy.nftables_service import NodeFacts, ServiceWriter
from engine.proxy.nodeports import PRIMARY, node_port_addresses, own_address
from engine.proxy.releases import BY_NAME, Behaviour


def compile_nftables(
    cluster: Cluster, node: Node, family: Family, behaviour: Behaviour, common: Common | None = None
) -> Ruleset:
    """What kube-proxy in nftables mode leaves in the node's kernel after a full sync.

    Services come sorted by namespace/name:port, elements in the order in which nft lists them. Raises
    UnsupportedFeature for a release whose nftables mode is not modelled.
    """
    if not behaviour.has_nftables:
        since = BY_NAME["has_nftables"].since
        raise UnsupportedFeature(
            f"nftables mode is modelled since v{since}, where it is beta; v{behaviour.release} has none or an alpha that"
            " writes another table",
            zh=f"nftables 模式自 v{since}（beta）起建模；v{behaviour.release} 没有该模式，或是写另一种表的 alpha",
        )
    proxy, mark = cluster.proxy, cluster.proxy.masquerade_mark
    local, not_local = local_traffic(proxy, node, family, behaviour)
    table, sets = build_frame(
        FrameConfig(
            family,
            behaviour,
            mark,
            proxy.masquerade_all,
            nodeport_addresses(cluster, node, family, behaviour),
            tuple(cidr for cidr in cluster.service_cidrs if family_of(cidr) is family),
            not_local,
        )
    )
    # A jump costs the loading of a large ruleset more than the statement itself (issue 135639).
    to_mark = SetMark(mark, mark) if behaviour.marks_inline else Jump(MARK_FOR_MASQUERADE)
    facts = NodeFacts(node.name, behaviour, local, not_local, proxy.masquerade_all, own_address(node, family), to_mark)
    for view in (common or Common()).service_ports(cluster, family, behaviour.endpoints):
        ServiceWriter(view, categorize(view, node), facts, table.chains, sets).write()
    table.sets = sets
    return Ruleset(Backend.NFTABLES, family, {TABLE: table})


def nodeport_addresses(cluster: Cluster, node: Node, family: Family, behaviour: Behaviour) -> tuple[str, ...] | None:
    """The node's addresses that take NodePort traffic; None for all of them but loopback.

    Without nodePortAddresses it is the node's primary address of each family.
    """
    found = node_port_addresses(cluster, node, family, behaviour, unset=(PRIMARY,))
    if found.match_all:
        return None
    return tuple(own for own in found.addresses if not ipaddress.ip_address(own).is_loopback)


def local_traffic(
    proxy: ProxyConfig, node: Node, family: Family, behaviour: Behaviour
) -> tuple[Match | None, Match | None]:
    """How traffic of this node's pods is told from other (detectLocalMode), and its negation; None where it cannot be.

    Up to v1.33.5 kube-proxy asks for an interface by `iif`. That works for a bridge that exists; nft refuses it for a name
    prefix, with the whole transaction, so a prefix is written as later releases do, by name.
    """
    mode = proxy.detect_local_mode or "ClusterCIDR"
    if mode in ("ClusterCIDR", "NodeCIDR"):
        # Pods of all nodes count as local by the cluster's network: they are answered directly, whichever node they are on.
        cidrs = proxy.cluster_cidrs if mode == "ClusterCIDR" else node.pod_cidrs
        cidr = next((cidr for cidr in cidrs if family_of(cidr) is family), None)
        return (Source(cidr), Source(cidr, negate=True)) if cidr is not None else (None, None)
    if mode == "BridgeInterface":
        kind = InInterfaceIndex if behaviour.bridge_by_index else InInterface
        return kind(proxy.bridge_interface), kind(proxy.bridge_interface, negate=True)
    if mode == "InterfaceNamePrefix":
        name = f"{proxy.interface_name_prefix}*"
        return InInterface(name), InInterface(name, negate=True)
    return None, None
