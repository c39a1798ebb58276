"""The plugin `portmap`, iptables backend: host ports, by DNAT to the container.

Source: containernetworking/plugins plugins/meta/portmap/portmap_iptables.go (fillDnatRules, genMarkMasqChain).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from engine.cluster import ContainerPort, PortMap
from engine.cni.chained.names import ContainerAddress, chain_name, comment
from engine.cni.interface import WrittenRules
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.chain_meaning import ChainMeaning, ChainWriter
from engine.netfilter.parts.address_type import AddressType
from engine.netfilter.parts.addresses import Destination, Source, host_net
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.mark import MarkMatch, SetMark
from engine.netfilter.parts.masquerade import Masquerade
from engine.netfilter.parts.multiport import Multiport
from engine.netfilter.parts.nat import DestinationNat
from engine.netfilter.parts.ports import DestinationPort
from engine.netfilter.parts.protocol import Protocol
from engine.netfilter.parts.verdicts import Jump
from engine.netfilter.ruleset import Backend, Chain, Match, Rule, Ruleset, Table
from engine.packet import Family, is_ipv6
from engine.trace import Text

DNAT, SET_MARK, MASQUERADE = "CNI-HOSTPORT-DNAT", "CNI-HOSTPORT-SETMARK", "CNI-HOSTPORT-MASQ"
# `-m multiport` takes fifteen ports, a comment 255 characters.
_MOST_PORTS, _LONGEST_COMMENT = 15, 255

WRITER = ChainWriter(
    "portmap",
    (
        ChainMeaning(
            DNAT,
            Text(
                "the destination is one of the node's own addresses: host ports.",
                "目的地址是节点自己的地址，去查 hostPort。",
            ),
            Text("{host}: CNI-HOSTPORT-DNAT looks for the host port", "{host}：CNI-HOSTPORT-DNAT 查找 hostPort"),
        ),
        ChainMeaning(
            "CNI-DN-",
            Text("the host ports of this pod.", "该 Pod 的 hostPort。"),
            Text(
                "{host}: CNI-DN-…, the chain of one pod's host ports, does DNAT",
                "{host}：CNI-DN-…，单个 Pod 的 hostPort 链，执行 DNAT",
            ),
        ),
        ChainMeaning(SET_MARK, Text("the connection is to be masqueraded.", "该连接需要 MASQUERADE。")),
        ChainMeaning(MASQUERADE, Text("the source NAT of host ports.", "hostPort 的 SNAT。")),
    ),
    prefix="CNI-",
    table="nat",
)


def written_rules(config: PortMap, containers: Iterable[ContainerAddress], family: Family) -> WrittenRules:
    """All host ports of a node's containers of one family."""
    chains = built_in_chains("nat")
    chains[DNAT] = Chain(DNAT)
    to_local = Rule((AddressType("dst"),), Jump(DNAT))
    for hook in (Hook.PREROUTING, Hook.OUTPUT):
        chains[hook.value].rules.append(to_local)
    if config.snat and not config.mark_chain:
        mark = 1 << config.mark_bit
        said = Comment("CNI portfwd masquerade mark")
        chains[SET_MARK] = Chain(SET_MARK, [Rule((said,), SetMark(mark, mark))])
        chains[MASQUERADE] = Chain(MASQUERADE, [Rule((MarkMatch(mark, mark),), Masquerade())])
        jump = Rule((Comment("CNI portfwd requiring masquerade"),), Jump(MASQUERADE))
        chains[Hook.POSTROUTING.value].rules.append(jump)
    for container in containers:
        if container.host_ports:
            name = chain_name(config.network, container.id, "DN-")
            chains[DNAT].rules += _entries(config.network, container, name)
            chains[name] = Chain(name, [*_mappings(config, container)])
    # Before the masquerading of the plugins `bridge` and `ptp`, which would take what is marked; all else is appended.
    inserted = frozenset({("nat", Hook.POSTROUTING.value)})
    return WrittenRules(Ruleset(Backend.IPTABLES, family, {"nat": Table("nat", chains)}), inserted)


def _entries(network: str, container: ContainerAddress, chain: str) -> Iterator[Rule]:
    """The jumps to a container's chain, one for each protocol and fifteen ports."""
    said = f"dnat {comment(network, container.id)}"
    if len(said) > _LONGEST_COMMENT:
        said = said[: _LONGEST_COMMENT - 2] + "..."
    protocols = sorted({port.protocol for port in container.host_ports}, key=lambda protocol: protocol.lower())
    for protocol in protocols:
        ports = [port.host_port for port in container.host_ports if port.protocol is protocol]
        for start in range(0, len(ports), _MOST_PORTS):
            listed = tuple((port, port) for port in ports[start : start + _MOST_PORTS])
            yield Rule((Protocol(protocol), Comment(said), Multiport("dst", listed)), Jump(chain))


def _mappings(config: PortMap, container: ContainerAddress) -> Iterator[Rule]:
    """For each port: mark who reaches itself or comes from the node's loopback, then DNAT."""
    six = is_ipv6(container.address)
    for port in container.host_ports:
        if not takes(port, six):
            continue
        asked: tuple[Match, ...] = (
            Protocol(port.protocol),
            DestinationPort(port.protocol, port.host_port, port.host_port),
        )
        if host_address(port) is not None:
            asked = (Destination(host_net(port.host_ip)), *asked)
        if config.snat:
            marked = [Source(container.net)] + ([] if six else [Source("127.0.0.1/32")])
            for source in marked:
                yield Rule((source, *asked), Jump(config.mark_chain or SET_MARK))
        yield Rule(asked, DestinationNat(container.address, port.port))


def takes(port: ContainerPort, six: bool) -> bool:
    """Whether a host port concerns the family: a hostIP of the other one leaves it out."""
    return not port.host_ip or is_ipv6(port.host_ip) is six


def host_address(port: ContainerPort) -> str | None:
    """The address that a host port is limited to; 0.0.0.0 and :: stand for all."""
    return None if not port.host_ip or ipaddress.ip_address(port.host_ip).is_unspecified else port.host_ip
