"""What packet sockets see of a look-up: its queries and their answers, as tcpdump prints them.

Sources: tcpdump 4.99.3, print-domain.c; CoreDNS' plugin kubernetes, which is authoritative (*), offers no recursion (-), leaves
names of short answers uncompressed and puts its SOA into a denial. Names of the world it forwards.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from engine.dns import DNSQuery
from engine.dns.zone import ZoneAnswer, ZoneIndex
from engine.shell.packets import SeenPacket

_DOMAIN = "cluster.local"
# RFC 1035, 4.1: a header; a question's type and class; a record's, its TTL and length.
_HEADER, _QUESTION, _RECORD = 12, 4, 10
_DATA = {"A": 4, "AAAA": 16}
# CoreDNS' SOA of cluster.local: owner, mname (ns.dns.) and rname (hostmaster.), five numbers.
_SOA = 15 + _RECORD + 22 + 26 + 20
_RCODES = {"NXDOMAIN": " NXDomain"}
# Seconds between two queries that leave together, and until an answer is there.
_TOGETHER, _ANSWERED = 0.00002, 0.0004


def dns_packets(
    probes: Mapping[str, Sequence[SeenPacket]], queries: Sequence[DNSQuery], zone: ZoneIndex, clock: float
) -> Iterator[SeenPacket]:
    """The packets of a look-up that began at `clock`. `probes` holds for each server one query and its answer as the sockets
    see them, which go the way of all others."""
    names = list(dict.fromkeys((query.server, query.name, query.at) for query in queries))
    for number, query in enumerate(queries):
        # A and AAAA of one name leave together, the next name when both are answered.
        began = clock + query.at + names.index((query.server, query.name, query.at)) * 2 * _ANSWERED
        asked, told = texts(query, zone.answer(query.name, query.type))
        for packet in probes.get(query.server, ()):
            back = packet.tap.leg > 0
            if back and not query.rcode:
                continue
            since = packet.at - probes[query.server][0].at
            at = began + number % 2 * _TOGETHER + (_ANSWERED if back else 0.0) + since / 10
            yield SeenPacket(at, packet.tap, told if back else asked)


def texts(query: DNSQuery, answer: ZoneAnswer) -> tuple[str, str]:
    """A query and its answer, as tcpdump says them."""
    digest = hashlib.sha256(f"{query.server} {query.name} {query.type} {query.at}".encode()).digest()
    number = int.from_bytes(digest[:2], "big")
    size = _HEADER + len(query.name.rstrip(".")) + 2 + _QUESTION
    asked = f"{number}+ {query.type}? {query.name.rstrip('.')}. ({size})"
    own = f".{query.name.rstrip('.')}".lower().endswith(f".{_DOMAIN}")
    records = "".join(f", {kind} {value}{'.' if kind == 'CNAME' else ''}" for _, kind, value in answer.records)
    flags = "*-" if own else ""
    size += sum(len(owner) + 2 + _RECORD + _DATA.get(kind, len(value) + 2) for owner, kind, value in answer.records)
    denied = own and not answer.records
    counts = f"{len(answer.records)}/{int(denied)}/0{records[1:]}"
    return asked, f"{number}{_RCODES.get(query.rcode, '')}{flags} {counts} ({size + (_SOA if denied else 0)})"
