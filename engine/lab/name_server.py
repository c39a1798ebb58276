"""A name server in a namespace: it answers over UDP from a zone and notes every query (RFC 1035, section 4)."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable

from engine.dns.answers import Ask
from engine.dns.zone import NOERROR, ZoneAnswer
from engine.lab.namespaces import Namespace
from engine.lab.socket_loop import SocketLoop
from engine.values import dataclass

_TYPES = {1: "A", 5: "CNAME", 16: "TXT", 28: "AAAA"}
_CODES = {name: code for code, name in _TYPES.items()}
# QR, AA, RD, RA; and NXDOMAIN.
_ANSWERS, _NO_SUCH_NAME = 0x8580, 3
_TTL = 30


@dataclass(frozen=True, slots=True)
class NotedQuery:
    """A query as it came: when (time.monotonic), to which server, for what."""

    at: float
    server: str
    name: str
    type: str


class NameServer:
    """Answers on port 53 of each of the addresses, but for those that are `dead`. A context manager."""

    def __init__(self, inside: Namespace, addresses: Iterable[str], dead: frozenset[str], ask: Ask) -> None:
        self.noted: list[NotedQuery] = []
        self._ask = ask
        self._loop = SocketLoop(self._answer)
        with inside.entered():
            for address in addresses:
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.bind((address, 53))
                self._loop.add(sock, (address, address in dead))

    def __enter__(self) -> NameServer:
        self._loop.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.close()

    def _answer(self, sock: socket.socket, data: tuple[str, bool]) -> None:
        address, dead = data
        query, peer = sock.recvfrom(4096)
        name, kind, _ = read_question(query)
        self.noted.append(NotedQuery(time.monotonic(), address, name, kind))
        if not dead:
            sock.sendto(answer_to(query, self._ask(name, kind)), peer)


def answer_to(query: bytes, found: ZoneAnswer) -> bytes:
    """The message that answers a query with what was found."""
    _, _, question = read_question(query)
    code = 0 if found.rcode == NOERROR else _NO_SUCH_NAME
    head = query[:2] + struct.pack("!5H", _ANSWERS | code, 1, len(found.records), 0, 0)
    return head + question + b"".join(_record(*record) for record in found.records)


def read_question(query: bytes) -> tuple[str, str, bytes]:
    """The name that a query asks for, the type, and the question's own bytes."""
    labels, at = [], 12
    while size := query[at]:
        labels.append(query[at + 1 : at + 1 + size].decode("ascii"))
        at += 1 + size
    (kind,) = struct.unpack_from("!H", query, at + 1)
    return ".".join(labels), _TYPES.get(kind, str(kind)), query[12 : at + 5]


def _record(owner: str, kind: str, value: str) -> bytes:
    data = {
        "A": lambda: socket.inet_pton(socket.AF_INET, value),
        "AAAA": lambda: socket.inet_pton(socket.AF_INET6, value),
        "CNAME": lambda: _name(value),
    }[kind]()
    return _name(owner) + struct.pack("!HHIH", _CODES[kind], 1, _TTL, len(data)) + data


def _name(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split(".") if label) + b"\0"
