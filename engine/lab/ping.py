"""An ICMP echo request sent from inside a namespace, and what its sender learns.

Sources: RFC 792, RFC 4443 (echo, echo reply); the kernel's raw_err and rawv6_err (what a raw socket hears of ICMP errors).
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time

from engine.lab.client import Heard, Reply, failed
from engine.lab.namespaces import Namespace
from engine.packet import L4, FiveTuple

_IPPROTO_ICMP, _IPPROTO_ICMPV6 = 1, 58
_IP_RECVERR, _IPV6_RECVERR = 11, 25
# (echo request, echo reply), by IP version.
_ECHO = {4: (8, 0), 6: (128, 129)}


class Ping:
    """One echo request, whose identifier is the `sport` of other calls."""

    def __init__(self, inside: Namespace, dst: str, identifier: int, src: str | None) -> None:
        self._version = 6 if ":" in dst else 4
        six = self._version == 6
        with inside.entered():
            family = socket.AF_INET6 if six else socket.AF_INET
            self._sock = socket.socket(family, socket.SOCK_RAW, _IPPROTO_ICMPV6 if six else _IPPROTO_ICMP)
        level, option = (socket.IPPROTO_IPV6, _IPV6_RECVERR) if six else (socket.SOL_IP, _IP_RECVERR)
        self._sock.setsockopt(level, option, 1)
        self._sock.bind((src or ("::" if six else ""), 0))
        self._dst, self._identifier = dst, identifier

    def send(self, timeout: float) -> Reply:
        """Send it and wait `timeout` seconds for its reply; nobody says in one whom the other end saw."""
        until = time.monotonic() + timeout
        try:
            self._sock.connect((self._dst, 0))
            # As with a datagram, what a rule stops in OUTPUT fails at once; an ICMP error tells more.
            with contextlib.suppress(PermissionError):
                self._sock.send(echo_request(self._version, self._identifier, 1))
            while not self._replied(until - time.monotonic()):
                pass
        except OSError as error:
            return Reply(failed(error))
        return Reply(Heard.CONNECTED)

    def _replied(self, timeout: float) -> bool:
        """Whether what comes next is the reply: a raw socket hears every ICMP packet."""
        if timeout <= 0:
            raise TimeoutError
        self._sock.settimeout(timeout)
        packet = self._sock.recv(4096)
        message = packet[(packet[0] & 15) * 4 :] if self._version == 4 else packet
        kind, _, _, identifier = struct.unpack_from("!BBHH", message)
        return (kind, identifier) == (_ECHO[self._version][1], self._identifier)

    @property
    def flow(self) -> FiveTuple:
        """Without ports, which ICMP has none of."""
        return FiveTuple(L4.ICMP, self._sock.getsockname()[0], 0, self._dst, 0)

    def close(self) -> None:
        self._sock.close()


def echo_request(version: int, identifier: int, sequence: int, payload: bytes = b"") -> bytes:
    """The message, with its checksum (IPv6's is the kernel's business, as it covers the addresses)."""
    head = struct.pack("!BBHHH", _ECHO[version][0], 0, 0, identifier, sequence) + payload
    return head if version == 6 else head[:2] + struct.pack("!H", _checksum(head)) + head[4:]


def _checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF
