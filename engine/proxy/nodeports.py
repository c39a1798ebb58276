"""Which of a node's addresses take NodePort traffic (nodePortAddresses), and the address a node calls its own.

The modes differ in what they make of loopback, and nftables mode in what an empty list means.
Source: pkg/proxy/util/nodeport_addresses.go, cmd/kube-proxy/app/server.go; since when a word is known: releases.py.
"""

from __future__ import annotations

import ipaddress

from engine.cluster import Cluster, Node
from engine.cni import cni_addresses
from engine.errors import UnsupportedFeature
from engine.packet import Family, family_of
from engine.proxy.releases import BY_NAME, Behaviour
from engine.values import dataclass

PRIMARY = "primary"
_WORDS = {"localhost": ("127.0.0.0/8", "::1/128"), "all": ("0.0.0.0/0", "::/0")}
_LOOPBACK_START = ipaddress.IPv4Address("127.0.0.0")


@dataclass(frozen=True, slots=True)
class NodePortAddresses:
    """nodePortAddresses for one node and family.

    `match_all`: every address of the node, else `addresses`: those of its own that lie in the listed networks, each
    once, loopback included. `ipv4_loopback`: whether 127.0.0.0/8 is covered (never in IPv6).
    """

    match_all: bool
    addresses: tuple[str, ...]
    ipv4_loopback: bool


def own_address(node: Node, family: Family) -> str:
    """The node's address that kube-proxy takes for its own: the first InternalIP of the family, else loopback."""
    own = (address for address in node.internal_ips if family_of(address) is family)
    return next(own, "::1" if family is Family.IPV6 else "127.0.0.1")


def interface_addresses(cluster: Cluster, node: Node) -> tuple[str, ...]:
    """Every address of the node's interfaces, each once: its own, those of further cards, those of the CNI's devices;
    not what is always on lo."""
    return tuple(dict.fromkeys((*node.internal_ips, *node.addresses, *cni_addresses(cluster.cni, node))))


def node_port_addresses(
    cluster: Cluster, node: Node, family: Family, behaviour: Behaviour, unset: tuple[str, ...] = ()
) -> NodePortAddresses:
    """nodePortAddresses, or `unset` where it is empty: networks, and words, of which "primary" stands for the node's own
    address of each family. A list that names nothing of this family means every address of it.

    Raises UnsupportedFeature for a word that the release does not know: its kube-proxy would not start.
    """
    listed = cluster.proxy.node_port_addresses or unset
    _check_words(listed, behaviour)
    networks = [net for item in listed for net in (_primary(node) if item == PRIMARY else _WORDS.get(item, (item,)))]
    ours = [ipaddress.ip_network(net, strict=False) for net in networks if family_of(net) is family]
    match_all = not ours or any(net.prefixlen == 0 for net in ours)
    loopback = family is Family.IPV4 and (match_all or any(net.is_loopback or _LOOPBACK_START in net for net in ours))
    own = ("::1" if family is Family.IPV6 else "127.0.0.1", *interface_addresses(cluster, node))
    mine = (address for address in dict.fromkeys(own) if family_of(address) is family)
    found = tuple(address for address in mine if any(ipaddress.ip_address(address) in net for net in ours))
    return NodePortAddresses(match_all, found, loopback)


def _primary(node: Node) -> tuple[str, ...]:
    own = (own_address(node, family) for family in Family)
    return tuple(address for address in own if not ipaddress.ip_address(address).is_loopback)


def _check_words(listed: tuple[str, ...], behaviour: Behaviour) -> None:
    words = [item for item in listed if item == PRIMARY or item in _WORDS]
    if not words or behaviour.knows_node_port_words or (listed == (PRIMARY,) and behaviour.knows_primary):
        return
    lone = listed == (PRIMARY,)
    since = BY_NAME["knows_primary" if lone else "knows_node_port_words"].since
    raise UnsupportedFeature(
        f"nodePortAddresses: [{', '.join(listed)}]: kube-proxy takes this since v{since}; v{behaviour.release} does not"
        " start with it",
        zh=f"nodePortAddresses: [{', '.join(listed)}]：kube-proxy 自 v{since} 起才接受这种写法；v{behaviour.release} 会拒绝启动",
    )
