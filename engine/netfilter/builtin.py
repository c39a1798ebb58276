"""The matches and targets of rules.py, as the kernel's xt_*.c modules decide them. register() enters them."""

from __future__ import annotations

import functools
import ipaddress
from fractions import Fraction

from engine.errors import RuleError, UnsupportedFeature
from engine.hooks import Hook
from engine.netfilter import rules as r
from engine.netfilter.conntrack import statuses
from engine.netfilter.context import CONTINUE, MATCHES, RETURN, TARGETS, Context, Decision
from engine.netfilter.ipset import IpSet
from engine.netfilter.skb import MarkEvent
from engine.packet import L4


@functools.lru_cache(maxsize=8192)
def _network(net: str) -> tuple[int, int, int]:
    """(version, network, mask) of a CIDR string."""
    network = ipaddress.ip_network(net, strict=False)
    return network.version, int(network.network_address), int(network.netmask)


@functools.lru_cache(maxsize=8192)
def _number(address: str) -> tuple[int, int]:
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


def within(address: str, net: str) -> bool:
    """Whether `address` lies in the CIDR `net` (or is that address)."""
    version, network, mask = _network(net)
    own_version, number = _number(address)
    return version == own_version and number & mask == network


def _source(match: r.Source, context: Context) -> bool:
    return within(context.skb.flow.src, match.net) != match.negate


def _destination(match: r.Destination, context: Context) -> bool:
    return within(context.skb.flow.dst, match.net) != match.negate


def device_matches(pattern: str, device: str | None) -> bool:
    """iptables' trailing + and nft's trailing * stand for any suffix. Where a hook has no such device the name is
    empty (ip_tables.c nulldevname), which only a bare + or * matches."""
    if pattern.endswith(("+", "*")):
        return (device or "").startswith(pattern[:-1])
    return device == pattern


def _in_interface(match: r.InInterface, context: Context) -> bool:
    return device_matches(match.name, context.in_device) != match.negate


def _out_interface(match: r.OutInterface, context: Context) -> bool:
    return device_matches(match.name, context.out_device) != match.negate


def _protocol(match: r.Protocol, context: Context) -> bool:
    return (context.skb.flow.protocol is match.protocol) != match.negate


def _always(match: r.Match, context: Context) -> bool:
    return True


def _destination_port(match: r.DestinationPort, context: Context) -> bool:
    flow = context.skb.flow
    return flow.protocol is match.protocol and (match.low <= flow.dport <= match.high) != match.negate


def _source_port(match: r.SourcePort, context: Context) -> bool:
    flow = context.skb.flow
    return flow.protocol is match.protocol and (match.low <= flow.sport <= match.high) != match.negate


def _multiport(match: r.Multiport, context: Context) -> bool:
    flow = context.skb.flow
    if flow.protocol is L4.ICMP:
        return False
    ports = {"src": (flow.sport,), "dst": (flow.dport,), "either": (flow.sport, flow.dport)}[match.side]
    return any(low <= port <= high for low, high in match.ports for port in ports) != match.negate


def _mark(match: r.MarkMatch, context: Context) -> bool:
    return (context.skb.mark & match.mask == match.value) != match.negate


def _conntrack_state(match: r.ConntrackState, context: Context) -> bool:
    return (not statuses(context.skb).isdisjoint(match.states)) != match.negate


def _address_type(match: r.AddressType, context: Context) -> bool:
    if match.type != "LOCAL":
        raise UnsupportedFeature(
            f"addrtype {match.type} is not modelled; only LOCAL is", zh=f"addrtype {match.type} 未建模；只支持 LOCAL"
        )
    flow = context.skb.flow
    return context.is_local(flow.src if match.side == "src" else flow.dst) != match.negate


def _set(match: r.SetMatch, context: Context) -> bool:
    ipset = context.table.sets.get(match.name)
    if not isinstance(ipset, IpSet):
        raise RuleError(
            f"table {context.table.name}: a rule matches on set {match.name}, which does not exist",
            zh=f"表 {context.table.name}：有规则匹配不存在的集合 {match.name}",
        )
    context.hash_lookups += 1
    return ipset.contains(context.skb.flow, match.sides) != match.negate


def _physdev_is_in(match: r.PhysdevIsIn, context: Context) -> bool:
    return (context.in_device in match.bridges) != match.negate


def _ipvs_service(match: r.IpvsService, context: Context) -> bool:
    """xt_ipvs.c ipvs_mt: what IPVS has had and now goes from the client to the real server; answers never match."""
    skb = context.skb
    if not skb.ipvs_property:
        return False
    known = dict(context.ipvs_own)
    if skb.connection is not None and skb.connection.ipvs_server is not None:
        known[skb.connection.original] = skb.connection.ipvs_server
    sent = (skb.flow.protocol, skb.flow.src, skb.flow.sport)
    return any(
        (asked.protocol, asked.src, asked.sport) == sent
        and server == (skb.flow.dst, skb.flow.dport)
        and (asked.protocol, asked.dst, asked.dport) == (match.protocol, match.address, match.port)
        for asked, server in known.items()
    )


def _statistic(match: r.StatisticRandom, context: Context) -> bool:
    if match.probability >= 1:
        return True
    return context.choose((match.probability, Fraction(1) - match.probability)) == 0


def _recent(match: r.Recent, context: Context) -> bool:
    """xt_recent.c recent_mt, without hit counts and time to live. --reap only frees entries too old to match."""
    entries = context.recent.setdefault(match.name, {})
    flow = context.skb.flow
    address = _masked(flow.dst if match.side == "rdest" else flow.src, match.mask)
    stamps = entries.get(address)
    found = match.negate
    if match.operation == "set":
        entries.setdefault(address, []).append(context.now)
        return not found
    if stamps is None:
        return found
    if match.operation == "remove":
        del entries[address]
        return not found
    oldest = None if match.seconds is None else context.now - match.seconds
    if oldest is None or any(stamp >= oldest for stamp in stamps):
        found = not found
    if match.operation == "update" and found:
        entries.setdefault(address, []).append(context.now)
    return found


def _masked(address: str, mask: str) -> str:
    number = int(ipaddress.ip_address(address)) & int(ipaddress.ip_address(mask))
    return str(ipaddress.IPv6Address(number) if ":" in address else ipaddress.IPv4Address(number))


def _jump(target: r.Jump, context: Context) -> Decision:
    context.record("JUMP")
    return Decision(chain=target.chain)


def _goto(target: r.Goto, context: Context) -> Decision:
    context.record("GOTO")
    return Decision(chain=target.chain, goto=True)


def _return(target: r.Return, context: Context) -> Decision:
    context.record("RETURN")
    return RETURN


def _accept(target: r.Accept, context: Context) -> Decision:
    context.record("ACCEPT", "ACCEPT")
    return Decision(verdict="ACCEPT")


def _drop(target: r.Drop, context: Context) -> Decision:
    context.where = context.record("DROP", "DROP")
    return Decision(verdict="DROP")


def _reject(target: r.Reject, context: Context) -> Decision:
    context.where = context.record("REJECT", "REJECT")
    context.reject_with = target.reject_with
    return Decision(verdict="REJECT")


def _set_mark(target: r.SetMark, context: Context) -> Decision:
    cause = context.record("MARK")
    before = context.skb.mark
    context.skb.mark = (before & ~target.mask & 0xFFFFFFFF) ^ target.value
    if context.skb.mark != before:
        context.events.append(MarkEvent(cause, before, context.skb.mark))
    return CONTINUE


def _pass(target: r.PassingTarget, context: Context) -> Decision:
    context.record(target.text.split(" ", 1)[0])
    return CONTINUE


def _destination_nat(target: r.DestinationNat, context: Context) -> Decision:
    context.nat_cause = context.record("DNAT", "ACCEPT")
    ports = None if target.port is None else (target.port, target.port)
    context.set_up_nat("DST", target.address, ports, False)
    return Decision(verdict="ACCEPT")


def _source_nat(target: r.SourceNat, context: Context) -> Decision:
    context.nat_cause = context.record("SNAT", "ACCEPT")
    ports = None if target.port is None else (target.port, target.port)
    context.set_up_nat("SRC", target.address, ports, target.random_fully)
    return Decision(verdict="ACCEPT")


def _masquerade(target: r.Masquerade, context: Context) -> Decision:
    address = context.masquerade_address() if context.hook is Hook.POSTROUTING else None
    if address is None:
        # nf_nat_masquerade.c: a device without an address drops the packet.
        context.where = context.record("MASQUERADE", "DROP")
        context.reason = "no-masquerade-address"
        return Decision(verdict="DROP")
    context.nat_cause = context.record("MASQUERADE", "ACCEPT")
    context.set_up_nat("SRC", address, None, target.random_fully)
    return Decision(verdict="ACCEPT")


def register() -> None:
    """Enter the functions of this module in context.MATCHES and context.TARGETS."""
    MATCHES.update(
        {
            r.Source: _source,
            r.Destination: _destination,
            r.InInterface: _in_interface,
            r.OutInterface: _out_interface,
            r.Protocol: _protocol,
            r.Comment: _always,
            r.L4Module: _always,
            r.DestinationPort: _destination_port,
            r.SourcePort: _source_port,
            r.Multiport: _multiport,
            r.MarkMatch: _mark,
            r.ConntrackState: _conntrack_state,
            r.AddressType: _address_type,
            r.StatisticRandom: _statistic,
            r.Recent: _recent,
            r.SetMatch: _set,
            r.PhysdevIsIn: _physdev_is_in,
            r.IpvsService: _ipvs_service,
        }
    )
    TARGETS.update(
        {
            r.Jump: _jump,
            r.Goto: _goto,
            r.Return: _return,
            r.Accept: _accept,
            r.Drop: _drop,
            r.Reject: _reject,
            r.SetMark: _set_mark,
            r.DestinationNat: _destination_nat,
            r.SourceNat: _source_nat,
            r.Masquerade: _masquerade,
            r.PassingTarget: _pass,
        }
    )
