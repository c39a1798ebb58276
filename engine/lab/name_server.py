"""A name server in a namespace: it answers over UDP from a zone and notes every query (RFC 1035, section 4)."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterable

from engine.dns.answers import Ask
from engine.dns.zone import NOERROR, ZoneAnswer
from engine.lab.namespaces import Namespace
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
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        self._selector.register(self._woken, selectors.EVENT_READ)
        with inside.entered():
            for address in addresses:
                sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sock.bind((address, 53))
                self._selector.register(sock, selectors.EVENT_READ, (address, address in dead))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> NameServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._wake, b"x")
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        os.close(self._wake)
        os.close(self._woken)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if not isinstance(key.fileobj, socket.socket):
                    return
                address, dead = key.data
                query, peer = key.fileobj.recvfrom(4096)
                name, kind, _ = read_question(query)
                self.noted.append(NotedQuery(time.monotonic(), address, name, kind))
                if not dead:
                    key.fileobj.sendto(answer_to(query, self._ask(name, kind)), peer)


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
