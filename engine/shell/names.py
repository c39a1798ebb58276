"""How a host finds the address of a name: /etc/hosts, its resolv.conf, and the name servers that its packets reach.

A pod's resolv.conf is the kubelet's (engine.dns); who answers is CoreDNS, where a walk to it and back succeeds. A cluster
whose manifests hold no DNS Service has one all the same, beyond what is modelled. Names of the world are those that a
Network document gives (externalHosts).
"""

from __future__ import annotations

import dataclasses

from engine.dns import Lookup, lookup, records
from engine.dns.lookup import Family
from engine.dns.zone import Zone
from engine.network.host import HostKind
from engine.shell.connect import Ending, attempt
from engine.shell.files import read_file
from engine.shell.live import LiveCluster
from engine.shell.packets import SeenPacket
from engine.shell.resolver import cluster_dns, dns_service, resolv_conf, upstream_servers
from engine.values import dataclass

# Seconds that a query takes which is answered.
ROUND_TRIP = 0.0008


@dataclass(frozen=True, slots=True)
class Resolved:
    """What getaddrinfo() gave: addresses in their order, "" or its error, the seconds it took (not yet on the clock)."""

    addresses: tuple[str, ...]
    error: str
    seconds: float
    live: LiveCluster
    found: Lookup | None = None

    @property
    def canonical(self) -> str:
        """The name that was answered, with what the search list put behind it; "" where no server was asked."""
        queries = self.found.queries if self.found is not None and self.addresses else ()
        return queries[-1].name.rstrip(".") if queries else ""

    @property
    def address(self) -> str:
        """The one that the tools here connect to: the first of IPv4, else the first. Only where there is one."""
        return next((one for one in self.addresses if ":" not in one), self.addresses[0])


def zone_of(live: LiveCluster) -> dict[str, tuple[tuple[str, str], ...]]:
    """All that the cluster's name servers answer: its records, and the world's names."""
    return {**records(live.cluster), **_world(live)}


def _world(live: LiveCluster) -> dict[str, tuple[tuple[str, str], ...]]:
    zone: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, address in live.cluster.network.external_hosts.items():
        zone.setdefault(name, (("AAAA" if ":" in address else "A", address),))
    return zone


def zone_behind(live: LiveCluster, text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """What the name servers of a resolv.conf answer: the cluster's all they have, others the world's names alone."""
    servers = _servers(text)
    return zone_of(live) if any(server in cluster_dns(live.cluster) for server in servers) else _world(live)


def _servers(text: str) -> tuple[str, ...]:
    lines = (line.split() for line in text.splitlines())
    return tuple(words[1] for words in lines if len(words) > 1 and words[0] == "nameserver")


def resolve_name(live: LiveCluster, host: str, name: str, family: Family = "unspec") -> Resolved:
    """What a process on `host` gets for `name`. Raises EngineError as engine.dns.lookup."""
    from engine.dns.addresses import literal

    address = literal(name)
    if address is not None:
        return Resolved((address,), "", 0.0, live)
    listed = _hosts(live, host).get(name.lower().rstrip("."))
    if listed:
        return Resolved(listed, "", 0.0, live)
    if live.fabric.host(host).kind is not HostKind.POD:
        known = live.cluster.network.external_hosts.get(name)
        return Resolved((known,), "", ROUND_TRIP, live) if known else Resolved((), "EAI_NONAME", ROUND_TRIP, live)
    text, zone = resolv_conf(live, host), zone_behind(live, resolv_conf(live, host))
    dead, probes, after = _tried(live, host, text)
    found = lookup(resolv_conf=text, name=name, family=family, zone=zone, dead=dead)
    if live.captures:
        after = _captured(live, after, probes, found, zone)
    return Resolved(found.result, found.error, found.seconds + ROUND_TRIP * len(found.queries), after, found)


def asked_of(live: LiveCluster, host: str, name: str, server: str) -> Resolved:
    """What a name server that answers `host` says to `name`, by the search list of the host's resolv.conf."""
    kept = [line for line in resolv_conf(live, host).splitlines() if not line.startswith("nameserver")]
    text = "\n".join((f"nameserver {server}", *kept, ""))
    found = lookup(resolv_conf=text, name=name, family="unspec", zone=zone_behind(live, text), dead=())
    return Resolved(found.result, found.error, found.seconds + ROUND_TRIP * len(found.queries), live, found)


def unreachable_servers(live: LiveCluster, host: str, text: str) -> tuple[tuple[str, ...], LiveCluster]:
    """The name servers of a resolv.conf that do not answer this host."""
    dead, _, after = _tried(live, host, text)
    return dead, after


_Probes = dict[str, tuple[SeenPacket, ...]]


def _tried(live: LiveCluster, host: str, text: str) -> tuple[tuple[str, ...], _Probes, LiveCluster]:
    """Which of the servers do not answer, and what packet sockets see of a query to each."""
    probes: _Probes = {}
    if dns_service(live.cluster) is None:
        return (), probes, live
    dead = []
    for server in (one for one in _servers(text)[:3] if one not in upstream_servers(live, host)):
        before = len(live.packets)
        found = attempt(live, host, server, 53, "UDP")
        live = found.live
        probes[server] = live.packets[before:]
        if found.ending is not Ending.CONNECTED:
            dead.append(server)
    return tuple(dead), probes, live


def _captured(before: LiveCluster, after: LiveCluster, probes: _Probes, found: Lookup, zone: Zone) -> LiveCluster:
    """The cluster with the look-up's own packets in the place of those that tried its servers."""
    from engine.dns.zone import ZoneIndex
    from engine.shell.dns_packets import dns_packets

    sent = sorted(dns_packets(probes, found.queries, ZoneIndex(zone), before.clock), key=lambda packet: packet.at)
    return dataclasses.replace(after, packets=(*before.packets, *sent))


def _hosts(live: LiveCluster, host: str) -> dict[str, tuple[str, ...]]:
    """/etc/hosts: itself and localhost; on a node every node, as those who set them up write them."""
    found: dict[str, tuple[str, ...]] = {}
    for line in read_file(live, host, "/etc/hosts").splitlines():
        words = line.partition("#")[0].split()
        for name in words[1:]:
            found[name] = (*found.get(name, ()), words[0])
    if live.fabric.host(host).kind is HostKind.NODE:
        for node in live.cluster.nodes:
            found.setdefault(node.name, node.internal_ips)
    return found
