"""NodeLocal DNSCache on a node: the rules by which a query to its addresses is no connection, and so no Service's.

Source: kubernetes/dns cmd/node-cache/app/cache_app.go (initIptables, setupNetworking).
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.cluster import NodeLocalDNS
from engine.cni.interface import WrittenRules
from engine.hooks import Hook
from engine.netfilter.built_in import built_in_chains
from engine.netfilter.parts.addresses import Destination, Source, host_net
from engine.netfilter.parts.comment import Comment
from engine.netfilter.parts.conntrack_template import NoTrack
from engine.netfilter.parts.ports import DestinationPort, SourcePort
from engine.netfilter.parts.protocol import Protocol
from engine.netfilter.parts.verdicts import Accept
from engine.netfilter.ruleset import Backend, Rule, Ruleset, Table
from engine.packet import L4, Family, family_of

_UNTRACKED = Comment("NodeLocal DNS Cache: skip conntrack")
_ACCEPTED = Comment("NodeLocal DNS Cache: allow DNS traffic")


def written_rules(cache: NodeLocalDNS, family: Family) -> Iterator[WrittenRules]:
    """Its rules for one family, with iptables whatever kube-proxy writes with; nothing where it writes none."""
    addresses = [address for address in cache.addresses if family_of(address) is family]
    if not cache.rules or not addresses:
        return
    tables = {name: Table(name, built_in_chains(name)) for name in ("raw", "filter")}
    for address in addresses:
        for table, hook, rule in _rules(cache, address):
            # Each is inserted (EnsureRule, Prepend): the last one stands first.
            tables[table].chains[hook.value].rules.insert(0, rule)
    inserted = frozenset((name, chain) for name, table in tables.items() for chain in table.chains)
    yield WrittenRules(Ruleset(Backend.IPTABLES, family, tables), inserted)


def _rules(cache: NodeLocalDNS, address: str) -> Iterator[tuple[str, Hook, Rule]]:
    """What one address gets, in the order in which it is written."""
    for table, hook, asked in (("raw", Hook.PREROUTING, True), ("filter", Hook.INPUT, True), ("raw", Hook.OUTPUT, False),
                               ("filter", Hook.OUTPUT, False), ("raw", Hook.OUTPUT, True)):  # fmt: skip
        for protocol in (L4.TCP, L4.UDP):
            yield table, hook, _rule(table, address, protocol, cache.port, asked=asked)
    for asked in (True, False):
        yield "raw", Hook.OUTPUT, _rule("raw", address, L4.TCP, cache.health_port, asked=asked)


def _rule(table: str, address: str, protocol: L4, port: int, *, asked: bool) -> Rule:
    """`asked`: for what is sent to the address, else for what comes from it."""
    end, ports = (Destination, DestinationPort) if asked else (Source, SourcePort)
    said, target = (_UNTRACKED, NoTrack()) if table == "raw" else (_ACCEPTED, Accept())
    return Rule((end(host_net(address)), Protocol(protocol), ports(protocol, port, port), said), target)
