"""IPVS on a packet's way through netfilter: the virtual servers as a table, and IPVS's own hooks.

Sources: net/netfilter/ipvs/ip_vs_core.c (ip_vs_ops4: which hooks at which priority, ip_vs_in, ip_vs_leave),
ip_vs_xmit.c (ip_vs_nat_xmit), ip_vs_nfct.c (ip_vs_update_conntrack, with net.ipv4.vs.conntrack=1, as kube-proxy sets it;
ip_vs_notrack without).
Which server a history of connections leads to is engine.ipvs; here is only the first packet after a sync.
"""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

from engine.hooks import PRIORITY_NAT_DST, PRIORITY_NAT_SRC, Hook
from engine.netfilter.context import Context
from engine.netfilter.ipset import IpSet
from engine.netfilter.rules import Ruleset
from engine.netfilter.skb import UNTRACKED, IpvsEvent, NetfilterVerdict, Segment, Skb
from engine.netfilter.virtual_service import Chances, VirtualService, equal_chances
from engine.packet import L4, FiveTuple, is_ipv6
from engine.trace import MemoryKind, ReasonCode, Remembered
from engine.values import dataclass, replace

# Where IPVS takes requests (ip_vs_in_hook), and where it gives answers their address back (ip_vs_out_hook): ip_vs_ops4 of the
# kernel's net/netfilter/ipvs/ip_vs_core.c. FORWARD 99 is ip_vs_forward_icmp's, which takes ICMP errors alone.
TAKE_AT = {Hook.INPUT: PRIORITY_NAT_SRC - 1, Hook.OUTPUT: PRIORITY_NAT_DST + 2}
ANSWER_AT = {Hook.INPUT: PRIORITY_NAT_SRC - 2, Hook.OUTPUT: PRIORITY_NAT_DST + 1, Hook.FORWARD: PRIORITY_NAT_SRC}


@dataclass(slots=True)
class IpvsRuleset(Ruleset):
    """What kube-proxy's ipvs mode leaves on a node: iptables rules, ipsets, virtual servers, addresses of kube-ipvs0.

    `conntrack` is net.ipv4.vs.conntrack, which kube-proxy sets to 1. str() is `ipvsadm-save -n`, then `ipset save`, then `iptables-save`.
    """

    services: tuple[VirtualService, ...] = ()
    ipsets: tuple[IpSet, ...] = ()
    dummy_addresses: tuple[str, ...] = ()
    chances: Chances = equal_chances
    conntrack: bool = True
    _by_address: dict[tuple[L4, str, int], VirtualService] | None = dataclasses.field(default=None, repr=False)
    _dummies: frozenset[str] | None = dataclasses.field(default=None, init=False, repr=False, compare=False)

    @property
    def dummies(self) -> frozenset[str]:
        """`dummy_addresses` to look an address up in."""
        if self._dummies is None:
            self._dummies = frozenset(self.dummy_addresses)
        return self._dummies

    def service(self, flow: FiveTuple) -> VirtualService | None:
        """The virtual server that a packet is addressed to."""
        if self._by_address is None:
            self._by_address = {(s.protocol, s.address, s.port): s for s in self.services}
        return self._by_address.get((flow.protocol, flow.dst, flow.dport))


# IPVS's own connection table where conntrack knows nothing of them: client to virtual server -> real server.
OwnTable: TypeAlias = dict[FiveTuple, tuple[str, int]]


def take(ruleset: IpvsRuleset, context: Context, own: OwnTable) -> NetfilterVerdict:
    """ip_vs_in at INPUT and OUTPUT: a packet to a virtual server gets a real server as its destination."""
    skb = context.skb
    connection = skb.connection
    if skb.reply or skb.ipvs_property or skb.error_about is not None:
        return NetfilterVerdict.ACCEPT
    # What a rule has taken out of conntrack IPVS schedules all the same: its own table needs none.
    if not ruleset.conntrack or skb.state == UNTRACKED:
        return _take_untracked(ruleset, context, own)
    if connection is None:
        return NetfilterVerdict.ACCEPT
    if connection.ipvs_server is None:
        service = ruleset.service(skb.flow)
        if service is None or skb.state != "NEW":
            return NetfilterVerdict.ACCEPT
        server = _schedule(ruleset, service, context)
        if server is None:
            return NetfilterVerdict.REJECT
        connection.ipvs_server = server
        connection.reply = replace(connection.reply, src=server[0], sport=server[1])
    return _send_to(connection.ipvs_server, connection.original.destination, context)


def _take_untracked(ruleset: IpvsRuleset, context: Context, own: OwnTable) -> NetfilterVerdict:
    """The same with net.ipv4.vs.conntrack=0, or for what came untracked: the packet goes on without its conntrack entry
    (ip_vs_notrack), so that no NAT rule sees it any more and the entry is never confirmed."""
    skb = context.skb
    asked = skb.flow
    server = own.get(asked)
    if server is None:
        service = ruleset.service(asked)
        if service is None or skb.segment is not Segment.OPEN:
            return NetfilterVerdict.ACCEPT
        server = _schedule(ruleset, service, context)
        if server is None:
            return NetfilterVerdict.REJECT
        own[asked] = server
    verdict = _send_to(server, asked.destination, context)
    _untrack(skb)
    return verdict


def _schedule(ruleset: IpvsRuleset, service: VirtualService, context: Context) -> tuple[str, int] | None:
    """One of the virtual server's real servers; None, with the context's reason set, where it has none of a weight. With
    persistence the one that the client's template has (ip_vs_sched_persist): kube-proxy sets expire_quiescent_template."""
    if not any(service.server_weights):
        context.reason = ReasonCode.IPVS_NO_SERVER
        context.reject_with = "icmp6-port-unreachable" if is_ipv6(context.skb.flow.dst) else "icmp-port-unreachable"
        return None
    client, name = context.skb.flow.src, service.memory_name
    template = None if service.persistent is None else context.memory.find(MemoryKind.TEMPLATE, name, client)
    if template is not None and not _usable(template, service):
        template = None
    if template is None:
        server: tuple[str, int] | None = service.servers[context.choose(ruleset.chances(service, context.skb.flow))]
    else:
        server = template.server
    if service.persistent is not None:
        assured = template is not None and template.assured
        made = Remembered(
            MemoryKind.TEMPLATE,
            name,
            client,
            (context.now,),
            timeout=service.persistent,
            server=server,
            assured=assured,
        )
        context.memory.put(made)
    return server


def _usable(template: Remembered, service: VirtualService) -> bool:
    """Whether its server is one of the virtual server's, and takes connections (ip_vs_check_template)."""
    return any(
        server == template.server and weight
        for server, weight in zip(service.servers, service.server_weights, strict=True)
    )


def _send_to(server: tuple[str, int], asked: str, context: Context) -> NetfilterVerdict:
    skb, (address, port) = context.skb, server
    before = skb.flow
    skb.flow = replace(before, dst=address, dport=port)
    skb.ipvs_property = True
    context.hash_lookups += 1
    context.events.append(IpvsEvent(context.hook, asked, before, skb.flow))
    return NetfilterVerdict.ACCEPT if context.is_local(address) else NetfilterVerdict.STOLEN


def _untrack(skb: Skb) -> None:
    """ip_vs_notrack: what had an entry is UNTRACKED from here on; what had none stays INVALID."""
    if skb.connection is not None:
        skb.connection, skb.reply, skb.state = None, False, UNTRACKED


def answer(ruleset: IpvsRuleset, context: Context, own: OwnTable) -> NetfilterVerdict:
    """ip_vs_out at FORWARD, INPUT and OUTPUT: an answer from a real server gets the virtual server's address back, and so
    does an ICMP error about a request to one, whoever sends it (ip_vs_out_icmp, ip_vs_nat_icmp)."""
    skb = context.skb
    asked = _asked(ruleset, skb, own)
    if asked is None:
        return NetfilterVerdict.ACCEPT
    before, quoted = skb.flow, skb.error_about
    if quoted is None:
        skb.flow = replace(before, src=asked.dst, sport=asked.dport)
    else:
        skb.flow = replace(before, src=asked.dst)
        skb.error_about = replace(quoted, dst=asked.dst, dport=asked.dport)
    skb.ipvs_property = True
    context.events.append(IpvsEvent(context.hook, asked.destination, before, skb.flow, undo=True))
    if asked in own:
        _untrack(skb)
    return NetfilterVerdict.ACCEPT


def _asked(ruleset: IpvsRuleset, skb: Skb, own: OwnTable) -> FiveTuple | None:
    """The request, client to virtual server, that a packet answers or is an error about."""
    connection = skb.connection
    if skb.ipvs_property or not (own or (connection is not None and connection.ipvs_server is not None)):
        return None
    served = skb.error_about or skb.flow.reply()
    client, wanted = (served.protocol, served.src, served.sport), (served.dst, served.dport)
    if ruleset.conntrack and connection is not None and skb.reply and connection.ipvs_server == wanted:
        return connection.original
    return next((r for r, s in own.items() if s == wanted and (r.protocol, r.src, r.sport) == client), None)
