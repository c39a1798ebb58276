"""IPVS on a packet's way through netfilter: the virtual servers as a table, and IPVS's own hooks.

Sources: net/netfilter/ipvs/ip_vs_core.c (ip_vs_ops4: which hooks at which priority, ip_vs_in, ip_vs_leave),
ip_vs_xmit.c (ip_vs_nat_xmit), ip_vs_nfct.c (ip_vs_update_conntrack, with net.ipv4.vs.conntrack=1, as kube-proxy sets it).
Which server a history of connections leads to is engine.ipvs; here is only the first packet after a sync.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
from collections.abc import Callable
from fractions import Fraction

from engine.hooks import PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter.context import Context
from engine.netfilter.ipset import IpSet
from engine.netfilter.rules import Ruleset
from engine.netfilter.skb import IpvsEvent
from engine.packet import L4, FiveTuple, is_ipv6, join_host_port
from engine.values import dataclass

# Where IPVS takes requests, and where it gives answers their address back.
TAKE_AT = {Hook.INPUT: PRIORITY_NAT_SRC - 1, Hook.OUTPUT: PRIORITY_NAT_DST + 2}
ANSWER_AT = {Hook.INPUT: PRIORITY_NAT_SRC - 2, Hook.OUTPUT: PRIORITY_NAT_DST + 1, Hook.FORWARD: PRIORITY_NAT_SRC - 1}


@dataclass(frozen=True, slots=True)
class VirtualService:
    """One virtual server as kube-proxy sets it up: `servers` are (address, port), all masquerading (-m), weight 1.

    `flags` are those of `ipvsadm -b`, `persistent` the seconds of `-p`.
    """

    protocol: L4
    address: str
    port: int
    scheduler: str = "rr"
    flags: tuple[str, ...] = ()
    persistent: int | None = None
    servers: tuple[tuple[str, int], ...] = ()


Chances = Callable[[VirtualService, FiveTuple], tuple[Fraction, ...]]


def even_chances(service: VirtualService, flow: FiveTuple) -> tuple[Fraction, ...]:
    """The chances of each server for the first connection after a sync.

    kube-proxy adds the servers in no fixed order, and every scheduler but mh goes by that order at first, so each
    server is as likely as the others.
    """
    return tuple(Fraction(1, len(service.servers)) for _ in service.servers)


@dataclasses.dataclass(slots=True)
class IpvsRuleset(Ruleset):
    """What kube-proxy's ipvs mode leaves on a node: iptables rules, ipsets, virtual servers, addresses of kube-ipvs0.

    str() is `ipvsadm-save -n`, then `ipset save`, then `iptables-save`.
    """

    services: tuple[VirtualService, ...] = ()
    ipsets: tuple[IpSet, ...] = ()
    dummy_addresses: tuple[str, ...] = ()
    chances: Chances = even_chances
    _by_address: dict[tuple[L4, str, int], VirtualService] | None = dataclasses.field(default=None, repr=False)

    def service(self, flow: FiveTuple) -> VirtualService | None:
        """The virtual server that a packet is addressed to."""
        if self._by_address is None:
            self._by_address = {(s.protocol, s.address, s.port): s for s in self.services}
        return self._by_address.get((flow.protocol, flow.dst, flow.dport))

    def __str__(self) -> str:
        from engine.netfilter import text

        lines = [line for service in sorted(self.services, key=_service_order) for line in save_service(service)]
        lines += [line for ipset in self.ipsets for line in ipset.save()]
        return "\n".join(lines) + "\n" + text.dump(self)


def take(ruleset: IpvsRuleset, context: Context) -> str:
    """ip_vs_in at INPUT and OUTPUT: a packet to a virtual server gets a real server as its destination."""
    skb = context.skb
    connection = skb.connection
    if connection is None or skb.reply or skb.ipvs_property or skb.error_about is not None:
        return "ACCEPT"
    if connection.ipvs_server is None:
        service = ruleset.service(skb.flow)
        if service is None or skb.state != "NEW":
            return "ACCEPT"
        if not service.servers:
            context.reason = "ipvs-no-server"
            context.reject_with = "icmp6-port-unreachable" if is_ipv6(skb.flow.dst) else "icmp-port-unreachable"
            return "REJECT"
        connection.ipvs_server = service.servers[context.choose(ruleset.chances(service, skb.flow))]
        address, port = connection.ipvs_server
        connection.reply = dataclasses.replace(connection.reply, src=address, sport=port)
    address, port = connection.ipvs_server
    before = skb.flow
    skb.flow = dataclasses.replace(before, dst=address, dport=port)
    skb.ipvs_property = True
    context.hash_lookups += 1
    context.events.append(IpvsEvent(context.hook, connection.original.destination, before, skb.flow))
    return "ACCEPT" if context.is_local(address) else "STOLEN"


def answer(context: Context) -> str:
    """ip_vs_out at FORWARD, INPUT and OUTPUT: an answer from a real server gets the virtual server's address back."""
    skb = context.skb
    connection = skb.connection
    if connection is None or not skb.reply or connection.ipvs_server != (skb.flow.src, skb.flow.sport):
        return "ACCEPT"
    before = skb.flow
    skb.flow = dataclasses.replace(before, src=connection.original.dst, sport=connection.original.dport)
    skb.ipvs_property = True
    context.events.append(IpvsEvent(context.hook, connection.original.destination, before, skb.flow, undo=True))
    return "ACCEPT"


_OPTION = {L4.TCP: "-t", L4.UDP: "-u", L4.SCTP: "--sctp-service"}
_NUMBER = {L4.TCP: 6, L4.UDP: 17, L4.SCTP: 132}


def save_service(service: VirtualService) -> list[str]:
    """The lines of `ipvsadm-save -n` for one virtual server."""
    where = f"{_OPTION[service.protocol]} {join_host_port(service.address, service.port)}"
    persistent = f" -p {service.persistent}" if service.persistent is not None else ""
    flags = f" -b {','.join(service.flags)}" if service.flags else ""
    servers = sorted(service.servers, key=lambda server: (_address_order(server[0]), server[1]))
    return [
        f"-A {where} -s {service.scheduler}{persistent}{flags}",
        *(f"-a {where} -r {join_host_port(*server)} -m -w 1" for server in servers),
    ]


def _service_order(service: VirtualService) -> tuple[int, object, int]:
    return _NUMBER[service.protocol], _address_order(service.address), service.port


def _words(address: str) -> tuple[int, ...]:
    packed = ipaddress.ip_address(address).packed
    return tuple(int.from_bytes(packed[i : i + 4], "big") for i in range(0, len(packed), 4))


def _compare(first: str, second: str) -> int:
    """ipvsadm compares addresses by the sign of a 32-bit difference (ipvs_cmp_services), so far apart ones turn round:
    192.168.0.1 comes before 10.0.0.1."""
    for a, b in zip(_words(first), _words(second), strict=True):
        difference = (a - b) & 0xFFFFFFFF
        if difference:
            return -1 if difference & 0x80000000 else 1
    return 0


_address_order = functools.cmp_to_key(_compare)
