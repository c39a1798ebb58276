"""The plugin `portmap`, nftables backend: table cni_hostport.

Source: containernetworking/plugins plugins/meta/portmap/portmap_nftables.go (forwardPorts).
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.cluster import PortMap
from engine.cni.chained.names import ContainerAddress
from engine.cni.chained.portmap import host_address, takes
from engine.cni.interface import WrittenRules
from engine.hooks import PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination, Source, host_net
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.nat import DestinationNat
from engine.netfilter.parts.ports import DestinationPort
from engine.netfilter.parts.verdicts import Jump
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table
from engine.packet import Family, is_ipv6
from engine.trace import Text

TABLE = "cni_hostport"
_PORTS, _ALL, _BY_ADDRESS, _MASQUERADING = "hostports", "hostports_all", "hostip_hostports", "masquerading"

WRITER = ChainWriter(
    "portmap nftables",
    (
        ChainMeaning(
            _ALL,
            Text(
                "the destination is one of the node's own addresses: host ports.",
                "目的地址是节点自己的地址，去查 hostPort。",
            ),
        ),
        ChainMeaning(_PORTS, Text("the host ports of the node's pods.", "节点上各 Pod 的 hostPort。")),
        ChainMeaning(_MASQUERADING, Text("the source NAT of host ports.", "hostPort 的 SNAT。")),
    ),
    table=TABLE,
)


def written_rules(config: PortMap, containers: Iterable[ContainerAddress], family: Family) -> WrittenRules:
    """All host ports of a node's containers of one family. A connection of a container to itself is told by its addresses
    after DNAT, not by a mark."""
    ports: list[Rule] = []
    masqueraded: list[Rule] = []
    for container in containers:
        if not container.host_ports:
            continue
        six, said = is_ipv6(container.address), Comment(container.id)
        for port in container.host_ports:
            if not takes(port, six):
                continue
            asked: tuple[Match, ...] = (DestinationPort(port.protocol, port.host_port, port.host_port), said)
            if host_address(port) is not None:
                asked = (Destination(host_net(port.host_ip)), *asked)
            ports.append(Rule(asked, DestinationNat(container.address, port.port)))
        own = host_net(container.address)
        for source in (own,) if six else (own, "127.0.0.1/32"):
            masqueraded.append(Rule((Source(source), Destination(own), said), Masquerade()))
    to_local = Rule((AddressType("dst"),), Jump(_ALL))
    chains = [
        Chain(_PORTS, ports),
        Chain(_BY_ADDRESS),
        Chain(_ALL, [Rule((), Jump(_BY_ADDRESS)), Rule((), Jump(_PORTS))]),
        Chain("prerouting", [to_local], Hook.PREROUTING, PRIORITY_NAT_DST, "ACCEPT", "nat"),
        Chain("output", [to_local], Hook.OUTPUT, PRIORITY_NAT_DST, "ACCEPT", "nat"),
    ]
    if config.snat:
        chains.append(Chain(_MASQUERADING, masqueraded, Hook.POSTROUTING, PRIORITY_NAT_SRC, "ACCEPT", "nat"))
    table = Table(TABLE, {chain.name: chain for chain in chains}, comment="CNI portmap plugin")
    return WrittenRules(Ruleset(Backend.NFTABLES, family, {TABLE: table}))
