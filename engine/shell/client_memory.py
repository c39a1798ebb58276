"""What a live host remembers of clients beside conntrack (session affinity): how long, and as long as which rules.

Sources: net/netfilter/xt_recent.c (recent_mt_destroy: a list is gone with the last rule that names it; iptables-restore puts
its new rules in before the old ones go), nf_tables_api.c (a set is gone with its elements, a sync of kube-proxy's adds the set
that is there already), ipvs/ip_vs_conn.c (ip_vs_conn_expire: a template with connections is put off by a minute each time;
ip_vs_expire_nodest_conn_flush: those of a server that is gone go), ip_vs_ctl.c (ip_vs_edit_service leaves them alone),
ip_vs_proto_tcp.c, ip_vs_proto_udp.c (time-outs).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator

from engine.netfilter.ipvs import IpvsRuleset
from engine.netfilter.nft_names import memory_name
from engine.netfilter.ruleset import Ruleset
from engine.packet import L4, join_host_port
from engine.shell.conntrack_table import HeldConnection
from engine.trace import MemoryKind, Outcome, Remembered, Verdict

# Seconds that an entry of IPVS' own table lives on after its last packet.
_IPVS_TCP = {"ESTABLISHED": 900, "TIME_WAIT": 120, "SYN_RECV": 60, "SYN_SENT": 120, "CLOSE": 10}
_IPVS_UDP = 300
# ip_vs_conn_expire.
_PUT_OFF = 60


def list_names(ruleset: Ruleset) -> Iterator[str]:
    """The lists that rules name (`-m recent --name`)."""
    for table in ruleset.tables.values():
        for chain in table.chains.values():
            for rule in chain.rules:
                for match in rule.matches:
                    yield from match.lists()


def still_named(entries: Iterable[Remembered], rulesets: Iterable[Ruleset]) -> tuple[Remembered, ...]:
    """Of a host's memory what its rules still have a place for."""
    names: set[tuple[MemoryKind, str]] = set()
    servers: set[tuple[str, tuple[str, int]]] = set()
    for ruleset in rulesets:
        names.update((MemoryKind.RECENT, name) for name in list_names(ruleset))
        for table in ruleset.tables.values():
            names.update((MemoryKind.SET, memory_name(table, name, ruleset.family)) for name in table.sets)
        if isinstance(ruleset, IpvsRuleset):
            servers.update((service.memory_name, server) for service in ruleset.services for server in service.servers)
    return tuple(
        one for one in entries if (one.kind, one.name) in names or (one.server and (one.name, one.server) in servers)
    )


def assured(entry: Remembered, outcome: Outcome) -> Remembered:
    """A template as it is once the connection that wrote it just now has come to its outcome (ip_vs_control_assure_ct)."""
    written = entry.kind is MemoryKind.TEMPLATE and entry.last == 0
    return dataclasses.replace(entry, assured=True) if written and outcome.verdict is Verdict.DELIVERED else entry


def remembered_until(entry: Remembered, connections: Iterable[HeldConnection]) -> float:
    """When the entry is gone by itself; a template is not while one of its `connections` is in IPVS' table."""
    if entry.kind is not MemoryKind.TEMPLATE:
        return entry.ends
    last = max((held.used + ipvs_lifetime(held) for held in connections if hangs_on(held, entry)), default=0.0)
    return timer_of(entry, last)


def timer_of(template: Remembered, now: float) -> float:
    """When a template's timer runs out next, of those that it has had to put it off until `now`."""
    return template.ends + _PUT_OFF * max(0, math.ceil((now - template.ends) / _PUT_OFF))


def hangs_on(held: HeldConnection, entry: Remembered) -> bool:
    """Whether the connection was made by that template."""
    original, reply = held.view.original, held.view.reply
    if entry.server is None:
        return False
    asked = f"{original.protocol} {original.destination}"
    return (asked, original.src, reply.source) == (entry.name, entry.key, join_host_port(*entry.server))


def ipvs_lifetime(held: HeldConnection) -> int:
    """Seconds that IPVS keeps the connection after its last packet (tcp_timeouts, udp_timeouts of ip_vs_proto_*.c)."""
    return _IPVS_UDP if held.view.original.protocol is L4.UDP else _IPVS_TCP.get(held.view.state, _PUT_OFF)
